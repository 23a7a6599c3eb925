"""How each kind of item is shown: the one table of marks, colours and sentences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from raison.report.names import label, plain
from raison.report.palette import FAINT, FOCUS, INK, READING
from raison.study import ItemResult, Study


@dataclass(frozen=True)
class Look:
    """How items of one kind are shown.

    Attributes:
        name: what a legend calls the kind.
        group: heading of its lanes in the timeline; empty for a kind whose lanes stand under its players, or has none.
        mark: sign in the timeline; empty for none.
        colour: of the sign and of the label.
        sentence: what an item is, for a table.
        short: the same in a few characters, for a chart.
        lane: the lane of the timeline in which an item lies.
        on_variable: how it is marked on the panel of its variable: at its `levels`, at the `edge`, or not.
        can_be_doubtful: whether an item has a confidence.
        was_coded: whether somebody coded it, from a source.
    """

    name: str
    group: str
    mark: str
    colour: str
    sentence: Callable[[Study, ItemResult], str]
    short: Callable[[ItemResult], str]
    lane: Callable[[Study, ItemResult], str]
    on_variable: Literal["levels", "edge", ""] = ""
    can_be_doubtful: bool = True
    was_coded: bool = True


def _levels(text: str) -> str:
    return plain(text).replace("|", " or ")


def _shock(study: Study, item: ItemResult) -> str:
    return plain(item.what) if item.who == "nature" else f"{label(study, item.who)} {plain(item.what)}"


def _short_shock(item: ItemResult) -> str:
    return plain(item.what) if item.who == "nature" else f"{plain(item.who)} → {plain(item.what)}"


def _move(study: Study, item: ItemResult) -> str:
    text = f"{label(study, item.who)}: {label(study, f'{item.who}.{item.what}')}"
    if not item.answer:
        return text
    who, what = item.answer.split()
    return f"{text}; answered at once by {label(study, who)}: {label(study, f'{who}.{what}')}"


def _times(item: ItemResult) -> str:
    return "once" if item.number == 1 else f"{item.number} times"


LOOKS = {
    "move": Look(
        name="move",
        group="",
        mark="o",
        colour=INK,
        sentence=_move,
        short=lambda item: f"{plain(item.who)}: {plain(item.what)}",
        lane=lambda study, item: label(study, f"{item.who}.{item.what}"),
    ),
    "count": Look(
        name="count, over its span",
        group="",
        mark="|",
        colour=INK,
        sentence=lambda study, item: f"{_move(study, item)}, {_times(item)} since {item.begin}",
        short=lambda item: f"{plain(item.who)}: {plain(item.what)}, {_times(item)}",
        lane=lambda study, item: label(study, f"{item.who}.{item.what}"),
        can_be_doubtful=False,
    ),
    "reading": Look(
        name="reading",
        group="readings",
        mark="s",
        colour=READING,
        sentence=lambda study, item: f"{label(study, item.who)} read as {_levels(item.what)}",
        short=lambda item: f"{plain(item.who)} = {_levels(item.what)}",
        lane=lambda study, item: label(study, item.who),
        on_variable="levels",
    ),
    "shock": Look(
        name="shock from outside",
        group="shocks from outside",
        mark="D",
        colour=FOCUS,
        sentence=lambda study, item: f"shock: {_shock(study, item)}",
        short=lambda item: f"shock: {_short_shock(item)}",
        lane=lambda study, item: _short_shock(item),
        on_variable="edge",
        can_be_doubtful=False,
    ),
    "end": Look(
        name="end of the record",
        group="",
        mark="",
        colour=FAINT,
        sentence=lambda study, item: "end of the record: the silence after the last act",
        short=lambda item: "end of record",
        lane=lambda study, item: "",
        can_be_doubtful=False,
        was_coded=False,
    ),
}
"""By the name of the kind."""

DOUBTFUL = 0.9
"""Confidence below which an item is flagged."""


def look_of(item: ItemResult) -> Look:
    """Return how an item is shown."""
    return LOOKS[item.kind]


def item_text(study: Study, item: ItemResult) -> str:
    """Return what a dated item is, for a table."""
    return look_of(item).sentence(study, item)


def is_doubtful(item: ItemResult) -> bool:
    """Say whether an item is less than 90 % sure."""
    return look_of(item).can_be_doubtful and item.confidence < DOUBTFUL
