"""What is derived by hand is what JAX finds by tracing the same equations."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from small_games import BORDER_NAMES, BORDER_NUMBERS, border, wavering

from raison.equations import GameArrays
from raison.equations.game_slope import add_slopes, choices_slope, failure_slope, game_slope, no_slope
from raison.equations.play import failure_of, generator_of, play

GAME = border(BORDER_NUMBERS)
ARRAYS = jax.tree.map(np.asarray, GameArrays.of(GAME))
WAVERING = jax.tree.map(np.asarray, GameArrays.of(wavering(GAME)))
EITHER = pytest.mark.parametrize("arrays", [ARRAYS, WAVERING], ids=["fixed chances", "chances that hang on the state"])
RNG = np.random.default_rng(3)
VALUES, WEIGHTS = RNG.normal(size=(3, 24)), RNG.normal(size=(3, 24))


def assert_same(found: GameArrays, expected: GameArrays) -> None:
    """Compare derivatives; whether an action is available is not one of the numbers."""
    for one, other in zip(found.players, expected.players, strict=True):
        for name in ("payoff", "discount_rate", "decision_rate", "costs", "seen"):
            np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-10, atol=1e-12, err_msg=name)
        for chances, others in zip(one.chances, other.chances, strict=True):
            for chance, its in zip(jax.tree.leaves(chances), jax.tree.leaves(others), strict=True):
                np.testing.assert_allclose(chance, its, rtol=1e-10, atol=1e-12)
    for one, other in zip(found.nature, expected.nature, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


@EITHER
def test_the_slope_of_the_equations_is_that_of_tracing(arrays):
    def weighted(arrays):
        acts = play(arrays, jnp.asarray(VALUES))
        return (WEIGHTS * failure_of(arrays, jnp.asarray(VALUES), acts, generator_of(arrays, acts.choices))).sum()

    expected = jax.grad(weighted)(jax.tree.map(jnp.asarray, arrays))
    assert_same(failure_slope(arrays, VALUES, play(arrays, VALUES), WEIGHTS), expected)


@EITHER
def test_the_slope_of_what_players_choose_is_that_of_tracing(arrays):
    by_probs = [RNG.normal(size=np.shape(player.is_available)) for player in arrays.players]

    def weighted(arrays, values):
        choices = play(arrays, values).choices
        return sum((by * choice.probs).sum() for by, choice in zip(by_probs, choices, strict=True))

    expected, by_values = jax.grad(weighted, argnums=(0, 1))(jax.tree.map(jnp.asarray, arrays), jnp.asarray(VALUES))
    found, found_by_values = choices_slope(arrays, VALUES, play(arrays, VALUES), by_probs)
    assert_same(found, expected)
    np.testing.assert_allclose(found_by_values, by_values, rtol=1e-10, atol=1e-12)


def test_the_slope_by_the_numbers_of_a_game_is_that_of_tracing():
    by_arrays = jax.tree.map(lambda leaf: RNG.normal(size=np.shape(leaf)), ARRAYS)

    def weighted(numbers):
        leaves = zip(jax.tree.leaves(by_arrays), jax.tree.leaves(GameArrays.of(border(numbers))), strict=True)
        return sum(jnp.sum(by * leaf) for by, leaf in leaves)

    by_game = game_slope(GAME, by_arrays)
    floats = [i for i, leaf in enumerate(jax.tree.leaves(GAME)) if np.asarray(leaf).dtype.kind == "f"]
    slopes = jax.jacobian(lambda numbers: [jnp.asarray(jax.tree.leaves(border(numbers))[i]) for i in floats])(
        jnp.asarray(BORDER_NUMBERS)
    )
    found = sum(
        np.tensordot(jax.tree.leaves(by_game)[i], slope, np.ndim(jax.tree.leaves(by_game)[i]))
        for i, slope in zip(floats, slopes, strict=True)
    )
    expected = jax.grad(weighted)(jnp.asarray(BORDER_NUMBERS))
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12, err_msg=str(BORDER_NAMES))


def test_nothing_added_changes_nothing():
    slope = failure_slope(ARRAYS, VALUES, play(ARRAYS, VALUES), WEIGHTS)
    assert_same(add_slopes(slope, no_slope(ARRAYS)), slope)


@pytest.mark.parametrize("shift", [1.0, -40.0])
def test_a_payoff_that_is_the_same_everywhere_moves_no_choice(shift: float):
    by_probs = [np.ones_like(player.is_available) for player in ARRAYS.players]
    one = choices_slope(ARRAYS, VALUES, play(ARRAYS, VALUES), by_probs)
    other = choices_slope(ARRAYS, VALUES + shift, play(ARRAYS, VALUES + shift), by_probs)
    assert_same(one[0], other[0])
    np.testing.assert_allclose(one[1], other[1], atol=1e-11)
