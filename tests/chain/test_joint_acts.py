"""Joint acts: the act of one player that another answers at once."""

import dataclasses

import numpy as np
import pytest
import scipy.linalg
from dense import Dense, item_matrix, silent_matrix, targets_of
from small_games import BORDER_NUMBERS, BORDER_SPACE, border, border_record, border_start, watched

from raison.chain import Act, ChainMotion
from raison.chain.filter import expected_acts, item_weights, occupy, run_filter
from raison.chain.filters import ChainFilter
from raison.chain.habit import habit_chain, habit_slope
from raison.chain.native_filter import NativeFilter
from raison.chain.xla_filter import XlaFilter
from raison.equations import GameArrays
from raison.inference.likelihood import GameLikelihood
from raison.inference.residuals import residuals
from raison.record import Move, Record


@pytest.fixture(scope="module", params=[NativeFilter, XlaFilter])
def machine(request) -> ChainFilter:
    return request.param()


def answered(confidence: float = 1.0) -> Record:
    """Return the border record in which a press is answered by talk, and a hidden courting by arms."""
    items = list(border_record().items)
    items[0] = dataclasses.replace(items[0], answer=Act("south", "talk"), confidence=confidence)
    items[4] = dataclasses.replace(items[4], answer=Act("south", "arm"))
    return Record(tuple(items), 7.0)


def joint_matrix(item: Move, jumps, decisions) -> np.ndarray:
    """Rate of the act, times the probability of the answer where it leads, by the definition."""
    matrix = np.zeros((BORDER_SPACE.size, BORDER_SPACE.size))
    for act in (jump for jump in jumps if (jump.who, jump.what) == (item.who, item.what)):
        for answer in (jump for jump in jumps if (jump.who, jump.what) == (item.answer.who, item.answer.what)):
            for x in range(BORDER_SPACE.size):
                there = act.target[x]
                matrix[x, answer.target[there]] += act.seen * act.rate[x] * answer.rate[there] / decisions[there]
    return matrix


def by_matrices(record: Record, jumps, decisions) -> np.ndarray:
    """Return the log probability of every item with the silence before it."""
    silent, weights, now, found = silent_matrix(jumps, BORDER_SPACE.size, {"storm"}), border_start(), 0.0, []
    for item in [*record.items, None]:
        end = record.until if item is None else item.time
        weights = weights @ scipy.linalg.expm(silent * (end - now))
        if isinstance(item, Move) and item.answer is not None:
            error = (1 - item.confidence) * len(record.moves(item.act)) / record.until
            weights = item.confidence * weights @ joint_matrix(item, jumps, decisions) + error * weights
        elif item is not None:
            weights = weights @ item_matrix(item, record, jumps, BORDER_SPACE)
        found.append(np.log(weights.sum()))
        weights, now = weights / weights.sum(), end
    return np.array(found)


@pytest.mark.parametrize("confidence", [1.0, 0.6])
def test_a_joint_act_weighs_by_the_rate_of_the_act_and_the_probability_of_the_answer(
    machine, border_chain, border_jumps, confidence
):
    record = answered(confidence)
    decisions = Dense(border()).alphas[1]
    plan = record.plan(BORDER_SPACE)
    act, silence = item_weights(machine.run(border_chain, plan, border_start()), plan)
    np.testing.assert_allclose(act + silence, by_matrices(record, border_jumps, decisions), rtol=0, atol=1e-10)


def test_it_counts_once_and_moves_the_world_twice(machine, border_chain):
    alone = Record((dataclasses.replace(border_record().items[0]),), 7.0)
    joint = Record((dataclasses.replace(border_record().items[0], answer=Act("south", "arm")),), 7.0)
    first, both = (machine.run(border_chain, each.plan(BORDER_SPACE), border_start()) for each in (alone, joint))
    ready = BORDER_SPACE.levels_of("army") == 1
    assert np.asarray(both.after[0])[ready].sum() == pytest.approx(1.0)
    assert np.asarray(first.after[0])[ready].sum() < 0.5
    assert float(both.act[0]) < float(first.act[0])
    assert len(joint.moves(Act("north", "press"))) == 1
    assert not joint.moves(Act("south", "arm"))
    assert joint.times(Act("south", "arm")) == (0.5,)


def test_an_answer_is_expected_as_far_as_it_was_probable(border_chain):
    alone = Record((dataclasses.replace(border_record().items[0]),), 7.0)
    joint = Record((dataclasses.replace(border_record().items[0], answer=Act("south", "arm")),), 7.0)
    plan = joint.plan(BORDER_SPACE)
    found = expected_acts(border_chain, plan, border_start())
    # after the act alone, the chance of the answer at a chance to act
    after = np.asarray(run_filter(border_chain, alone.plan(BORDER_SPACE), border_start()).after[0])
    share = np.asarray(border_chain.act_rate("south", "arm")) / np.asarray(border_chain.decisions[1])
    stays = np.asarray(occupy(border_chain, plan, border_start()).stays)
    by_the_clock = stays @ np.asarray(border_chain.act_rate("south", "arm"))
    assert found.acts[Act("south", "arm")][0] - by_the_clock[0] == pytest.approx(float(after @ share), abs=1e-10)
    assert found.acts[Act("south", "arm")][1] == pytest.approx(by_the_clock[1])
    assert joint.number_of(Act("south", "arm")) == 1
    courses = residuals(ChainMotion(border_chain), watched(joint)).courses
    assert courses[Act("south", "arm")].seen[-1] == 1


def test_its_derivatives_are_those_of_differences(machine, border_chain):
    plan = answered(0.6).plan(BORDER_SPACE).cut(0.4)
    slope = machine.slope(border_chain, plan, border_start()).by_chain
    rng = np.random.default_rng(5)
    directions = [rng.normal(size=BORDER_SPACE.size) for _ in (*border_chain.rates, *border_chain.decisions)]
    count = len(border_chain.rates)

    def moved(step: float) -> float:
        rates = [rate * np.exp(step * each) for rate, each in zip(border_chain.rates, directions, strict=False)]
        pairs = zip(border_chain.decisions, directions[count:], strict=True)
        decisions = tuple(np.asarray(rate) * np.exp(step * each) for rate, each in pairs)
        chain = dataclasses.replace(border_chain, rates=tuple(map(np.asarray, rates)), decisions=decisions)
        return float(machine.log_likelihood(chain, plan, border_start()))

    slopes, at = (*slope.rates, *slope.decisions), (*border_chain.rates, *border_chain.decisions)
    parts = zip(slopes, at, directions, strict=True)
    found = sum(float(np.asarray(by) @ (np.asarray(rate) * each)) for by, rate, each in parts)
    assert any(np.any(np.asarray(by) != 0.0) for by in slope.decisions)
    assert found == pytest.approx((moved(1e-5) - moved(-1e-5)) / 2e-5, rel=1e-5)


def test_the_gradient_goes_through_the_equilibrium():
    likelihood = GameLikelihood(border, [watched(answered(0.8))], tolerance=1e-12)
    gradient = likelihood.evaluate(BORDER_NUMBERS).gradient
    for place in (2, 3, 4, 6, 7, 10):
        step = np.zeros(11)
        step[place] = 1e-4
        difference = (likelihood.value(BORDER_NUMBERS + step) - likelihood.value(BORDER_NUMBERS - step)) / 2e-4
        assert gradient[place] == pytest.approx(difference, rel=1e-5)


def test_the_gradient_of_habits_counts_the_answer():
    arrays, given = GameArrays.of(border()), watched(answered(0.8))
    shares, replies = np.log(np.array([0.2, 0.3, 0.1, 0.4, 0.2, 0.5])), np.zeros(6)

    def value(at) -> float:
        return given.log_likelihood(habit_chain(arrays, at, replies))

    _, by_chain = given.log_likelihood_slope(habit_chain(arrays, shares, replies))
    by_game, by_shares, _ = habit_slope(arrays, shares, replies, by_chain)
    for place in range(5):
        step = np.zeros(6)
        step[place] = 1e-5
        assert by_shares[place] == pytest.approx(
            (value(shares + step) - value(shares - step)) / 2e-5, rel=1e-5, abs=1e-8
        )

    def at_pace(factor: float) -> float:
        players = list(arrays.players)
        players[1] = dataclasses.replace(players[1], decision_rate=players[1].decision_rate * factor)
        return given.log_likelihood(habit_chain(dataclasses.replace(arrays, players=tuple(players)), shares, replies))

    found = float(by_game.players[1].decision_rate @ arrays.players[1].decision_rate)
    assert found == pytest.approx((at_pace(1 + 1e-5) - at_pace(1 - 1e-5)) / 2e-5, rel=1e-5)


def test_where_the_world_is_after_an_act_is_where_its_outcomes_lead(border_chain):
    found = ChainMotion(border_chain).after(Act("north", "press"), border_start())
    expected = np.zeros(BORDER_SPACE.size)
    for kind, rate in zip(border_chain.kinds, border_chain.rates, strict=True):
        if (kind.who, kind.what) == ("north", "press"):
            np.add.at(expected, targets_of(BORDER_SPACE, kind.effect), border_start() * np.asarray(rate))
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert found.sum() == pytest.approx(float(border_start() @ np.asarray(border_chain.act_rate("north", "press"))))
