import datetime
import enum
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from raison.analysis.fingerprint import fingerprint


@dataclass(frozen=True)
class Pair:
    a: Any
    b: Any


@dataclass(frozen=True)
class Other:
    a: Any
    b: Any


class Side(enum.Enum):
    LEFT = 1
    RIGHT = 1.5


DIFFERENT = [
    None,
    True,
    False,
    0,
    1,
    -1,
    10**5000,
    1.0,
    0.1,
    0.1 + 0.2,
    0.3,
    float("nan"),
    "",
    "1",
    "ab",
    "\ud800",
    b"ab",
    (),
    ("ab",),
    ("a", "b"),
    ("b", "a"),
    (("a",), "b"),
    ("a", ("b",)),
    ((),),
    {},
    {"a": 1},
    {"a": 1, "b": 2},
    {"a": 2, "b": 1},
    Pair(1, 2),
    Pair(2, 1),
    Other(1, 2),
    Pair(Pair(1, 2), 3),
    Pair(1, Pair(2, 3)),
    Side.LEFT,
    Side.RIGHT,
    datetime.date(2016, 6, 27),
    "2016-06-27",
    np.array([1.0, 2.0]),
    np.array([1, 2]),
    np.array([[1.0, 2.0]]),
    np.array([1.0, 2.0], dtype=np.float32),
    np.array([True, False]),
    np.zeros((0, 3)),
    np.zeros((3, 0)),
]


def test_values_that_differ_have_different_fingerprints() -> None:
    assert len({fingerprint(value) for value in DIFFERENT}) == len(DIFFERENT)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ((1, 2), [1, 2]),
        (1.5, np.float64(1.5)),
        (3, np.int32(3)),
        (np.array([[1.0, 2.0], [3.0, 4.0]]), np.asfortranarray([[1.0, 2.0], [3.0, 4.0]])),
        (np.array([1.0, 2.0]), jnp.array([1.0, 2.0])),
        (np.arange(10.0)[::2], np.array([0.0, 2.0, 4.0, 6.0, 8.0])),
        (Pair("a", (1.0,)), Pair("a", (1.0,))),
    ],
)
def test_values_that_are_equal_have_the_same_fingerprint(one: Any, other: Any) -> None:
    assert fingerprint(one) == fingerprint(other)


def test_another_process_gives_the_same_fingerprint() -> None:
    code = "from raison.analysis.fingerprint import fingerprint; print(fingerprint({'a': (1.5, 'x'), 'b': None}))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert told == fingerprint({"a": (1.5, "x"), "b": None})
    assert len(told) == 64


@pytest.mark.parametrize("value", [len, lambda: 0, {1, 2}, object(), int, 1j, np.array([None]), (1, [print])])
def test_what_cannot_be_told_apart_by_its_parts_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="has no fingerprint"):
        fingerprint(value)
