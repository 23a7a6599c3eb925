import numpy as np
import pytest
from small_games import BORDER_SPACE, border

from raison.chain.habit import habit_chain
from raison.equations import GameArrays
from raison.game.last_to_act import remembering

LOG_SHARES = np.log([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])


def test_every_action_has_its_share_of_the_chances_where_it_is_available() -> None:
    chain = habit_chain(GameArrays.of(border()), LOG_SHARES, np.ones(6))
    is_low = BORDER_SPACE.levels_of("army") == 0
    below_the_brink = BORDER_SPACE.levels_of("tension") < 3
    north = 1.5 * np.where(is_low, 1.0, 0.6)
    np.testing.assert_allclose(chain.act_rate("north", "press"), 0.1 * north * below_the_brink)
    np.testing.assert_allclose(chain.act_rate("north", "declare"), 0.3 * north)
    np.testing.assert_allclose(chain.act_rate("south", "arm"), 0.4 * 2.0 * is_low)
    assert not np.any(chain.act_rate("bystander", "plead"))
    assert float(np.max(chain.act_rate("nature", "storm"))) == pytest.approx(0.15)


def test_a_reply_counts_where_a_rival_was_the_last_to_act() -> None:
    replies = np.log([1.0, 1.0, 1.0, 3.0, 1.0, 1.0])
    plain = habit_chain(GameArrays.of(border()), LOG_SHARES, np.zeros(6))
    chain = habit_chain(GameArrays.of(remembering(border())), LOG_SHARES, replies)
    last = chain.space.levels_of("last to act")  # no one, north, south, bystander
    once = np.tile(plain.act_rate("south", "arm"), 4)
    np.testing.assert_allclose(chain.act_rate("south", "arm"), once * np.array([1.0, 3.0, 1.0, 3.0])[last])
