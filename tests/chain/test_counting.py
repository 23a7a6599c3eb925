"""Counts: how often an act was seen in a span, exactly."""

import dataclasses
import math

import numpy as np
import pytest
import scipy.linalg
from dense import Jump, item_matrix, silent_matrix
from small_games import BORDER_NUMBERS, BORDER_SPACE, border, border_record, border_start, watched

from raison.chain import Act, Chain, ChainMotion, JumpKind
from raison.chain.counting import CountingFilter
from raison.chain.filter import item_weights
from raison.chain.filters import ChainFilter
from raison.chain.native_filter import NativeFilter
from raison.chain.simulation import Simulator
from raison.chain.xla_filter import XlaFilter
from raison.errors import CaseError
from raison.game import NO_CHANGE, StateSpace, Variable
from raison.inference.likelihood import GameLikelihood
from raison.inference.power import lengthened
from raison.inference.residuals import residuals
from raison.record import Count, Move, Reading, Record
from raison.record.simulated import simulate_record

SIZE = BORDER_SPACE.size
COURT, TALK = Act("north", "court"), Act("south", "talk")
"""The first is seen with probability 0.4, the second always."""


@pytest.fixture(scope="module", params=[NativeFilter, XlaFilter])
def machine(request) -> ChainFilter:
    return CountingFilter(request.param())


def counted(numbers=(2, 1)) -> Record:
    """Return the border record with talk and courting counted in spans that overlap, other items within them."""
    items = [item for item in border_record().items if getattr(item, "act", None) not in (COURT, TALK)]
    items.append(Count(2.2, "south", "talk", since=0.75, number=numbers[0]))
    items.append(Count(4.0, "north", "court", since=1.5, number=numbers[1]))
    items.append(Move(5.5, "south", "talk"))
    return Record(tuple(sorted(items, key=lambda item: item.time)), 7.0)


class Brute:
    """The record filtered with the acts so far written out: arrays over (talks so far, courts so far, state)."""

    MOST = 6

    def __init__(self, record, jumps):
        self.jumps = jumps
        self.weights = np.zeros((self.MOST + 2, self.MOST + 2, SIZE))
        self.weights[0, 0] = border_start()
        self.on, self.now, self.found = {TALK: False, COURT: False}, 0.0, []
        self.record = record
        events = [(item.time, number, item, "end") for number, item in enumerate(record.items)]
        counts = [(number, item) for number, item in enumerate(record.items) if isinstance(item, Count)]
        events += [(item.since, number, item, "begin") for number, item in counts]
        for time, _, item, what in sorted(events, key=lambda event: event[0]):
            self._wait(time)
            self._see(item, what)
        self._wait(record.until)
        self.total = math.log(self.weights.sum())

    def _wait(self, time):
        """Move on by one big matrix over acts so far and states."""
        hidden, moving = [], {}
        for act in (TALK, COURT):
            moving[act] = matrix_zero()
        for jump in self.jumps:
            act = Act(jump.who, jump.what)
            if self.on.get(act):
                share = jump.seen
                for x in range(SIZE):
                    moving[act][x, jump.target[x]] += share * jump.rate[x]
                hidden.append(jump._replace(rate=jump.rate * (1 - share), seen=0.0))
                hidden.append(Jump("nature", "leaves", share * jump.rate, np.arange(SIZE), 0.0))
            else:
                hidden.append(jump)
        silent = silent_matrix(hidden, SIZE, {"storm"})
        for matrix in moving.values():
            silent -= np.diag(matrix.sum(axis=1))
        levels = self.MOST + 2
        up = np.diag(np.ones(levels - 1), 1)
        up[-1, -1] = 1.0
        one = np.eye(levels)
        whole = np.kron(np.kron(one, one), silent)
        whole += np.kron(np.kron(up, one), moving[TALK]) + np.kron(np.kron(one, up), moving[COURT])
        self.weights = (self.weights.reshape(-1) @ scipy.linalg.expm(whole * (time - self.now))).reshape(
            self.weights.shape
        )
        self.now = time

    def _see(self, item, what):
        if not isinstance(item, Count):
            self.weights = self.weights @ item_matrix(item, self.record, self.jumps, BORDER_SPACE)
            return
        self.on[item.act] = what == "begin"
        if what == "end":
            axis = 0 if item.act == TALK else 1
            kept = np.take(self.weights, [item.number], axis=axis)
            self.weights = np.zeros_like(self.weights)
            self.weights[(slice(None), slice(None))] = 0.0
            if axis == 0:
                self.weights[0] = kept[0]
            else:
                self.weights[:, 0] = kept[:, 0]


def matrix_zero():
    return np.zeros((SIZE, SIZE))


@pytest.mark.parametrize("numbers", [(2, 1), (0, 0), (4, 3)])
def test_counts_are_weighed_as_by_brute_force(machine, border_chain, border_jumps, numbers):
    record = counted(numbers)
    found = machine.log_likelihood(border_chain, record.plan(BORDER_SPACE), border_start())
    assert float(found) == pytest.approx(Brute(record, border_jumps).total, abs=1e-10)


def test_the_numbers_that_a_count_may_have_exhaust_what_can_be(machine, border_chain):
    pairs = list(zip(border_chain.kinds, border_chain.seen, strict=True))
    blind = tuple(np.zeros(1) if kind.what == "talk" else seen for kind, seen in pairs)
    kinds = tuple(dataclasses.replace(kind, always_seen=kind.always_seen and kind.what != "talk") for kind, _ in pairs)
    hidden = dataclasses.replace(border_chain, seen=blind, kinds=kinds)
    reading = Reading(3.0, "tension", "high", levels=("high",), reliability=0.9)

    def likelihood(chain, *items) -> float:
        return math.exp(
            machine.log_likelihood(chain, Record((*items, reading), 3.0).plan(BORDER_SPACE), border_start())
        )

    whole = likelihood(hidden)
    parts = [likelihood(border_chain, Count(3.0, "south", "talk", since=0.0, number=number)) for number in range(22)]
    assert sum(parts) == pytest.approx(whole, rel=1e-9)


@pytest.mark.parametrize(("seen", "rate", "number"), [(1.0, 1.7, 3), (0.3, 1.7, 3), (1.0, 0.02, 9), (1.0, 30.0, 0)])
def test_a_count_of_acts_at_a_constant_rate_is_poisson_however_rare(machine, seen, rate, number):
    space = StateSpace((Variable("door", ("shut", "open")),))
    kinds = (JumpKind("porter", "ring", NO_CHANGE, always_seen=seen == 1.0),)
    chain = Chain((np.full(2, rate),), (np.array([seen]),), kinds, space)
    plan = Record((Count(2.0, "porter", "ring", since=0.5, number=number),), 2.0).plan(space)
    act, silence = item_weights(machine.run(chain, plan, np.array([0.5, 0.5])), plan)
    mean = rate * seen * 1.5
    expected = number * math.log(mean) - mean - math.lgamma(number + 1) - rate * seen * 0.5
    assert float((act + silence)[0]) == pytest.approx(expected, abs=1e-9)


def test_states_are_given_without_the_counters(machine, border_chain, border_jumps):
    plan = counted().plan(BORDER_SPACE)
    filtered = machine.run(border_chain, plan, border_start())
    assert np.shape(filtered.before) == np.shape(filtered.after) == (len(plan.elapsed), SIZE)
    np.testing.assert_allclose(np.asarray(filtered.after).sum(axis=1), 1.0, rtol=1e-12)
    smoothed = machine.smooth(border_chain, plan, border_start())
    np.testing.assert_allclose(np.asarray(smoothed).sum(axis=1), 1.0, rtol=1e-9)
    stays = machine.occupy(border_chain, plan, border_start()).stays
    np.testing.assert_allclose(np.asarray(stays).sum(axis=1), plan.elapsed, rtol=1e-9, atol=1e-12)


def test_within_a_count_its_acts_happen_unseen(machine, border_chain, border_jumps):
    plan = counted().plan(BORDER_SPACE)
    row = int(np.flatnonzero(plan.time > 1.6)[0])
    assert plan.counted(row) == {TALK, COURT}
    hidden = [jump._replace(seen=0.0) if Act(jump.who, jump.what) in (TALK, COURT) else jump for jump in border_jumps]
    expected = border_start() @ scipy.linalg.expm(silent_matrix(hidden, SIZE, {"storm"}) * 0.3)
    found = machine.remain_silent(border_chain, plan, row, border_start(), 0.3)
    np.testing.assert_allclose(found, expected / expected.sum(), rtol=0, atol=1e-10)


def test_derivatives_by_rates_and_chances_are_those_of_differences(machine, border_chain):
    plan, rng = counted().plan(BORDER_SPACE).cut(0.4), np.random.default_rng(2)
    slope = machine.slope(border_chain, plan, border_start()).by_chain
    directions = [rng.normal(size=SIZE) for _ in border_chain.rates]

    def moved(step: float) -> float:
        rates = tuple(
            np.asarray(rate) * np.exp(step * each) for rate, each in zip(border_chain.rates, directions, strict=True)
        )
        return float(machine.log_likelihood(dataclasses.replace(border_chain, rates=rates), plan, border_start()))

    parts = zip(slope.rates, border_chain.rates, directions, strict=True)
    found = sum(float(np.asarray(by) @ (np.asarray(rate) * each)) for by, rate, each in parts)
    assert found == pytest.approx((moved(1e-5) - moved(-1e-5)) / 2e-5, rel=1e-5)
    court = next(place for place, kind in enumerate(border_chain.kinds) if kind.what == "court")
    values = []
    for sign in (1, -1):
        seen = [np.array(each) for each in border_chain.seen]
        seen[court] = seen[court] + sign * 1e-5
        chain = dataclasses.replace(border_chain, seen=tuple(seen))
        values.append(float(machine.log_likelihood(chain, plan, border_start())))
    assert float(slope.seen[court].sum()) == pytest.approx((values[0] - values[1]) / 2e-5, rel=1e-5)


def test_the_gradient_goes_through_the_equilibrium():
    likelihood = GameLikelihood(border, [watched(counted())], tolerance=1e-12)
    gradient = likelihood.evaluate(BORDER_NUMBERS).gradient
    for place in (2, 4, 6, 7, 10):
        step = np.zeros(11)
        step[place] = 1e-4
        difference = (likelihood.value(BORDER_NUMBERS + step) - likelihood.value(BORDER_NUMBERS - step)) / 2e-4
        assert gradient[place] == pytest.approx(difference, rel=1e-5)


def test_acts_are_simulated_within_a_count_as_its_number(border_chain):
    given = watched(Record((Count(6.0, "south", "talk", since=2.0, number=0),), 8.0))
    rng, simulator, motion = np.random.default_rng(4), Simulator(border_chain), ChainMotion(border_chain)
    made = [simulate_record(simulator, given, rng).record for _ in range(400)]
    for record in made:
        (count,) = record.counts
        assert (count.since, count.time) == (2.0, 6.0)
        assert all(not 2.0 <= move.time < 6.0 for move in record.moves(TALK))
    found = np.array([record.counts[0].number for record in made])
    plain = watched(Record((), 8.0))
    expected = 0.0
    for at in np.linspace(2.0, 6.0, 81)[:-1] + 0.025:
        here = motion.distribution(plain.start, at)
        expected += 0.05 * float(here @ np.asarray(motion.rate(TALK)))
    assert found.mean() == pytest.approx(expected, abs=4 * found.std() / 20)


def test_residuals_count_what_is_counted(border_chain):
    course = residuals(ChainMotion(border_chain), watched(counted((4, 1)))).courses[TALK]
    assert course.seen[-1] == 5
    assert course.seen[np.searchsorted(course.time, 2.2, side="right") - 1] == 4
    assert course.expected[-1] > 1.0


def test_a_longer_watch_has_the_counts_again():
    longer = lengthened(watched(counted()), 2.0).record
    assert [(count.since, count.time) for count in longer.counts] == [
        (0.75, 2.2),
        (1.5, 4.0),
        (7.75, 9.2),
        (8.5, 11.0),
    ]


@pytest.mark.parametrize(
    "other",
    [
        Move(1.0, "south", "talk"),
        Move(2.0, "north", "press", answer=TALK),
        Count(3.0, "south", "talk", since=2.1, number=1),
    ],
)
def test_an_act_within_a_count_of_its_own_is_refused(other):
    count = Count(2.2, "south", "talk", since=0.75, number=2)
    items = tuple(sorted((count, other), key=lambda item: item.time))
    with pytest.raises(CaseError, match="so it would count twice"):
        Record(items, 7.0).plan(BORDER_SPACE)
    Record((count, Move(2.2, "south", "talk")), 7.0).plan(BORDER_SPACE)
