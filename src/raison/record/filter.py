"""The exact likelihood of a record, by a forward filter over the distribution of states.

Between items the distribution moves with the jumps that could go unseen, and loses the mass of those that
would have been seen: what remains is the probability of the silence. At an item it is weighted:

    move       confidence * alpha(x) sigma(a|x) seen(a), then moved by the act;
               + (1 - confidence) * error rate, unmoved
    reading    reliability of the reading
    shock      moved, without weight; one that is a drift of nature is weighted by its rate

The log likelihood is the sum of the logs of what remains, so each item has two parts, the silence before it
and the act. The smoothed distribution at a step is the derivative of the log likelihood by the log of a
potential placed there.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from raison.arrays import StateArray
from raison.chain.chain import NATURE, Chain, JumpKind
from raison.chain.transient import advance, fastest_rate
from raison.equations.generator import Generator
from raison.errors import CaseError, did_you_mean
from raison.game import NO_CHANGE, Effect
from raison.record.plan import Plan, Sight


class Hidden(NamedTuple):
    """How the world moves while nothing is seen.

    Attributes:
        generator: the jumps that go unseen.
        killing: total rate of the jumps that would have been seen. Shape `[states]`.
    """

    generator: Generator
    killing: StateArray


class Filtered(NamedTuple):
    """What the filter gives, one row per step of the plan.

    Attributes:
        silence: log probability that nothing was seen during the step. Shape `[steps]`.
        act: log probability (density, for an act) of what was seen at its end. Shape `[steps]`.
        before: distribution of states at the end of the step, before what is seen. Shape `[steps, states]`.
        after: the same after it. Shape `[steps, states]`.
    """

    silence: jax.Array
    act: jax.Array
    before: jax.Array
    after: jax.Array


def hidden_world(chain: Chain, plan: Plan) -> Hidden:
    """Return what moves unseen between items, and the rate at which something would have been seen."""
    jumps = []
    killing = jnp.zeros(chain.space.size)
    for kind, rate, seen in zip(chain.kinds, chain.rates, chain.seen, strict=True):
        if kind.always_seen or _is_observed_drift(kind, plan):
            killing = killing + rate
        else:
            killing = killing + seen * rate
            jumps.append((kind.effect, (1.0 - seen) * rate))
    if not jumps:
        jumps = [(chain.kinds[0].effect, jnp.zeros(chain.space.size))]
    return Hidden(Generator.of(chain.space, jumps), killing)


def _is_observed_drift(kind: JumpKind, plan: Plan) -> bool:
    return kind.who == NATURE and kind.what in plan.observed_drifts


def run_filter(chain: Chain, plan: Plan, start: StateArray, log_potentials: jax.Array | None = None) -> Filtered:
    """Run the filter over `plan`, differentiable by the chain's rates.

    Args:
        chain: the chain.
        plan: the record, made ready. `plan.longest * fastest_rate(...)` must not exceed
            `raison.chain.transient.MAX_LOAD`.
        start: distribution at time 0. Shape `[states]`, sums to 1.
        log_potentials: added weight of each state after each step, for smoothing. Shape `[steps, states]`.

    Returns:
        The filtered record. An item that cannot happen has `act` of minus infinity, and all after it are not numbers.
    """
    hidden = hidden_world(chain, plan)
    targets = jnp.asarray(np.stack([effect.targets(chain.space) for effect in _effects(chain, plan)]))
    readings = jnp.asarray(plan.readings)

    def step(weights, row):
        moved = advance(hidden.generator, hidden.killing, weights, row["elapsed"])
        silence = moved.sum()
        before = moved / silence
        happened = jnp.zeros_like(before)
        for outcome in range(row["rates"].shape[0]):
            happened = happened.at[targets[row["effects"][outcome]]].add(row["rates"][outcome] * before)
        seen = row["confidence"] * happened + (1.0 - row["confidence"]) * row["error_rate"] * before
        seen = seen * readings[row["reading"]]
        if log_potentials is not None:
            seen = seen * jnp.exp(row["log_potential"])
        act = seen.sum()
        after = seen / act
        return after, Filtered(jnp.log(silence), jnp.log(act), before, after)

    effects, rates = _what_is_seen(chain, plan)
    rows = {
        "elapsed": jnp.asarray(plan.elapsed),
        "confidence": jnp.asarray(plan.confidence),
        "error_rate": jnp.asarray(plan.error_rate),
        "reading": jnp.asarray(plan.reading),
        "effects": effects[plan.sight],
        "rates": rates[plan.sight],
    }
    if log_potentials is not None:
        rows["log_potential"] = log_potentials
    # only the distribution at the start of each step is kept for the way back; the step itself is run again
    return jax.lax.scan(step, jnp.asarray(start), rows)[1]


def _effects(chain: Chain, plan: Plan) -> tuple[Effect, ...]:
    """Return the distinct effects of jumps and shocks; the first changes nothing."""
    shocks = [sight.effect for sight in plan.sights if sight.kind == "shock"]
    return tuple(dict.fromkeys([NO_CHANGE, *(kind.effect for kind in chain.kinds), *shocks]))


def _what_is_seen(chain: Chain, plan: Plan) -> tuple[np.ndarray, jax.Array]:
    """Return, for every sight, up to as many outcomes as any has: the effect, and its weight in every state.

    An act weighs by its rate; anything else by one. Missing outcomes weigh nothing.
    Shapes `[sights, outcomes]` (index into the distinct effects) and `[sights, outcomes, states]`.
    """
    effects = _effects(chain, plan)
    one, zero = jnp.ones(chain.space.size), jnp.zeros(chain.space.size)
    outcomes = [_outcomes(chain, sight) if sight.kind == "act" else [(sight.effect, one)] for sight in plan.sights]
    most = max(len(found) for found in outcomes)
    padded = [found + [(NO_CHANGE, zero)] * (most - len(found)) for found in outcomes]
    which = np.array([[effects.index(effect) for effect, _ in found] for found in padded])
    return which, jnp.stack([jnp.stack([weight for _, weight in found]) for found in padded])


def _outcomes(chain: Chain, sight: Sight) -> list[tuple[Effect, StateArray]]:
    """Return effect and rate of every outcome of an act, as far as it is seen."""
    found = [
        (kind.effect, rate if kind.who == NATURE or kind.always_seen else seen * rate)
        for kind, rate, seen in zip(chain.kinds, chain.rates, chain.seen, strict=True)
        if (kind.who, kind.what) == (sight.who, sight.what)
    ]
    if not found:
        known = sorted({f"{kind.who} {kind.what}" for kind in chain.kinds})
        act = f"{sight.who} {sight.what}"
        raise CaseError(f"the record has `{act}`, which the game does not.{did_you_mean(act, known)}")
    return found


def log_likelihood(chain: Chain, plan: Plan, start: StateArray) -> jax.Array:
    """Return the log likelihood of the record. Shape `[]`."""
    filtered = run_filter(chain, plan, start)
    return filtered.silence.sum() + filtered.act.sum()


def item_weights(filtered: Filtered, plan: Plan) -> tuple[jax.Array, jax.Array]:
    """Return act and silence of every item; the last entry is the silence after the last item. Shape `[items + 1]`."""
    count = int(plan.item.max()) + 1
    silence = jax.ops.segment_sum(filtered.silence, jnp.asarray(plan.item), count)
    act = jax.ops.segment_sum(filtered.act, jnp.asarray(plan.item), count)
    return act, silence


def smooth(chain: Chain, plan: Plan, start: StateArray) -> jax.Array:
    """Return the distribution of states at the end of every step, given the whole record. Shape `[steps, states]`."""

    def total(log_potentials):
        filtered = run_filter(chain, plan, start, log_potentials)
        return filtered.silence.sum() + filtered.act.sum()

    return jax.grad(total)(jnp.zeros((len(plan.elapsed), chain.space.size)))


def expected_acts(chain: Chain, plan: Plan, start: StateArray, filtered: Filtered) -> jax.Array:
    """Return the expected number of jumps of every kind, given at each moment the record so far.

    The integral of the predicted rate, by the trapezoid rule on the steps of the plan. Shape `[kinds]`.
    """
    begin = jnp.concatenate([jnp.asarray(start)[None], filtered.after[:-1]])
    elapsed = jnp.asarray(plan.elapsed)[:, None]
    mean = (begin + filtered.before) / 2 * elapsed
    return jnp.stack([(mean * (rate * seen)).sum() for rate, seen in zip(chain.rates, chain.seen, strict=True)])


def longest_step(chain: Chain, plan: Plan) -> jax.Array:
    """Return L, the rate that bounds how long a step of the filter may be. Shape `[]`."""
    hidden = hidden_world(chain, plan)
    return fastest_rate(hidden.generator, hidden.killing)
