"""The two engines, one by one against brute force and differences, and against each other."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from dense import Dense, matrix_of
from scipy.linalg import block_diag
from small_games import border, demand_game

from raison.engine import engine_of
from raison.engine.native import NativeEngine
from raison.engine.xla import XlaEngine
from raison.equations.game_arrays import GameArrays
from raison.equilibrium import Status, solve
from raison.equilibrium.linear import solve_newton, solve_transposed

ENGINES = {"native": NativeEngine, "xla": XlaEngine}
GAMES = {"border": border(), "entry": demand_game(-1.0, firms=3, levels=3)}


@pytest.fixture(params=[(engine, game) for engine in ENGINES for game in GAMES], ids="-".join)
def place(request):
    """An engine, its game, and values that are no equilibrium."""
    engine, game = request.param
    arrays = GameArrays.of(GAMES[game])
    rng = np.random.default_rng(3)
    values = jnp.asarray(rng.normal(size=(len(arrays.players), arrays.space.size)))
    return ENGINES[engine](arrays), GAMES[game], values, rng


def minus_slope(engine, here, direction):
    """-F'(V) d: that of the policy alone, by its inverse, less the responses."""
    matrix = np.linalg.inv(_policy_inverse(engine, here, engine.by_player(here.values)))
    policy = (matrix @ np.ravel(engine.by_player(direction))).reshape(np.shape(engine.by_player(direction)))
    return policy - np.asarray(engine.by_player(engine.respond(here, direction)))


def test_the_failure_is_that_of_brute_force(place):
    engine, game, values, _ = place
    dense = Dense(game)
    here = engine.look(engine.field(values), 1.0)
    failure = dense.failure(values)
    np.testing.assert_allclose(engine.by_player(here.failure), failure, rtol=0, atol=1e-11)
    gain = (np.abs(failure) / np.array(dense.rhos)[:, None]).max() / max(1.0, np.abs(values).max())
    assert here.error == pytest.approx(gain, rel=1e-10)


@pytest.mark.parametrize("precision", [0.0, 0.4, 1.0])
def test_the_derivative_is_that_of_differences(place, precision: float):
    engine, _, values, rng = place
    direction = jnp.asarray(rng.normal(size=values.shape))
    here = engine.look(engine.field(values), precision)
    near = [engine.look(engine.field(values + sign * 1e-5 * direction), precision).failure for sign in (1, -1)]
    expected = -engine.by_player((near[0] - near[1]) / 2e-5)
    np.testing.assert_allclose(minus_slope(engine, here, engine.field(direction)), expected, rtol=0, atol=1e-7)


def test_the_transposed_derivative_is_the_transpose(place):
    engine, _, values, rng = place
    here = engine.look(engine.field(values), 1.0)
    direction, weights = (engine.field(jnp.asarray(rng.normal(size=values.shape))) for _ in range(2))
    forward = np.vdot(engine.by_player(weights), minus_slope(engine, here, direction))
    left = engine.transposed_left(here, weights, 0.0 * weights)
    assert -np.vdot(left, direction) == pytest.approx(forward, rel=1e-9)
    there_and_back = np.vdot(engine.respond_transposed(here, weights), direction)
    assert there_and_back == pytest.approx(np.vdot(weights, engine.respond(here, direction)), rel=1e-11)


@pytest.mark.parametrize("precision", [0.4, 1.0])
def test_systems_with_and_without_responses_are_solved(place, precision: float):
    engine, _, values, _ = place
    here = engine.look(engine.field(values), precision)
    right = engine.by_player(here.failure)
    newton = solve_newton(engine, here, here.failure, 1e-12)
    np.testing.assert_allclose(minus_slope(engine, here, newton), right, rtol=0, atol=1e-8)
    policy = engine.by_player(engine.solve_policy(here, here.failure, 1e-13))
    expected = _policy_inverse(engine, here, values) @ np.ravel(right)
    np.testing.assert_allclose(np.ravel(policy), expected, rtol=0, atol=1e-9)


def test_the_transposed_derivative_is_solved(place):
    engine, _, values, rng = place
    here = engine.look(engine.field(values), 1.0)
    right = engine.field(jnp.asarray(rng.normal(size=values.shape)))
    left = engine.transposed_left(here, solve_transposed(engine, here, right, 1e-12), right)
    assert float(abs(left).max()) < 1e-9


def _policy_inverse(engine, here, values):
    """(rho - G)^-1 as a dense matrix, from the transposed solves."""
    rows = [
        np.ravel(
            engine.by_player(engine.solve_flow(here, engine.field(jnp.asarray(unit.reshape(values.shape))), 1e-13))
        )
        for unit in np.eye(values.size)
    ]
    return np.array(rows)


def test_the_transposed_system_of_a_policy_is_that_of_brute_force(place):
    engine, game, values, _ = place
    here = engine.look(engine.field(values), 1.0)
    dense = Dense(game)
    generator = matrix_of(dense.jumps(values), dense.size)
    blocks = [np.linalg.inv(rho * np.eye(dense.size) - generator) for rho in dense.rhos]
    np.testing.assert_allclose(_policy_inverse(engine, here, values), block_diag(*blocks), rtol=0, atol=1e-9)


def test_both_engines_find_the_same_equilibrium():
    native = solve(GAMES["border"], tolerance=1e-13)
    xla = solve(GAMES["border"], tolerance=1e-13, devices=jax.devices()[:1])
    assert native.status is xla.status is Status.CONVERGED
    np.testing.assert_allclose(native.values, xla.values, rtol=0, atol=1e-10)


def test_loops_serve_a_cpu_and_jax_the_devices_that_are_named():
    arrays = GameArrays.of(GAMES["border"])
    assert isinstance(engine_of(arrays), NativeEngine)
    assert isinstance(engine_of(arrays, jax.devices()), XlaEngine)
