"""One explanation of a case at one set of numbers, as a world that can be asked."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from raison.arrays import PlayerValues
from raison.case import BuiltCase
from raison.chain import ChainMotion
from raison.equilibrium.solver import checked, solve
from raison.game import Game
from raison.inference.game_map import NumberVector
from raison.inference.likelihood import GameLikelihood, HabitLikelihood, chain_of
from raison.inference.model import Explanation
from raison.inference.posterior import free_of
from raison.query.world import Facts, Played, World
from raison.record import WatchedRecord

FORECAST_TOLERANCE = 1e-5
"""Residual to which the games behind a forecast are solved; probabilities are then good to about four digits."""


def world_of(
    case: BuiltCase,
    likelihood: GameLikelihood | HabitLikelihood,
    facts: Facts,
    numbers: NumberVector,
    near: World | None,
) -> World:
    """Return one explanation at one set of numbers.

    Args:
        case: the case.
        likelihood: of the explanation.
        facts: what is the same under every explanation.
        numbers: of the case.
        near: the same at nearby numbers, if it is known.
    """
    if not isinstance(likelihood, HabitLikelihood):
        return World(facts, case.game(numbers), play_anew, near=near)

    def play(changed: Game, _: PlayerValues | None) -> Played:
        return Played(changed, ChainMotion(likelihood.chain(numbers, changed)), None)

    return World(facts, likelihood.game(numbers), play, near=near)


def worlds_of(
    case: BuiltCase,
    explanation: Explanation,
    likelihood: GameLikelihood | HabitLikelihood,
    records: tuple[WatchedRecord, ...],
) -> Callable[[Float[np.ndarray, " free"], World | None], World]:
    """Return what makes one explanation a world from its free numbers, and from a world at nearby ones.

    Args:
        case: the case.
        explanation: whose numbers they are.
        likelihood: of the explanation.
        records: as the explanation watches them.
    """
    facts = Facts(records[0].space, records, case.indicators)
    free = list(free_of(explanation.parameters))

    def world(numbers: Float[np.ndarray, " free"], near: World | None) -> World:
        whole = explanation.centre
        whole[free] = numbers
        return world_of(case, likelihood, facts, whole, near)

    return world


def play_anew(game: Game, near: PlayerValues | None) -> Played:
    """Solve a game for forecasts.

    Errors:
        `NotConverged` if it is not solved.
    """
    equilibrium = checked(solve(game, start=near, tolerance=FORECAST_TOLERANCE))
    return Played(game, ChainMotion(chain_of(equilibrium)), equilibrium.values)
