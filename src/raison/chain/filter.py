"""The exact likelihood of what was seen of a chain, by a forward filter over the distribution of states.

Between sights the distribution moves with the jumps that could go unseen, and loses the mass of those that
would have been seen: what remains is the probability of the silence. At a sight it is weighted:

    an act             confidence * rate(x) * seen(x), then moved by it;  + (1 - confidence) * error rate, unmoved
    outside change     moved, without weight
    anything           times the probability of the sight in each state

The log likelihood is the sum of the logs of what remains, so each item has two parts, the silence before it
and the act. The smoothed distribution at the end of a row is the derivative of the log likelihood by the log of a
potential placed there.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from raison.arrays import Scalar, StateArray, StateVector
from raison.chain.chain import NATURE, Chain
from raison.chain.plan import Act, Plan
from raison.chain.transient import MAX_LOAD, MOST_PIECES, Silence, advance, be_silent, fastest_rate
from raison.equations.generator import Generator
from raison.errors import CaseError, did_you_mean
from raison.game import NO_CHANGE, Effect

Row = Float[Array, " rows"]
RowStates = Float[Array, "rows states"]
ItemArray = Float[np.ndarray, " items"]


class Filtered(NamedTuple):
    """What the filter gives, one row per row of the plan.

    Attributes:
        silence: log probability that nothing was seen during the row. Shape `[rows]`.
        act: log probability (density, for an act) of what was seen at its end; minus infinity for what cannot happen,
            and nan after it. Shape `[rows]`.
        before: distribution of states at the end of the row, before what is seen. Shape `[rows, states]`.
        after: the same after it. Shape `[rows, states]`.
        occupancy: time spent in each state, given at each moment the record so far. Shape `[rows, states]`.
    """

    silence: Row
    act: Row
    before: RowStates
    after: RowStates
    occupancy: RowStates


class Hidden(NamedTuple):
    """How the world moves while nothing is seen.

    Attributes:
        generator: the jumps that go unseen.
        killing: total rate of the jumps that would have been seen. Shape `[states]`.
    """

    generator: Generator
    killing: StateArray


@jax.jit
def run_filter(chain: Chain, plan: Plan, start: StateVector) -> Filtered:
    """Run the filter over the rows of `plan`, however long they are.

    Args:
        chain: the chain.
        plan: what was seen.
        start: distribution at time 0. Shape `[states]`, sums to 1.
    """
    hidden, happen = _hidden(chain, plan.observed), _happen(chain, plan)

    def step(begin, row):
        silence = be_silent(*hidden, begin, row.elapsed)
        seen = happen(silence.end, row)
        act = seen.sum()
        after = seen / act
        return after, Filtered(silence.log_mass, jnp.log(act), silence.end, after, silence.occupancy)

    return jax.lax.scan(step, jnp.asarray(start), _rows(plan))[1]


def log_likelihood(chain: Chain, plan: Plan, start: StateVector) -> float:
    """Return the log likelihood of what was seen; minus infinity where it cannot happen."""
    return float(_log_likelihood(chain, plan, start))


def log_likelihood_slope(chain: Chain, plan: Plan, start: StateVector) -> tuple[float, Chain]:
    """Return the log likelihood and its derivatives by the rates, in the form of the chain."""
    value, slope = _slope(chain, plan.cut(_longest(chain, plan)), start)
    return float(value), slope


def smooth(chain: Chain, plan: Plan, start: StateVector) -> RowStates:
    """Return the distribution of states after each row, given all that was seen. Shape `[rows, states]`."""
    longest = _longest(chain, plan)
    states = _smoothed(chain, plan.cut(longest), start)
    return states[np.cumsum(plan.pieces(longest)) - 1]


def remain_silent(chain: Chain, plan: Plan, start: StateVector, elapsed: float) -> StateArray:
    """Return the distribution of states after `elapsed` in which nothing was seen, of what `plan` would have shown."""
    return _remain_silent(chain, plan.observed, jnp.asarray(start), elapsed).end


def item_weights(filtered: Filtered, plan: Plan) -> tuple[ItemArray, ItemArray]:
    """Return act and silence of every item; the last entry is the silence after the last. Shape `[items + 1]`."""
    act, silence = np.zeros(plan.items), np.zeros(plan.items)
    np.add.at(act, np.asarray(plan.item), np.asarray(filtered.act))
    np.add.at(silence, np.asarray(plan.item), np.asarray(filtered.silence))
    return act, silence


def expected_acts(chain: Chain, filtered: Filtered) -> dict[Act, float]:
    """Return how often each act was to be expected and to be seen, given at each moment the record so far."""
    occupancy = np.asarray(filtered.occupancy).sum(axis=0)
    expected: dict[Act, float] = {}
    for kind, rate, seen in zip(chain.kinds, chain.rates, chain.seen, strict=True):
        act = Act(kind.who, kind.what)
        expected[act] = expected.get(act, 0.0) + float(seen) * float(occupancy @ np.asarray(rate))
    return expected


def _longest(chain: Chain, plan: Plan) -> float:
    """Return how long a row may be on the way back: the longest, or a half, a quarter, ... of it.

    So few forms have to be compiled.
    """
    most = MOST_PIECES * MAX_LOAD / float(_fastest(chain, plan.observed))
    halvings = max(0, math.ceil(math.log2(plan.longest / most)))
    return plan.longest / 2**halvings


def _hidden(chain: Chain, observed: frozenset[Act]) -> Hidden:
    jumps = []
    killing = jnp.zeros(chain.space.size)
    for kind, rate, seen in zip(chain.kinds, chain.rates, chain.seen, strict=True):
        if kind.always_seen or Act(kind.who, kind.what) in observed:
            killing = killing + rate
        else:
            killing = killing + seen * rate
            jumps.append((kind.effect, (1.0 - seen) * rate))
    if not jumps:
        jumps = [(chain.kinds[0].effect, jnp.zeros(chain.space.size))]
    return Hidden(Generator.of(chain.space, jumps), killing)


class _Row(NamedTuple):
    """One row of a plan, or all of them."""

    elapsed: Array
    jump: Array
    confidence: Array
    error_rate: Array
    weighing: Array


def _rows(plan: Plan) -> _Row:
    columns = (plan.elapsed, plan.jump, plan.confidence, plan.error_rate, plan.weighing)
    return _Row(*(jnp.asarray(column) for column in columns))


def _happen(chain: Chain, plan: Plan):
    """Return the function that weighs and moves a distribution by what is seen at the end of a row."""
    effects, which, rates = _what_is_seen(chain, plan.jumps)
    targets = jnp.asarray(np.stack([effect.targets(chain.space) for effect in effects]))
    weights = jnp.asarray(plan.weights)

    def happen(before, row):
        happened = jnp.zeros_like(before)
        for outcome in range(which.shape[1]):
            effect = targets[jnp.asarray(which)[row.jump, outcome]]
            happened = happened.at[effect].add(rates[row.jump, outcome] * before)
        seen = row.confidence * happened + (1.0 - row.confidence) * row.error_rate * before
        return seen * weights[row.weighing]

    return happen


def _what_is_seen(chain: Chain, jumps: tuple[Act | Effect, ...]):
    """Return the distinct effects, and for every jump, up to as many outcomes as any has, effect and weight.

    An act weighs by its rate; a change from outside by one. Missing outcomes weigh nothing.
    Shapes `[jumps, outcomes]` (index into the distinct effects) and `[jumps, outcomes, states]`.
    """
    one, zero = jnp.ones(chain.space.size), jnp.zeros(chain.space.size)
    outcomes = [_outcomes(chain, jump) if isinstance(jump, Act) else [(jump, one)] for jump in jumps]
    most = max(len(found) for found in outcomes)
    padded = [found + [(NO_CHANGE, zero)] * (most - len(found)) for found in outcomes]
    effects = list(dict.fromkeys(effect for found in padded for effect, _ in found))
    which = np.array([[effects.index(effect) for effect, _ in found] for found in padded])
    return effects, which, jnp.stack([jnp.stack([weight for _, weight in found]) for found in padded])


def _outcomes(chain: Chain, act: Act) -> list[tuple[Effect, StateArray]]:
    """Return effect and rate of every outcome of an act, as far as it is seen."""
    found = [
        (kind.effect, rate if kind.who == NATURE or kind.always_seen else jnp.asarray(seen) * rate)
        for kind, rate, seen in zip(chain.kinds, chain.rates, chain.seen, strict=True)
        if Act(kind.who, kind.what) == act
    ]
    if not found:
        known = sorted({f"{kind.who} {kind.what}" for kind in chain.kinds})
        raise CaseError(f"the record has `{act}`, which the game does not.{did_you_mean(str(act), known)}")
    return found


def _total(chain: Chain, plan: Plan, start: StateVector, log_potentials: RowStates | None = None) -> Scalar:
    """Return the log likelihood, differentiable by the chain's rates and by added log weights of the states."""
    hidden, happen = _hidden(chain, plan.observed), _happen(chain, plan)

    def step(begin, row):
        row, log_potential = row
        log_mass, end = advance(*hidden, begin, row.elapsed)
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
def _smoothed(chain: Chain, plan: Plan, start: StateVector) -> RowStates:
    zero = jnp.zeros((plan.elapsed.shape[0], chain.space.size))
    return jax.grad(_total, argnums=3)(chain, plan, start, zero)


def _remain_silent_of(chain: Chain, observed: frozenset[Act], start: StateArray, elapsed: Scalar) -> Silence:
    return be_silent(*_hidden(chain, observed), start, elapsed)


_remain_silent = jax.jit(_remain_silent_of, static_argnums=1)
_fastest = jax.jit(lambda chain, observed: fastest_rate(*_hidden(chain, observed)), static_argnums=1)
