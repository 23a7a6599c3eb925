import numpy as np
from small_games import BORDER_SPACE, border, watched

from raison.game.last_to_act import remembering, rival_was_last

GAME = remembering(border())


def test_every_action_sets_who_acted_last_and_nature_does_not() -> None:
    assert GAME.space.variables[0].levels == ("no one", "north", "south", "bystander")
    last = GAME.space.levels_of("last to act")
    for number, player in enumerate(GAME.players, start=1):
        for action in player.actions:
            assert all((last[outcome.targets(GAME.space)] == number).all() for outcome in action.outcomes)
    for drift in GAME.drifts:
        np.testing.assert_array_equal(last[drift.effect.targets(GAME.space)], last)


def test_all_else_is_as_it_was() -> None:
    plain = border()
    for one, other in zip(GAME.players, plain.players, strict=True):
        np.testing.assert_array_equal(one.flow_payoff(GAME.space), np.tile(other.flow_payoff(BORDER_SPACE), 4))
        for mine, known in zip(one.actions, other.actions, strict=True):
            if known.is_available is not None:
                np.testing.assert_array_equal(mine.is_available, np.tile(known.is_available, 4))
    for one, other in zip(GAME.drifts, plain.drifts, strict=True):
        np.testing.assert_array_equal(one.rate(GAME.space), np.tile(other.rate(BORDER_SPACE), 4))


def test_a_rival_is_another_player_who_acted_last() -> None:
    last = GAME.space.levels_of("last to act")
    np.testing.assert_array_equal(rival_was_last(GAME.space, "south"), np.isin(last, [1, 3]))
    assert not rival_was_last(BORDER_SPACE, "south").any()


def test_a_record_goes_into_the_larger_space_with_nobody_having_acted() -> None:
    seen = watched().within(GAME.space)
    np.testing.assert_array_equal(seen.start[:24], watched().start)
    assert seen.start.sum() == watched().start.sum()
