import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg
from dense import matrix_of
from small_games import border_start

from raison.chain.xla_silence import MAX_LOAD, MOST_PIECES, advance, be_silent, fastest_rate


@pytest.mark.parametrize("elapsed", [0.0, 0.3, 30.0])
def test_a_silence_takes_mass_away(border_chain, border_jumps, elapsed: float):
    killing = np.random.default_rng(3).uniform(0.0, 2.0, 24)
    matrix = matrix_of(border_jumps, 24) - np.diag(killing)
    found = be_silent(border_chain.generator(), jnp.asarray(killing), jnp.asarray(border_start()), jnp.asarray(elapsed))
    expected = border_start() @ scipy.linalg.expm(matrix * elapsed)
    assert float(found.log_mass) == pytest.approx(np.log(expected.sum()), abs=1e-9)
    np.testing.assert_allclose(found.end, expected / expected.sum(), rtol=0, atol=1e-9)
    assert float(found.occupancy.sum()) == pytest.approx(elapsed, rel=1e-12)


def test_a_silence_so_long_that_its_probability_is_no_number_has_its_log(border_chain, border_jumps):
    """e^-750 is zero in 64 bits; the log of the probability is the leading eigenvalue times the time."""
    killing = np.random.default_rng(3).uniform(30.0, 31.0, 24)
    matrix = matrix_of(border_jumps, 24) - np.diag(killing)
    elapsed = 4000.0
    found = be_silent(border_chain.generator(), jnp.asarray(killing), jnp.asarray(border_start()), jnp.asarray(elapsed))
    assert float(found.log_mass) == pytest.approx(elapsed * np.linalg.eigvals(matrix).real.max(), rel=1e-4)
    assert float(found.log_mass) < -1e5
    assert np.isfinite(found.end).all()


def _short_step(border_chain):
    killing = jnp.asarray(np.random.default_rng(4).uniform(0.0, 1.0, 24))
    generator = border_chain.generator(lambda kind: kind.who != "south")
    return generator, killing, MAX_LOAD / float(fastest_rate(generator, killing))


@pytest.mark.parametrize("pieces", [0.7, 1.0, 5.5, MOST_PIECES])
def test_a_step_of_one_piece_or_many_is_the_matrix_exponential(border_chain, border_jumps, pieces: float):
    generator, killing, piece = _short_step(border_chain)
    matrix = matrix_of([jump for jump in border_jumps if jump.who != "south"], 24) - np.diag(killing)
    log_mass, end = advance(generator, killing, jnp.asarray(border_start()), jnp.asarray(pieces * piece))
    expected = border_start() @ scipy.linalg.expm(matrix * pieces * piece)
    np.testing.assert_allclose(np.exp(log_mass) * end, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("pieces", [0.7, 5.5, MOST_PIECES - 0.5])
def test_the_gradient_of_a_step_is_that_of_differences(border_chain, pieces: float):
    generator, killing, piece = _short_step(border_chain)
    weights = jnp.asarray(np.random.default_rng(8).normal(size=24))
    rng = np.random.default_rng(9)

    def value(scale, killing, start):
        moved = type(generator)(tuple(rate * (1 + scale) for rate in generator.rates), generator.maps)
        log_mass, end = advance(moved, killing, start, jnp.asarray(pieces * piece))
        return 0.3 * log_mass + end @ weights

    point = (jnp.asarray(rng.normal(size=24) * 0.001), killing, jnp.asarray(border_start()))
    gradient = jax.grad(value, argnums=(0, 1, 2))(*point)
    for which in range(3):
        direction = jnp.asarray(rng.normal(size=24)) * (0.01 if which == 0 else 1.0)
        shifted = [
            value(*(p + sign * 1e-5 * direction if i == which else p for i, p in enumerate(point))) for sign in (1, -1)
        ]
        difference = float(shifted[0] - shifted[1]) / 2e-5
        assert float(gradient[which] @ direction) == pytest.approx(difference, rel=1e-5, abs=1e-9)


def test_derivatives_of_a_step_that_is_too_long_are_no_numbers(border_chain):
    generator, killing, piece = _short_step(border_chain)
    start, elapsed = jnp.asarray(border_start()), jnp.asarray((MOST_PIECES + 1) * piece)
    assert np.isnan(jax.grad(lambda killing: advance(generator, killing, start, elapsed)[0])(killing)).all()


def test_silence_in_a_world_that_does_not_move_has_its_gradient(border_chain):
    still = border_chain.generator(lambda kind: kind.what == "plead")
    log_mass = jax.grad(lambda killing: advance(still, killing, jnp.asarray(border_start()), jnp.asarray(0.5))[0])
    np.testing.assert_allclose(log_mass(jnp.full(24, 0.7)), -0.5 * border_start(), rtol=1e-9)
