"""What was seen: dated moves, counts, readings and shocks.

Time is measured in the unit of the case from its first day. Items of one day follow each other in
the order in which they are written. An item's class names its kind and says what the item shows to the filter; a new
kind is one more class (ARCHITECTURE.md tells which other files know of it).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from raison.chain.chain import NATURE
from raison.chain.plan import Act, CountBegins, CountEnds, JointAct, Plan, Sight, make_plan
from raison.errors import CaseError
from raison.game import NO_CHANGE, Effect, StateSpace
from raison.once import once


@dataclass(frozen=True)
class Item:
    """One dated item of a record.

    Attributes:
        time: when it was seen, from the start of the record, in time units; at least 0. Of an item that covers an
            interval this is the end.
        who: the player of a move, the variable of a reading, `nature` or a variable for a shock.
        what: the action, the level, or the change, as the analyst wrote it.
        date: ISO date, for people.
        source: key of the source; may be empty.
        note: how the item was coded; may be empty.
    """

    kind: ClassVar[str]

    time: float
    who: str
    what: str
    date: str = ""
    source: str = ""
    note: str = ""

    @property
    def begin(self) -> float:
        """Return the start of the interval that the item covers; its time, if it covers none."""
        return self.time

    @property
    def certainty(self) -> float:
        """Return the probability, in (0, 1], that the item is as it was coded."""
        return 1.0

    def sights(self, record: Record, space: StateSpace) -> tuple[Sight, ...]:
        """Return what the item shows to the filter, in order of time."""
        raise NotImplementedError

    def later(self, by: float) -> Item:
        """Return the item so many time units later."""
        return dataclasses.replace(self, time=self.time + by)

    def __str__(self) -> str:
        return f"`{self.who} {self.what}` at {self.date or f'{self.time:g}'}"


@dataclass(frozen=True)
class Move(Item):
    """A player took an action.

    Attributes:
        confidence: probability, in (0, 1], that the act happened as coded. A doubtful move is a mixture:
            with weight 1 - confidence the record shows it by error, at the rate at which this action
            stands in the record.
        answer: act of another player that answered it at once, if one did: then the two are one joint act.
    """

    kind = "move"

    confidence: float = 1.0
    answer: Act | None = None

    @property
    def act(self) -> Act:
        return Act(self.who, self.what)

    @property
    def certainty(self) -> float:
        return self.confidence

    def sights(self, record: Record, space: StateSpace) -> tuple[Sight, ...]:
        jump = self.act if self.answer is None else JointAct(self.act, self.answer)
        return (Sight(self.time, jump, self.confidence, len(record.moves(self.act)) / record.until),)


@dataclass(frozen=True)
class Count(Item):
    """How often a player took an action in a span of time, without saying when; as a record coded by month has it.

    As a move, an act counts if it would have been seen. The item stands at the end of the span.

    Attributes:
        since: start of the span, from the start of the record, in time units.
        number: acts that were seen.
    """

    kind = "count"

    since: float = 0.0
    number: int = 0

    @property
    def act(self) -> Act:
        return Act(self.who, self.what)

    @property
    def begin(self) -> float:
        return self.since

    def sights(self, record: Record, space: StateSpace) -> tuple[Sight, ...]:
        return Sight(self.since, CountBegins(self.act)), Sight(self.time, CountEnds(self.act, self.number))

    def covers(self, item: Item) -> bool:
        """Return whether an act of another item lies within the span of this count."""
        if isinstance(item, Count):
            return item.act == self.act and item.since < self.time and self.since < item.time
        return isinstance(item, Move) and self.act in (item.act, item.answer) and self.since <= item.time < self.time

    def later(self, by: float) -> Count:
        return dataclasses.replace(self, time=self.time + by, since=self.since + by)


@dataclass(frozen=True)
class Reading(Item):
    """A variable was observed, more or less reliably.

    Attributes:
        levels: the levels that the reading allows, one or more.
        reliability: probability, in (0, 1], of such a reading where the true level is among `levels`; elsewhere it is
            made with the rest.
    """

    kind = "reading"

    levels: tuple[str, ...] = ()
    reliability: float = 1.0

    @property
    def certainty(self) -> float:
        return self.reliability

    def sights(self, record: Record, space: StateSpace) -> tuple[Sight, ...]:
        return (Sight(self.time, weights=reading_probability(space, self.who, self.levels, self.reliability)),)


@dataclass(frozen=True)
class Shock(Item):
    """A change from outside that no player chose.

    Attributes:
        effect: what it changed. With no `drift` the record is conditioned on it: it has no weight.
        drift: name of the drift of nature that made it, whose rate then counts; else empty.
    """

    kind = "shock"

    effect: Effect = NO_CHANGE
    drift: str = ""

    def sights(self, record: Record, space: StateSpace) -> tuple[Sight, ...]:
        return (Sight(self.time, Act(NATURE, self.drift) if self.drift else self.effect),)


@dataclass(frozen=True)
class Source:
    """Where facts come from."""

    key: str
    title: str
    url: str = ""


@dataclass(frozen=True)
class Record:
    """The dated items, in order of time, and when watching ends.

    Attributes:
        items: moves, counts, readings and shocks, sorted by time.
        until: end of the watch, in time units from its start; silence counts until then.
        periods: times, in order, at which a reporting period other than the first begins: the chance that an act is
            seen may change there. Some may lie outside the watch.
    """

    items: tuple[Item, ...]
    until: float
    periods: tuple[float, ...] = ()

    def moves(self, act: Act) -> tuple[Move, ...]:
        """Return the moves of one action of a player."""
        return self._by_act.get(act, ())

    @once
    def _by_act(self) -> Mapping[Act, tuple[Move, ...]]:
        found: dict[Act, list[Move]] = {}
        for item in self.items:
            if isinstance(item, Move):
                found.setdefault(item.act, []).append(item)
        return {act: tuple(moves) for act, moves in found.items()}

    def number_of(self, act: Act) -> int:
        """Return how often an action stands in the record: as a move, as the answer of one, or as one of a count."""
        return len(self.times(act)) + sum(count.number for count in self.counts if count.act == act)

    @once
    def counts(self) -> tuple[Count, ...]:
        """Return the counts."""
        return tuple(item for item in self.items if isinstance(item, Count))

    def times(self, act: Act) -> tuple[float, ...]:
        """Return when an action of a player was taken, as a move or as the answer of a joint act."""
        moves = [item for item in self.items if isinstance(item, Move) and act in (item.act, item.answer)]
        return tuple(move.time for move in moves)

    def plan(self, space: StateSpace) -> Plan:
        """Return the record made ready for a filter.

        Errors:
            `CaseError` if the record is out of order or an item lies outside its time.
        """
        _check_order(self)
        shown = [(number, sight) for number, item in enumerate(self.items) for sight in item.sights(self, space)]
        shown.sort(key=lambda pair: pair[1].time)
        acts = [sight.jump for _, sight in shown if isinstance(sight.jump, Act)]
        observed = frozenset(act for act in acts if act.who == NATURE)
        return make_plan(shown, self.until, space.size, observed, self.periods)


def _check_order(record: Record) -> None:
    if not 0.0 < record.until < math.inf:
        raise CaseError(f"the record is watched until time {record.until:g}; need a time above 0.")
    now = 0.0
    for item in record.items:
        if not item.time >= now:
            raise CaseError(f"record out of order: {item} stands after a later item. Sort the items by time.")
        if not 0.0 <= item.begin <= item.time:
            raise CaseError(f"{item} begins at {item.begin:g}; need a time from 0 to {item.time:g}.")
        now = item.time
    for item in record.items:
        for count in record.counts:
            if item is not count and count.covers(item):
                raise CaseError(f"{item} lies within the span of {count}, so it would count twice.")
    if now > record.until:
        raise CaseError(f"the record ends at {record.until:g}, but an item stands at {now:g}. Watch longer or drop it.")


def reading_probability(
    space: StateSpace, variable: str, levels: Sequence[str], reliability: float
) -> Float[np.ndarray, " states"]:
    """Return the probability of a reading in every state.

    A state with an allowed level gives the reading with probability `reliability`, any other with 1 - reliability, so
    that it weighs reliability / (1 - reliability), however many levels it allows. Shape `[states]`.
    """
    known = space.variable(variable)
    allowed = np.zeros(len(known.levels), dtype=bool)
    allowed[[known.index(level) for level in levels]] = True
    if allowed.all():
        return np.ones(space.size)
    row = np.where(allowed, reliability, 1.0 - reliability)
    return row[space.levels_of(variable)]
