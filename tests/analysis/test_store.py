import json
import pathlib

import numpy as np
import pytest

from raison.analysis import FitStore
from raison.inference.laplace import Laplace
from raison.inference.model import Parameter
from raison.inference.prior import LogNormal, Normal


def parameters(high: float = 2.0) -> tuple[Parameter, ...]:
    return (Parameter("cost", LogNormal(0.5, high)), Parameter("weight", Normal(-1.0, 1.0)))


def posterior(distance: float = 0.0) -> Laplace:
    return Laplace(
        parameters=parameters(),
        mode=np.array([1.0 / 3.0, 0.1]),
        z=np.array([0.3, 1e-17]),
        covariance=np.array([[0.7, 0.1], [0.1, 0.9]]),
        log_likelihood=-12.25,
        log_evidence=-1.0 / 7.0,
        evaluations=31,
        distance=distance,
    )


def test_a_kept_fit_is_found_to_the_last_digit(tmp_path: pathlib.Path) -> None:
    store = FitStore(tmp_path / "fits", "hash")
    store.keep("none of these", posterior(0.3))
    found = store.find("none of these", parameters())
    assert found is not None
    assert found.parameters == parameters()
    for name in ("mode", "z", "covariance"):
        assert getattr(found, name).tolist() == getattr(posterior(), name).tolist()
    for name in ("log_likelihood", "log_evidence", "evaluations"):
        assert getattr(found, name) == getattr(posterior(), name)
    assert found.distance == 0.3
    assert [path.name for path in (tmp_path / "fits").iterdir()] == ["none+of+these.json"]


def test_a_fit_of_another_case_another_prior_or_another_name_is_not_taken_up(tmp_path: pathlib.Path) -> None:
    FitStore(tmp_path, "hash").keep("economy", posterior())
    assert FitStore(tmp_path, "hash").find("economy", parameters()) is not None
    assert FitStore(tmp_path, "other").find("economy", parameters()) is None
    assert FitStore(tmp_path, "hash").find("economy", parameters(high=2.1)) is None
    (tmp_path / "economy.json").rename(tmp_path / "bluff.json")
    assert FitStore(tmp_path, "hash").find("bluff", parameters()) is None


def test_a_fit_of_another_version_is_not_taken_up(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FitStore(tmp_path, "hash").keep("economy", posterior())
    monkeypatch.setattr("raison.analysis.store.__version__", "0.0.9")
    assert FitStore(tmp_path, "hash").find("economy", parameters()) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"key": 1}'])
def test_a_file_that_is_no_fit_is_passed_over(text: str, tmp_path: pathlib.Path) -> None:
    (tmp_path / "economy.json").write_text(text, encoding="utf-8")
    assert FitStore(tmp_path, "hash").find("economy", parameters()) is None


def test_an_explanation_without_free_numbers_is_kept(tmp_path: pathlib.Path) -> None:
    empty = Laplace((), np.zeros(0), np.zeros(0), np.zeros((0, 0)), -1.0, -1.0, 1, 0.0)
    FitStore(tmp_path, "hash").keep("economy", empty)
    found = FitStore(tmp_path, "hash").find("economy", ())
    assert found is not None
    assert found.covariance.shape == (0, 0)
    assert json.loads((tmp_path / "economy.json").read_text(encoding="utf-8"))["z"] == []
