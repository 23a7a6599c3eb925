import json
import pathlib
from typing import Any

import numpy as np
import pytest

from raison.analysis import FitStore
from raison.errors import CannotWrite
from raison.inference.laplace import Laplace
from raison.inference.model import Parameter
from raison.inference.prior import Fixed, LogNormal, Normal

PARAMETERS = (
    Parameter("cost", LogNormal(0.5, 2.0)),
    Parameter("known", Fixed(3.0)),
    Parameter("weight", Normal(-1.0, 1.0)),
)


def posterior(distance: float = 0.0) -> Laplace:
    return Laplace(
        parameters=PARAMETERS,
        mode=np.array([1.0 / 3.0, 3.0, 0.1]),
        z=np.array([0.3, 1e-17]),
        covariance=np.array([[0.7, 0.1], [0.1, 0.9]]),
        log_likelihood=-12.25,
        log_evidence=-1.0 / 7.0,
        evaluations=31,
        distance=distance,
    )


def test_a_kept_fit_is_found_to_the_last_digit(tmp_path: pathlib.Path) -> None:
    store = FitStore(tmp_path / "fits")
    store.keep("key", posterior(0.3))
    found = store.find("key", PARAMETERS)
    assert found is not None
    assert found.parameters == PARAMETERS
    for name in ("mode", "z", "covariance"):
        assert getattr(found, name).tolist() == getattr(posterior(), name).tolist()
    for name in ("log_likelihood", "log_evidence", "evaluations"):
        assert getattr(found, name) == getattr(posterior(), name)
    assert found.distance == 0.3
    assert [path.name for path in (tmp_path / "fits").iterdir()] == ["key.json"]


def test_a_fit_is_found_under_its_own_key_only(tmp_path: pathlib.Path) -> None:
    FitStore(tmp_path).keep("key", posterior())
    assert FitStore(tmp_path).find("other", PARAMETERS) is None
    (tmp_path / "key.json").rename(tmp_path / "other.json")
    assert FitStore(tmp_path).find("other", PARAMETERS) is None


def test_an_explanation_without_free_numbers_is_kept(tmp_path: pathlib.Path) -> None:
    empty = Laplace((), np.zeros(0), np.zeros(0), np.zeros((0, 0)), -1.0, -1.0, 1, 0.0)
    FitStore(tmp_path).keep("key", empty)
    found = FitStore(tmp_path).find("key", ())
    assert found is not None
    assert found.covariance.shape == (0, 0)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"key": "key"}', 100_000 * "[", 50_000 * '{"a":', "9" * 5000, "\ud800"]
)
def test_a_file_that_is_no_fit_is_passed_over(text: str, tmp_path: pathlib.Path) -> None:
    (tmp_path / "key.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    assert FitStore(tmp_path).find("key", PARAMETERS) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("log_evidence", float("nan")),
        ("log_evidence", None),
        ("log_evidence", "-1.0"),
        ("log_evidence", 10**400),
        ("log_likelihood", float("inf")),
        ("log_likelihood", [-1.0]),
        ("log_likelihood", True),
        ("evaluations", 3.5),
        ("distance", "far"),
        ("mode", [1.0, 3.0]),
        ("mode", [1.0, 3.0, None]),
        ("mode", ["1.0", "3.0", "0.1"]),
        ("mode", [[1.0, 3.0, 0.1]]),
        ("mode", 1.0),
        ("z", [0.3]),
        ("z", [0.3, float("inf")]),
        ("covariance", [0.7, 0.1, 0.1, 0.9]),
        ("covariance", [[0.7, 0.1], [0.1]]),
        ("covariance", [[0.7, 0.1, 0.0], [0.1, 0.9, 0.0]]),
        ("covariance", [[0.7, 0.1], [0.2, 0.9]]),
        ("covariance", [[0.7, 0.0], [0.0, -0.9]]),
        ("covariance", [[float("nan"), 0.0], [0.0, 0.9]]),
        ("more", 1),
        ("key", "other"),
    ],
)
def test_a_fit_with_a_wrong_value_is_not_believed(name: str, value: Any, tmp_path: pathlib.Path) -> None:
    store = FitStore(tmp_path)
    store.keep("key", posterior())
    kept = json.loads((tmp_path / "key.json").read_text(encoding="utf-8"))
    (tmp_path / "key.json").write_text(json.dumps({**kept, name: value}), encoding="utf-8")
    assert store.find("key", PARAMETERS) is None


@pytest.mark.parametrize("name", ["key", "mode", "z", "covariance", "log_likelihood", "evaluations", "distance"])
def test_a_fit_that_lacks_a_field_is_not_believed(name: str, tmp_path: pathlib.Path) -> None:
    store = FitStore(tmp_path)
    store.keep("key", posterior())
    kept = json.loads((tmp_path / "key.json").read_text(encoding="utf-8"))
    del kept[name]
    (tmp_path / "key.json").write_text(json.dumps(kept), encoding="utf-8")
    assert store.find("key", PARAMETERS) is None


def test_a_file_where_the_folder_should_be_is_told(tmp_path: pathlib.Path) -> None:
    (tmp_path / "fits").write_text("")
    store = FitStore(tmp_path / "fits")
    assert store.find("key", PARAMETERS) is None
    with pytest.raises(CannotWrite, match=r"cannot write into .*fits: "):
        store.keep("key", posterior())
