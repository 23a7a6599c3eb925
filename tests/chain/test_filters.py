import dataclasses

import numpy as np
import pytest
import scipy.linalg
from dense import ForwardBackward, filter_by_matrices, matrix_of, reach
from small_games import BORDER_SPACE, border_record, border_start, watched

from raison.chain import Chain
from raison.chain.filter import item_weights
from raison.chain.filters import ChainFilter
from raison.chain.native_filter import NativeFilter
from raison.chain.xla_filter import XlaFilter
from raison.errors import TooFast
from raison.record import Move, Reading, Record, Shock


@pytest.fixture(scope="module", params=[NativeFilter, XlaFilter])
def machine(request) -> ChainFilter:
    return request.param()


@pytest.fixture(scope="module")
def plan():
    return border_record().plan(BORDER_SPACE).cut(0.4)


@pytest.fixture(scope="module")
def filtered(machine, border_chain: Chain, plan):
    return machine.run(border_chain, plan, border_start())


@pytest.fixture(scope="module")
def reference(border_jumps) -> ForwardBackward:
    return filter_by_matrices(border_record(), border_jumps, BORDER_SPACE, border_start())


def is_last(plan) -> np.ndarray:
    """Which rows of a cut plan end at their item."""
    return np.append(np.diff(plan.item) > 0, True)


@pytest.mark.parametrize("elapsed", [1e-6, 0.3, 8.0, 300.0])
def test_the_time_spent_is_the_integral_of_the_distribution(machine, border_chain: Chain, border_jumps, elapsed):
    generator = matrix_of(border_jumps, BORDER_SPACE.size).T
    states = len(generator)
    # exp of [[G', 1], [0, 0]] t holds the integral of exp(G' s) up to t beside exp(G' t)
    block = np.block([[generator, np.eye(states)], [np.zeros((states, 2 * states))]])
    expected = scipy.linalg.expm(block * elapsed)[:states, states:] @ border_start()
    found = np.asarray(machine.time_spent(border_chain, border_start(), elapsed))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10 * elapsed)
    assert found.sum() == pytest.approx(elapsed, rel=1e-10)


def test_where_nothing_moves_all_time_is_spent_where_it_began(machine, border_chain: Chain):
    still = dataclasses.replace(border_chain, rates=tuple(0.0 * np.asarray(rate) for rate in border_chain.rates))
    np.testing.assert_allclose(machine.time_spent(still, border_start(), 3.0), 3.0 * border_start(), rtol=1e-12)


def test_the_log_likelihood_is_that_of_one_matrix_for_each_gap_and_item(filtered, reference):
    assert float(np.sum(filtered.silence) + np.sum(filtered.act)) == pytest.approx(reference.log_likelihood, abs=1e-10)


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


def test_smoothing_is_that_of_forward_and_backward_passes(machine, border_chain, plan, reference):
    smoothed = machine.smooth(border_chain, plan, border_start())
    for k in range(len(plan.elapsed)):
        gap = plan.item[k]
        expected = reference.smoothed_after(gap) if is_last(plan)[k] else reference.smoothed(gap, plan.time[k])
        np.testing.assert_allclose(smoothed[k], expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("longest", [np.inf, 1.0, 0.07])
def test_cutting_the_silence_changes_nothing(machine, border_chain, filtered, reference, longest: float):
    cut = border_record().plan(BORDER_SPACE).cut(longest)
    assert machine.log_likelihood(border_chain, cut, border_start()) == pytest.approx(
        reference.log_likelihood, abs=1e-9
    )
    value, _ = machine.slope(border_chain, cut, border_start())
    assert value == pytest.approx(reference.log_likelihood, abs=1e-9)


def test_a_silence_longer_than_the_way_back_can_keep_is_cut_for_it(machine, border_chain, border_jumps):
    record = Record((Move(60.0, "south", "talk"), Move(200.0, "north", "press", confidence=0.5)), 210.0)
    plan = record.plan(BORDER_SPACE)
    passes = filter_by_matrices(record, border_jumps, BORDER_SPACE, border_start())
    value, slope = machine.slope(border_chain, plan, border_start())
    assert value == pytest.approx(passes.log_likelihood, abs=1e-7)
    assert all(np.isfinite(rate).all() for rate in slope.rates)
    smoothed = machine.smooth(border_chain, plan, border_start())
    assert smoothed.shape == (3, 24)
    for row in range(3):
        np.testing.assert_allclose(smoothed[row], passes.smoothed_after(row), rtol=0, atol=1e-8)


def test_the_slope_by_the_rates_is_that_of_differences(machine, border_chain, plan):
    _, slope = machine.slope(border_chain, plan, border_start())
    rng = np.random.default_rng(11)
    directions = [np.asarray(rate) * rng.uniform(-1.0, 1.0, 24) for rate in border_chain.rates]

    def moved(step: float) -> float:
        rates = tuple(rate + step * each for rate, each in zip(border_chain.rates, directions, strict=True))
        return machine.log_likelihood(dataclasses.replace(border_chain, rates=rates), plan, border_start())

    found = sum(float(each @ direction) for each, direction in zip(slope.rates, directions, strict=True))
    assert found == pytest.approx((moved(1e-5) - moved(-1e-5)) / 2e-5, rel=1e-6)


def test_what_remains_silent_is_filtered_by_the_silence(machine, border_chain, plan, reference):
    found = machine.remain_silent(border_chain, plan, 0, border_start(), 0.3)
    np.testing.assert_allclose(found, reference.predicted(0, 0.3), rtol=0, atol=1e-10)


def test_a_long_silence_of_busy_players_is_unlikely_but_not_impossible(machine, border_chain):
    """A probability below the smallest number of 64 bits still has a log."""
    fast = dataclasses.replace(border_chain, rates=tuple(rate * 40 for rate in border_chain.rates))
    record = Record((Shock(1500.0, "mood", "sour"),), 1500.0)
    plan = record.plan(BORDER_SPACE)
    value = machine.log_likelihood(fast, plan, border_start())
    assert -np.inf < value < -10_000
    assert machine.slope(fast, plan, border_start())[0] == pytest.approx(value, rel=1e-9)


def test_an_impossible_move_weighs_minus_infinity_at_its_place(machine, border_chain):
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
    run = machine.run(border_chain, plan, border_start())
    act, _ = item_weights(run, plan)
    assert np.isfinite(act[:2]).all()
    assert act[2] == -np.inf
    assert np.isnan(act[3:]).all()


def test_an_act_that_is_never_seen_moves_the_world_in_silence(machine, border_chain, border_jumps):
    unseen = Chain(
        tuple(border_chain.rates), (np.zeros(1),) * len(border_chain.kinds), _unseen_kinds(border_chain), BORDER_SPACE
    )
    record = Record((Reading(3.0, "tension", "high", levels=("high",)),), 3.0)
    found = machine.log_likelihood(unseen, record.plan(BORDER_SPACE), border_start())
    nobody = [jump._replace(seen=0.0) for jump in border_jumps]
    assert float(found) == pytest.approx(
        filter_by_matrices(record, nobody, BORDER_SPACE, border_start()).log_likelihood, abs=1e-10
    )


def _unseen_kinds(chain: Chain):
    return tuple(dataclasses.replace(kind, always_seen=False) for kind in chain.kinds)


@pytest.mark.parametrize("elapsed", [0.0, 0.01, 1.0, 20.0, 500.0])
def test_the_distribution_is_that_of_the_matrix_exponential(machine, border_chain, border_jumps, elapsed: float):
    expected = border_start() @ scipy.linalg.expm(matrix_of(border_jumps, 24) * elapsed)
    found = machine.distribution_at(border_chain, border_start(), elapsed)
    pieces = max(10.0, elapsed / 4)  # each may leave out 1e-11
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-11 * pieces)


def test_many_distributions_move_at_once(machine, border_chain, border_jumps):
    found = machine.distribution_at(border_chain, np.eye(24), 0.7)
    np.testing.assert_allclose(found, scipy.linalg.expm(matrix_of(border_jumps, 24) * 0.7), rtol=0, atol=1e-10)


def test_after_a_long_time_the_chain_forgets_where_it_started(machine, border_chain, border_jumps):
    matrix = matrix_of(border_jumps, 24)
    stationary = np.linalg.lstsq(np.vstack([matrix.T, np.ones(24)]), np.append(np.zeros(24), 1.0), rcond=None)[0]
    found = np.asarray(machine.distribution_at(border_chain, border_start(), 5000.0))
    np.testing.assert_allclose(found, stationary, rtol=0, atol=2e-9)


def _hit(machine, chain, target, elapsed: float) -> float:
    return float(np.asarray(machine.stopped_at(chain, border_start(), target, elapsed))[target].sum())


@pytest.mark.parametrize("elapsed", [0.0, 0.5, 4.0, 100.0])
def test_the_hitting_probability_is_that_of_an_absorbing_target(machine, border_chain, border_jumps, elapsed: float):
    target = border_chain.space.levels_of("tension") == 3
    found = _hit(machine, border_chain, target, elapsed)
    assert found == pytest.approx(reach(border_jumps, 24, border_start(), target, elapsed), abs=1e-10)


def test_a_start_in_the_target_counts_as_hit(machine, border_chain):
    target = border_chain.space.levels_of("tension") == 0
    assert _hit(machine, border_chain, target, 0.0) == pytest.approx(0.6, abs=1e-15)


def test_a_hit_becomes_likelier_with_time(machine, border_chain):
    target = border_chain.space.levels_of("tension") == 3
    hits = [_hit(machine, border_chain, target, t) for t in np.linspace(0.0, 5.0, 11)]
    assert np.all(np.diff(hits) > 0)


@pytest.mark.parametrize("elapsed", [0.0, 0.4, 40.0])
def test_the_slope_of_many_distributions_is_that_of_differences(machine, border_chain, elapsed: float):
    rng = np.random.default_rng(5)
    starts, bar = rng.dirichlet(np.ones(24), 3), rng.normal(size=(3, 24))
    directions = [np.asarray(rate) * rng.uniform(-1.0, 1.0, 24) for rate in border_chain.rates]

    def moved(step: float) -> float:
        rates = tuple(rate + step * each for rate, each in zip(border_chain.rates, directions, strict=True))
        ends = machine.distribution_at(dataclasses.replace(border_chain, rates=rates), starts, elapsed)
        return float(np.sum(bar * ends))

    slope = machine.distribution_slope(border_chain, starts, elapsed, bar)
    found = sum(float(each @ direction) for each, direction in zip(slope.rates, directions, strict=True))
    assert found == pytest.approx((moved(1e-5) - moved(-1e-5)) / 2e-5, rel=1e-5, abs=1e-10)


def test_the_slope_by_the_chance_to_be_seen_is_that_of_differences(machine, border_chain, plan):
    free = dataclasses.replace(
        border_chain, seen=tuple(np.full(1, 0.7) for _ in border_chain.seen), kinds=_unseen_kinds(border_chain)
    )
    _, slope = machine.slope(free, plan, border_start())
    for kind in range(len(free.kinds)):
        values = []
        for sign in (1, -1):
            seen = tuple(each + sign * 1e-5 * (i == kind) for i, each in enumerate(free.seen))
            values.append(machine.log_likelihood(dataclasses.replace(free, seen=seen), plan, border_start()))
        assert float(slope.seen[kind][0]) == pytest.approx((values[0] - values[1]) / 2e-5, rel=1e-5, abs=1e-7)


def test_a_world_that_jumps_without_end_is_refused_and_not_followed(border_chain):
    fast = dataclasses.replace(border_chain, rates=tuple(1e290 * rate for rate in border_chain.rates))
    native = NativeFilter()
    plan, start = watched().plan, border_start()
    ways = (native.log_likelihood, native.slope, native.run, native.smooth, native.occupy)
    for way in ways:
        with pytest.raises(TooFast, match=r"up to .* times in 7 time units; at most 3e\+05 jumps are followed"):
            way(fast, plan, start)
    with pytest.raises(TooFast):
        native.distribution_at(fast, start, 1.0)
