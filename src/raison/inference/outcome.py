"""A forecast as something that may be seen: its log probability, and how that hangs on the rates of the chain.

With p_s the distribution at the end of what is known, b the probability of the outcome from every state then on,

    log P = log (p_s . b)
    d log P = d log L(known, then a reading of probability b) - d log L(known)  +  (p_s . db) / P

The first two come from the slope of the filter, db from the slope of the forecast.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import jax
import numpy as np
import scipy.sparse.linalg

from raison.arrays import StateMask, StateVector
from raison.chain import Chain, Plan
from raison.chain.filter import distribution_at, distribution_slope, log_likelihood_slope, run_filter
from raison.chain.filters import Slope
from raison.chain.happening import Acts, Event, Race
from raison.chain.histories import until
from raison.chain.matrix import generator_matrix
from raison.chain.plan import Act
from raison.record import WatchedRecord


@dataclass(frozen=True, eq=False)
class Foreseen:
    """That an outcome comes about; see `raison.record.seen.Seen`.

    Attributes:
        watched: the record.
        known: time to which it is known; None if nothing is but the first day.
        event: the outcome.
        other: before which it has to come about; None if there is nothing of the kind.
        begin: when it may first come about.
        end: by when; a condition with `begin` at `end` is asked for at that time.
    """

    watched: WatchedRecord
    known: float | None
    event: Event
    other: Event | None
    begin: float
    end: float

    def log_likelihood(self, chain: Chain) -> float:
        """Return the log probability of the outcome."""
        return self.log_likelihood_slope(chain).value

    def log_likelihood_slope(self, chain: Chain) -> Slope:
        """Return the log probability of the outcome, and its derivatives by the rates, in the form of the chain."""
        now = 0.0 if self.known is None else self.known
        plan = None if self.known is None else until(self.watched.plan, self.known)
        start = np.asarray(self.watched.start, dtype=np.float64)
        where = start if plan is None else np.asarray(run_filter(chain, plan, start).after[-1])
        before = max(self.begin - now, 0.0)
        there = np.asarray(distribution_at(chain, where, before))
        race, goal = self._race(chain)
        elapsed = max(self.end - max(self.begin, now), 0.0)
        onward = _back(race.stopped, goal, elapsed)[: chain.space.size]
        value = float(there @ onward)
        if not value > 0.0:
            return Slope(-math.inf, jax.tree.map(np.zeros_like, chain))
        by_race = distribution_slope(race.stopped, race.begin(there), elapsed, goal / value)
        total = _narrowed(chain, by_race, np.asarray(race.stopping))
        if before > 0.0:
            total = _added(total, distribution_slope(chain, where, before, onward / value), 1.0)
        if plan is not None:
            reading = _back(chain, onward, before)
            known = log_likelihood_slope(chain, plan, start).by_chain
            both = log_likelihood_slope(chain, _with_reading(plan, reading / reading.max()), start).by_chain
            total = _added(_added(total, both, 1.0), known, -1.0)
        return Slope(math.log(value), total)

    def _race(self, chain: Chain) -> tuple[Race, StateVector]:
        """Return the chain that stops where the outcome has come about, and where that is."""
        if self.begin >= self.end and not isinstance(self.event, Act | Acts):
            nowhere = np.zeros(chain.space.size, dtype=bool)
            return Race(chain, np.asarray(self.event), nowhere), np.asarray(self.event, dtype=np.float64)
        race = Race.of(chain, self.event, self.other)
        return race, np.asarray(race.reached, dtype=np.float64)


def _back(chain: Chain, goal: StateVector, elapsed: float) -> StateVector:
    """Return the expectation of `goal` after some time, from every state."""
    if elapsed <= 0.0:
        return goal
    return np.maximum(scipy.sparse.linalg.expm_multiply(generator_matrix(chain) * elapsed, goal), 0.0)


def _narrowed(chain: Chain, by_race: Chain, stopping: StateMask) -> Chain:
    """Return derivatives by the rates of a chain from those by the rates of a wider one that stops."""
    free, states = ~stopping, chain.space.size
    rates = tuple((np.asarray(each) * free).reshape(-1, states).sum(axis=0) for each in by_race.rates)
    return dataclasses.replace(jax.tree.map(np.zeros_like, chain), rates=rates)


def _added(one: Chain, other: Chain, factor: float) -> Chain:
    return jax.tree.map(lambda a, b: np.asarray(a) + factor * np.asarray(b), one, other)


def _with_reading(plan: Plan, probability: StateVector) -> Plan:
    """Return a plan at whose end something is read that has this probability in every state."""
    weighing = np.array(plan.weighing)
    weighing[-1] = len(plan.weights)
    return dataclasses.replace(plan, weights=np.vstack([plan.weights, probability]), weighing=weighing)
