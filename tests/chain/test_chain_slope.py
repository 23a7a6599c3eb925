import jax
import jax.numpy as jnp
import numpy as np
import pytest
from small_games import BORDER_NUMBERS, border, wavering

from raison.chain import Chain
from raison.chain.chain_slope import acts_slope, chain_slope
from raison.equations import GameArrays
from raison.equations.play import play

ARRAYS = jax.tree.map(np.asarray, GameArrays.of(border(BORDER_NUMBERS)))
WAVERING = jax.tree.map(np.asarray, GameArrays.of(wavering(border(BORDER_NUMBERS))))
EITHER = pytest.mark.parametrize("arrays", [ARRAYS, WAVERING], ids=["fixed chances", "chances that hang on the state"])
RNG = np.random.default_rng(4)
VALUES = RNG.normal(size=(3, 24))


def weighted(chain: Chain, by_chain: Chain):
    leaves = zip(jax.tree.leaves(chain), jax.tree.leaves(by_chain), strict=True)
    return sum(jnp.sum(leaf * by) for leaf, by in leaves)


def random_slope(chain: Chain) -> Chain:
    return jax.tree.map(lambda leaf: RNG.normal(size=np.shape(leaf)), chain)


def assert_same(found: GameArrays, expected: GameArrays) -> None:
    for one, other in zip(found.players, expected.players, strict=True):
        for name in ("payoff", "discount_rate", "decision_rate", "costs", "seen"):
            np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-10, atol=1e-12, err_msg=name)
        for chances, others in zip(one.chances, other.chances, strict=True):
            for chance, its in zip(jax.tree.leaves(chances), jax.tree.leaves(others), strict=True):
                np.testing.assert_allclose(chance, its, rtol=1e-10, atol=1e-12)
    for one, other in zip(found.nature, expected.nature, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


@EITHER
def test_the_slope_by_a_solved_game_is_that_of_tracing(arrays):
    by_chain = random_slope(Chain.of_play(arrays, play(arrays, VALUES)))
    expected, by_values = jax.grad(
        lambda each, values: weighted(Chain.of_play(each, play(each, values)), by_chain), argnums=(0, 1)
    )(jax.tree.map(jnp.asarray, arrays), jnp.asarray(VALUES))
    found, found_by_values = chain_slope(arrays, VALUES, play(arrays, VALUES), by_chain)
    assert_same(found, expected)
    np.testing.assert_allclose(found_by_values, by_values, rtol=1e-10, atol=1e-12)


@EITHER
def test_the_slope_by_the_rates_of_acts_is_that_of_tracing(arrays):
    rates = [RNG.uniform(size=np.shape(player.is_available)) for player in arrays.players]
    by_chain = random_slope(Chain.of(arrays, rates))
    expected, by_rates = jax.grad(lambda each, acts: weighted(Chain.of(each, acts), by_chain), argnums=(0, 1))(
        jax.tree.map(jnp.asarray, arrays), [jnp.asarray(rate) for rate in rates]
    )
    found, found_by_rates = acts_slope(arrays, rates, by_chain)
    assert_same(found, expected)
    for one, other in zip(found_by_rates, by_rates, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)
