"""What a solved game does not explain of a record: acts that crowd or are missing, and readings that surprise it.

With k acts seen in a stretch of time and e expected there, given at each moment the record so far, the log likelihood
ratio of another rate there is

    k log(k / e) - (k - e)

The stretch in which it is largest is where record and game part most; how large it is is compared with records that the
game itself makes under the same watch. Doubtful acts count fully, and the doubts add to e at a constant rate.

Source: kulldorff1997, ogata1988 (docs/reference/references.md)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from raison.chain import NATURE, Act, Motion
from raison.chain.filter import item_weights
from raison.record import Count, Move, Reading, WatchedRecord
from raison.record.simulated import simulate_record

TINY = 1e-12
"""Smallest number of acts that counts as expected."""

PARTS = 10
"""The shortest stretch that is looked at is the record over this: what happens within it may be one affair."""

MOMENTS = 61
"""Moments of a record, its ends among them, at which a band is drawn."""


@dataclass(frozen=True)
class Stretch:
    """The time in which seen and expected acts part most.

    Attributes:
        size: log likelihood ratio of another rate there.
        is_crowd: whether more were seen than expected.
        begin: in time units.
        end: in time units.
        seen: acts seen in it.
        expected: acts expected in it.
    """

    size: float
    is_crowd: bool
    begin: float
    end: float
    seen: int
    expected: float


@dataclass(frozen=True, eq=False)
class Course:
    """How one act was seen and expected in the course of a record.

    Attributes:
        time: of the end of each row, in time units, 0 before them. Shape `[rows + 1]`.
        expected: acts expected up to then. Shape `[rows + 1]`.
        seen: acts seen up to then, what is seen then included. Shape `[rows + 1]`.
    """

    time: Float[np.ndarray, " points"]
    expected: Float[np.ndarray, " points"]
    seen: Int[np.ndarray, " points"]

    def stretch(self) -> Stretch:
        """Return the stretch, of at least a tenth of the record, in which seen and expected part most."""
        acts = np.repeat(self.time, np.diff(self.seen, prepend=0))
        last = float(self.time[-1])
        least = last / PARTS
        begins, ends = (
            each.ravel() for each in np.meshgrid(np.append(acts, 0.0), np.append(acts, last), indexing="ij")
        )
        is_long = ends - begins >= least
        begins, ends = begins[is_long], ends[is_long]
        starts = np.clip(np.concatenate([acts, acts - least]), 0.0, last - least)
        crowds = self._compare(np.append(begins, starts), np.append(ends, starts + least), is_crowd=True)
        lulls = self._compare(begins, ends, is_crowd=False)
        return max(crowds, lulls, key=lambda each: each.size)

    def _compare(
        self, begins: Float[np.ndarray, " stretches"], ends: Float[np.ndarray, " stretches"], *, is_crowd: bool
    ) -> Stretch:
        """Return the stretch that most acts for what is expected lie in, ends included, or fewest, ends left out."""
        acts = np.repeat(self.time, np.diff(self.seen, prepend=0))
        low, high = ("left", "right") if is_crowd else ("right", "left")
        seen = np.searchsorted(acts, ends, side=high) - np.searchsorted(acts, begins, side=low)
        expected = np.interp(ends, self.time, self.expected) - np.interp(begins, self.time, self.expected)
        kept = np.maximum(expected, TINY)
        size = np.where(seen > 0, seen * np.log(np.maximum(seen, 1) / kept), 0.0) - (seen - kept)
        size = np.where((seen > kept) == is_crowd, size, 0.0)
        most = int(np.argmax(size))
        found = (float(begins[most]), float(ends[most]), int(seen[most]), float(expected[most]))
        return Stretch(float(size[most]), is_crowd, *found)

    def at(self, times: Float[np.ndarray, " times"]) -> tuple[Float[np.ndarray, " times"], Int[np.ndarray, " times"]]:
        """Return acts expected and acts seen up to each of some times."""
        place = np.searchsorted(self.time, times, side="right") - 1
        return np.interp(times, self.time, self.expected), self.seen[place]


@dataclass(frozen=True, eq=False)
class Residuals:
    """What one game makes of one record.

    Attributes:
        courses: of every act of a player.
        readings: by variable that is read, the log probability of all its readings, given the record before each.
    """

    courses: Mapping[Act, Course]
    readings: Mapping[str, float]


def residuals(motion: Motion, watched: WatchedRecord) -> Residuals:
    """Return what a game makes of a record."""
    plan, items = watched.plan, watched.record.items
    filtered, expected = motion.expected_acts(plan, watched.start)
    time = np.append(0.0, np.asarray(plan.time))
    seen = {act: np.zeros(len(time), dtype=int) for act in expected}
    scores: dict[str, float] = {}
    weights, _ = item_weights(filtered, plan)
    last_row = dict(zip(np.asarray(plan.item).tolist(), range(len(plan.item)), strict=True))
    for number, item in enumerate(items):
        if isinstance(item, Move):
            for act in (item.act, *([item.answer] if item.answer else [])):
                seen[act][last_row[number] + 1] += 1
        elif isinstance(item, Count):
            seen[item.act][last_row[number] + 1] += item.number
        elif isinstance(item, Reading):
            scores[item.who] = scores.get(item.who, 0.0) + float(weights[number])
    return Residuals(
        {
            act: Course(time, np.append(0.0, np.cumsum(rows)) + _doubt(watched, act) * time, np.cumsum(seen[act]))
            for act, rows in expected.items()
            if act.who != NATURE
        },
        scores,
    )


def _doubt(watched: WatchedRecord, act: Act) -> float:
    """Return the rate at which an act stands in a record though it did not happen."""
    return sum(1.0 - move.confidence for move in watched.record.moves(act)) / watched.record.until


@dataclass(frozen=True, eq=False)
class Luck:
    """What a game makes of records that it made itself.

    Attributes:
        sizes: by act, how far seen and expected part where they part most. Each of shape `[records]`.
        off: by act, seen less expected at `MOMENTS` equal steps. Each of shape `[records, moments]`.
        readings: by variable, the log probability of its readings. Each of shape `[records]`.
    """

    sizes: Mapping[Act, Float[np.ndarray, " records"]]
    off: Mapping[Act, Float[np.ndarray, "records moments"]]
    readings: Mapping[str, Float[np.ndarray, " records"]]


def simulate_residuals(motion: Motion, watched: WatchedRecord, seeds: Sequence[int | Sequence[int]]) -> Luck:
    """Return what a game makes of as many records of its own as there are seeds."""
    simulator, times = motion.simulator(), moments(watched)
    made = [residuals(motion, simulate_record(simulator, watched, np.random.default_rng(seed))) for seed in seeds]
    acts, read = made[0].courses, made[0].readings
    return Luck(
        {act: np.array([each.courses[act].stretch().size for each in made]) for act in acts},
        {act: np.array([np.subtract(*each.courses[act].at(times)[::-1]) for each in made]) for act in acts},
        {name: np.array([each.readings[name] for each in made]) for name in read},
    )


def joined(parts: Sequence[Luck]) -> Luck:
    """Return several as one."""

    def join(name: str) -> dict:
        columns = [getattr(part, name) for part in parts]
        return {key: np.concatenate([column[key] for column in columns]) for key in columns[0]}

    return Luck(join("sizes"), join("off"), join("readings"))


def moments(watched: WatchedRecord) -> Float[np.ndarray, " moments"]:
    """Return the times at which bands are drawn."""
    return np.linspace(0.0, watched.record.until, MOMENTS)


def share_as_large(value: float, drawn: Float[np.ndarray, " records"]) -> float:
    """Return the p-value of a number against others of which it is one if the game is right."""
    return (1.0 + float(np.sum(drawn >= value - 1e-12))) / (1.0 + len(drawn))
