import jax
import numpy as np
import pytest
from small_games import BORDER_NUMBERS, border

from raison.game import EULER


def test_the_mean_of_a_standard_extreme_value_is_that_of_draws():
    draws = np.random.default_rng(0).gumbel(size=1_000_000)
    assert draws.mean() == pytest.approx(EULER, abs=4 * draws.std() / 1000)


def test_the_numbers_of_a_game_can_be_replaced_and_its_structure_cannot():
    game = border()
    numbers, structure = jax.tree.flatten(game)
    hasty = jax.tree.unflatten(structure, [2.0 * n if n is game.players[1].discount_rate else n for n in numbers])
    assert (hasty.space, hasty.shock_mean) == (game.space, game.shock_mean)
    assert hasty.players[1].discount_rate == 2 * game.players[1].discount_rate
    other = jax.tree.structure(border(BORDER_NUMBERS * 1.1))
    assert other == structure
    assert jax.tree.structure(border(shock_mean=0.0)) != structure
