"""A study on a Dask cluster, one of whose workers dies in the middle."""

import json
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
import pytest

from raison.analysis.fitting import Fit, Rival, fit_all
from raison.analysis.pool import cluster_at
from raison.analysis.watch import Watch
from raison.case import BuiltCase
from raison.errors import ClusterFailed

TARIFF = """
title: Why was the tariff cut?
time: {unit: month, from: 2022-01-01, until: 2023-06-30}
variables: {tariff: {levels: [low, high], at start: high}}
players:
  ministry: {acts: once a month, looks ahead: 1 year, basis: assumed,
    actions: {cut: {changes: {tariff: low}, if: tariff = high, costs: 2 to 6}}}
features: {open: tariff = low}
explanations: {lenders: {wants: {ministry: {open: 0.5 to 4}}, basis: assumed}}
record: [{date: 2022-10-05, kind: move, who: ministry, what: cut}]
"""

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


def dask(what: str, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", f"distributed.cli.dask_{what}", "--no-dashboard", *options]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)


def stop(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pathlib.Path]:
    """A scheduler without workers; the file says where it is."""
    file = tmp_path_factory.mktemp("cluster") / "scheduler.json"
    process = dask("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
    wait_until(file.exists)
    yield file
    stop(process)


@pytest.fixture(scope="module")
def address(scheduler: pathlib.Path) -> str:
    return address_in(scheduler)


def address_in(file: pathlib.Path) -> str:
    return json.loads(file.read_text())["address"]


def wait_until(is_so) -> None:
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.fixture
def workers(scheduler: pathlib.Path, address: str) -> Iterator[list[subprocess.Popen[str]]]:
    options = ("--scheduler-file", str(scheduler), "--nthreads", "1", "--no-nanny", "--local-directory")
    made = [dask("worker", *options, str(scheduler.parent / str(number))) for number in range(2)]
    yield made
    for each in made:
        stop(each)


def test_a_worker_that_dies_changes_nothing(
    case: BuiltCase,
    rivals: tuple[Rival, ...],
    fits: tuple[Fit, ...],
    address: str,
    workers: list[subprocess.Popen[str]],
) -> None:
    with cluster_at(address) as cluster:
        cluster._client.wait_for_workers(2, timeout=60)

        def tell(stage: str, done: int, total: int) -> None:
            if done == 1 and workers[0].poll() is None:  # it is at work on another explanation
                workers[0].send_signal(signal.SIGKILL)
                workers[0].wait()

        found = fit_all(case, rivals, Watch(tell), None, 1, cluster)
        assert workers[0].returncode == -signal.SIGKILL
        assert len(cluster._client.scheduler_info()["workers"]) == 1
    assert found.failures == ()
    for here, there in zip(fits, found.fits, strict=True):
        assert here.explanation.name == there.explanation.name
        assert here.posterior.log_evidence == there.posterior.log_evidence
        np.testing.assert_array_equal(here.posterior.draws().numbers, there.posterior.draws().numbers)
        np.testing.assert_array_equal(here.posterior.draws().weights, there.posterior.draws().weights)


def test_a_run_on_a_cluster_writes_the_same_study(
    tmp_path: pathlib.Path, address: str, workers: list[subprocess.Popen[str]]
) -> None:
    (tmp_path / "tariff.yaml").write_text(TARIFF)
    for folder, options in {"here": (), "there": ("--cluster", address)}.items():
        command = [sys.executable, "-m", "raison", "run", "tariff.yaml", "--out", folder, *options]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    here, there = (json.loads((tmp_path / folder / "study.json").read_text()) for folder in ("here", "there"))
    del here["stages"], there["stages"]
    assert here == there


def test_an_error_of_a_piece_is_raised_here(address: str, workers: list[subprocess.Popen[str]]) -> None:
    def work(job: int) -> float:
        return 1 / job

    with cluster_at(address) as cluster, pytest.raises(ZeroDivisionError):
        cluster.side_by_side(work, [1, 0, 2], bulk=1, done=lambda *_: None)


def test_results_come_in_order_and_each_is_told(address: str, workers: list[subprocess.Popen[str]]) -> None:
    told: list[tuple[int, int]] = []
    with cluster_at(address) as cluster:
        found = cluster.side_by_side(
            lambda job: 10 * job,
            [3, 1, 2],
            bulk=1,
            done=lambda _, job, result: told.append((job, result)),
            cost=float,
        )
    assert found == [30, 10, 20]
    assert sorted(told) == [(0, 30), (1, 10), (2, 20)]


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nowhere"])
def test_an_address_where_nobody_answers_is_told(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("raison.analysis.pool.WAIT", 1.0)
    with (
        pytest.raises(ClusterFailed, match=r"no Dask scheduler answers at .*`dask scheduler` starts one"),
        cluster_at(address),
    ):
        pass


def test_a_cluster_without_workers_is_told(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("raison.analysis.pool.WAIT", 1.0)
    with pytest.raises(ClusterFailed, match="has no workers"), cluster_at(address):
        pass


def test_a_worker_with_another_version_is_told(
    address: str, workers: list[subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("raison.analysis.pool.COMPUTATION", -1)
    with pytest.raises(ClusterFailed, match=r"has Raison .*here it is Raison .*computation -1"), cluster_at(address):
        pass


def test_without_dask_the_way_to_get_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterFailed, match=r"pip install 'raison\[cluster\]'"), cluster_at("tcp://127.0.0.1:9"):
        pass


def test_a_cluster_that_is_lost_in_the_middle_is_told(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "scheduler.json"
    scheduler = dask("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
    wait_until(file.exists)
    worker = dask("worker", "--scheduler-file", str(file), "--no-nanny", "--local-directory", str(tmp_path))
    try:
        with (
            pytest.raises(ClusterFailed, match="connection to the cluster was lost"),
            cluster_at(address_in(file)) as cluster,
        ):
            cluster.side_by_side(time.sleep, [0.1, 60], bulk=1, done=lambda *_: stop(scheduler))
    finally:
        stop(scheduler)
        stop(worker)
