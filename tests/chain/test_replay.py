"""Histories that are lived through again, against closed forms, exact forecasts and themselves."""

import dataclasses

import numpy as np
import pytest
from small_games import BORDER_SPACE, border, border_record, border_start, wavering

from raison.chain import Chain, distribution_at
from raison.chain.filter import smooth
from raison.chain.histories import draw_histories, until
from raison.chain.native_filter import hidden_of
from raison.chain.replay import Part, Replayer, winning_shocks
from raison.equilibrium import solve
from raison.record import Record

PATHS = 4000


def gumbel_max(p, q, seed: int, draws: int = 200_000):
    """Shares of counterfactual options, a row for each factual one, by draws."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(len(p)):
        shocks = winning_shocks(np.log(np.tile(p, (draws, 1))), np.full(draws, i), rng)
        taken = np.argmax(np.log(q) + shocks, axis=1)
        rows.append(np.bincount(taken, minlength=len(q)) / draws)
    return np.array(rows)


@pytest.mark.parametrize(
    ("p", "q", "rows"),
    [
        ([0.5, 0.3, 0.2], [0.2, 0.3, 0.5], [[0.4, 0.13846154, 0.46153846], [0, 0.76923077, 0.23076923], [0, 0, 1]]),
        ([0.7, 0.3], [0.4, 0.6], [[0.57142857, 0.42857143], [0, 1]]),
        (
            [0.9, 0.05, 0.05],
            [0.05, 0.9, 0.05],
            [[0.05555556, 0.91891892, 0.02552553], [0, 1, 0], [0, 0.45945946, 0.54054054]],
        ),
    ],
)
def test_one_choice_with_the_same_shocks_is_the_closed_form(p, q, rows):
    """Source: the integral over the maximum of the shocks, which oberst2019 leaves to draws."""
    found = gumbel_max(np.array(p), np.array(q), seed=1)
    np.testing.assert_allclose(found, rows, atol=4 * np.sqrt(0.25 / 200_000))
    assert np.array_equal(found == 0.0, np.array(rows) == 0.0)  # never to an option that has gained less


def test_without_a_change_the_same_option_is_taken():
    p = np.random.default_rng(0).dirichlet(np.ones(5), 300)
    taken = np.array([np.random.default_rng(i).choice(5, p=row) for i, row in enumerate(p)])
    shocks = winning_shocks(np.log(p), taken, np.random.default_rng(1))
    assert np.array_equal(np.argmax(np.log(p) + shocks, axis=1), taken)


@pytest.fixture(scope="module")
def plan():
    return border_record().plan(BORDER_SPACE)


@pytest.fixture(scope="module")
def histories(border_chain: Chain, plan):
    return draw_histories(border_chain, plan, border_start(), PATHS, np.random.default_rng(3))


def test_histories_hold_what_was_seen_and_are_where_smoothing_says(border_chain: Chain, plan, histories):
    exact = smooth(border_chain, plan, border_start())
    times = np.asarray(plan.time)
    for row in np.flatnonzero(np.diff(times, append=np.inf) > 0.0):  # of several sights at one time the last
        time = times[row]
        where = np.zeros(BORDER_SPACE.size)
        for history in histories:
            passed = int(np.sum(history.time <= time + 1e-9))
            where[history.start if passed == 0 else history.after[passed - 1]] += 1.0 / len(histories)
        np.testing.assert_allclose(where, exact[row], atol=5 * np.sqrt(0.25 / PATHS))


def test_every_event_of_a_history_begins_where_the_last_has_led(histories):
    for history in histories[:200]:
        states = np.append(history.start, history.after)
        assert np.array_equal(states[:-1], history.before)
        assert np.all(np.diff(history.time) >= 0.0)


def test_a_history_without_a_change_comes_out_as_it_was(border_chain: Chain, plan, histories):
    end = float(plan.time[-1])
    replayer = Replayer(border_chain, hidden_of(border_chain, plan), plan, [Part(0.0, border_chain)], has_choices=True)
    rng = np.random.default_rng(0)
    for history in histories[:300]:
        path = replayer.replay(history, end, rng)
        moved = np.append(history.start, path.state)
        changes = np.flatnonzero(np.diff(moved) != 0)
        was = np.flatnonzero(history.before != history.after)
        assert np.array_equal(path.state[changes], history.after[was])
        np.testing.assert_array_equal(path.time[changes], history.time[was])
        assert set(zip(history.time, history.kind, strict=True)) <= set(zip(path.time, path.kind, strict=True))


def faster(chain: Chain, what: str, ratio: float) -> Chain:
    rates = tuple(
        np.asarray(rate) * (ratio if kind.what == what else 1.0)
        for rate, kind in zip(chain.rates, chain.kinds, strict=True)
    )
    return dataclasses.replace(chain, rates=rates)


@pytest.mark.parametrize("has_choices", [True, False])
def test_where_nothing_was_seen_what_would_have_been_is_what_may_come(border_chain: Chain, has_choices: bool):
    """Histories of a record that says nothing, replayed in another chain, are distributed as that chain."""

    unseen = dataclasses.replace(
        border_chain,
        seen=tuple(np.zeros_like(each) for each in border_chain.seen),
        kinds=tuple(dataclasses.replace(kind, always_seen=False) for kind in border_chain.kinds),
    )
    plan = Record((), 3.0).plan(BORDER_SPACE)
    other = faster(faster(unseen, "talk", 0.3), str(border_chain.kinds[0].what), 2.0)
    found = draw_histories(unseen, plan, border_start(), PATHS, np.random.default_rng(5))
    replayer = Replayer(unseen, hidden_of(unseen, plan), plan, [Part(0.0, other)], has_choices=has_choices)
    rng = np.random.default_rng(6)
    where = np.zeros(BORDER_SPACE.size)
    for history in found:
        where[replayer.replay(history, 3.0, rng).end] += 1.0 / PATHS

    exact = np.asarray(distribution_at(other, border_start(), 3.0))
    np.testing.assert_allclose(where, exact, atol=5 * np.sqrt(0.25 / PATHS))


def test_a_record_may_be_lived_through_up_to_a_day(plan):
    cut = until(plan, 2.5)
    assert float(cut.time[-1]) == 2.5
    assert float(np.sum(cut.elapsed)) == pytest.approx(2.5)
    assert int(cut.jump[-1]) == 0


def test_chances_that_hang_on_the_state_are_those_of_the_state():
    solved = solve(wavering(border()))
    chain = Chain.of_play(solved.arrays, solved.play)
    test_where_nothing_was_seen_what_would_have_been_is_what_may_come(chain, True)
