"""What was seen: dated moves, readings and shocks.

Time is measured in the unit of the case from its first day. Items of one day follow each other in
the order in which they are written.
"""

from __future__ import annotations

from dataclasses import dataclass

from raison.game import NO_CHANGE, Effect


@dataclass(frozen=True)
class Item:
    """One dated item of a record.

    Attributes:
        time: from the start of the record, in time units; at least 0.
        who: the player of a move, the variable of a reading, `nature` or a variable for a shock.
        what: the action, the level, or the change, as the analyst wrote it.
        date: ISO date, for people.
        source: key of the source; may be empty.
        note: how the item was coded; may be empty.
    """

    time: float
    who: str
    what: str
    date: str = ""
    source: str = ""
    note: str = ""


@dataclass(frozen=True)
class Move(Item):
    """A player took an action.

    Attributes:
        confidence: probability, in (0, 1], that the act happened as coded. A doubtful move is a mixture:
            with weight 1 - confidence the record shows it by error, at the rate at which this action
            stands in the record.
    """

    confidence: float = 1.0


@dataclass(frozen=True)
class Reading(Item):
    """A variable was observed, more or less reliably.

    Attributes:
        levels: the levels that the reading allows, one or more.
        reliability: probability, in (0, 1], that the true level is among `levels`; the rest is spread
            evenly over the other levels.
    """

    levels: tuple[str, ...] = ()
    reliability: float = 1.0


@dataclass(frozen=True)
class Shock(Item):
    """A change from outside that no player chose.

    Attributes:
        effect: what it changed. With no `drift` the record is conditioned on it: it has no weight.
        drift: name of the drift of nature that made it, whose rate then counts; else empty.
    """

    effect: Effect = NO_CHANGE
    drift: str = ""


@dataclass(frozen=True)
class Record:
    """The dated items, in order of time, and when watching ends.

    Attributes:
        items: moves, readings and shocks, sorted by time.
        until: end of the watch, in time units from its start; silence counts until then.
    """

    items: tuple[Item, ...]
    until: float
