import numpy as np
from small_games import BORDER_SPACE, border_record


def test_long_rows_are_cut_evenly_and_only_the_last_piece_sees_the_item():
    plan = border_record().plan(BORDER_SPACE).cut(0.4)
    assert plan.longest <= 0.4 + 1e-12
    is_last = np.append(np.diff(plan.item) > 0, True)
    assert is_last.sum() == 12
    np.testing.assert_allclose(plan.elapsed[plan.item == 9], 3.0 / 8)
    assert not plan.jump[~is_last].any()
    assert not plan.weighing[~is_last].any()
    assert (plan.confidence[~is_last] == 1.0).all()
    np.testing.assert_allclose(np.cumsum(plan.elapsed), plan.time)


def test_a_plan_cut_twice_is_one_cut_finer():
    plan = border_record().plan(BORDER_SPACE)
    twice = plan.cut(0.8).cut(0.4)
    np.testing.assert_allclose(twice.time, plan.cut(0.4).time)
    np.testing.assert_array_equal(twice.item, plan.cut(0.4).item)


def test_a_plan_that_is_short_enough_stays_as_it_is():
    plan = border_record().plan(BORDER_SPACE)
    np.testing.assert_array_equal(plan.cut(np.inf).time, plan.time)
    assert plan.pieces(3.0).tolist() == [1] * 12
