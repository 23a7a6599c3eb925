"""Reporting periods: the chance that an act is seen changes at a date."""

import dataclasses

import numpy as np
import pytest
import scipy.linalg
from dense import item_matrix, silent_matrix
from small_games import BORDER_NUMBERS, BORDER_SPACE, border, border_record, border_start, watched

from raison.chain import Act, Chain, ChainMotion
from raison.chain.filter import expected_acts, item_weights
from raison.chain.filters import ChainFilter
from raison.chain.native_filter import NativeFilter
from raison.chain.simulation import Simulator
from raison.chain.xla_filter import XlaFilter
from raison.equations import GameArrays
from raison.errors import CaseError
from raison.inference.likelihood import GameLikelihood
from raison.record import Move, Record
from raison.record.simulated import simulate_record

BEGINS = (1.8, 4.0)
"""One on a day with an item, one within a long silence; press is seen less and less, court more and more."""
SEEN = {"press": (0.9, 0.5, 0.2), "court": (0.3, 0.4, 1.0), "talk": (0.7, 0.7, 0.1)}


@pytest.fixture(scope="module", params=[NativeFilter, XlaFilter])
def machine(request) -> ChainFilter:
    return request.param()


@pytest.fixture(scope="module")
def chain(border_chain: Chain) -> Chain:
    pairs = list(zip(border_chain.kinds, border_chain.seen, strict=True))
    seen = tuple(np.array(SEEN.get(kind.what, np.full(3, each[0]))) for kind, each in pairs)
    kinds = tuple(
        dataclasses.replace(kind, always_seen=kind.always_seen and kind.what not in SEEN) for kind, _ in pairs
    )
    return dataclasses.replace(border_chain, seen=seen, kinds=kinds)


def in_period(jumps, period: int) -> list:
    """Return jumps as they are seen in a period."""
    return [jump._replace(seen=SEEN[jump.what][period]) if jump.what in SEEN else jump for jump in jumps]


def record() -> Record:
    return dataclasses.replace(border_record(), periods=BEGINS)


def by_matrices(jumps) -> np.ndarray:
    """Log probability of every item with the silence before it, by one matrix for each period, gap and item."""
    periods = [in_period(jumps, period) for period in range(3)]
    now, weights, found = 0.0, border_start(), []
    for item in [*record().items, None]:
        end = record().until if item is None else item.time
        for begin, close, each in zip((0.0, *BEGINS), (*BEGINS, np.inf), periods, strict=True):
            if (elapsed := min(end, close) - max(now, begin)) > 0.0:
                weights = weights @ scipy.linalg.expm(silent_matrix(each, len(weights), {"storm"}) * elapsed)
        if item is not None:
            at = sum(begin <= item.time for begin in BEGINS)
            weights = weights @ item_matrix(item, record(), periods[at], BORDER_SPACE)
        found.append(np.log(weights.sum()))
        weights, now = weights / weights.sum(), end
    return np.array(found)


def test_every_silence_and_every_act_counts_by_the_period_it_lies_in(machine, chain, border_jumps):
    plan = record().plan(BORDER_SPACE)
    assert plan.period.tolist() == [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2]
    filtered = machine.run(chain, plan, border_start())
    act, silence = item_weights(filtered, plan)
    expected = by_matrices(border_jumps)
    np.testing.assert_allclose(act + silence, expected, rtol=0, atol=1e-10)
    assert float(machine.log_likelihood(chain, plan, border_start())) == pytest.approx(expected.sum(), abs=1e-10)


def test_a_period_in_which_nothing_changes_changes_nothing(machine, border_chain):
    twice = dataclasses.replace(border_chain, seen=tuple(np.repeat(seen, 2) for seen in border_chain.seen))
    plan = dataclasses.replace(border_record(), periods=(3.3,)).plan(BORDER_SPACE)
    found = machine.log_likelihood(twice, plan, border_start())
    plain = machine.log_likelihood(border_chain, border_record().plan(BORDER_SPACE), border_start())
    assert float(found) == pytest.approx(float(plain), abs=1e-10)


def test_derivatives_by_the_chances_to_be_seen_are_those_of_differences(machine, chain):
    plan = record().plan(BORDER_SPACE).cut(0.4)
    slope = machine.slope(chain, plan, border_start()).by_chain
    for kind in [i for i, each in enumerate(chain.kinds) if each.what in ("press", "talk")]:
        for period in range(3):
            values = []
            for sign in (1, -1):
                seen = [np.array(each) for each in chain.seen]
                seen[kind][period] += sign * 1e-5
                moved = dataclasses.replace(chain, seen=tuple(seen))
                values.append(float(machine.log_likelihood(moved, plan, border_start())))
            found = float(np.asarray(slope.seen[kind])[period])
            assert found == pytest.approx((values[0] - values[1]) / 2e-5, rel=1e-5, abs=1e-7)


def test_where_the_world_is_in_a_silence_hangs_on_its_period(machine, chain, border_jumps):
    plan = record().plan(BORDER_SPACE)
    for row in (0, 9, 11):
        seen = in_period(border_jumps, plan.period[row])
        expected = border_start() @ scipy.linalg.expm(silent_matrix(seen, BORDER_SPACE.size, {"storm"}) * 0.3)
        found = machine.remain_silent(chain, plan, row, border_start(), 0.3)
        np.testing.assert_allclose(found, expected / expected.sum(), rtol=0, atol=1e-10)


def test_what_is_asked_at_a_time_is_answered_by_the_period_of_that_time(chain):
    given, motion = watched(record()), ChainMotion(chain)
    plan, filtered = given.plan, motion.filter(given.plan, given.start)
    for time, row, begin in ((3.0, 10, 9), (4.5, 11, 10)):
        here = given.whereabouts(motion, lambda: filtered, time)
        expected = motion.remain_silent(plan, row, filtered.after[row - 1], time - float(plan.time[begin]))
        np.testing.assert_allclose(here, expected, rtol=0, atol=1e-12)


def test_acts_are_expected_to_be_seen_as_far_as_their_period_lets_them(chain):
    plan = record().plan(BORDER_SPACE)
    pairs = zip(chain.kinds, chain.seen, strict=True)
    seen = tuple(each * np.array([1.0, 1.0, 0.0]) if kind.what == "press" else each for kind, each in pairs)
    blind = dataclasses.replace(chain, seen=seen)
    acts = expected_acts(blind, plan, border_start()).acts[Act("north", "press")]
    assert acts[plan.period < 2].sum() > 0.1
    assert acts[plan.period == 2].sum() == 0.0


def test_records_are_simulated_with_the_chances_of_each_period(chain):
    given, rng, simulator = watched(Record((), 60.0, (20.0, 40.0))), np.random.default_rng(1), Simulator(chain)
    made = [item for _ in range(60) for item in simulate_record(simulator, given, rng).record.items]
    times = np.array([item.time for item in made if isinstance(item, Move) and item.what == "talk"])
    counts = np.histogram(times, [0.0, 20.0, 40.0, 60.0])[0]
    assert counts[2] / counts[1] == pytest.approx(0.1 / 0.7, rel=0.15)
    assert counts[1] > 500


def with_two_periods(numbers) -> object:
    """The border game in which courting is seen with one chance up to a time and with another after it."""
    game = border(numbers[:11])
    north = game.players[0]
    court = dataclasses.replace(north.actions[1], seen=(numbers[6], numbers[11]))
    actions = (north.actions[0], court, north.actions[2])
    return dataclasses.replace(game, players=(dataclasses.replace(north, actions=actions), *game.players[1:]))


def test_the_gradient_reaches_the_number_of_every_period():
    numbers = np.append(BORDER_NUMBERS, 0.8)
    given = watched(dataclasses.replace(border_record(), periods=(2.2,)))
    likelihood = GameLikelihood(with_two_periods, [given], tolerance=1e-12)
    gradient = likelihood.evaluate(numbers).gradient
    for place in (6, 11):
        step = np.zeros(12)
        step[place] = 1e-4
        difference = (likelihood.value(numbers + step) - likelihood.value(numbers - step)) / 2e-4
        assert gradient[place] == pytest.approx(difference, rel=1e-5)


def test_a_game_has_as_many_periods_as_its_actions_say():
    game = with_two_periods(np.append(BORDER_NUMBERS, 0.8))
    assert game.periods == 2
    assert GameArrays.of(game).players[0].seen.tolist() == [[1.0, 1.0], [0.4, 0.8], [1.0, 1.0]]
    odd = dataclasses.replace(game.players[1].actions[0], seen=(0.1, 0.2, 0.3))
    south = dataclasses.replace(game.players[1], actions=(odd, game.players[1].actions[1]))
    with pytest.raises(CaseError, match="actions are seen in 2 and 3 reporting periods"):
        dataclasses.replace(game, players=(game.players[0], south, game.players[2]))
