import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from dense import ForwardBackward, filter_by_matrices
from small_games import BORDER_SPACE, border_record, border_start

from raison.chain.chain import Chain
from raison.chain.transient import MAX_LOAD
from raison.record import Move, Reading, Record
from raison.record.filter import expected_acts, item_weights, log_likelihood, longest_step, run_filter, smooth
from raison.record.plan import make_plan

LONGEST = 0.2


@pytest.fixture(scope="module")
def plan():
    return make_plan(border_record(), BORDER_SPACE, longest=LONGEST)


@pytest.fixture(scope="module")
def filtered(border_chain: Chain, plan):
    assert float(longest_step(border_chain, plan)) * plan.longest <= MAX_LOAD
    return jax.jit(lambda chain: run_filter(chain, plan, jnp.asarray(border_start())))(border_chain)


@pytest.fixture(scope="module")
def reference(border_jumps) -> ForwardBackward:
    return filter_by_matrices(border_record(), border_jumps, BORDER_SPACE, border_start())


def test_the_log_likelihood_is_that_of_one_matrix_for_each_gap_and_item(filtered, reference):
    assert float(filtered.silence.sum() + filtered.act.sum()) == pytest.approx(reference.log_likelihood, abs=1e-10)


def test_every_item_has_its_act_and_its_silence(filtered, plan, reference):
    act, silence = item_weights(filtered, plan)
    np.testing.assert_allclose(act, reference.act(), rtol=0, atol=1e-10)
    np.testing.assert_allclose(silence, reference.silence(), rtol=0, atol=1e-10)


def test_the_distribution_of_states_is_right_before_and_after_every_step(filtered, plan, reference):
    for k in range(len(plan.elapsed)):
        expected = reference.predicted(plan.item[k], plan.time[k])
        np.testing.assert_allclose(filtered.before[k], expected, rtol=0, atol=1e-10)
        if plan.is_last[k]:
            np.testing.assert_allclose(filtered.after[k], reference.filtered(plan.item[k]), rtol=0, atol=1e-10)


def test_smoothing_is_that_of_forward_and_backward_passes(border_chain, plan, reference):
    smoothed = jax.jit(lambda chain: smooth(chain, plan, jnp.asarray(border_start())))(border_chain)
    for k in range(len(plan.elapsed)):
        gap = plan.item[k]
        expected = reference.smoothed_after(gap) if plan.is_last[k] else reference.smoothed(gap, plan.time[k])
        np.testing.assert_allclose(smoothed[k], expected, rtol=0, atol=1e-10)


def test_expected_acts_are_the_trapezoid_sum_of_predicted_rates(border_chain, border_jumps, plan, filtered, reference):
    found = expected_acts(border_chain, plan, jnp.asarray(border_start()), filtered)
    expected = np.zeros(len(border_jumps))
    for k, (gap, end, length) in enumerate(zip(plan.item, plan.time, plan.elapsed, strict=True)):
        first = k == 0 or plan.is_last[k - 1]
        begin = (
            reference.forward[gap] / reference.forward[gap].sum() if first else reference.predicted(gap, end - length)
        )
        mean = (begin + reference.predicted(gap, end)) / 2 * length
        expected += [mean @ (jump.rate * jump.seen) for jump in border_jumps]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10)


def test_expected_acts_come_near_the_integral_of_the_predicted_rate(
    border_chain, border_jumps, plan, filtered, reference
):
    found = np.asarray(expected_acts(border_chain, plan, jnp.asarray(border_start()), filtered))
    nodes, weights = np.polynomial.legendre.leggauss(12)
    expected = np.zeros(len(border_jumps))
    for gap, end in enumerate(reference.times):
        begin = reference.begin_of(gap)
        for node, weight in zip(nodes, weights, strict=True):
            now = reference.predicted(gap, begin + (end - begin) * (node + 1) / 2)
            expected += (end - begin) / 2 * weight * np.array([now @ (jump.rate * jump.seen) for jump in border_jumps])
    np.testing.assert_allclose(found, expected, rtol=0.01)


def test_cutting_the_silence_finer_changes_nothing(border_chain, filtered):
    finer = make_plan(border_record(), BORDER_SPACE, longest=LONGEST / 3)
    again = jax.jit(lambda chain: log_likelihood(chain, finer, jnp.asarray(border_start())))(border_chain)
    assert float(again) == pytest.approx(float(filtered.silence.sum() + filtered.act.sum()), abs=1e-10)


def test_an_impossible_move_weighs_minus_infinity_at_its_place(border_chain):
    record = Record(
        (
            Move(0.5, "south", "talk"),
            Reading(1.0, "tension", "brink", levels=("brink",)),
            Move(1.0, "north", "press"),  # barred on the brink
            Move(1.5, "south", "talk"),
        ),
        2.0,
    )
    plan = make_plan(record, BORDER_SPACE, longest=LONGEST)
    run = jax.jit(lambda chain: run_filter(chain, plan, jnp.asarray(border_start())))(border_chain)
    act, _ = item_weights(run, plan)
    assert np.isfinite(act[:2]).all()
    assert act[2] == -np.inf
    assert np.isnan(act[3:]).all()


def test_an_act_that_is_never_seen_moves_the_world_in_silence(border_chain, border_jumps):
    unseen = Chain(
        tuple(border_chain.rates), (0.0,) * len(border_chain.kinds), _unseen_kinds(border_chain), BORDER_SPACE
    )
    record = Record((Reading(3.0, "tension", "high", levels=("high",)),), 3.0)
    plan = make_plan(record, BORDER_SPACE, longest=LONGEST)
    found = jax.jit(lambda chain: log_likelihood(chain, plan, jnp.asarray(border_start())))(unseen)
    nobody = [jump._replace(seen=0.0) for jump in border_jumps]
    assert float(found) == pytest.approx(
        filter_by_matrices(record, nobody, BORDER_SPACE, border_start()).log_likelihood, abs=1e-10
    )


def _unseen_kinds(chain: Chain):
    return tuple(dataclasses.replace(kind, always_seen=False) for kind in chain.kinds)
