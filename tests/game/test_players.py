import numpy as np
from small_games import BORDER_SPACE, border

from raison.game import Hazard, Player


def test_the_flow_payoff_adds_up_the_motives():
    north = border().players[0]
    tension, mood = BORDER_SPACE.levels_of("tension"), BORDER_SPACE.levels_of("mood")
    expected = [0.9 * t / 3 + 0.7 * (m == 0) for t, m in zip(tension, mood, strict=True)]
    np.testing.assert_allclose(north.flow_payoff(BORDER_SPACE), expected, rtol=1e-15)


def test_a_player_without_motives_gets_nothing():
    assert not np.asarray(Player(Hazard(1.0), 0.1, (), (), "idle").flow_payoff(BORDER_SPACE)).any()
