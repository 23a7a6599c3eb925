"""How a record may have come about: whole histories of the world, drawn given all that was seen.

The filter goes forward; then each history is drawn backward. Before a sight the state x and the way o in which it came
about are drawn by what they weigh in the filter. Over a silence of load Lt, with p_k = P^k p_0 (`raison.chain.loops`),

    number of jumps n          weighs  w_n p_n(x)
    state before the k-th      weighs  P(y -> x) p_(k-1)(y)

so that every history has exactly the probability that the record leaves it. Jumps that change nothing are left out.

Source: fearnhead2006 (docs/reference/references.md)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, Int64

from raison.arrays import StateArray
from raison.chain.chain import Chain
from raison.chain.loops import MAX_LOAD, MAX_TERMS, flow_in, step
from raison.chain.native_filter import NativeFilter, Outcome, hidden_of, outcomes_of
from raison.chain.plan import Plan
from raison.engine.compiling import compiled

OUTSIDE = -1
"""Kind of a change from outside."""


@dataclass(frozen=True, eq=False)
class History:
    """One way in which a record may have come about.

    Attributes:
        start: state at the beginning.
        time: of each event, in order. Shape `[events]`.
        kind: index into the kinds of the chain; `OUTSIDE` for a change from outside. Shape `[events]`.
        before: state before it. Shape `[events]`.
        after: state after it. Shape `[events]`.
        is_answer: whether it answered the event before it. Shape `[events]`.
        outside: the jump of the plan that a change from outside is; 0 for others. Shape `[events]`.
    """

    start: int
    time: Float[np.ndarray, " events"]
    kind: Int[np.ndarray, " events"]
    before: Int[np.ndarray, " events"]
    after: Int[np.ndarray, " events"]
    is_answer: Int[np.ndarray, " events"]
    outside: Int[np.ndarray, " events"]


class _Event(NamedTuple):
    time: float
    kind: int
    before: int
    after: int
    is_answer: bool = False
    outside: int = 0


class _Into(NamedTuple):
    """The hidden jumps into each state, in one reporting period; see `_go_back`."""

    first: Int64[np.ndarray, " states+1"]
    source: Int64[np.ndarray, " arcs"]
    kind: Int64[np.ndarray, " arcs"]
    rate: Float[np.ndarray, " arcs"]


def draw_histories(
    chain: Chain, plan: Plan, start: StateArray, paths: int, rng: np.random.Generator
) -> tuple[History, ...]:
    """Return histories, each drawn given all that was seen.

    Args:
        chain: how the world moves.
        plan: what was seen; nothing in it is a count.
        start: distribution at time 0. Shape `[states]`, sums to 1.
        paths: how many.
        rng: source of randomness.

    Errors:
        `TooFast` as the filter.
    """
    hidden = hidden_of(chain, plan)
    plan = plan.cut(MAX_LOAD / hidden.fastest)
    filtered = NativeFilter().run(chain, plan, start)
    into = [_into(chain, hidden.is_hidden, shares) for shares in hidden.unseen.T]
    before, after = np.asarray(filtered.before), np.asarray(filtered.after)
    events: list[list[_Event]] = [[] for _ in range(paths)]
    states = _pick(after[-1], paths, rng)
    powers = np.empty((MAX_TERMS + 1, chain.space.size))
    for row in range(len(plan.elapsed) - 1, -1, -1):
        time, period = float(plan.time[row]), int(plan.period[row])
        ways = _ways(chain, plan, row, before[row])
        for path, there in enumerate(states.tolist()):
            found = _unsee(ways, there, rng)
            events[path] += [each._replace(time=time) for each in reversed(found)]
            states[path] = found[0].before if found else there
        elapsed = float(plan.elapsed[row])
        if elapsed <= 0.0:
            continue
        begin = np.asarray(start if row == 0 else after[row - 1], dtype=np.float64)
        flow = flow_in(hidden.flows, period)
        load = flow.speed * elapsed
        weights = _poisson(load)
        _fill(flow, begin, powers, len(weights))
        ticks, kinds, sources = _go_back(
            rng, flow.speed, flow.stay, *into[period], powers, weights, states, len(weights)
        )
        for path in range(paths):
            count = int(ticks[path, 0])
            times = np.sort(rng.random(count))[::-1] * elapsed + (time - elapsed)
            for tick in range(count):
                kind, source = int(kinds[path, tick]), int(sources[path, tick])
                if kind >= 0:
                    events[path].append(_Event(float(times[tick]), kind, source, int(states[path])))
                    states[path] = source
    return tuple(_history(int(state), reversed(found)) for state, found in zip(states, events, strict=True))


def until(plan: Plan, time: float) -> Plan:
    """Return what was seen before a time; the silence up to it is the last row."""
    rows = int(np.sum(np.asarray(plan.time) < time - 1e-9))
    keep = slice(0, rows + 1)
    begin = float(plan.time[rows - 1]) if rows else 0.0
    cut = {name: np.array(np.asarray(getattr(plan, name))[keep]) for name in _ROWS}
    cut["elapsed"][-1], cut["time"][-1] = time - begin, time
    cut["jump"][-1], cut["weighing"][-1] = 0, 0
    cut["confidence"][-1], cut["error_rate"][-1] = 1.0, 1.0
    return dataclasses.replace(plan, **cut)


_ROWS = ("elapsed", "time", "period", "jump", "item", "confidence", "error_rate", "weighing")


def _pick(weights: StateArray, count: int, rng: np.random.Generator) -> Int64[np.ndarray, " count"]:
    total = np.cumsum(weights)
    return np.minimum(np.searchsorted(total, rng.random(count) * total[-1], side="right"), len(total) - 1)


def _poisson(load: float) -> Float[np.ndarray, " terms"]:
    """Return the probability of so many jumps, as far as it counts."""
    terms = [np.exp(-load)]
    while len(terms) <= MAX_TERMS and (len(terms) <= load or terms[-1] > 1e-16):
        terms.append(terms[-1] * load / len(terms))
    return np.array(terms)


def _into(chain: Chain, is_hidden: np.ndarray, shares: Float[np.ndarray, " kinds"]) -> _Into:
    here = np.arange(chain.space.size)
    target, source, kind, rate = [], [], [], []
    for i in np.flatnonzero(is_hidden):
        there = chain.kinds[i].effect.targets(chain.space)
        rates = shares[i] * np.asarray(chain.rates[i])
        moves = np.flatnonzero((there != here) & (rates > 0.0))
        target.append(there[moves])
        source.append(moves)
        kind.append(np.full(len(moves), i))
        rate.append(rates[moves])
    empty = np.empty(0, dtype=np.int64)
    to = np.concatenate([empty, *target]).astype(np.int64)
    order = np.argsort(to, kind="stable")
    first = np.searchsorted(to[order], np.arange(chain.space.size + 1))
    return _Into(
        first.astype(np.int64),
        np.concatenate([empty, *source])[order].astype(np.int64),
        np.concatenate([empty, *kind])[order].astype(np.int64),
        np.concatenate([np.empty(0), *rate])[order],
    )


class _Ways(NamedTuple):
    """How what is seen at the end of a row may have come about.

    Attributes:
        outcomes: what it may have been.
        weights: of each, by the state before it. Each of shape `[states]`.
        nothing: weight of nothing having happened, by state. Shape `[states]`.
        number: of the jump in the plan.
    """

    outcomes: Sequence[Outcome]
    weights: Sequence[StateArray]
    nothing: StateArray
    number: int


def _ways(chain: Chain, plan: Plan, row: int, before: StateArray) -> _Ways:
    number = int(plan.jump[row])
    outcomes = outcomes_of(chain, plan.jumps[number], int(plan.period[row]))
    sure = float(plan.confidence[row])
    weights = [sure * outcome.weight(chain) * before for outcome in outcomes]
    return _Ways(outcomes, weights, (1.0 - sure) * float(plan.error_rate[row]) * before, number)


def _unsee(ways: _Ways, there: int, rng: np.random.Generator) -> list[_Event]:
    """Return how a sight came about that left the world in state `there`: nothing, an event, or one and its answer."""
    if not ways.outcomes:
        return []
    weights, found = [float(ways.nothing[there])], [(-1, there)]
    for o, outcome in enumerate(ways.outcomes):
        sources = np.flatnonzero(outcome.target == there)
        weights += ways.weights[o][sources].tolist()
        found += [(o, source) for source in sources.tolist()]
    o, source = found[int(_pick(np.array(weights), 1, rng)[0])]
    return [] if o < 0 else _events(ways.outcomes[o], source, ways.number)


def _events(outcome: Outcome, source: int, number: int) -> list[_Event]:
    there = int(outcome.target[source])
    if outcome.kind is None:
        return [_Event(0.0, OUTSIDE, source, there, outside=number)]
    if outcome.answer is None:
        return [_Event(0.0, outcome.kind, source, there)]
    between = int(outcome.answer.where[source])
    return [_Event(0.0, outcome.kind, source, between), _Event(0.0, outcome.answer.kind, between, there, True)]


def _history(start: int, events: Iterable[_Event]) -> History:
    rows = list(events)
    columns = zip(*rows, strict=True) if rows else [()] * 6
    time, kind, before, after, is_answer, outside = columns
    whole = (np.array(each, dtype=np.int64) for each in (kind, before, after, is_answer, outside))
    return History(start, np.array(time, dtype=np.float64), *whole)


@compiled
def _fill(flow, begin, powers, terms):
    """Write p_0 .. p_(terms - 1) into `powers`."""
    powers[0, :] = begin
    for n in range(1, terms):
        step(flow, powers[n - 1], powers[n])


@compiled
def _go_back(rng, speed, stay, first, source, kind, rate, powers, weights, ends, terms):
    """Draw, for each end of a silence, how many jumps it had and what they were, the last first.

    Returns:
        The number of jumps (first column), their kinds (-1 where nothing changed) and the states before them.
    """
    paths = len(ends)
    counts, kinds, sources = (
        np.zeros((paths, 1), np.int64),
        np.full((paths, terms), -1),
        np.zeros((paths, terms), np.int64),
    )
    for path in range(paths):
        here, total = ends[path], 0.0
        for n in range(terms):
            total += weights[n] * powers[n, here]
        left, count = rng.random() * total, 0
        for n in range(terms):
            left -= weights[n] * powers[n, here]
            count = n
            if left < 0.0:
                break
        counts[path, 0] = count
        for tick in range(count):
            power = powers[count - 1 - tick]
            total = stay[here] * power[here]
            for k in range(first[here], first[here + 1]):
                total += rate[k] / speed * power[source[k]]
            left = rng.random() * total - stay[here] * power[here]
            if left >= 0.0:
                for k in range(first[here], first[here + 1]):
                    left -= rate[k] / speed * power[source[k]]
                    if left < 0.0 or k + 1 == first[here + 1]:
                        kinds[path, tick], sources[path, tick] = kind[k], source[k]
                        break
                here = sources[path, tick] if kinds[path, tick] >= 0 else here
    return counts, kinds, sources
