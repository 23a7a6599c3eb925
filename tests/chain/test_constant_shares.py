import numpy as np
import pytest
from small_games import BORDER_SPACE, border

from raison.chain.constant_shares import constant_shares_of
from raison.equations import GameArrays


def test_every_action_has_its_share_of_the_chances_where_it_is_available() -> None:
    log_shares = np.log([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    chain = constant_shares_of(GameArrays.of(border()), log_shares)
    is_low = BORDER_SPACE.levels_of("army") == 0
    below_the_brink = BORDER_SPACE.levels_of("tension") < 3
    north = 1.5 * np.where(is_low, 1.0, 0.6)
    np.testing.assert_allclose(chain.act_rate("north", "press"), 0.1 * north * below_the_brink)
    np.testing.assert_allclose(chain.act_rate("north", "declare"), 0.3 * north)
    np.testing.assert_allclose(chain.act_rate("south", "arm"), 0.4 * 2.0 * is_low)
    assert not np.any(chain.act_rate("bystander", "plead"))
    assert float(np.max(chain.act_rate("nature", "storm"))) == pytest.approx(0.15)
