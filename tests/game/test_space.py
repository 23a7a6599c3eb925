import numpy as np
import pytest
from dense import states_of, targets_of

from raison.errors import CaseError
from raison.game import Effect, StateSpace, Variable

SEASON = Variable("season", ("dry", "wet", "flood"))
TRADE = Variable("trade", ("land", "sea"), is_ordered=False)
SPACE = StateSpace((SEASON, TRADE))


def test_states_are_numbered_with_the_last_variable_fastest():
    assert states_of(SPACE) == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]
    assert SPACE.levels_of("season").tolist() == [0, 0, 1, 1, 2, 2]
    assert SPACE.levels_of("trade").tolist() == [0, 1, 0, 1, 0, 1]
    assert SPACE.state({"trade": "sea", "season": "wet"}) == 3


def test_a_shift_stops_at_the_ends():
    assert Effect.shift(SEASON, 1).maps == (("season", (1, 2, 2)),)
    assert Effect.shift(SEASON, -2).maps == (("season", (0, 0, 0)),)


@pytest.mark.parametrize(
    "effect",
    [
        Effect(),
        Effect.shift(SEASON, 1),
        Effect.become(TRADE, "sea"),
        Effect.shift(SEASON, -1).and_(Effect.become(TRADE, "land")),
        Effect((("season", (2, 0, 1)),)),
    ],
)
def test_targets_are_those_found_by_going_through_the_states(effect: Effect):
    np.testing.assert_array_equal(effect.targets(SPACE), targets_of(SPACE, effect))


def test_two_effects_in_either_order_are_the_same_effect():
    shift, become = Effect.shift(SEASON, 1), Effect.become(TRADE, "sea")
    assert shift.and_(become) == become.and_(shift)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Variable("x", ("a",)), r"variable `x`: found 1 level\(s\); give at least two"),
        (lambda: Variable("x", ("a", "b", "a")), "variable `x`: a level stands twice"),
        (lambda: SEASON.index("wett"), "variable `season` has no level `wett`. Did you mean `wet`?"),
        (lambda: StateSpace(()), "needs at least one variable"),
        (lambda: StateSpace((SEASON, SEASON)), "a variable stands twice"),
        (lambda: SPACE.axis("traed"), "no variable `traed`. Did you mean `trade`?"),
        (lambda: SPACE.levels_of("seson"), "no variable `seson`. Did you mean `season`?"),
        (lambda: Effect.shift(TRADE, 1), r"variable `trade` is not ordered, so it cannot move by \+1"),
        (lambda: Effect.become(TRADE, "air"), "variable `trade` has no level `air`. Known: `land`, `sea`"),
        (lambda: Effect.shift(SEASON, 1).and_(Effect.become(SEASON, "dry")), "two changes of the same variable"),
        (lambda: Effect((("season", (0, 1)),)).targets(SPACE), "effect on `season`: 2 levels for a variable with 3"),
    ],
)
def test_what_cannot_be_is_refused_with_its_name(make, message: str):
    with pytest.raises(CaseError, match=message.replace("?", r"\?")):
        make()
