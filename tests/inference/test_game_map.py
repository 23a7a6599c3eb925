import jax
import jax.numpy as jnp
import numpy as np
import pytest
from small_games import BORDER_NUMBERS, border

from raison.equations import GameArrays
from raison.equations.game_slope import game_slope
from raison.inference.game_map import GameMap, Traced, game_map


def test_a_traced_game_is_the_game():
    for one, other in zip(
        jax.tree.leaves(Traced(border)(BORDER_NUMBERS)), jax.tree.leaves(border(BORDER_NUMBERS)), strict=True
    ):
        assert isinstance(one, np.ndarray)
        np.testing.assert_allclose(one, other, rtol=1e-15)


def test_its_derivative_is_that_of_tracing_all_of_it():
    by_arrays = jax.tree.map(lambda leaf: np.ones(np.shape(leaf)), GameArrays.of(border(BORDER_NUMBERS)))
    found = Traced(border).pull(BORDER_NUMBERS, game_slope(Traced(border)(BORDER_NUMBERS), by_arrays))
    expected = jax.grad(lambda n: sum(jnp.sum(leaf) for leaf in jax.tree.leaves(GameArrays.of(border(n)))))(
        jnp.asarray(BORDER_NUMBERS)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_a_game_that_brings_its_derivative_is_not_traced():
    traced = Traced(border)
    assert isinstance(traced, GameMap)
    assert game_map(traced) is traced
    assert isinstance(game_map(border), Traced)


def test_a_game_of_plain_numbers_has_no_derivative():
    still = Traced(lambda numbers: border(BORDER_NUMBERS))
    by_arrays = jax.tree.map(lambda leaf: np.ones(np.shape(leaf)), GameArrays.of(border(BORDER_NUMBERS)))
    assert still.pull(np.array([1.0]), game_slope(still(np.array([1.0])), by_arrays)) == pytest.approx([0.0])
