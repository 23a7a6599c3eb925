"""What may come from what is known, exactly: a forecast in phases, one after another where something is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from raison.arrays import PlayerValues, StateArray, StateMask, StateNumbers, StateVector
from raison.chain import Act, Motion
from raison.chain.filter import time_average
from raison.chain.happening import Event, Race, Wide
from raison.chain.simulation import Path, Simulator
from raison.equations import GameArrays
from raison.equations.play import expected_gains
from raison.game import Game
from raison.once import once
from raison.query.answers import Number, Undefined

NOBODY = "nobody weighs anything here: acts follow habit and reply"
"""Why there is neither a value nor a reason."""

NEVER = "it may never come about, so the time until it does has no mean"


@dataclass(frozen=True, eq=False)
class Played:
    """A game as it is played.

    Attributes:
        game: the game.
        motion: how the world moves in it.
        values: of its players, good to choose by and to start a similar game from; None where nobody weighs anything.
            Shape `[players, states]`.
        sharpen: solves it as well as payoffs need, which differ by less than they are; None where no game was solved.
    """

    game: Game
    motion: Motion
    values: PlayerValues | None
    sharpen: Callable[[], PlayerValues] | None = None

    @once
    def worths(self) -> PlayerValues:
        """Return the values of its players, good to tell payoffs apart, if a game was solved. Raises `NotConverged`."""
        assert self.sharpen is not None
        return self.sharpen()


@dataclass(frozen=True, eq=False)
class Phase:
    """A time in which the world moves in one way.

    Attributes:
        begin: when it begins.
        motion: how the world moves then: as the game is played, or as players go on who notice no change.
        played: the game by which they choose.
        setting: state to which each is set when it begins; None if none is. Shape `[states]`.
        held: variables that nothing moves meanwhile.
    """

    begin: float
    motion: Motion
    played: Played
    setting: StateNumbers | None = None
    held: tuple[str, ...] = ()

    def set_in(self, where: StateVector) -> StateVector:
        """Return where the world is after what is set when the phase begins."""
        if self.setting is None:
            return where
        return np.bincount(self.setting, weights=where, minlength=len(where))

    def place(self, player: str) -> int:
        """Return the place of a player in the game."""
        return [each.name for each in self.played.game.players].index(player)


class _Stretch(NamedTuple):
    """A phase, and how long it lasts of the time that is asked about."""

    phase: Phase
    elapsed: float


class Forecast:
    """What may come; see `raison.query.tree.Course`.

    Args:
        where: distribution of states at the beginning of the first phase. Shape `[states]`.
        phases: in order of time.
    """

    def __init__(self, where: StateArray, phases: Sequence[Phase]) -> None:
        self._where = np.asarray(where, dtype=np.float64)
        self._phases = tuple(phases)
        self._simulators: dict[int, Simulator] = {}
        self._known: dict[float, StateVector] = {}

    @property
    def begin(self) -> float:
        """Return when it begins."""
        return self._phases[0].begin

    @property
    def motion(self) -> Motion:
        """Return how the world moves at first."""
        return self._phases[0].motion

    def distribution(self, time: float) -> StateVector:
        """Return where the world is at a time; at one at which something is changed, before the change."""
        if time not in self._known:
            where = self._where
            for phase, elapsed in self._until(time):
                where = np.asarray(phase.motion.distribution(phase.set_in(where), elapsed))
            self._known[time] = where
        return self._known[time]

    def at(self, target: StateMask, time: float) -> Number:
        return Number(float(self.distribution(time) @ np.asarray(target)))

    def since(self, begin: float) -> Forecast:
        """Return the forecast from a later time on, with what is known now."""
        if begin <= self.begin:
            return self
        rest = [phase for number, phase in enumerate(self._phases) if self._end(number) > begin]
        phases = [each if each.begin >= begin else replace(each, begin=begin, setting=None) for each in rest]
        return Forecast(self.distribution(begin), phases)

    def first(self, event: Event, other: Event | None, begin: float, end: float) -> Number:
        race, weights = self.since(begin)._raced(event, other, end)
        return Number(race.won(weights))

    def hazard(self, event: Event, time: float) -> Number | Undefined:
        race, weights = self._raced(event, None, time)
        found = race.hazard(weights)
        return Number(found) if np.isfinite(found) else Undefined("it has surely come about by then")

    def _raced(self, event: Event, other: Event | None, end: float) -> tuple[Race, Wide]:
        """Return the race between two events, and its weights at a time."""
        first, *rest = self._until(end)
        race = first.phase.motion.race(event, other)
        weights = race.run(race.begin(self._set_in(first.phase)), first.elapsed)
        for phase, elapsed in rest:
            race = phase.motion.race(event, other)
            weights = race.run(self._entered(race, weights, phase), elapsed)
        return race, weights

    def number(self, act: Act, begin: float, end: float) -> Number:
        total = 0.0
        for number, phase in enumerate(self._phases):
            since = max(begin, phase.begin)
            until = min(end, self._end(number))
            if since < until:
                where = self._set_in(phase) if since == phase.begin else self.distribution(since)
                average = phase.motion.time_average(where, until - since)
                total += float(np.asarray(average) @ np.asarray(phase.motion.rate(act))) * (until - since)
        return Number(total)

    def wait(self, event: Event) -> Number | Undefined:
        weights, total = None, 0.0
        for number, phase in enumerate(self._phases):
            race = phase.motion.race(event)
            weights = race.begin(self._set_in(phase)) if weights is None else self._entered(race, weights, phase)
            elapsed = self._end(number) - phase.begin
            if not np.isfinite(elapsed):
                total += race.mean_time(weights)
                break
            average = np.asarray(time_average(race.stopped, weights, elapsed))
            total += elapsed * float(average[~race.stopping].sum())
            weights = race.run(weights, elapsed)
        return Number(total) if np.isfinite(total) else Undefined(NEVER)

    def rate(self, act: Act, time: float) -> Number:
        return Number(float(np.asarray(self._in_force(time).motion.rate(act)) @ self.distribution(time)))

    def worth(self, player: str, time: float) -> Number | Undefined:
        phase = self._in_force(time)
        if phase.played.values is None:
            return Undefined(NOBODY)
        return Number(float(np.asarray(phase.played.worths[phase.place(player)]) @ self.distribution(time)))

    def steps(self, player: str, time: float) -> Mapping[Act, float] | Undefined:
        phase = self._in_force(time)
        if phase.played.values is None:
            return Undefined(NOBODY)
        arrays, i = GameArrays.of(phase.played.game), phase.place(player)
        values, distribution, found = phase.played.worths[i], self.distribution(time), {}
        for j in [i, *(j for j in range(len(arrays.players)) if j != i)]:
            numbers = arrays.players[j]
            gains = np.asarray(expected_gains(arrays, values, j) - (numbers.costs if j == i else 0.0))
            where = distribution * np.asarray(numbers.is_available)
            for name, gain, there in zip(numbers.actions, gains, where, strict=True):
                if there.any():
                    found[Act(numbers.name, name)] = float(gain @ there / there.sum())
        return found

    def path(self, end: float, rng: np.random.Generator) -> tuple[int, Path]:
        """Draw where the world is at the beginning, and a path from there; what is set leaves no jump in it.

        Errors:
            `TooFast` if a phase has more than ten million jumps.
        """
        start = state = self._draw(rng)
        parts = []
        for number, (phase, elapsed) in enumerate(self._until(end)):
            if phase.setting is not None:
                state = int(phase.setting[state])
                start = state if number == 0 else start
            if number not in self._simulators:
                self._simulators[number] = phase.motion.simulator()
            parts.append(self._simulators[number].path(state, phase.begin, phase.begin + elapsed, rng))
            state = parts[-1].end
        time, kind, after = (
            np.concatenate(column) for column in zip(*((p.time, p.kind, p.state) for p in parts), strict=True)
        )
        return start, Path(time, kind, after, state)

    def _draw(self, rng: np.random.Generator) -> int:
        return int(rng.choice(len(self._where), p=self._where / self._where.sum()))

    def _end(self, number: int) -> float:
        return self._phases[number + 1].begin if number + 1 < len(self._phases) else np.inf

    def _until(self, time: float) -> Iterator[_Stretch]:
        """Yield the phases up to a time; always the first, if only for an instant."""
        for number, phase in enumerate(self._phases):
            if number == 0 or phase.begin < time:
                yield _Stretch(phase, max(min(time, self._end(number)) - phase.begin, 0.0))

    def _in_force(self, time: float) -> Phase:
        return list(self._until(time))[-1].phase

    def _set_in(self, phase: Phase) -> StateVector:
        return phase.set_in(self.distribution(phase.begin) if phase.begin > self.begin else self._where)

    @staticmethod
    def _entered(race: Race, weights: Wide, phase: Phase) -> Wide:
        """Return the weights of a race when a phase after the first begins."""
        return weights if phase.setting is None else race.moved(weights, phase.setting)
