import numpy as np
import pytest
from small_games import border, border_start

from raison.errors import CaseError, QueryError
from raison.query.intervention import intervene, setting
from raison.query.tree import Never, SetLevel


def test_a_held_variable_is_struck_out_of_every_effect():
    game = intervene(border(), [SetLevel("tension", "high")])
    effects = [drift.effect for drift in game.drifts]
    effects += [effect for player in game.players for action in player.actions for effect in action.outcomes]
    assert all("tension" not in dict(effect.maps) for effect in effects)
    assert dict(game.drifts[1].effect.maps) == {"mood": (2, 2, 2)}
    assert [[a.name for a in p.actions] for p in game.players] == [
        [a.name for a in p.actions] for p in border().players
    ]


def test_a_barred_action_is_available_nowhere_and_the_others_are_as_they_were():
    game = intervene(border(), [Never("south", "arm")])
    arm, talk = game.players[1].actions
    assert not arm.is_available.any()
    assert talk.is_available is None
    np.testing.assert_array_equal(game.players[0].actions[0].is_available, border().players[0].actions[0].is_available)


def test_several_interventions_are_all_made():
    game = intervene(border(), [SetLevel("mood", "warm"), Never("north", "press")])
    assert game.drifts[1].effect.maps == ()
    assert not game.players[0].actions[0].is_available.any()


def test_no_intervention_changes_nothing():
    game = border()
    assert intervene(game, []) is game


def test_the_game_that_is_changed_stays_as_it_was():
    game = border()
    intervene(game, [SetLevel("tension", "high"), Never("south", "arm")])
    assert dict(game.drifts[0].effect.maps) == {"tension": (0, 0, 1, 2)}
    assert game.players[1].actions[0].is_available.any()


def test_levels_are_set_and_the_rest_of_the_state_is_kept():
    target = setting(border().space, [SetLevel("tension", "brink"), Never("south", "arm")])
    moved = np.bincount(target, weights=border_start(), minlength=24)
    expected = np.zeros((4, 3, 2))
    expected[3] = border_start().reshape(4, 3, 2).sum(axis=0)
    np.testing.assert_allclose(moved, expected.reshape(-1), rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    ("interventions", "error", "message"),
    [
        ([Never("sout", "arm")], QueryError, r"`sout never arm`: no player `sout`. Did you mean `south`\?"),
        ([Never("south", "amr")], QueryError, r"`south` has no action `amr`. Did you mean `arm`\?"),
        ([SetLevel("tensions", "high")], CaseError, r"no variable `tensions`. Did you mean `tension`\?"),
    ],
)
def test_an_intervention_on_what_the_game_does_not_have_is_refused(interventions, error, message: str):
    with pytest.raises(error, match=message):
        intervene(border(), interventions)


def test_a_level_that_the_variable_does_not_have_is_refused():
    with pytest.raises(CaseError, match="variable `tension` has no level `hihg`"):
        setting(border().space, [SetLevel("tension", "hihg")])
