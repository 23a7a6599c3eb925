import jax.numpy as jnp
import numpy as np
from dense import Jump, matrix_of, targets_of
from small_games import BORDER_SPACE, MOOD, TENSION

from raison.equations import Generator
from raison.game import Effect

EFFECTS = (
    Effect.shift(TENSION, 1),
    Effect.shift(TENSION, -2),
    Effect.become(MOOD, "sour"),
    Effect.shift(TENSION, 1).and_(Effect.become(MOOD, "warm")),
    Effect.shift(TENSION, 1),
    Effect(),
)


def _case():
    rng = np.random.default_rng(11)
    rates = jnp.asarray(rng.uniform(0.0, 2.0, size=(len(EFFECTS), BORDER_SPACE.size)))
    jumps = [Jump("", "", np.asarray(r), targets_of(BORDER_SPACE, e), 0.0) for e, r in zip(EFFECTS, rates, strict=True)]
    return rng, Generator.of(BORDER_SPACE, list(zip(EFFECTS, rates, strict=True))), matrix_of(jumps, BORDER_SPACE.size)


def test_applied_to_values_it_is_the_dense_matrix():
    rng, generator, matrix = _case()
    values = jnp.asarray(rng.normal(size=(3, BORDER_SPACE.size)))
    np.testing.assert_allclose(generator.apply(values), values @ matrix.T, rtol=0, atol=1e-12)


def test_applied_to_distributions_it_is_the_transposed_matrix_and_keeps_mass():
    rng, generator, matrix = _case()
    weights = rng.uniform(size=(2, BORDER_SPACE.size))
    flow = generator.apply_transposed(jnp.asarray(weights))
    np.testing.assert_allclose(flow, weights @ matrix, rtol=0, atol=1e-12)
    np.testing.assert_allclose(np.asarray(flow).sum(axis=1), 0.0, rtol=0, atol=1e-12)


def test_the_exit_rate_is_the_diagonal():
    _, generator, matrix = _case()
    np.testing.assert_allclose(generator.exit_rate(), -np.diag(matrix), rtol=1e-13)


def test_equal_effects_are_kept_once():
    _, generator, _ = _case()
    assert len(generator.rates) == len(set(EFFECTS))
