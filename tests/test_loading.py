import enum
import json
import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pytest
from make_study import make_study

from raison.asked import Asked
from raison.loading import from_plain, to_plain
from raison.study import HeldOutResult, MoveReasons, PowerResult


class Side(enum.Enum):
    LEFT = "on the left"
    RIGHT = "on the right"


@dataclass(frozen=True)
class Leaf:
    size: float
    side: Side = Side.LEFT


@dataclass(frozen=True)
class Fruit:
    name: str


@dataclass(frozen=True)
class Tree:
    name: str
    count: int
    is_old: bool
    height: float | None
    kind: Literal["oak", "elm"]
    pair: tuple[int, str]
    leaves: tuple[Leaf, ...]
    grows: dict[str, Leaf | Fruit]
    rings: dict[str, np.ndarray]


PLAIN: dict[str, Any] = {
    "name": "a",
    "count": 3,
    "is_old": True,
    "height": None,
    "kind": "oak",
    "pair": [1, "x"],
    "leaves": [{"size": 1, "side": "on the right"}, {"size": None}],
    "grows": {"here": {"name": "apple"}, "there": {"size": 2.5}},
    "rings": {"x": [[1, None], [0.5, 2]]},
}


def test_plain_values_become_what_the_hints_say() -> None:
    tree = from_plain(Tree, PLAIN)
    assert (tree.name, tree.count, tree.is_old, tree.height, tree.kind, tree.pair) == (
        "a",
        3,
        True,
        None,
        "oak",
        (1, "x"),
    )
    assert tree.leaves[0] == Leaf(1.0, Side.RIGHT)
    assert isinstance(tree.leaves[0].size, float)
    assert math.isnan(tree.leaves[1].size)
    assert tree.leaves[1].side is Side.LEFT
    assert tree.grows == {"here": Fruit("apple"), "there": Leaf(2.5)}
    assert np.array_equal(tree.rings["x"], [[1.0, math.nan], [0.5, 2.0]], equal_nan=True)


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        ("name", 3, "name: found a number; need text"),
        ("count", 3.5, "count: found a number; need a whole number"),
        ("count", True, "count: found true or false; need a whole number"),
        ("is_old", 1, "is_old: found a number; need true or false"),
        ("height", "3", "height: found text; need a number"),
        ("kind", "ash", "kind: found text; need one of 'oak', 'elm'"),
        ("pair", [1], "pair: found a list; need a list of 2"),
        ("leaves", {}, "leaves: found an object; need a list"),
        ("leaves", [{"size": 1.0}, {"size": "x"}], "leaves[1].size: found text; need a number"),
        ("leaves", [{"size": 1.0, "side": "above"}], "leaves[0].side: found text; need one of "),
        ("leaves", [{}], "leaves[0]: found no `size`"),
        ("leaves", [{"size": 1.0, "colour": "x"}], "leaves[0]: found an unknown `colour`"),
        ("grows", [], "grows: found a list; need an object"),
        ("rings", {"x": [[1.0], [1.0, 2.0]]}, "rings.x: found a list; need lists of numbers of equal length"),
        ("rings", {"x": ["1"]}, "rings.x: found a list; need lists of numbers of equal length"),
        ("rings", {"x": [10**400]}, "rings.x: found a list; need lists of numbers of equal length"),
        ("count", None, "count: found null; need a whole number"),
    ],
)
def test_what_fits_no_hint_is_told_with_its_place(place: str, value: Any, told: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  (the message is compared below)
        from_plain(Tree, {**PLAIN, place: value})
    assert str(caught.value).startswith(told)


@pytest.mark.parametrize("value", [None, 3, [], "x"])
def test_what_is_no_object_is_no_dataclass(value: Any) -> None:
    with pytest.raises(ValueError, match=r"at the top: found .*; need an object"):
        from_plain(Tree, value)


def test_what_is_written_plainly_is_read_back_as_it_was():
    study = make_study()
    for value, hint in (
        (study.power, PowerResult),
        (study.questions, tuple[Asked, ...]),
        (study.reasons, tuple[MoveReasons, ...]),
        (study.held_out, HeldOutResult),
    ):
        text = json.dumps(to_plain(value))
        np.testing.assert_equal(to_plain(from_plain(hint, json.loads(text))), to_plain(value))
