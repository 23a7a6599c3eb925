"""What every motive of a case does, before any fit: its strength, and the acts that it alone makes likelier.

All other numbers are at the middles of their ranges. The acts are compared on the focal date, with the world where the
record puts it if players had acted at random until then.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from raison.arrays import StateVector
from raison.case import BuiltCase, WrittenCase
from raison.chain import ChainMotion
from raison.equilibrium import Equilibrium
from raison.equilibrium.solver import checked, solve_all
from raison.errors import Problem
from raison.inference.game_map import NumberVector
from raison.inference.model import Explanation
from raison.inference.prior import Q95, Fixed
from raison.inference.strength import random_chain, random_whereabouts
from raison.record import WatchedRecord
from raison.study import WEAK, MotiveResult

MEASURING = "measure the motives"

TOLERANCE = 1e-6
"""Residual to which the games are solved; factors are then good to about four digits."""

NONE = 1e-6
"""Log strength below which a motive has none."""

TINY = 1e-300
"""Probability below which an act is as good as impossible."""


def measure_motives(case: BuiltCase) -> tuple[MotiveResult, ...]:
    """Return what every motive of every explanation does.

    Errors:
        `NotConverged` if the values of random play, or those of a motive alone, are not found.
    """
    worlds: dict[bytes, _World] = {}
    results = []
    for explanation in case.explanations:
        still = explanation.centre
        still[list(case.motives)] = 0.0
        key = still.tobytes()
        if key not in worlds:
            worlds[key] = _World(case, still)
        results += worlds[key].measure(explanation)
    return tuple(results)


def motive_warnings(written: WrittenCase, motives: Sequence[MotiveResult]) -> tuple[Problem, ...]:
    """Return a warning for every motive that hardly moves anyone, or can hardly be served, where it is written."""
    warnings = {}
    for motive in motives:
        own = written.text.explanations[motive.explanation].wants.get(motive.player, {})
        path = ("players", motive.player, "wants", motive.feature)
        if motive.feature in own:
            path = ("explanations", motive.explanation, "wants", motive.player, motive.feature)
        if motive.is_unserved:
            served = (
                f"`{motive.player}` can hardly serve this motive, so it must weigh very much to have what is written: "
                f"between the best state and the worst lie {motive.stake:,.0f} units of the shocks, where choices "
                "turn on about 1, and games become hard to solve. Give the player an act that serves it, or write "
                "a small plain weight (`0.5 to 4`); a strength has an `x` before its numbers (`x3 to x30`)."
            )
            warnings[path] = written.places.problem(path, served)
        if motive.is_weak:
            hardly = (
                f"this motive hardly moves anyone: its strength is x{motive.middle:.2f} in the middle of its range, "
                f"and below x{WEAK:g} a player does about the same without it."
            )
            alone = (
                f"nothing that `{motive.player}` does serves this motive while all others act at random: it works only "
                "through what they answer, if at all, and has no strength."
            )
            works_alone = abs(math.log(motive.middle)) > NONE
            warnings[path] = written.places.problem(path, hardly if works_alone else alone)
    return tuple(sorted(warnings.values()))


class _Alone(NamedTuple):
    """What a motive alone does: how many times likelier it makes each action, and how far values lie apart."""

    likelier: Mapping[str, float]
    stake: float


class _World:
    """The game without motives at one set of numbers; what was worked out is kept.

    Args:
        case: the case.
        still: its numbers, the weights of motives at zero.
    """

    def __init__(self, case: BuiltCase, still: NumberVector) -> None:
        self._case, self._still = case, still
        self._log_strengths = case.game.log_strengths(still, case.records)
        self._where = _on_focal_date(case, still)
        self._owner = {
            slot: (player.name, feature, number)
            for number, player in enumerate(case.game.players)
            for feature, slot, _ in player.motives
        }
        (self._idle,) = self._solve([still])
        self._alone: dict[tuple[int, float], _Alone] = {}

    def measure(self, explanation: Explanation) -> list[MotiveResult]:
        """Return what each motive of an explanation does."""
        priors = {slot: explanation.parameters[slot].prior for slot in self._log_strengths}
        ends = {
            slot: tuple(prior.value(z) for z in (-Q95, 0.0, Q95))
            for slot, prior in priors.items()
            if prior != Fixed(0.0)
        }
        self._compare([(slot, middle) for slot, (_, middle, _) in ends.items()])
        return [
            MotiveResult(
                explanation.name,
                *self._owner[slot][:2],
                *(_strength(weight * self._log_strengths[slot]) for weight in weights),
                likelier=dict(self._alone[slot, weights[1]].likelier),
                stake=self._alone[slot, weights[1]].stake,
            )
            for slot, weights in ends.items()
        ]

    def _compare(self, motives: Sequence[tuple[int, float]]) -> None:
        """Solve the game of each motive alone, given as (slot, weight), and keep how it changes what its owner does."""
        missing = [each for each in motives if each not in self._alone]
        vectors = []
        for slot, weight in missing:
            vectors.append(self._still.copy())
            vectors[-1][slot] = weight
        for (slot, weight), alone in zip(missing, self._solve(vectors), strict=True):
            owner = self._owner[slot][2]
            stake = float(np.ptp(np.asarray(alone.values[owner])))
            self._alone[slot, weight] = _Alone(self._likelier(alone, owner), stake)

    def _solve(self, vectors: Sequence[NumberVector]) -> tuple[Equilibrium, ...]:
        solved = solve_all([self._case.game(numbers) for numbers in vectors], tolerance=TOLERANCE)
        return tuple(checked(each) for each in solved)

    def _likelier(self, alone: Equilibrium, player: int) -> Mapping[str, float]:
        """Return how many times likelier each action of a player is on the focal date than without any motive."""
        numbers = alone.arrays.players[player]
        here = self._where * np.asarray(numbers.decision_rate)
        rates = [np.asarray(solved.choices[player].probs) @ here for solved in (alone, self._idle)]
        return {
            action: float(with_it / without)
            for action, with_it, without in zip(numbers.actions, *rates, strict=True)
            if without > TINY
        }


def _strength(log_strength: float) -> float:
    return math.exp(min(log_strength, 700.0))


def _on_focal_date(case: BuiltCase, still: NumberVector) -> StateVector:
    """Return where the world is on the focal date of the first record that has one, given that record up to then.

    Where none has one, or such players could not have made the record: where the random world is during the records.
    """
    game = case.game(still)
    for watched in case.records:
        if watched.focus is not None:
            there = _at(ChainMotion(random_chain(game)), watched, watched.focus)
            if np.isfinite(there).all():
                return there
    return random_whereabouts(game, case.records)


def _at(motion: ChainMotion, watched: WatchedRecord, date: datetime.date) -> StateVector:
    """Return where the world is at the beginning of a day, given the record up to then."""
    time = watched.calendar.time_of(date)
    return watched.whereabouts(motion, lambda: motion.filter(watched.plan, watched.start), time)
