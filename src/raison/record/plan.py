"""A record made ready for the filter: one row per step, each an interval and what is seen at its end.

Long intervals are cut so that no step exceeds a given time; the pieces see nothing and belong, with
their silence, to the item that ends the interval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from raison.chain.chain import NATURE
from raison.errors import CaseError
from raison.game import NO_CHANGE, Effect, StateSpace
from raison.record.record import Item, Move, Reading, Record, Shock


@dataclass(frozen=True)
class Sight:
    """What kind of thing is seen at the end of a step.

    Attributes:
        kind: `nothing`, `reading`, `act` (a move, or a shock that is a drift) or `shock`.
        who: who acted, or `nature`.
        what: the action or drift.
        effect: what an outside shock changed.
    """

    kind: str
    who: str = ""
    what: str = ""
    effect: Effect = NO_CHANGE


NOTHING = Sight("nothing")
READING = Sight("reading")


@dataclass(frozen=True, eq=False)
class Plan:
    """The steps of the filter.

    Attributes:
        sights: the distinct kinds of sight.
        elapsed: length of each step, in time units. Shape `[steps]`.
        time: end of each step. Shape `[steps]`.
        sight: index into `sights`. Shape `[steps]`, int.
        item: index of the item to which the step belongs; the number of items for the last silence. Shape `[steps]`.
        is_last: whether the step ends at its item. Shape `[steps]`, bool.
        confidence: of a move; 1 elsewhere. Shape `[steps]`.
        error_rate: rate at which such a move stands in the record, per time unit; 1 elsewhere. Shape `[steps]`.
        reading: index into `readings`. Shape `[steps]`, int.
        readings: probability of each distinct reading in every state; row 0 is all ones. Shape `[readings, states]`.
        observed_drifts: drifts of nature that the record names: their jumps would have been seen.
        longest: longest step, in time units.
    """

    sights: tuple[Sight, ...]
    elapsed: np.ndarray
    time: np.ndarray
    sight: np.ndarray
    item: np.ndarray
    is_last: np.ndarray
    confidence: np.ndarray
    error_rate: np.ndarray
    reading: np.ndarray
    readings: np.ndarray
    observed_drifts: frozenset[str]
    longest: float


def make_plan(record: Record, space: StateSpace, *, longest: float = math.inf) -> Plan:
    """Return the steps of `record` with no step longer than `longest` time units.

    Errors:
        `CaseError` if the record is out of order or an item lies outside its time.
    """
    _check_order(record)
    sights: list[Sight] = [NOTHING]
    readings: list[np.ndarray] = [np.ones(space.size)]
    rows = []
    now = 0.0
    end = Item(record.until, "", "")
    for number, item in enumerate([*record.items, end]):
        sight, confidence, error_rate, reading = _see(item, record, space, readings)
        if sight not in sights:
            sights.append(sight)
        gap = item.time - now
        pieces = max(1, math.ceil(gap / longest - 1e-9))
        for piece in range(1, pieces + 1):
            is_last = piece == pieces
            seen = (sights.index(sight), confidence, error_rate, reading) if is_last else (0, 1.0, 1.0, 0)
            rows.append((gap / pieces, now + gap * piece / pieces, number, is_last, *seen))
        now = item.time
    elapsed, time, number, last, sight, confidence, error_rate, reading = (
        np.array(column) for column in zip(*rows, strict=True)
    )
    drifts = frozenset(item.drift for item in record.items if isinstance(item, Shock) and item.drift)
    return Plan(
        tuple(sights), elapsed, time, sight, number, last, confidence, error_rate, reading,
        np.stack(readings), drifts, float(elapsed.max()),
    )  # fmt: skip


def _check_order(record: Record) -> None:
    if not 0.0 < record.until < math.inf:
        raise CaseError(f"the record is watched until time {record.until:g}; need a time above 0.")
    now = 0.0
    for item in record.items:
        if not item.time >= now:
            raise CaseError(f"record out of order: {_name(item)} stands after a later item. Sort the items by time.")
        now = item.time
    if now > record.until:
        raise CaseError(f"the record ends at {record.until:g}, but an item stands at {now:g}. Watch longer or drop it.")


def _name(item: Item) -> str:
    return f"`{item.who} {item.what}` at {item.date or f'{item.time:g}'}"


def _see(item: Item, record: Record, space: StateSpace, readings: list[np.ndarray]) -> tuple[Sight, float, float, int]:
    """Return the sight, confidence, error rate and reading row of an item; add its row to `readings`."""
    if isinstance(item, Move):
        return Sight("act", item.who, item.what), item.confidence, _error_rate(item, record), 0
    if isinstance(item, Shock):
        sight = Sight("act", NATURE, item.drift) if item.drift else Sight("shock", effect=item.effect)
        return sight, 1.0, 1.0, 0
    if isinstance(item, Reading):
        row = reading_probability(space, item.who, item.levels, item.reliability)
        readings.append(row)
        return READING, 1.0, 1.0, len(readings) - 1
    return NOTHING, 1.0, 1.0, 0


def _error_rate(move: Move, record: Record) -> float:
    """Return how often such moves stand in the record, per time unit."""
    alike = sum(isinstance(item, Move) and (item.who, item.what) == (move.who, move.what) for item in record.items)
    return alike / record.until


def reading_probability(space: StateSpace, variable: str, levels: Sequence[str], reliability: float) -> np.ndarray:
    """Return the probability of a reading in every state.

    With m of the variable's n levels allowed, a state with an allowed level gives the reading with probability
    reliability / m, any other with (1 - reliability) / (n - m). Shape `[states]`.
    """
    known = space.variable(variable)
    allowed = np.zeros(len(known.levels), dtype=bool)
    allowed[[known.index(level) for level in levels]] = True
    if allowed.all():
        return np.ones(space.size)
    row = np.where(allowed, reliability / allowed.sum(), (1.0 - reliability) / (~allowed).sum())
    return row[space.levels_of(variable)]
