"""The filter of a chain in JAX, for a GPU or for several devices: `raison.chain.filter` says what it computes."""

from __future__ import annotations

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from raison.arrays import Batch, Scalar, StateArray, StateMask
from raison.chain.chain import NATURE, Chain
from raison.chain.filters import Filtered, Occupied, RowStates, Slope
from raison.chain.plan import Act, JointAct, Plan, Seeable
from raison.chain.xla_silence import (
    MAX_LOAD,
    MOST_PIECES,
    RARE_TOLERANCE,
    TOLERANCE,
    Silence,
    advance,
    be_silent,
    evolve,
    fastest_rate,
    stopped_after,
    time_spent,
)
from raison.equations.generator import Generator
from raison.game import Effect


class Hidden(NamedTuple):
    """How the world moves while nothing is seen.

    Attributes:
        generator: the jumps that go unseen.
        killing: total rate of the jumps that would have been seen. Shape `[states]`.
    """

    generator: Generator
    killing: StateArray


class XlaFilter:
    """See `raison.chain.filters.ChainFilter`."""

    def run(self, chain: Chain, plan: Plan, start: StateArray) -> Filtered:
        return _run(chain, plan, start)[0]

    def log_likelihood(self, chain: Chain, plan: Plan, start: StateArray) -> float:
        return float(_log_likelihood(chain, plan, start))

    def slope(self, chain: Chain, plan: Plan, start: StateArray) -> Slope:
        value, slope = _slope(chain, plan.cut(_longest(chain, plan)), start)
        return Slope(float(value), slope)

    def smooth(self, chain: Chain, plan: Plan, start: StateArray) -> RowStates:
        longest = _longest(chain, plan)
        states = _smoothed(chain, plan.cut(longest), start)
        return states[np.cumsum(plan.pieces(longest)) - 1]

    def occupy(self, chain: Chain, plan: Plan, start: StateArray) -> Occupied:
        return _run(chain, plan, start)

    def remain_silent(self, chain: Chain, plan: Plan, row: int, start: StateArray, elapsed: float) -> StateArray:
        return _remain_silent(chain, plan.observed, int(plan.period[row]), jnp.asarray(start), elapsed).end

    def distribution_at(self, chain: Chain, start: Batch, elapsed: float) -> Batch:
        return evolve(chain.generator(), jnp.asarray(start), elapsed)

    def time_spent(self, chain: Chain, start: StateArray, elapsed: float) -> StateArray:
        return time_spent(chain.generator(), jnp.asarray(start), elapsed)

    def distribution_slope(self, chain: Chain, start: Batch, elapsed: float, bar: Batch) -> Chain:
        load = float(_fastest_of_all(chain)) * elapsed / (MOST_PIECES * MAX_LOAD)
        steps = 2 ** math.ceil(math.log2(max(load, 1.0)))
        return _distribution_slope(chain, jnp.asarray(start), elapsed, jnp.asarray(bar), steps=steps)

    def stopped_at(self, chain: Chain, start: Batch, stopping: StateMask, elapsed: float) -> Batch:
        return stopped_after(chain.generator(), jnp.asarray(start), jnp.asarray(stopping), elapsed)


@jax.jit
def _run(chain: Chain, plan: Plan, start: StateArray) -> Occupied:
    """Run the filter; return what it gives, and the time spent in each state in every row."""
    happen = _happen(chain, plan)

    def step(begin, row):
        silence = be_silent(*_hidden(chain, plan.observed, row.period), begin, row.elapsed, _tolerance(plan))
        seen = happen(silence.end, row)
        act = seen.sum()
        after = seen / act
        filtered = Filtered(silence.log_mass, jnp.log(act), silence.end, after)
        return after, Occupied(filtered, silence.occupancy)

    return jax.lax.scan(step, jnp.asarray(start), _rows(plan))[1]


def _ends(chain: Chain, start, elapsed, bar, steps: int) -> Scalar:
    """Return the sum of `bar` times the distributions after `elapsed`, differentiable by the rates of the chain."""
    generator, killing = chain.generator(), jnp.zeros(chain.space.size)

    def step(weights, _):
        return jax.vmap(lambda row: advance(generator, killing, row, elapsed / steps)[1])(weights), None

    ends, _ = jax.lax.scan(step, start.reshape(-1, chain.space.size), None, length=steps)
    return (ends.reshape(start.shape) * bar).sum()


_distribution_slope = jax.jit(jax.grad(_ends), static_argnames="steps")


def _longest(chain: Chain, plan: Plan) -> float:
    """Return how long a row may be on the way back: the longest, or a half, a quarter, ... of it.

    So few forms have to be compiled.
    """
    most = MOST_PIECES * MAX_LOAD / float(_fastest(chain, plan.observed))
    halvings = max(0, math.ceil(math.log2(plan.longest / most)))
    return plan.longest / 2**halvings


def _hidden(chain: Chain, observed: frozenset[Act], period: Scalar | int) -> Hidden:
    jumps = []
    killing = jnp.zeros(chain.space.size)
    for kind, rate, seen in zip(chain.kinds, chain.rates, chain.seen, strict=True):
        if kind.always_seen or Act(kind.who, kind.what) in observed:
            killing = killing + rate
        else:
            share = jnp.asarray(seen)[period]
            killing = killing + share * rate
            jumps.append((kind.effect, (1.0 - share) * rate))
    if not jumps:
        jumps = [(chain.kinds[0].effect, jnp.zeros(chain.space.size))]
    return Hidden(Generator.of(chain.space, jumps), killing)


def _tolerance(plan: Plan) -> float:
    """Return how much mass truncation may leave out."""
    return RARE_TOLERANCE if plan.most_counted > 0 else TOLERANCE


class _Row(NamedTuple):
    """One row of a plan, or all of them."""

    elapsed: Array
    period: Array
    jump: Array
    confidence: Array
    error_rate: Array
    weighing: Array


def _rows(plan: Plan) -> _Row:
    columns = (plan.elapsed, plan.period, plan.jump, plan.confidence, plan.error_rate, plan.weighing)
    return _Row(*(jnp.asarray(column) for column in columns))


def _happen(chain: Chain, plan: Plan):
    """Return the function that weighs and moves a distribution by what is seen at the end of a row."""
    targets, rates, shares = _what_is_seen(chain, plan.jumps)
    weights = jnp.asarray(plan.weights)

    def happen(before, row):
        happened = jnp.zeros_like(before)
        for outcome in range(targets.shape[1]):
            weight = shares[row.jump, outcome, row.period] * rates[row.jump, outcome]
            happened = happened.at[targets[row.jump, outcome]].add(weight * before)
        seen = row.confidence * happened + (1.0 - row.confidence) * row.error_rate * before
        return seen * weights[row.weighing]

    return happen


class _Outcome(NamedTuple):
    """One way in which what is seen may have come about: where it leads, what it weighs, and how far it is seen."""

    target: Array | np.ndarray
    weight: StateArray
    share: Array


def _what_is_seen(chain: Chain, jumps: tuple[Seeable, ...]) -> _Outcome:
    """Return, for every jump, up to as many outcomes as any has: target, weight and share.

    An act weighs by its rate and the share of it that is seen in a reporting period; a change from outside by one.
    Missing outcomes weigh nothing. Shapes `[jumps, outcomes, states]`, twice, and `[jumps, outcomes, periods]`.
    """
    outcomes = [_outcomes(chain, jump) for jump in jumps]
    most = max(len(found) for found in outcomes)
    nothing = _Outcome(np.arange(chain.space.size), jnp.zeros(chain.space.size), _sure(chain))
    padded = [[*found, *[nothing] * (most - len(found))] for found in outcomes]
    parts = ([jnp.stack([getattr(each, part) for each in found]) for found in padded] for part in _Outcome._fields)
    return _Outcome(*(jnp.stack(part) for part in parts))


def _sure(chain: Chain) -> Array:
    return jnp.ones_like(jnp.asarray(chain.seen[0]))


def _outcomes(chain: Chain, jump: Seeable) -> list[_Outcome]:
    """Return the outcomes of what is seen."""
    if isinstance(jump, Effect):
        return [_Outcome(jump.targets(chain.space), jnp.ones(chain.space.size), _sure(chain))]
    if isinstance(jump, JointAct):
        decisions = jnp.asarray(chain.decisions[chain.players.index(jump.answer.who)])
        safe = jnp.where(decisions > 0.0, decisions, 1.0)
        return [
            _Outcome(
                answer.target[first.target],
                first.weight * (jnp.where(decisions > 0.0, answer.weight, 0.0) / safe)[first.target],
                first.share,
            )
            for first in _outcomes(chain, jump.act)
            for answer in _outcomes(chain, jump.answer)
        ]
    if not isinstance(jump, Act):
        raise AssertionError(jump)  # `raison.chain.counting` has put others in the place of counts
    found = []
    for i in chain.find(jump.who, jump.what):
        kind, rate = chain.kinds[i], jnp.asarray(chain.rates[i])
        is_sure = kind.who == NATURE or kind.always_seen
        share = _sure(chain) if is_sure else jnp.asarray(chain.seen[i])
        found.append(_Outcome(kind.effect.targets(chain.space), rate, share))
    return found


def _total(chain: Chain, plan: Plan, start: StateArray, log_potentials: RowStates | None = None) -> Scalar:
    """Return the log likelihood, differentiable by the chain's rates and by added log weights of the states."""
    happen = _happen(chain, plan)

    def step(begin, row):
        row, log_potential = row
        log_mass, end = advance(*_hidden(chain, plan.observed, row.period), begin, row.elapsed, _tolerance(plan))
        seen = happen(end, row)
        if log_potential is not None:
            seen = seen * jnp.exp(log_potential)
        act = seen.sum()
        return seen / act, log_mass + jnp.log(act)

    # only the distribution at the start of each row is kept for the way back; the row itself is run again
    return jax.lax.scan(step, jnp.asarray(start), (_rows(plan), log_potentials))[1].sum()


_log_likelihood = jax.jit(_total)
_slope = jax.jit(jax.value_and_grad(_total))


@jax.jit
def _smoothed(chain: Chain, plan: Plan, start: StateArray) -> RowStates:
    zero = jnp.zeros((plan.elapsed.shape[0], chain.space.size))
    return jax.grad(_total, argnums=3)(chain, plan, start, zero)


def _remain_silent_of(
    chain: Chain, observed: frozenset[Act], period: int, start: StateArray, elapsed: Scalar
) -> Silence:
    return be_silent(*_hidden(chain, observed, period), start, elapsed)


def _fastest_of(chain: Chain, observed: frozenset[Act]) -> Scalar:
    periods = len(jnp.asarray(chain.seen[0]))
    return jnp.stack([fastest_rate(*_hidden(chain, observed, period)) for period in range(periods)]).max()


_remain_silent = jax.jit(_remain_silent_of, static_argnums=1)
_fastest = jax.jit(_fastest_of, static_argnums=1)
_fastest_of_all = jax.jit(lambda chain: fastest_rate(chain.generator(), jnp.zeros(chain.space.size)))
