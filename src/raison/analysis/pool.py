"""Independent pieces of work, side by side: on the cores of this machine, or on the workers of a Dask cluster."""

from __future__ import annotations

import abc
import concurrent.futures
import contextlib
import multiprocessing.util
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar, cast

import jax

from raison import __version__
from raison.errors import ClusterFailed, WorkersLost
from raison.inference import COMPUTATION

if TYPE_CHECKING:
    import distributed

Job = TypeVar("Job")
Result = TypeVar("Result")

STARTING = 2.0
"""Seconds that processes take to start, about."""

WORKERS = min(2, os.cpu_count() or 1)
"""Processes at a time."""

SMALL = 1000
"""States below which a piece of work is done sooner than it is handed to another process."""

IDLE = 60
"""Seconds after which a process that has nothing to do ends."""

LOOK = 0.2
"""Seconds after which such a process looks again whether the one that it works for is still there."""

TOLD = {
    **{f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")},
    "LOKY_MAX_MEMORY_LEAK_SIZE": "1e15",
}
"""What processes beside each other are told: to use one thread for BLAS, since matrices are small here and threads wait
for each other; and not to end because of what they keep, such as the layout of a game."""

WAIT = 30.0
"""Seconds after which a cluster that does not answer, or has no workers, is given up."""


class Pool(abc.ABC):
    """Where pieces of work are done. The results do not depend on it."""

    def side_by_side(
        self,
        work: Callable[[Job], Result],
        jobs: Sequence[Job],
        *,
        bulk: int,
        done: Callable[[int, int, Result], None],
        cost: Callable[[Job], float] = lambda job: 0.0,
    ) -> list[Result]:
        """Return the results of `work`, in the order of `jobs`.

        Args:
            work: one piece of work. It changes nothing but what it returns, and can be pickled.
            jobs: what it is called with.
            bulk: about how much each piece is, in states of a game; see `raison.record.bulk`.
            done: called here after each piece, with how many are done, which it was, and its result.
            cost: of a piece of work: the dearest are begun first, so that none is left alone at the end.

        Errors:
            The first that a piece of work raises; pieces that have not begun are dropped then, as at an interrupt.
        """
        costs = [cost(job) for job in jobs]
        order = sorted(range(len(jobs)), key=lambda i: -costs[i])
        costs = [costs[i] for i in order]
        results: dict[int, Result] = {}
        with contextlib.closing(self._finished(work, [jobs[i] for i in order], costs, bulk)) as finished:
            for place, result in finished:
                results[order[place]] = result
                done(len(results), order[place], result)
        return [results[i] for i in range(len(jobs))]

    @abc.abstractmethod
    def _finished(
        self, work: Callable[[Job], Result], jobs: Sequence[Job], costs: Sequence[float], bulk: int
    ) -> Generator[tuple[int, Result], None, None]:
        """Begin the jobs in their order, and yield the place and result of each as it is done."""


class Processes(Pool):
    """The cores of this machine: processes that stay for the work that comes next.

    What is small is done here, one piece after the other; so is all where JAX runs on a GPU, which they would share.

    Args:
        hesitates: whether pieces are done here as long as what is left takes no longer than to start processes for it.

    Raises `WorkersLost` if one of the processes is killed, as by a system that is short of memory.
    """

    def __init__(self, *, hesitates: bool = False) -> None:
        self._hesitates = hesitates

    def _finished(
        self, work: Callable[[Job], Result], jobs: Sequence[Job], costs: Sequence[float], bulk: int
    ) -> Generator[tuple[int, Result], None, None]:
        is_alone = bulk < SMALL or WORKERS < 2 or jax.default_backend() != "cpu"
        begun, here = time.monotonic(), 0
        while here < len(jobs) and (
            is_alone or len(jobs) < 2 or (self._hesitates and not _is_long(begun, here, costs))
        ):
            yield here, work(jobs[here])
            here += 1
        if here == len(jobs):
            return
        import loky

        executor = loky.get_reusable_executor(WORKERS, timeout=IDLE, initializer=_follow, env=TOLD)
        futures: dict[concurrent.futures.Future[Result], int] = {}
        try:
            for place in range(here, len(jobs)):
                futures[executor.submit(work, jobs[place])] = place
            for each in loky.as_completed(futures):
                yield futures[each], each.result()
        except loky.process_executor.TerminatedWorkerError:
            raise WorkersLost(
                "a process that worked for this run was killed, as by a system that is short of memory. What was "
                "finished is kept: run it again with less beside it."
            ) from None
        finally:
            if not all(each.done() for each in futures):
                executor.shutdown(wait=False, kill_workers=True)


def _is_long(begun: float, done: int, costs: Sequence[float]) -> bool:
    """Return whether what is left, at the pace so far, is done sooner by processes that have to be started for it."""
    if not done:
        return False
    weights = [each or 1.0 for each in costs]
    left = (time.monotonic() - begun) * sum(weights[done:]) / sum(weights[:done])
    return left > STARTING + left / WORKERS


def _follow() -> None:
    """Leave interrupts to the process that hands out the work, and end when it has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK)
    os._exit(1)


def end_processes() -> None:
    """End the processes that wait for more work, if there are any, and give back the locks that were shared with them.

    Those of an interrupted run are still held by its frames; whoever looks after them would complain.
    """
    if "loky" in sys.modules:
        import loky

        loky.get_reusable_executor(WORKERS).shutdown(wait=True, kill_workers=True)
        multiprocessing.util._run_finalizers(0)  # pyright: ignore[reportAttributeAccessIssue]  (not in its stubs)


class Cluster(Pool):
    """The workers of a Dask cluster; a piece whose worker dies is done again by another.

    Raises `ClusterFailed` if the cluster is lost, or if a piece takes several workers with it.

    Args:
        client: connected to the scheduler.
    """

    def __init__(self, client: distributed.Client) -> None:
        self._client = client

    def _finished(
        self, work: Callable[[Job], Result], jobs: Sequence[Job], costs: Sequence[float], bulk: int
    ) -> Generator[tuple[int, Result], None, None]:
        import distributed
        from distributed.scheduler import KilledWorker

        futures: dict[distributed.Future, int] = {}
        try:
            for place, job in enumerate(jobs):
                futures[self._client.submit(work, job, pure=False)] = place
            for each in distributed.as_completed(futures, loop=self._client.loop):
                yield futures[each], each.result()
        except KilledWorker as error:
            raise ClusterFailed(f"a piece of work took several workers of the cluster with it: {error}") from None
        except (OSError, concurrent.futures.CancelledError) as error:
            raise ClusterFailed(f"the connection to the cluster was lost: {error}") from None
        finally:
            with contextlib.suppress(Exception):  # the cluster may be gone
                self._client.cancel(list(futures))


@contextlib.contextmanager
def cluster_at(address: str) -> Iterator[Cluster]:
    """Connect to the scheduler of a Dask cluster for the length of the block.

    Args:
        address: of the scheduler, such as `tcp://10.0.0.5:8786`.

    Errors:
        `ClusterFailed` if Dask is not installed, nobody answers, there are no workers, or one of them has another
        version of Raison.
    """
    try:
        import distributed
    except ImportError:
        raise ClusterFailed("--cluster needs Dask: pip install 'raison[cluster]'.") from None
    try:
        client = distributed.Client(address, timeout=WAIT, set_as_default=False)  # or xarray would write by it
    except (OSError, ValueError) as error:
        raise ClusterFailed(
            f"no Dask scheduler answers at `{address}`: {error}. `dask scheduler` starts one and prints its address."
        ) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=WAIT)
        except (OSError, TimeoutError):
            hint = f"`dask worker {address}` starts one."
            raise ClusterFailed(f"the scheduler at `{address}` has no workers. {hint}") from None
        versions = cast("dict[str, str | Exception]", client.run(_version, on_error="return"))
        for worker, version in versions.items():
            if version != _version():
                there = "no Raison" if isinstance(version, Exception) else f"Raison {version}"
                hint = "Install the same version on every worker."
                raise ClusterFailed(f"the worker at {worker} has {there}, here it is Raison {_version()}. {hint}")
        yield Cluster(client)


def _version() -> str:
    """Return what must be the same wherever pieces of one study are computed."""
    return f"{__version__} (computation {COMPUTATION})"
