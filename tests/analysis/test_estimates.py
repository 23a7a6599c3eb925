import pytest

from raison.analysis.estimates import Answers, estimates
from raison.query.answers import TOGETHER


def test_the_sum_of_parts_stands_last_whoever_has_parts_of_its_own():
    one = Answers(parts=({"mood": 1.0, TOGETHER: 1.0},), errors=({},), times=(1,))
    other = Answers(parts=({"mood": 0.5, "last to act": 0.1, TOGETHER: 0.6},), errors=({},), times=(1,))
    assert list(estimates([one, other], [0.5, 0.5], "parts")) == ["mood", "last to act", TOGETHER]


def test_an_option_that_cannot_be_had_at_a_draw_is_averaged_over_the_others():
    one = Answers(parts=({"ease": -1.0, "stall": -2.0}, {"ease": -3.0}), errors=({}, {}), times=(1, 1))
    other = Answers(parts=({"ease": -1.0},), errors=({},), times=(2,))
    found = estimates([one, other], [0.5, 0.5], "parts")
    assert found["stall"].value == -2.0
    assert found["ease"].value == pytest.approx(0.5 * -2.0 + 0.5 * -1.0)


def test_a_motive_that_an_explanation_does_not_have_is_zero_there():
    one = Answers(parts=({"votes": 1.0, TOGETHER: 1.0},), errors=({},), times=(1,))
    other = Answers(parts=({TOGETHER: 0.5},), errors=({},), times=(1,))
    assert estimates([one, other], [0.5, 0.5], "parts")["votes"].value == 0.5
