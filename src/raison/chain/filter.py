"""The exact likelihood of what was seen of a chain, by a forward filter over the distribution of states.

Between sights the distribution moves with the jumps that could go unseen, and loses the mass of those that
would have been seen: what remains is the probability of the silence. At a sight it is weighted:

    an act             confidence * rate(x) * seen(x), then moved by it;  + (1 - confidence) * error rate, unmoved
    outside change     moved, without weight
    anything           times the probability of the sight in each state
    a count            the filter carries the acts so far, too: see `raison.chain.counting`

The log likelihood is the sum of the logs of what remains, so each item has two parts, the silence before it
and the act. The smoothed distribution at the end of a row is the derivative of the log likelihood by the log of a
potential placed there.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Float

from raison.arrays import Batch, StateArray, StateMask
from raison.chain.chain import Chain, over_rate
from raison.chain.counting import CountingFilter
from raison.chain.filters import ChainFilter, Filtered, Occupied, RowStates, Slope
from raison.chain.plan import Act, JointAct, Plan

ItemArray = Float[np.ndarray, " items"]
RowArray = Float[np.ndarray, " rows"]


@functools.cache
def _machine() -> ChainFilter:
    """Return what computes here: compiled loops on a CPU, JAX elsewhere. Each is loaded when it is first used."""
    if jax.default_backend() == "cpu":
        from raison.chain.native_filter import NativeFilter

        return CountingFilter(NativeFilter())
    from raison.chain.xla_filter import XlaFilter

    return CountingFilter(XlaFilter())


def run_filter(chain: Chain, plan: Plan, start: StateArray) -> Filtered:
    """Run the filter over the rows of `plan`, however long they are.

    Args:
        chain: the chain.
        plan: what was seen.
        start: distribution at time 0. Shape `[states]`, sums to 1.
    """
    return _machine().run(chain, plan, start)


def log_likelihood(chain: Chain, plan: Plan, start: StateArray) -> float:
    """Return the log likelihood of what was seen; minus infinity where it cannot happen."""
    return _machine().log_likelihood(chain, plan, start)


def log_likelihood_slope(chain: Chain, plan: Plan, start: StateArray) -> Slope:
    """Return the log likelihood and its derivatives by the rates, in the form of the chain."""
    return _machine().slope(chain, plan, start)


def smooth(chain: Chain, plan: Plan, start: StateArray) -> RowStates:
    """Return the distribution of states after each row, given all that was seen. Shape `[rows, states]`."""
    return _machine().smooth(chain, plan, start)


def occupy(chain: Chain, plan: Plan, start: StateArray) -> Occupied:
    """Run the filter, and add up the time spent in each state in every row, by Simpson's rule.

    Each row of the times sums to its length.
    """
    return _machine().occupy(chain, plan, start)


def remain_silent(chain: Chain, plan: Plan, row: int, start: StateArray, elapsed: float) -> StateArray:
    """Return the distribution after `elapsed` in which nothing was seen, of what `row` of `plan` would show."""
    return _machine().remain_silent(chain, plan, row, start, elapsed)


def distribution_at(chain: Chain, start: Batch, elapsed: float) -> Batch:
    """Return the distribution of the chain after `elapsed`, started from `start`. Shape `[..., states]`."""
    return _machine().distribution_at(chain, start, elapsed)


def time_average(chain: Chain, start: StateArray, elapsed: float) -> StateArray:
    """Return the share of the time up to `elapsed` that the chain spends in each state.

    Args:
        chain: the chain.
        start: distribution at time 0. Shape `[states]`, sums to 1.
        elapsed: above 0, in time units.
    """
    return np.asarray(_machine().time_spent(chain, start, elapsed)) / elapsed


def distribution_slope(chain: Chain, start: Batch, elapsed: float, bar: Batch) -> Chain:
    """Return the derivatives by the rates of the sum of `bar` times `distribution_at`, in the form of the chain."""
    return _machine().distribution_slope(chain, start, elapsed, bar)


def stopped_at(chain: Chain, start: Batch, stopping: StateMask, elapsed: float) -> Batch:
    """Return the distribution after `elapsed` of a world that stays where it first comes to `stopping`.

    Of shape `[..., states]`.
    """
    return _machine().stopped_at(chain, start, stopping, elapsed)


def item_weights(filtered: Filtered, plan: Plan) -> tuple[ItemArray, ItemArray]:
    """Return act and silence of every item; the last entry is the silence after the last. Shape `[items + 1]`."""
    act, silence = np.zeros(plan.items), np.zeros(plan.items)
    np.add.at(act, np.asarray(plan.item), np.asarray(filtered.act))
    np.add.at(silence, np.asarray(plan.item), np.asarray(filtered.silence))
    return act, silence


class Expected(NamedTuple):
    """What was to be expected of a record.

    Attributes:
        filtered: what the filter gives.
        acts: how often each act was to be expected and to be seen in every row, given at each moment the record so far;
            of an answer at once also how probable it was, once it was asked for. Each of shape `[rows]`.
    """

    filtered: Filtered
    acts: dict[Act, RowArray]


def expected_acts(chain: Chain, plan: Plan, start: StateArray) -> Expected:
    """Run the filter, and tell how often each act was to be expected and to be seen in every row."""
    filtered, occupancy = occupy(chain, plan, start)
    happening = np.asarray(occupancy) @ np.stack([np.asarray(rate) for rate in chain.rates], axis=1)
    acts: dict[Act, RowArray] = {}
    for kind, each, seen in zip(chain.kinds, happening.T, chain.seen, strict=True):
        act = Act(kind.who, kind.what)
        acts[act] = acts.get(act, 0.0) + each * np.asarray(seen)[np.asarray(plan.period)]
    for row, number in enumerate(np.asarray(plan.jump).tolist()):
        jump = plan.jumps[number]
        if isinstance(jump, JointAct):
            answered = _answered(chain, jump, np.asarray(filtered.before[row]))
            acts[jump.answer][row] += float(plan.confidence[row]) * answered
    return Expected(filtered, acts)


def _answered(chain: Chain, joint: JointAct, before: StateArray) -> float:
    """Return the probability of an answer to an act that was done somewhere in a distribution of states."""
    after = moved_by(chain, joint.act, before)
    share = over_rate(
        chain.act_rate(joint.answer.who, joint.answer.what), chain.decisions[chain.players.index(joint.answer.who)]
    )
    return float(after @ share) / float(after.sum()) if after.any() else 0.0


def moved_by(chain: Chain, act: Act, where: StateArray) -> StateArray:
    """Return where the world is after an act that was done somewhere in `where`, a distribution of states.

    It sums to the mean rate of the act.
    """
    moved = np.zeros(chain.space.size)
    for i in chain.find(act.who, act.what):
        np.add.at(moved, chain.kinds[i].effect.targets(chain.space), np.asarray(where) * np.asarray(chain.rates[i]))
    return moved
