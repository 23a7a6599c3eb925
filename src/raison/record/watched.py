"""A watched record: what was seen, from when to when, where the world stood when watching began, and its name.

A study holds a tuple of them: the same players and explanations, each watched in its own time.
"""

from __future__ import annotations

import dataclasses
import datetime
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from raison.arrays import StateArray, StateVector
from raison.chain import Chain, Motion, Plan
from raison.chain.filter import log_likelihood, log_likelihood_slope
from raison.chain.filters import Filtered, Slope
from raison.game import StateSpace
from raison.once import once
from raison.record.record import Move, Record

FEW_ITEMS = 50
"""Dated items up to which a record is as much work as its states are."""

SAME_TIME = 1e-9
"""Difference of times, in time units, that is rounding."""


@dataclass(frozen=True)
class Calendar:
    """Dates as times.

    Attributes:
        begin: first day of the watch, at time 0.
        unit: name of the time unit: day, week, month or year.
        days: days in a time unit.
    """

    begin: datetime.date
    unit: str
    days: float

    def time_of(self, date: datetime.date) -> float:
        """Return whole days from the first day to the beginning of `date`, in time units."""
        return (date - self.begin).days / self.days

    def end_of(self, date: datetime.date) -> float:
        """Return the time at the end of `date`: of a day on which something is watched, all of it is."""
        return ((date - self.begin).days + 1) / self.days

    def date_of(self, time: float) -> datetime.date:
        """Return the day nearest to `time`."""
        return self.begin + datetime.timedelta(days=round(time * self.days))


@dataclass(frozen=True, eq=False)
class WatchedRecord:
    """A record and all that is needed to weigh it.

    Attributes:
        name: as the analyst calls it.
        record: the dated items.
        space: the state space.
        start: probability of each state on the first day. Shape `[states]`.
        calendar: from dates to times.
        focus: day of the decision in question, if one is named.
    """

    name: str
    record: Record
    space: StateSpace
    start: Float[np.ndarray, " states"]
    calendar: Calendar
    focus: datetime.date | None = None

    @property
    def until(self) -> datetime.date:
        """Return the last day of the watch."""
        days = math.ceil((self.record.until - SAME_TIME) * self.calendar.days)
        return self.calendar.begin + datetime.timedelta(days=days - 1)

    @once
    def plan(self) -> Plan:
        """Return the record made ready for a filter."""
        return self.record.plan(self.space)

    @once
    def moves(self) -> Mapping[datetime.date, tuple[tuple[int, Move], ...]]:
        """Return the moves of every day that has any, with their places in the record."""
        found: dict[datetime.date, tuple[tuple[int, Move], ...]] = {}
        for number, item in enumerate(self.record.items):
            if isinstance(item, Move):
                day = self.calendar.date_of(item.time)
                found[day] = (*found.get(day, ()), (number, item))
        return found

    def within(self, space: StateSpace) -> WatchedRecord:
        """Return the same in a space with more variables before its own, each at its first level on the first day."""
        start = np.zeros(space.size)
        start[: self.space.size] = self.start
        return dataclasses.replace(self, space=space, start=start)

    def whereabouts(self, motion: Motion, filtered: Callable[[], Filtered], time: float) -> StateArray:
        """Return where the world is at a time, given the record before it.

        Args:
            motion: how the world moves.
            filtered: gives the record filtered by it; called only if something was seen before.
            time: from the start of the watch, in time units.
        """
        passed = int(np.sum(np.asarray(self.plan.time) < time - SAME_TIME))
        row = min(passed, len(self.plan.time) - 1)
        if not passed:
            return motion.remain_silent(self.plan, row, self.start, max(time, 0.0))
        silent = max(time - float(self.plan.time[passed - 1]), 0.0)
        return motion.remain_silent(self.plan, row, filtered().after[passed - 1], silent)

    def log_likelihood(self, chain: Chain) -> float:
        """Return the log likelihood of the record under `chain`."""
        return log_likelihood(chain, self.plan, self.start)

    def log_likelihood_slope(self, chain: Chain) -> Slope:
        """Return the log likelihood and its derivatives by the rates, in the form of the chain."""
        return log_likelihood_slope(chain, self.plan, self.start)


def bulk(records: Sequence[WatchedRecord]) -> int:
    """Return about how much work it is to filter some records: states, times dated items where these are many."""
    items = sum(len(each.record.items) for each in records)
    return records[0].space.size * max(items, FEW_ITEMS) // FEW_ITEMS


def occupied(motion: Motion, records: Sequence[WatchedRecord]) -> StateVector:
    """Return the share of the records' time that the world spends in each state. Shape `[states]`, sums to 1.

    Longer records weigh more. Nothing that was seen counts, only from where and for how long it was watched.
    """
    lengths = [watched.record.until for watched in records]
    averages = [motion.time_average(watched.start, watched.record.until) for watched in records]
    return np.average(averages, axis=0, weights=lengths)
