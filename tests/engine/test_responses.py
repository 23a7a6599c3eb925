import numpy as np
from dense import Dense
from small_games import border

from raison.engine import responses
from raison.engine.native import NativeEngine
from raison.equations.game_arrays import GameArrays


def test_players_respond_as_by_brute_force():
    game, values = border(), np.random.default_rng(2).normal(size=(3, 24))
    engine = NativeEngine(GameArrays.of(game))
    here = engine.look(engine.field(values), 1.0)
    expected = np.concatenate([Dense(game).choices(i, values[i])[:-1] for i in range(3)])
    np.testing.assert_allclose(here.probs.T, expected, rtol=0, atol=1e-14)


def test_a_rate_is_added_to_the_arc_of_its_effect_and_nowhere_else():
    first, rates = np.array([0, 2, 3]), np.array([1.0, 2.0, 3.0])
    responses.add_rate(0, 2, first, np.array([1, 5], dtype=np.uint8), np.array([0.5, 9.0]), rates)
    np.testing.assert_array_equal(rates, [1.0, 2.5, 3.0])


def test_exponentials_are_those_of_numpy():
    rng = np.random.default_rng(0)
    numbers = -np.concatenate([[0.0, 1e-300, 708.0], rng.uniform(0, 708, 2000), 10.0 ** rng.uniform(-17, 2, 2000)])
    found, scale = numbers.copy(), np.empty_like(numbers)
    responses._exponentiate(found, scale, scale.view(np.int64))
    np.testing.assert_allclose(found, np.exp(numbers), rtol=5e-16, atol=0)


def test_exponentials_of_what_is_no_number_or_too_small():
    found, scale = np.array([-np.inf, -708.1, np.nan]), np.empty(3)
    responses._exponentiate(found, scale, scale.view(np.int64))
    np.testing.assert_array_equal(found, [0.0, 0.0, np.nan])
