"""The kinds of item that a record may have: what is wrong with a row of each, and the item that it becomes."""

from __future__ import annotations

import bisect
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from raison.case.meaning.entries import changes_of_drift, effect_of, explain_change, read_confidence
from raison.case.meaning.ranges import Kind, read_number
from raison.case.text.places import dotted
from raison.case.text.schema import CaseText, RecordRow, ends_of
from raison.chain import Act
from raison.errors import QueryError, did_you_mean
from raison.game import StateSpace
from raison.query.conditions import check_condition, mask
from raison.query.grammar import parse_condition
from raison.record import Calendar, Count, Item, Move, Reading, Shock

MOST_COUNTED = 1_000
"""Largest number of acts in one count: the filter carries a world for each."""

Wrong = Iterator[tuple[str, str]]
"""Column and message of each problem of a row."""


@dataclass(frozen=True)
class Setting:
    """What a row speaks of."""

    case: CaseText
    space: StateSpace


class ItemKind(Protocol):
    """How rows of one kind are read.

    Attributes:
        moves_the_world: whether a row changes the variable that it names.
    """

    moves_the_world: bool

    def problems(self, row: RecordRow, setting: Setting) -> Wrong:
        """Yield what is wrong with a row."""
        ...

    def item(self, row: RecordRow, calendar: Calendar, setting: Setting) -> Item:
        """Return the item of a row in which nothing is wrong."""
        ...


class _Moves:
    """A player took an action."""

    moves_the_world = False

    def problems(self, row: RecordRow, setting: Setting) -> Wrong:
        yield from _check_act(row, setting)
        yield from _check_confidence(row)
        yield from _check_uncounted(row)
        if row.answer.strip():
            yield from self._check_answer(row, setting)

    def _check_answer(self, row: RecordRow, setting: Setting) -> Wrong:
        who, *rest = row.answer.split()
        players = setting.case.players
        if len(rest) != 1:
            yield "answer", f"found `{row.answer}`; need the other player and its action, such as `russia ease`."
        elif who not in players:
            yield "answer", f"no player `{who}`.{did_you_mean(who, players)}"
        elif who == row.who:
            yield "answer", f"found `{row.answer}`; `{who}` cannot answer itself. A second act is an item of its own."
        elif rest[0] not in (known := players[who].actions):
            yield "answer", f"player `{who}` has no action `{rest[0]}`.{did_you_mean(rest[0], known)}"
        elif (condition := known[rest[0]].condition) is not None and _is_never(condition, setting.space):
            yield "answer", f"`{rest[0]}` can never be taken: its condition `{condition}` holds in no state."

    def item(self, row: RecordRow, calendar: Calendar, setting: Setting) -> Item:
        time = calendar.time_of(row.date)
        confidence, answer = read_confidence(row.confidence), Act(*row.answer.split()) if row.answer.strip() else None
        return Move(time, row.who, row.what, str(row.date), row.source, row.note, confidence, answer)


class _Counts:
    """How often a player took an action in a span of time."""

    moves_the_world = False

    def problems(self, row: RecordRow, setting: Setting) -> Wrong:
        yield from _check_act(row, setting)
        if row.confidence is not None:
            yield "confidence", f"found `{row.confidence}`; a count is taken as certain, so leave this empty."
        yield from _check_unanswered(row)
        if row.begin is None:
            yield "from", "the first day of the span is missing; `date` is its last."
        elif row.begin > row.date:
            yield "from", f"found `{row.begin}`, after {row.date}, the last day of the span."
        if row.number is None:
            yield "number", "the number of acts is missing; 0 says that nobody saw any."
        elif not row.number.isdecimal() or int(row.number) > MOST_COUNTED:
            yield "number", f"found `{row.number}`; need a whole number from 0 to {MOST_COUNTED}."
        players = setting.case.players
        if row.who in players and row.what in players[row.who].actions:
            seen = players[row.who].actions[row.what].seen
            if ends_of(seen or {}):
                yield "what", f"`{row.what}` has reporting periods, so it cannot be counted; give its moves one by one."

    def item(self, row: RecordRow, calendar: Calendar, setting: Setting) -> Item:
        if row.begin is None or row.number is None:
            raise AssertionError(row)
        end, begin = calendar.end_of(row.date), calendar.time_of(row.begin)
        return Count(end, row.who, row.what, str(row.date), row.source, row.note, begin, int(row.number))


class _Readings:
    """A variable was observed."""

    moves_the_world = False

    def problems(self, row: RecordRow, setting: Setting) -> Wrong:
        if row.who not in setting.space.names:
            yield "who", f"no variable `{row.who}`.{did_you_mean(row.who, setting.space.names)}"
        else:
            yield from self._check_levels(row, setting.space.variable(row.who).levels)
        wrong = list(_check_confidence(row))
        yield from wrong
        if not wrong and read_confidence(row.confidence) <= 0.5:
            message = "a reading that is wrong as often as right says nothing; it needs more than 0.5."
            yield "confidence", f"found `{row.confidence}`; {message}"
        yield from _check_unanswered(row)
        yield from _check_uncounted(row)

    def _check_levels(self, row: RecordRow, known: tuple[str, ...]) -> Wrong:
        levels = _levels(row)
        for level in levels:
            if level not in known:
                yield "what", f"variable `{row.who}` has no level `{level}`.{did_you_mean(level, known)}"
        if len(set(levels)) < len(levels):
            yield "what", f"found `{row.what}`; a level stands twice."

    def item(self, row: RecordRow, calendar: Calendar, setting: Setting) -> Item:
        time = calendar.time_of(row.date)
        reliability = read_confidence(row.confidence)
        return Reading(time, row.who, row.what, str(row.date), row.source, row.note, _levels(row), reliability)


class _Shocks:
    """A change from outside that nobody chose."""

    moves_the_world = True

    def problems(self, row: RecordRow, setting: Setting) -> Wrong:
        if row.who == "nature":
            if row.what not in setting.case.nature:
                yield "what", f"nature has no drift `{row.what}`.{did_you_mean(row.what, setting.case.nature)}"
        elif row.who not in setting.space.names:
            yield "who", f"no variable `{row.who}`.{did_you_mean(row.who, [*setting.space.names, 'nature'])}"
        elif message := explain_change(row.who, row.what, setting.space):
            yield "what", message
        if row.confidence is not None:
            yield "confidence", f"found `{row.confidence}`; a shock is taken as certain, so leave this empty."
        yield from _check_unanswered(row)
        yield from _check_uncounted(row)

    def item(self, row: RecordRow, calendar: Calendar, setting: Setting) -> Item:
        time = calendar.time_of(row.date)
        is_drift = row.who == "nature"
        changes = changes_of_drift(row.what, setting.case.nature[row.what]) if is_drift else {row.who: row.what}
        effect = effect_of(changes, setting.space)
        drift = row.what if is_drift else ""
        return Shock(time, row.who, row.what, str(row.date), row.source, row.note, effect, drift)


ITEM_KINDS: dict[str, ItemKind] = {
    Move.kind: _Moves(),
    Count.kind: _Counts(),
    Reading.kind: _Readings(),
    Shock.kind: _Shocks(),
}


def _levels(row: RecordRow) -> tuple[str, ...]:
    return tuple(level.strip() for level in row.what.split("|"))


def _check_act(row: RecordRow, setting: Setting) -> Wrong:
    players = setting.case.players
    if row.who not in players:
        yield "who", f"no player `{row.who}`.{did_you_mean(row.who, players)}"
    elif row.what not in (known := players[row.who].actions):
        yield "what", f"player `{row.who}` has no action `{row.what}`.{did_you_mean(row.what, known)}"
    else:
        condition = known[row.what].condition
        if condition is not None and _is_never(condition, setting.space):
            yield "what", f"`{row.what}` can never be taken: its condition `{condition}` holds in no state."
        elif _is_never_seen(row, setting.case):
            yield "what", f"`{row.what}` is never seen: its `seen` is 0, so it cannot stand in the record."


def _check_uncounted(row: RecordRow) -> Wrong:
    for column, found in (("from", row.begin), ("number", row.number)):
        if found is not None:
            yield column, f"found `{found}`; only a count has a span and a number, so leave this empty."


def _check_unanswered(row: RecordRow) -> Wrong:
    if row.answer.strip():
        yield "answer", f"found `{row.answer}`; only a move can be answered, so leave this empty."


def _check_confidence(row: RecordRow) -> Wrong:
    try:
        read_confidence(row.confidence)
    except ValueError as error:
        yield "confidence", str(error)


@functools.lru_cache(maxsize=256)
def _is_never(condition: str, space: StateSpace) -> bool:
    """Return whether a condition is right and holds in no state."""
    try:
        parsed = parse_condition(condition)
    except QueryError:
        return False
    return not check_condition(parsed, space.variables) and not mask(parsed, space).any()


def _is_never_seen(row: RecordRow, case: CaseText) -> bool:
    """Return whether the action of a move is seen with probability zero under every explanation."""
    seen = case.players[row.who].actions[row.what].seen or {"": None}
    key = list(seen)[bisect.bisect_left(ends_of(seen), row.date)]
    name, own = dotted(("players", row.who, "actions", row.what, "seen", *([key] if key else []))), seen[key]
    return all(_is_zero(explanation.sees.get(name, own)) for explanation in case.explanations.values())


def _is_zero(chance: str | None) -> bool:
    try:
        prior = read_number("1" if chance is None else chance, Kind.CHANCE, "day")
    except ValueError:
        return False  # told where the numbers are checked
    return not prior.is_free and float(prior.value(0.0)) == 0.0
