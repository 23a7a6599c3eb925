import dataclasses

import numpy as np
import pytest
from random_games import random_game
from scipy.optimize import brentq
from small_games import border, dilemma, retuned

from raison.engine import engine_of
from raison.equations.game_arrays import GameArrays
from raison.equilibrium.continuation import Path, follow
from raison.equilibrium.solver import random_play_values, solve
from raison.game import Game, Motive


def followed(game: Game, *, max_points: int = 200) -> Path:
    arrays = GameArrays.of(game)
    engine = engine_of(arrays)
    return follow(engine, random_play_values(engine, arrays, 1e-12), 1e-12, max_points=max_points)


def test_a_path_stays_on_equilibria_of_rising_precision():
    path = followed(border())
    assert (path.precisions[0], path.precisions[-1], path.folds) == (0.0, 1.0, ())
    assert list(path.precisions) == sorted(path.precisions)
    values = engine_of(GameArrays.of(border())).by_player(path.values)
    np.testing.assert_allclose(values, solve(border(), tolerance=1e-13).values, atol=1e-8)


def test_the_end_of_a_single_players_path_solves_its_scalar_equation():
    """(rho + gamma) D + rate log(1 + exp(D - cost)) = weight, D = V(calm) - V(crisis)."""
    weight, cost, rate = 3.0, 1.0, 4.0
    gain = brentq(lambda d: 1.1 * d + rate * np.logaddexp(0.0, d - cost) - weight, -1.0, 30.0, xtol=1e-14)
    calm, crisis = np.ravel(followed(dilemma(weight, cost, rate, players=1)).values)
    assert calm - crisis == pytest.approx(gain, abs=1e-9)


def test_a_path_with_too_few_points_ends_nowhere():
    path = followed(border(), max_points=2)
    assert path.values is None
    assert len(path.precisions) == 2
    assert path.steps > 0


def lifted(game: Game, payoff: float) -> Game:
    """Return a game in which everybody gets so much more in every state, which changes nothing that anybody does."""
    lift = Motive(payoff, np.ones(game.space.size), "lift")
    players = tuple(dataclasses.replace(player, motives=(*player.motives, lift)) for player in game.players)
    return dataclasses.replace(game, players=players)


@pytest.mark.parametrize(("seed", "precision"), [(12, 100.0), (33, 10.0), (54, 100.0), (80, 10.0), (111, 10.0)])
@pytest.mark.parametrize("lift", [0.0, 1000.0])
def test_a_path_is_followed_around_sharp_folds_and_not_back_to_its_beginning(seed: int, precision: float, lift: float):
    """It begins where values are unique, so it turns an even number of times before it ends."""
    game = retuned(random_game(seed), precision=precision)
    path = followed(lifted(game, lift))
    assert path.values is not None
    assert len(path.folds) in (2, 6)
    np.testing.assert_allclose(path.folds, followed(game).folds, atol=0.01)
