"""Games of all shapes, drawn at random, against brute force."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from dense import Dense

from raison.equations.game_arrays import GameArrays
from raison.equations.play import failure_of, generator_of, play
from raison.equilibrium import Status, solve
from raison.equilibrium.solver import pull_back
from raison.game import Action, Drift, Effect, Game, Hazard, Motive, Player, StateSpace, Variable

SEEDS = range(24)


@functools.cache
def random_game(seed: int) -> Game:
    """A game of one to nine players and up to 48 states; rates over four orders of magnitude, discounts over three."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(2, 5, size=rng.integers(1, 4))
    variables = tuple(Variable(f"v{k}", tuple("abcd"[:size]), bool(rng.integers(2))) for k, size in enumerate(sizes))
    space = StateSpace(variables)

    def effect() -> Effect:
        touched = rng.choice(len(variables), size=rng.integers(0, len(variables) + 1), replace=False)
        maps = [
            (variables[k].name, tuple(int(level) for level in rng.integers(sizes[k], size=sizes[k]))) for k in touched
        ]
        return Effect(tuple(sorted(maps)))

    def action(number: int) -> Action:
        chances = rng.dirichlet(np.ones(rng.integers(1, 4)))
        where = None if rng.integers(2) else rng.random(space.size) < 0.7
        outcomes = tuple(effect() for _ in chances)
        return Action(float(rng.normal()), tuple(float(chance) for chance in chances), where, f"a{number}", outcomes)

    def player(number: int) -> Player:
        rate, discount = 10.0 ** rng.uniform(-2, 2), 10.0 ** rng.uniform(-3, 0)
        payoff = rng.normal(size=space.size) * 10.0 ** rng.uniform(-2, 1) * discount
        actions = tuple(action(a) for a in range(rng.integers(0, 5)))
        return Player(Hazard(rate), discount, actions, (Motive(1.0, payoff, "payoff"),), f"p{number}")

    drifts = tuple(
        Drift(Hazard(10.0 ** rng.uniform(-2, 2)), None, f"drift {d}", effect()) for d in range(rng.integers(1, 5))
    )
    return Game(drifts, tuple(player(i) for i in range(rng.integers(1, 10))), space)


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
