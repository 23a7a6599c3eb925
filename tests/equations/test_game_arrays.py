import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from dense import Dense
from small_games import BORDER_NUMBERS, border, wavering

from raison.equations.game_arrays import GameArrays
from raison.errors import CaseError


def test_the_numbers_of_a_game_are_those_of_its_data():
    game, dense = border(), Dense(border())
    arrays = GameArrays.of(game)
    np.testing.assert_allclose(arrays.discount_rates[:, 0], dense.rhos, rtol=1e-15)
    np.testing.assert_allclose(arrays.nature, [jump.rate for jump in dense.nature], rtol=1e-15)
    for player, payoff, alpha, actions in zip(arrays.players, dense.payoffs, dense.alphas, dense.actions, strict=True):
        np.testing.assert_allclose(player.payoff, payoff, rtol=0, atol=1e-15)
        np.testing.assert_allclose(player.decision_rate, alpha, rtol=1e-15)
        np.testing.assert_allclose(player.costs, [[cost] for _, cost, *_ in actions], rtol=1e-15)
        np.testing.assert_array_equal(player.is_available, [available for _, _, available, *_ in actions])
        np.testing.assert_allclose(player.seen, [[seen] for *_, seen in actions], rtol=1e-15)


def test_only_an_action_whose_chance_to_be_seen_is_fixed_at_one_is_known_to_be_seen():
    north, south, _ = GameArrays.of(border()).players
    assert north.always_seen == (True, False, True)
    assert south.always_seen == (True, True)
    traced = jax.eval_shape(lambda numbers: GameArrays.of(border(numbers)), jnp.asarray(BORDER_NUMBERS))
    assert traced.players[0].always_seen == (True, False, True)


def test_a_player_without_actions_has_numbers_of_no_action():
    game = border()
    idle = dataclasses.replace(game.players[0], actions=())
    player = GameArrays.of(dataclasses.replace(game, players=(idle,))).players[0]
    assert (player.costs.shape, player.is_available.shape, player.chances) == ((0, 1), (0, 24), ())


def test_chances_that_hang_on_the_state_sum_to_one_everywhere():
    game = wavering(border())
    place, action = next((i, a) for i, p in enumerate(game.players) for a in p.actions if np.ndim(a.chances[0]))
    first, *others = action.chances
    wrong = dataclasses.replace(action, chances=(first + 0.1 * (np.arange(24) == 5), *others))
    player = dataclasses.replace(game.players[place], actions=(wrong,))
    with pytest.raises(CaseError, match=r"in some state the chances of its outcomes sum to 1\.1; need 1"):
        GameArrays.of(dataclasses.replace(game, players=(player,)))
