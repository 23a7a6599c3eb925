import jax
import jax.numpy as jnp
import numpy as np
from dense import Dense, matrix_of
from small_games import border

from raison.equations.game_arrays import GameArrays
from raison.equations.play import expected_gains, failure_of, generator_of, play

GAME, DENSE = border(), Dense(border())
ARRAYS = GameArrays.of(GAME)
VALUES = np.random.default_rng(9).normal(size=(3, DENSE.size))


def test_players_choose_as_by_brute_force():
    for i, choice in enumerate(play(ARRAYS, jnp.asarray(VALUES)).choices):
        np.testing.assert_allclose(choice.probs, DENSE.choices(i, VALUES[i])[:-1], rtol=0, atol=1e-14)


def test_an_action_is_worth_what_its_outcomes_are_expected_to_bring():
    for i, actions in enumerate(DENSE.actions):
        gains = [sum(chance * VALUES[i][x] for chance, x in outcomes) - VALUES[i] for _, _, _, outcomes, _ in actions]
        np.testing.assert_allclose(expected_gains(ARRAYS, jnp.asarray(VALUES[i]), i), gains, rtol=0, atol=1e-14)


def test_the_world_moves_as_by_brute_force():
    generator = generator_of(ARRAYS, play(ARRAYS, jnp.asarray(VALUES)).choices)
    matrix = np.asarray(generator.apply(jnp.eye(DENSE.size))).T
    np.testing.assert_allclose(matrix, matrix_of(DENSE.jumps(VALUES), DENSE.size), rtol=0, atol=1e-13)


def test_values_fail_the_equation_as_by_brute_force():
    acts = play(ARRAYS, jnp.asarray(VALUES))
    failure = failure_of(ARRAYS, jnp.asarray(VALUES), acts, generator_of(ARRAYS, acts.choices))
    np.testing.assert_allclose(failure, DENSE.failure(VALUES), rtol=0, atol=1e-12)


def test_at_precision_zero_choices_do_not_depend_on_values():
    slope = jax.jacobian(lambda values: play(ARRAYS, values, 0.0).choices[0].probs)(jnp.asarray(VALUES))
    np.testing.assert_array_equal(slope, 0.0)
