"""What a chain is to be filtered on: rows of silence, each with what is seen at its end.

A `Sight` is what is seen at one moment. Sights come from the items of a record; how a chain weighs them is the business
of `raison.chain.filter`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field

import jax
import numpy as np
from jaxtyping import Float, Int

from raison.game import NO_CHANGE, Effect

Column = Float[np.ndarray | jax.Array, " rows"]
Numbers = Int[np.ndarray | jax.Array, " rows"]


@dataclass(frozen=True, order=True)
class Act:
    """An action of a player, or a drift of nature: what can be seen to happen."""

    who: str
    what: str

    def __str__(self) -> str:
        return f"{self.who} {self.what}"


@dataclass(frozen=True, order=True)
class JointAct:
    """An act that another player answers at once: a meeting that is held, an agreement that is signed.

    It weighs by the rate of the act, and by the probability with which the other, had it the chance to act at that
    moment, would choose the answer where the act leads. Both move the world.
    """

    act: Act
    answer: Act

    def __str__(self) -> str:
        return f"{self.act}, answered by {self.answer}"


@dataclass(frozen=True, order=True)
class CountBegins:
    """From here on an act is counted: when it happens is not seen."""

    act: Act


@dataclass(frozen=True, order=True)
class CountEnds:
    """An act is known to have been seen so often since its count began; from here on it is seen when it happens."""

    act: Act
    number: int


Seeable = Act | JointAct | CountBegins | CountEnds | Effect
"""What a sight may be of."""


@dataclass(frozen=True, eq=False)
class Sight:
    """What is seen at one moment.

    Attributes:
        time: from the start of the watch, in time units.
        jump: the act or joint act that was seen, which weighs by its rate; or a change from outside, which has no
            weight.
        confidence: probability, in (0, 1], that the jump happened.
        error_rate: rate, per time unit, at which such a sight stands in the record where nothing happened.
        weights: probability of the sight in every state; None for one in all. Shape `[states]`.
    """

    time: float
    jump: Seeable = NO_CHANGE
    confidence: float = 1.0
    error_rate: float = 1.0
    weights: Float[np.ndarray, " states"] | None = None


@jax.tree_util.register_dataclass
@dataclass(frozen=True, eq=False)
class Plan:
    """The rows of the filter.

    Attributes:
        elapsed: length of each row, in time units.
        time: end of each row, from the start of the watch.
        period: reporting period in which each row lies.
        jump: index into `jumps` of what is seen at its end; 0 for nothing.
        item: index of the item to which the row belongs; the number of items for the last silence.
        confidence: of the jump; 1 elsewhere.
        error_rate: per time unit; 1 elsewhere.
        weighing: index into `weights`.
        weights: probability, in every state, of each sight that has one of its own; row 0 is all ones.
        jumps: the distinct jumps that are seen; the first changes nothing.
        observed: drifts of nature that the record names: their jumps would have been seen.
        most_counted: in a space with counters, the largest number that is counted; 0 elsewhere.
    """

    elapsed: Column
    time: Column
    period: Numbers
    jump: Numbers
    item: Numbers
    confidence: Column
    error_rate: Column
    weighing: Numbers
    weights: Float[np.ndarray | jax.Array, "weighings states"]
    jumps: tuple[Seeable, ...] = field(metadata={"static": True})
    observed: frozenset[Act] = field(metadata={"static": True})
    most_counted: int = field(default=0, metadata={"static": True})

    @property
    def longest(self) -> float:
        """Return the length of the longest row, in time units."""
        return float(np.max(self.elapsed))

    @property
    def items(self) -> int:
        """Return the number of items, the last silence counted as one."""
        return int(np.max(self.item)) + 1

    @property
    def has_counts(self) -> bool:
        """Return whether any act is counted."""
        return any(isinstance(jump, CountEnds) for jump in self.jumps)

    def counted(self, row: int) -> frozenset[Act]:
        """Return the acts that are being counted in a row."""
        counted: set[Act] = set()
        for number in np.asarray(self.jump)[:row]:
            jump = self.jumps[number]
            if isinstance(jump, CountBegins):
                counted.add(jump.act)
            elif isinstance(jump, CountEnds):
                counted.discard(jump.act)
        return frozenset(counted)

    def cut(self, longest: float) -> Plan:
        """Return the plan with no row longer than `longest`; the pieces of a row see nothing until the last."""
        pieces = self.pieces(longest)
        row = np.repeat(np.arange(len(pieces)), pieces)
        piece = np.arange(len(row)) - np.repeat(np.cumsum(pieces) - pieces, pieces) + 1
        is_last = piece == pieces[row]
        elapsed = np.asarray(self.elapsed)[row]
        return dataclasses.replace(
            self,
            elapsed=elapsed / pieces[row],
            time=np.asarray(self.time)[row] - elapsed * (1 - piece / pieces[row]),
            period=np.asarray(self.period)[row],
            jump=np.where(is_last, np.asarray(self.jump)[row], 0),
            item=np.asarray(self.item)[row],
            confidence=np.where(is_last, np.asarray(self.confidence)[row], 1.0),
            error_rate=np.where(is_last, np.asarray(self.error_rate)[row], 1.0),
            weighing=np.where(is_last, np.asarray(self.weighing)[row], 0),
        )

    def pieces(self, longest: float) -> Int[np.ndarray, " rows"]:
        """Return into how many pieces each row is cut if none may be longer than `longest`."""
        return np.maximum(1, np.ceil(np.asarray(self.elapsed) / longest - 1e-9)).astype(int)


def make_plan(
    sights: Sequence[tuple[int, Sight]],
    until: float,
    states: int,
    observed: frozenset[Act] = frozenset(),
    periods: Sequence[float] = (),
) -> Plan:
    """Return the rows of a watch: one for each sight, and one for the silence after the last.

    Where a reporting period begins, a row ends at which nothing is seen; it belongs to the item that follows.

    Args:
        sights: what is seen, in order of time, each with the number of the item to which it belongs.
        until: end of the watch, in time units.
        states: number of states.
        observed: drifts of nature that would have been seen.
        periods: times at which a reporting period other than the first begins, in order; they may lie outside.
    """
    last = 1 + max((number for number, _ in sights), default=-1)
    numbered = [*sights, (last, Sight(until))]
    for begin in periods:
        if 0.0 < begin < until:
            place = next(place for place, (_, sight) in enumerate(numbered) if sight.time >= begin)
            numbered.insert(place, (numbered[place][0], Sight(begin)))
    jumps = list(dict.fromkeys([NO_CHANGE, *(sight.jump for _, sight in numbered)]))
    weights = [np.ones(states)]
    weighing = []
    for _, sight in numbered:
        weighing.append(0 if sight.weights is None else len(weights))
        if sight.weights is not None:
            weights.append(sight.weights)
    time = np.array([sight.time for _, sight in numbered], dtype=np.float64)
    return Plan(
        elapsed=np.diff(time, prepend=0.0),
        time=time,
        period=np.searchsorted(np.array(periods), np.append(0.0, time[:-1]), side="right"),
        jump=np.array([jumps.index(sight.jump) for _, sight in numbered]),
        item=np.array([number for number, _ in numbered]),
        confidence=np.array([sight.confidence for _, sight in numbered], dtype=np.float64),
        error_rate=np.array([sight.error_rate for _, sight in numbered], dtype=np.float64),
        weighing=np.array(weighing),
        weights=np.stack(weights),
        jumps=tuple(jumps),
        observed=observed,
    )
