import math

import numpy as np
import pytest
from dense import central_slope
from small_games import BORDER_NAMES, BORDER_NUMBERS, border, watched

from raison.errors import NotConverged
from raison.game import Action, Effect, Game, Hazard, Player, StateSpace, Variable
from raison.game.last_to_act import remembering
from raison.inference.likelihood import GameLikelihood, HabitLikelihood
from raison.inference.model import SHARED_MOTIVES, Explanation, Parameter
from raison.inference.nulls import (
    LEAST_SPREAD,
    REPLY,
    UNKNOWN,
    every_act,
    habit,
    predict_habit,
    with_shared_motives,
    without_motives,
)
from raison.inference.prior import Fixed, LogNormal
from raison.record import Record

MOTIVES = tuple(BORDER_NAMES.index(name) for name in ("weight of tension", "weight of warmth", "weight of calm"))
ACTIONS = {"north": ("press", "court", "declare"), "south": ("arm", "talk"), "bystander": ("plead",)}


def account(name: str, **free) -> Explanation:
    """Return an explanation of the border game; numbers that are not named are known, motives zero."""
    named = {key.replace("_", " "): prior for key, prior in free.items()}
    parameters = [
        Parameter(each, named.get(each, Fixed(0.0 if i in MOTIVES else number)))
        for i, (each, number) in enumerate(zip(BORDER_NAMES, BORDER_NUMBERS, strict=True))
    ]
    return Explanation(name, tuple(parameters))


def habitual(like, motives, explanations, actions, solve, records) -> Explanation:
    """Return habit and reply as it is predicted."""
    acts = every_act(actions)
    return habit(like, motives, acts, predict_habit(acts, explanations, solve, records))


OWN = account("own", cost_of_pressing=LogNormal(0.2, 0.8))
TENSION = account("tension", cost_of_pressing=LogNormal(0.2, 0.8), weight_of_tension=LogNormal(0.3, 3.0))
BOTH = account(
    "both", cost_of_pressing=LogNormal(0.2, 0.8), weight_of_tension=LogNormal(0.3, 3.0),
    weight_of_warmth=LogNormal(0.3, 3.0),
)  # fmt: skip


def test_without_motives_nothing_but_the_motives_differs():
    null = without_motives(BOTH, MOTIVES)
    for i, (one, other) in enumerate(zip(null.parameters, BOTH.parameters, strict=True)):
        assert (one.prior == Fixed(0.0)) if i in MOTIVES else (one == other)


def test_an_explanation_without_motives_of_its_own_ties_with_no_motives():
    likelihood = GameLikelihood(border, [watched()])
    null = without_motives(OWN, MOTIVES)
    assert [each.prior for each in null.parameters] == [each.prior for each in OWN.parameters]
    assert likelihood.value(null.centre) == likelihood.value(OWN.centre)


def test_shared_motives_are_those_on_which_all_agree():
    shared = with_shared_motives(OWN, [TENSION, BOTH], MOTIVES)
    assert shared is not None
    assert shared.name == SHARED_MOTIVES
    priors = {each.name: each.prior for each in shared.parameters}
    assert priors["weight of tension"] == LogNormal(0.3, 3.0)
    assert priors["weight of warmth"] == Fixed(0.0)


@pytest.mark.parametrize("explanations", [[TENSION, TENSION], [OWN, TENSION], [OWN, OWN]])
def test_where_all_motives_are_shared_or_none_is_there_is_no_row_for_them(explanations):
    assert with_shared_motives(OWN, explanations, MOTIVES) is None


def solve_border(numbers: np.ndarray):
    return GameLikelihood(border, []).solve(numbers)


DOOR = StateSpace((Variable("door", ("shut", "open")),))


def porter(numbers: np.ndarray) -> Game:
    """One player who wants nothing, and may do everything everywhere: it chooses by the costs alone."""
    opens, shuts = (Effect.become(DOOR.variable("door"), level) for level in ("open", "shut"))
    actions = Action(numbers[0], (1.0,), None, "open", (opens,)), Action(0.3, (1.0,), None, "shut", (shuts,))
    return Game((), (Player(Hazard(2.0), 0.1, actions, (), "porter"),), DOOR)


def test_habit_is_centred_where_the_explanations_expect_it():
    still = Explanation("still", (Parameter("cost", Fixed(0.5)),))
    record = watched(Record((), 3.0), space=DOOR, start=np.array([1.0, 0.0]))
    actions = {"porter": ("open", "shut")}
    found = habitual(still, (), [still], actions, GameLikelihood(porter, []).solve, [record])
    assert found.parameters[0] == still.parameters[0]
    added = {each.name: each.prior for each in found.parameters[1:]}
    total = 1 + math.exp(-0.5) + math.exp(-0.3)
    assert added["log share of porter open"].value(0.0) == pytest.approx(-0.5 - math.log(total), abs=1e-9)
    assert added["log share of porter shut"].value(0.0) == pytest.approx(-0.3 - math.log(total), abs=1e-9)
    assert added["log share of porter open"].slope(0.0) == pytest.approx(LEAST_SPREAD)


def test_habit_spreads_as_the_priors_of_the_explanations():
    wide = account("wide", cost_of_pressing=LogNormal(0.05, 3.0))
    narrow = account("narrow", cost_of_pressing=LogNormal(0.39, 0.41))
    spreads = [
        habitual(OWN, MOTIVES, [each], ACTIONS, solve_border, [watched()])
        .parameters[len(BORDER_NAMES)]
        .prior.slope(0.0)
        for each in (wide, narrow)
    ]
    assert spreads[0] > 1.5 * spreads[1]


def test_habit_is_wide_where_no_game_can_be_solved():
    def fails(numbers):
        raise NotConverged("not converged.")

    found = habitual(OWN, MOTIVES, [TENSION], ACTIONS, fails, [watched()])
    for share in found.parameters[len(OWN.parameters) : len(OWN.parameters) + 6]:
        assert share.prior.value(0.0) == pytest.approx(UNKNOWN[0])
        assert share.prior.slope(0.0) == pytest.approx(UNKNOWN[1])


def test_a_reply_is_as_likely_above_one_as_below_and_needs_a_rival():
    found = habitual(OWN, MOTIVES, [TENSION], ACTIONS, solve_border, [watched()])
    assert {each.prior for each in found.parameters[-6:]} == {REPLY}
    assert REPLY.value(0.0) == 0.0
    alone = habitual(Explanation("still", ()), (), [], {"porter": ("open",)}, solve_border, [])
    assert alone.parameters[-1].prior == Fixed(0.0)


def test_habit_keeps_when_players_act():
    """The gradient by what the rate of decisions hangs on is that of differences."""
    likelihood = HabitLikelihood(border, [watched().within(remembering(border()).space)], 6)
    numbers = np.concatenate([BORDER_NUMBERS, [-1.0, -0.5, -0.3, -1.2, -0.2, -2.0], np.full(6, 0.2)])
    found = likelihood.evaluate(numbers).gradient
    slot = BORDER_NAMES.index("ratio of decisions")
    expected = central_slope(lambda n: likelihood.value(n), numbers)
    assert found[slot] == pytest.approx(expected[slot], rel=1e-6)
    assert found[slot] != 0.0
