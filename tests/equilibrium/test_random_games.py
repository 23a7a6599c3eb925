"""Games of all shapes, drawn at random, against brute force."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from dense import Dense
from random_games import random_game

from raison.equations.game_arrays import GameArrays
from raison.equations.play import failure_of, generator_of, play
from raison.equilibrium import Status, solve
from raison.equilibrium.solver import pull_back

SEEDS = range(24)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_game_is_solved_as_by_brute_force(seed: int):
    game = random_game(seed)
    equilibrium = solve(game, tolerance=1e-13)
    assert equilibrium.status is Status.CONVERGED
    values = np.asarray(equilibrium.values)
    dense = Dense(game)
    scale = max(1.0, np.abs(values).max())
    np.testing.assert_allclose(values, dense.after_one_policy_step(values), rtol=0, atol=1e-9 * scale)
    for i, choice in enumerate(equilibrium.choices):
        np.testing.assert_allclose(choice.probs, dense.choices(i, values[i])[:-1], rtol=0, atol=1e-11 * scale)


@pytest.mark.parametrize("seed", [3, 6, 8, 11, 21])  # what is left of the linear system does not fall evenly in these
def test_the_linear_solve_behind_a_gradient_is_that_of_dense_algebra(seed: int):
    arrays = GameArrays.of(random_game(seed))
    equilibrium = solve(arrays, tolerance=1e-14)
    cotangent = np.random.default_rng(1000 + seed).normal(size=equilibrium.values.shape)

    def failure(values):
        acts = play(arrays, values)
        return failure_of(arrays, values, acts, generator_of(arrays, acts.choices))

    slope = np.asarray(jax.jit(jax.jacobian(failure))(equilibrium.values)).reshape(cotangent.size, cotangent.size)
    exact = np.linalg.solve(-slope.T, cotangent.reshape(-1)).reshape(cotangent.shape)
    found = pull_back(equilibrium, jnp.asarray(cotangent)).adjoint
    np.testing.assert_allclose(found, exact, rtol=0, atol=1e-8 * np.abs(exact).max())
