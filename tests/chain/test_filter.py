import dataclasses

import numpy as np
import pytest
from dense import ForwardBackward, filter_by_matrices
from small_games import BORDER_SPACE, border_record, border_start

from raison.chain import Act, Chain
from raison.chain.filter import (
    expected_acts,
    item_weights,
    log_likelihood,
    log_likelihood_slope,
    remain_silent,
    run_filter,
    smooth,
)
from raison.record import Move, Reading, Record, Shock


@pytest.fixture(scope="module")
def plan():
    return border_record().plan(BORDER_SPACE).cut(0.4)


@pytest.fixture(scope="module")
def filtered(border_chain: Chain, plan):
    return run_filter(border_chain, plan, border_start())


@pytest.fixture(scope="module")
def reference(border_jumps) -> ForwardBackward:
    return filter_by_matrices(border_record(), border_jumps, BORDER_SPACE, border_start())


def is_last(plan) -> np.ndarray:
    """Which rows of a cut plan end at their item."""
    return np.append(np.diff(plan.item) > 0, True)


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
        if is_last(plan)[k]:
            np.testing.assert_allclose(filtered.after[k], reference.filtered(plan.item[k]), rtol=0, atol=1e-10)


def test_smoothing_is_that_of_forward_and_backward_passes(border_chain, plan, reference):
    smoothed = smooth(border_chain, plan, border_start())
    for k in range(len(plan.elapsed)):
        gap = plan.item[k]
        expected = reference.smoothed_after(gap) if is_last(plan)[k] else reference.smoothed(gap, plan.time[k])
        np.testing.assert_allclose(smoothed[k], expected, rtol=0, atol=1e-10)


def test_expected_acts_come_near_the_integral_of_the_predicted_rate(border_chain, border_jumps, filtered, reference):
    found = expected_acts(border_chain, filtered)
    nodes, weights = np.polynomial.legendre.leggauss(12)
    expected: dict[Act, float] = dict.fromkeys(found, 0.0)
    for gap, end in enumerate(reference.times):
        begin = reference.begin_of(gap)
        for node, weight in zip(nodes, weights, strict=True):
            now = reference.predicted(gap, begin + (end - begin) * (node + 1) / 2)
            for jump in border_jumps:
                expected[Act(jump.who, jump.what)] += (end - begin) / 2 * weight * float(now @ (jump.rate * jump.seen))
    for act, value in found.items():
        assert value == pytest.approx(expected[act], rel=0.01), act


@pytest.mark.parametrize("longest", [np.inf, 1.0, 0.07])
def test_cutting_the_silence_changes_nothing(border_chain, filtered, reference, longest: float):
    cut = border_record().plan(BORDER_SPACE).cut(longest)
    assert log_likelihood(border_chain, cut, border_start()) == pytest.approx(reference.log_likelihood, abs=1e-9)
    value, _ = log_likelihood_slope(border_chain, cut, border_start())
    assert value == pytest.approx(reference.log_likelihood, abs=1e-9)


def test_a_silence_longer_than_the_way_back_can_keep_is_cut_for_it(border_chain, border_jumps):
    record = Record((Move(60.0, "south", "talk"), Move(200.0, "north", "press", confidence=0.5)), 210.0)
    plan = record.plan(BORDER_SPACE)
    passes = filter_by_matrices(record, border_jumps, BORDER_SPACE, border_start())
    value, slope = log_likelihood_slope(border_chain, plan, border_start())
    assert value == pytest.approx(passes.log_likelihood, abs=1e-7)
    assert all(np.isfinite(rate).all() for rate in slope.rates)
    smoothed = smooth(border_chain, plan, border_start())
    assert smoothed.shape == (3, 24)
    for row in range(3):
        np.testing.assert_allclose(smoothed[row], passes.smoothed_after(row), rtol=0, atol=1e-8)


def test_the_slope_by_the_rates_is_that_of_differences(border_chain, plan):
    _, slope = log_likelihood_slope(border_chain, plan, border_start())
    rng = np.random.default_rng(11)
    directions = [np.asarray(rate) * rng.uniform(-1.0, 1.0, 24) for rate in border_chain.rates]

    def moved(step: float) -> float:
        rates = tuple(rate + step * each for rate, each in zip(border_chain.rates, directions, strict=True))
        return log_likelihood(dataclasses.replace(border_chain, rates=rates), plan, border_start())

    found = sum(float(each @ direction) for each, direction in zip(slope.rates, directions, strict=True))
    assert found == pytest.approx((moved(1e-5) - moved(-1e-5)) / 2e-5, rel=1e-6)


def test_what_remains_silent_is_filtered_by_the_silence(border_chain, plan, reference):
    found = remain_silent(border_chain, plan, border_start(), 0.3)
    np.testing.assert_allclose(found, reference.predicted(0, 0.3), rtol=0, atol=1e-10)


def test_a_long_silence_of_busy_players_is_unlikely_but_not_impossible(border_chain):
    """A probability below the smallest number of 64 bits still has a log."""
    fast = dataclasses.replace(border_chain, rates=tuple(rate * 40 for rate in border_chain.rates))
    record = Record((Shock(1500.0, "mood", "sour"),), 1500.0)
    plan = record.plan(BORDER_SPACE)
    value = log_likelihood(fast, plan, border_start())
    assert -np.inf < value < -10_000
    assert log_likelihood_slope(fast, plan, border_start())[0] == pytest.approx(value, rel=1e-9)


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
    plan = record.plan(BORDER_SPACE)
    run = run_filter(border_chain, plan, border_start())
    act, _ = item_weights(run, plan)
    assert np.isfinite(act[:2]).all()
    assert act[2] == -np.inf
    assert np.isnan(act[3:]).all()


def test_an_act_that_is_never_seen_moves_the_world_in_silence(border_chain, border_jumps):
    unseen = Chain(
        tuple(border_chain.rates), (0.0,) * len(border_chain.kinds), _unseen_kinds(border_chain), BORDER_SPACE
    )
    record = Record((Reading(3.0, "tension", "high", levels=("high",)),), 3.0)
    found = log_likelihood(unseen, record.plan(BORDER_SPACE), border_start())
    nobody = [jump._replace(seen=0.0) for jump in border_jumps]
    assert float(found) == pytest.approx(
        filter_by_matrices(record, nobody, BORDER_SPACE, border_start()).log_likelihood, abs=1e-10
    )


def _unseen_kinds(chain: Chain):
    return tuple(dataclasses.replace(kind, always_seen=False) for kind in chain.kinds)
