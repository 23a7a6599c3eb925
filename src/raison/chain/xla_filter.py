"""The filter of a chain in JAX, for a GPU or for several devices: `raison.chain.filter` says what it computes."""

from __future__ import annotations

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from raison.arrays import Batch, Scalar, StateArray, StateMask
from raison.chain.chain import NATURE, Chain
from raison.chain.filters import Filtered, Occupied, RowStates, Slope
from raison.chain.plan import Act, Plan
from raison.chain.xla_silence import (
    MAX_LOAD,
    MOST_PIECES,
    Silence,
    absorbed_after,
    advance,
    be_silent,
    evolve,
    fastest_rate,
)
from raison.equations.generator import Generator
from raison.game import NO_CHANGE, Effect


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

    def distribution_slope(self, chain: Chain, start: Batch, elapsed: float, bar: Batch) -> Chain:
        load = float(_fastest_of_all(chain)) * elapsed / (MOST_PIECES * MAX_LOAD)
        steps = 2 ** math.ceil(math.log2(max(load, 1.0)))
        return _distribution_slope(chain, jnp.asarray(start), elapsed, jnp.asarray(bar), steps=steps)

    def hitting_probability(
        self, chain: Chain, start: Batch, target: StateMask, elapsed: float
    ) -> Float[Array | np.ndarray, ...]:
        return absorbed_after(chain.generator(), jnp.asarray(start), jnp.asarray(target), elapsed)


@jax.jit
def _run(chain: Chain, plan: Plan, start: StateArray) -> Occupied:
    """Run the filter; return what it gives, and the time spent in each state in every row."""
    happen = _happen(chain, plan)

    def step(begin, row):
        silence = be_silent(*_hidden(chain, plan.observed, row.period), begin, row.elapsed)
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
    effects, which, rates, shares = _what_is_seen(chain, plan.jumps)
    targets = jnp.asarray(np.stack([effect.targets(chain.space) for effect in effects]))
    weights = jnp.asarray(plan.weights)

    def happen(before, row):
        happened = jnp.zeros_like(before)
        for outcome in range(which.shape[1]):
            effect = targets[jnp.asarray(which)[row.jump, outcome]]
            weight = shares[row.jump, outcome, row.period] * rates[row.jump, outcome]
            happened = happened.at[effect].add(weight * before)
        seen = row.confidence * happened + (1.0 - row.confidence) * row.error_rate * before
        return seen * weights[row.weighing]

    return happen


def _what_is_seen(chain: Chain, jumps: tuple[Act | Effect, ...]):
    """Return the distinct effects, and for every jump, up to as many outcomes as any has, effect, weight and share.

    An act weighs by its rate and the share of it that is seen in a reporting period; a change from outside by one.
    Missing outcomes weigh nothing. Shapes `[jumps, outcomes]` (index into the distinct effects),
    `[jumps, outcomes, states]` and `[jumps, outcomes, periods]`.
    """
    one, zero = jnp.ones(chain.space.size), jnp.zeros(chain.space.size)
    sure = jnp.ones_like(jnp.asarray(chain.seen[0]))
    outcomes = [_outcomes(chain, jump, sure) if isinstance(jump, Act) else [(jump, one, sure)] for jump in jumps]
    most = max(len(found) for found in outcomes)
    padded = [found + [(NO_CHANGE, zero, sure)] * (most - len(found)) for found in outcomes]
    effects = list(dict.fromkeys(effect for found in padded for effect, _, _ in found))
    which = np.array([[effects.index(effect) for effect, _, _ in found] for found in padded])
    weights = jnp.stack([jnp.stack([weight for _, weight, _ in found]) for found in padded])
    return effects, which, weights, jnp.stack([jnp.stack([share for *_, share in found]) for found in padded])


def _outcomes(chain: Chain, act: Act, sure: Array) -> list[tuple[Effect, StateArray, Array]]:
    """Return effect and rate of every outcome of an act, and how far it is seen in every reporting period."""
    found = []
    for i in chain.find(act.who, act.what):
        kind, rate = chain.kinds[i], jnp.asarray(chain.rates[i])
        is_sure = kind.who == NATURE or kind.always_seen
        found.append((kind.effect, rate, sure if is_sure else jnp.asarray(chain.seen[i])))
    return found


def _total(chain: Chain, plan: Plan, start: StateArray, log_potentials: RowStates | None = None) -> Scalar:
    """Return the log likelihood, differentiable by the chain's rates and by added log weights of the states."""
    happen = _happen(chain, plan)

    def step(begin, row):
        row, log_potential = row
        log_mass, end = advance(*_hidden(chain, plan.observed, row.period), begin, row.elapsed)
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
