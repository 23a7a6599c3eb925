"""One explanation of a case at one set of numbers, as a world that can be asked."""

from __future__ import annotations

from raison.arrays import PlayerValues
from raison.case import BuiltCase
from raison.chain import ChainMotion
from raison.equilibrium.solver import checked, solve
from raison.game import Game
from raison.inference.game_map import NumberVector
from raison.inference.likelihood import GameLikelihood, HabitLikelihood, chain_of
from raison.query.world import Facts, Played, World

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


def play_anew(game: Game, near: PlayerValues | None) -> Played:
    """Solve a game for forecasts.

    Errors:
        `NotConverged` if it is not solved.
    """
    equilibrium = checked(solve(game, start=near, tolerance=FORECAST_TOLERANCE))
    return Played(game, ChainMotion(chain_of(equilibrium)), equilibrium.values)
