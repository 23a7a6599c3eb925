"""The two engines, one by one against brute force and differences, and against each other."""

import os
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from dense import Dense, matrix_of
from scipy.linalg import block_diag
from small_games import border, demand_game

from raison.engine import kernels, responses
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


def test_chunks_of_states_side_by_side_give_the_same_numbers(monkeypatch: pytest.MonkeyPatch):
    game = demand_game(-1.0, firms=5)
    whole = solve(game, tolerance=1e-13)
    monkeypatch.setattr(kernels, "CHUNK_WORK", 50)
    chunked = solve(game, tolerance=1e-13)
    np.testing.assert_allclose(chunked.values, whole.values, rtol=0, atol=1e-8)


def _random_arcs(width: int) -> tuple[np.ndarray, ...]:
    """Arcs of seven states with rates, their matrix, the inverse of a diagonal and a field for so many players."""
    rng = np.random.default_rng(width)
    leaving = [(1, 2, 6), (2,), (0, 1, 5), (4, 0), (3, 6, 5, 1), (), (0, 5, 2)]
    first = np.cumsum([0, *(len(targets) for targets in leaving)])
    target = np.array([y for targets in leaving for y in targets], dtype=np.uint32)
    rate, inverse, field = rng.uniform(size=len(target)), rng.uniform(size=7 * width), rng.normal(size=7 * width)
    matrix = np.zeros((7, 7))
    np.add.at(matrix, (np.repeat(np.arange(7), np.diff(first)), target), rate)
    return first, target, rate, inverse, field, matrix


@pytest.mark.parametrize("ahead", [0, 2, 100])
@pytest.mark.parametrize("width", range(1, 10))
def test_any_number_of_players_is_weighed(width: int, ahead: int):
    first, target, rate, inverse, field, matrix = _random_arcs(width)
    out = np.empty_like(field)
    kernels.weigh(0, 7, ahead, width, first, target, rate, inverse, field, out)
    expected = field - inverse * (matrix @ field.reshape(7, width)).reshape(-1)
    np.testing.assert_allclose(out, expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("ahead", [0, 2, 100])
@pytest.mark.parametrize("with_right", [False, True])
@pytest.mark.parametrize("width", range(1, 10))
def test_a_sweep_solves_the_lower_triangle_of_each_chunk(width: int, with_right: bool, ahead: int):
    first, target, rate, inverse, field, matrix = _random_arcs(width)
    rng = np.random.default_rng(100 + width)
    other, right = rng.normal(size=7 * width), rng.normal(size=7 * width) if with_right else np.zeros(7 * width)
    pair = np.concatenate([field, np.full(7 * width, np.nan)])
    sums = np.zeros(2)
    for lo, hi in ((0, 4), (4, 7)):
        added = right if with_right else np.empty(0)
        sums += kernels.sweep(lo, hi, ahead, width, first, target, rate, inverse, added, pair, other)
    lower = np.tril(matrix, -1)
    lower[4:, :4] = 0.0
    expected = np.empty((7, width))
    for i in range(width):
        triangle = np.diag(1.0 / inverse[i::width]) - lower
        expected[:, i] = np.linalg.solve(triangle, right[i::width] + (matrix - lower) @ field[i::width])
    np.testing.assert_allclose(pair[7 * width :], expected.reshape(-1), rtol=0, atol=1e-12)
    np.testing.assert_array_equal(pair[: 7 * width], field)
    image = field - expected.reshape(-1)
    np.testing.assert_allclose(sums, [image @ other, image @ image], rtol=1e-12)


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


def test_a_game_laid_over_four_devices_has_the_same_values():
    script = """
import jax, numpy as np
from small_games import border, demand_game
from raison.equilibrium import solve
assert jax.device_count() == 4
for game in (border(), demand_game(-1.0, firms=4)):
    alone, spread = solve(game, tolerance=1e-14), solve(game, tolerance=1e-14, devices=jax.devices())
    assert spread.has_converged
    assert len(spread.values.sharding.device_set) == 4, spread.values.sharding
    np.testing.assert_allclose(spread.values, alone.values, rtol=0, atol=1e-9)
"""
    environment = {
        **os.environ,
        "XLA_FLAGS": "--xla_force_host_platform_device_count=4",
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
