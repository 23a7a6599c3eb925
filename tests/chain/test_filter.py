import numpy as np
import pytest
from dense import ForwardBackward, filter_by_matrices
from small_games import BORDER_SPACE, border_record, border_start

from raison.chain import Act
from raison.chain.filter import expected_acts, item_weights, occupy, run_filter


@pytest.fixture(scope="module")
def reference(border_jumps) -> ForwardBackward:
    return filter_by_matrices(border_record(), border_jumps, BORDER_SPACE, border_start())


def test_expected_acts_come_near_the_integral_of_the_predicted_rate(border_chain, border_jumps, reference):
    plan = border_record().plan(BORDER_SPACE)
    filtered, rows = expected_acts(border_chain, plan, border_start())
    for one, other in zip(filtered, run_filter(border_chain, plan, border_start()), strict=True):
        np.testing.assert_array_equal(one, other)
    found = {act: float(each.sum()) for act, each in rows.items()}
    nodes, weights = np.polynomial.legendre.leggauss(12)
    expected: dict[Act, float] = dict.fromkeys(found, 0.0)
    for gap, end in enumerate(reference.times):
        begin = reference.begin_of(gap)
        for node, weight in zip(nodes, weights, strict=True):
            now = reference.predicted(gap, begin + (end - begin) * (node + 1) / 2)
            for jump in border_jumps:
                expected[Act(jump.who, jump.what)] += (end - begin) / 2 * weight * float(now @ (jump.rate * jump.seen))
    for act, value in found.items():
        assert value == pytest.approx(expected[act], rel=2e-4), act


def test_the_time_spent_is_the_time_that_passes(border_chain):
    plan = border_record().plan(BORDER_SPACE)
    np.testing.assert_allclose(occupy(border_chain, plan, border_start()).stays.sum(axis=1), plan.elapsed, rtol=1e-9)


def test_every_row_counts_for_its_item(border_chain):
    plan = border_record().plan(BORDER_SPACE)
    whole = run_filter(border_chain, plan, border_start())
    cut = plan.cut(0.1)
    parts = item_weights(run_filter(border_chain, cut, border_start()), cut)
    np.testing.assert_allclose(parts, item_weights(whole, plan), rtol=0, atol=1e-9)
