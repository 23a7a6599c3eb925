"""The filter of a chain on the CPU, by compiled loops (`loops`) that serve every chain."""

from __future__ import annotations

import dataclasses
import math
import threading
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int32, Int64

from raison.arrays import Batch, StateArray, StateMask
from raison.chain import loops
from raison.chain.bands import Bands, bands_of
from raison.chain.chain import NATURE, Chain, over_rate
from raison.chain.filters import Filtered, Occupied, RowStates, Slope
from raison.chain.loops import MAX_LOAD, MAX_TERMS, Bars, Flow, Flows, Sights, flow_in
from raison.chain.plan import Act, JointAct, Plan, Seeable
from raison.errors import TooFast
from raison.game import NO_CHANGE, Effect

MOST_PIECES = 64
"""Pieces of one silence whose starts are kept for the way back."""

MOST_JUMPS = 3e5
"""Largest L t of a record or a forecast: seconds of work in a world of thousands of states."""

POOL = 2**28
"""Bytes in which powers of P are kept for the way back."""

STILL = 1e-200
"""Smallest L: where nothing moves, derivatives by the rates must still be found."""


@dataclass(frozen=True, eq=False)
class Hidden:
    """How the world moves while nothing is seen.

    Attributes:
        flows: P of the jumps that go unseen, killed by those that would be seen, in every reporting period.
        bands: where they lead.
        common: killing that is the same in every state, left out of P. Per time unit. Shape `[periods]`.
        is_hidden: whether each kind of jump may go unseen.
        unseen: share of each kind of jump that does, in every reporting period.
    """

    flows: Flows
    bands: Bands
    common: Float[np.ndarray, " periods"]
    is_hidden: Bool[np.ndarray, " kinds"]
    unseen: Float[np.ndarray, "kinds periods"]

    @property
    def states(self) -> int:
        return self.flows.stay.shape[1]

    @property
    def fastest(self) -> float:
        """Return the largest L, per time unit."""
        return float(self.flows.speed.max())


class NativeFilter:
    """See `raison.chain.filters.ChainFilter`."""

    def run(self, chain: Chain, plan: Plan, start: StateArray) -> Filtered:
        rows = len(plan.elapsed)
        return _filter(_followed(chain, plan), sights_of(chain, plan), start, rows, rows).filtered

    def log_likelihood(self, chain: Chain, plan: Plan, start: StateArray) -> float:
        return _filter(_followed(chain, plan), sights_of(chain, plan), start, 1, 2).log_likelihood

    def slope(self, chain: Chain, plan: Plan, start: StateArray) -> Slope:
        hidden = _followed(chain, plan)
        plan = plan.cut(_longest(hidden))
        sights = sights_of(chain, plan)
        value, bars = _go_back(hidden, sights, start, smoothed=1)
        return Slope(value, _chain_slope(chain, plan, hidden, bars))

    def smooth(self, chain: Chain, plan: Plan, start: StateArray) -> RowStates:
        hidden = _followed(chain, plan)
        pieces = plan.pieces(_longest(hidden))
        sights = sights_of(chain, plan.cut(_longest(hidden)))
        _, bars = _go_back(hidden, sights, start, smoothed=int(pieces.sum()))
        return bars.smoothed[np.cumsum(pieces) - 1]

    def occupy(self, chain: Chain, plan: Plan, start: StateArray) -> Occupied:
        hidden, sights = _followed(chain, plan), sights_of(chain, plan)
        rows, states = len(plan.elapsed), chain.space.size
        filtered, stays = _filter(hidden, sights, start, rows, rows).filtered, np.empty((rows, states))
        work = np.empty((loops.NODES + 2, states))
        loops.stay_rows(hidden.flows, sights, _vector(start), filtered.after, work, stays)
        return Occupied(filtered, stays)

    def remain_silent(self, chain: Chain, plan: Plan, row: int, start: StateArray, elapsed: float) -> StateArray:
        return _evolve(flow_in(hidden_of(chain, plan).flows, int(plan.period[row])), start, elapsed)

    def distribution_at(self, chain: Chain, start: Batch, elapsed: float) -> Batch:
        return _evolve(flow_in(_whole(chain).flows, 0), start, elapsed)

    def time_spent(self, chain: Chain, start: StateArray, elapsed: float) -> StateArray:
        flow, states = flow_in(_whole(chain).flows, 0), chain.space.size
        _check_speed(flow.speed * elapsed, elapsed)
        end, stay = np.empty(states), np.empty(states)
        loops.occupy(flow, elapsed, _vector(start), np.empty((2, states)), end, stay)
        return stay

    def distribution_slope(self, chain: Chain, start: Batch, elapsed: float, bar: Batch) -> Chain:
        whole, states = _whole(chain), chain.space.size
        flow = flow_in(whole.flows, 0)
        _check_speed(flow.speed * elapsed, elapsed)
        powers, weights = np.empty((MAX_TERMS + 1, states)), np.empty(MAX_TERMS + 1)
        begins = np.empty((max(1, math.ceil(flow.speed * elapsed / MAX_LOAD)), states))
        bars = _bars(whole, np.empty((0, states)), 1)
        costates, end = np.empty((3, states)), np.empty(states)
        for begin, by_end in zip(np.reshape(start, (-1, states)), np.reshape(bar, (-1, states)), strict=True):
            _, mass, last = loops.be_silent(flow, elapsed, _vector(begin), begins, powers, end)
            work = begins, powers, weights, end
            by_flow = bars.cells[0], bars.killing[0]
            loops.go_back(flow, elapsed, mass, last, *work, 0.0, _vector(by_end), costates, *by_flow)
        rates, _ = _by_rates(chain, whole, bars)
        still = (np.zeros_like(seen) for seen in chain.seen), (np.zeros(states) for _ in chain.players)
        return dataclasses.replace(chain, rates=tuple(rates), seen=tuple(still[0]), decisions=tuple(still[1]))

    def stopped_at(self, chain: Chain, start: Batch, stopping: StateMask, elapsed: float) -> Batch:
        free = 1.0 - np.asarray(stopping, dtype=np.float64)
        return _evolve(flow_in(_whole(chain, free).flows, 0), start, elapsed)


class Forward(NamedTuple):
    """What a pass over the rows leaves.

    Attributes:
        filtered: its result; only as many rows of the distributions as were asked for.
        pool: powers of P.
        kept: as in `filter_rows`.
        log_likelihood: of all rows.
    """

    filtered: Filtered
    pool: RowStates
    kept: Float[np.ndarray, "rows 3"]
    log_likelihood: float


class _Room(threading.local):
    """Memory of one thread that is used again: to get it anew costs as much as half the way back."""

    def __init__(self) -> None:
        self._held = np.empty(0)

    def take(self, *rows: int, states: int) -> list[Float[np.ndarray, "_ states"]]:
        """Return arrays of so many rows, good until the next call in this thread."""
        if self._held.size < sum(rows) * states:
            self._held = np.empty(sum(rows) * states)
        parts = np.split(self._held[: sum(rows) * states].reshape(-1, states), np.cumsum(rows)[:-1])
        return list(parts)


_room = _Room()


def _filter(hidden: Hidden, sights: Sights, start: StateArray, before: int, after: int) -> Forward:
    """Run the filter, with room for so many distributions before and after sights."""
    return _filter_into(hidden, sights, start, *(np.empty((rows, hidden.states)) for rows in (before, after, 2)))


def _filter_into(
    hidden: Hidden, sights: Sights, start: StateArray, before: RowStates, after: RowStates, pool: RowStates
) -> Forward:
    """Run the filter; distributions before and after sights, and powers of P, are left in what is handed over."""
    rows = len(sights.elapsed)
    silence, act, kept = np.empty(rows), np.empty(rows), np.empty((rows, 3))
    loops.filter_rows(hidden.flows, sights, _vector(start), pool, before, after, silence, act, kept)
    silence = silence - hidden.common[sights.period] * sights.elapsed
    return Forward(Filtered(silence, act, before, after), pool, kept, float(silence.sum() + act.sum()))


def _go_back(hidden: Hidden, sights: Sights, start: StateArray, smoothed: int) -> tuple[float, Bars]:
    """Return the log likelihood, and what the way back writes, with room for so many smoothed distributions."""
    rows, states = len(sights.elapsed), hidden.states
    pool = MAX_TERMS + 1 + min(POOL // (8 * states), rows * (MAX_TERMS + 1))
    forward = _filter_into(hidden, sights, start, *_room.take(rows, rows, pool, states=states))
    bars = _bars(hidden, sights.rate, smoothed)
    _, act, before, after = forward.filtered
    begins = np.empty((MOST_PIECES, states))
    loops.slope_rows(hidden.flows, sights, _vector(start), forward.pool, before, after, act, forward.kept, begins, bars)
    return forward.log_likelihood, bars


def _bars(hidden: Hidden, sights: Float[np.ndarray, "outcomes states"], smoothed: int) -> Bars:
    periods, states = hidden.flows.stay.shape
    zeros = np.zeros((periods, hidden.bands.cells + 1)), np.zeros((periods, states)), np.zeros_like(sights)
    return Bars(*zeros, np.empty((smoothed, states)))


def _vector(numbers: StateArray) -> Float[np.ndarray, " states"]:
    """Return a copy that the loops may write to: they are compiled for such arrays only."""
    return np.array(numbers, dtype=np.float64)


def _longest(hidden: Hidden) -> float:
    """Return how long a silence may be on the way back."""
    return MOST_PIECES * MAX_LOAD / hidden.fastest


def hidden_of(chain: Chain, plan: Plan) -> Hidden:
    """Return how the world moves while nothing of a plan is seen."""
    observed = plan.observed
    is_hidden = np.array([not kind.always_seen and Act(kind.who, kind.what) not in observed for kind in chain.kinds])
    unseen = is_hidden[:, None] * (1.0 - np.array(chain.seen, dtype=np.float64))
    killing = np.zeros((unseen.shape[1], chain.space.size))
    for rate, shares in zip(chain.rates, unseen, strict=True):
        for period, share in enumerate(shares):
            killing[period] += (1.0 - share) * np.asarray(rate)
    common = killing.min(axis=1)
    return _compressed(chain, is_hidden, unseen, killing - common[:, None], common, counted=plan.most_counted)


def _whole(chain: Chain, free: Float[np.ndarray, " states"] | float = 1.0) -> Hidden:
    """Return how the world moves, seen or not, out of the states that are free to be left."""
    every = np.ones((len(chain.kinds), 1))
    return _compressed(chain, every[:, 0] > 0.0, every, np.zeros((1, chain.space.size)), np.zeros(1), free)


def _compressed(
    chain: Chain,
    is_hidden: Bool[np.ndarray, " kinds"],
    unseen: Float[np.ndarray, "kinds periods"],
    killing: Float[np.ndarray, "periods states"],
    common: Float[np.ndarray, " periods"],
    free: Float[np.ndarray, " states"] | float = 1.0,
    counted: int = 0,
) -> Hidden:
    bands = bands_of(chain.space, tuple(dict.fromkeys(chain.kinds[i].effect for i in np.flatnonzero(is_hidden))))
    cells, leaving = np.zeros((len(common), bands.cells + 1)), killing.copy()
    for i in np.flatnonzero(is_hidden):
        place, rate = bands.place(chain.kinds[i].effect), np.asarray(chain.rates[i]) * free
        for period, share in enumerate(unseen[i]):
            loops.add_rate(place, rate, share, cells[period], leaving[period])
    speed = np.maximum(leaving.max(axis=1), STILL)
    laid = bands.begin, bands.length, bands.shift, bands.offset
    precision = (loops.TOLERANCE, loops.LEAST_TERMS)
    if counted > 0:
        precision = (loops.RARE_TOLERANCE, min(MAX_TERMS, counted + loops.RARE_TERMS))
    flows = Flows(*laid, cells / speed[:, None], 1.0 - leaving / speed[:, None], speed, *precision)
    return Hidden(flows, bands, common, is_hidden, unseen)


def _by_rates(
    chain: Chain, hidden: Hidden, bars: Bars
) -> tuple[list[Float[np.ndarray, " states"]], list[Float[np.ndarray, " periods"]]]:
    """Return what the rates of the kinds of jump, and the chances that they are seen, get from silences."""
    rates, seen = [], []
    by_killing = bars.killing / hidden.flows.speed[:, None]
    for kind, rate, is_hidden, shares in zip(chain.kinds, chain.rates, hidden.is_hidden, hidden.unseen, strict=True):
        by_going = _by_going(hidden, kind.effect, bars) if is_hidden else 0.0 * by_killing
        rates.append(by_killing.sum(axis=0) + shares @ by_going)
        seen.append(-(by_going @ np.asarray(rate)))
    return rates, seen


def _by_going(hidden: Hidden, effect: Effect, bars: Bars) -> Float[np.ndarray, "periods states"]:
    """Return what the mass that an effect moves from each state is worth where it goes."""
    place = hidden.bands.place(effect)
    stays = place == hidden.bands.cells
    return (bars.cells[:, place] - stays * bars.killing) / hidden.flows.speed[:, None]


def _chain_slope(chain: Chain, plan: Plan, hidden: Hidden, bars: Bars) -> Chain:
    """Return all derivatives by the chain, in its form."""
    rates, seen = _by_rates(chain, hidden, bars)
    decisions = [np.zeros(hidden.states) for _ in chain.players]
    row = 0
    for jump, period in jumps_in(plan)[0]:
        for outcome in outcomes_of(chain, plan.jumps[jump], period):
            bar, i, answer = bars.sights[row], outcome.kind, outcome.answer
            row += 1
            if i is None:
                continue
            if answer is not None:
                share, (k, player, where) = answer.share(chain), answer
                weights = bar * outcome.seen * np.asarray(chain.rates[i])
                by_rate = over_rate(np.bincount(where, weights, minlength=len(bar)), chain.decisions[player])
                rates[k] = rates[k] + by_rate
                decisions[player] -= by_rate * share
                bar = bar * share[where]
            rates[i] = rates[i] + outcome.seen * bar
            if hidden.is_hidden[i]:
                seen[i][period] += float(bar @ np.asarray(chain.rates[i]))
    return dataclasses.replace(chain, rates=tuple(rates), seen=tuple(seen), decisions=tuple(decisions))


def jumps_in(plan: Plan) -> tuple[list[tuple[int, int]], Int64[np.ndarray, " rows"]]:
    """Return the distinct jumps that are seen, each in a reporting period, and which of them every row has."""
    pairs = list(zip(np.asarray(plan.jump).tolist(), np.asarray(plan.period).tolist(), strict=True))
    distinct = {pair: number for number, pair in enumerate(dict.fromkeys(pairs))}
    return list(distinct), np.array([distinct[pair] for pair in pairs], dtype=np.int64)


class Outcome(NamedTuple):
    """One way in which what is seen may have come about.

    Attributes:
        kind: of the jump; None for a change from outside.
        seen: how far it is seen.
        target: state to which it leads.
        answer: how it was answered, if it was.
    """

    kind: int | None
    seen: float
    target: Int32[np.ndarray, " states"]
    answer: AnswerTo | None = None

    def weight(self, chain: Chain) -> Float[np.ndarray, " states"]:
        if self.kind is None:
            return np.ones(len(self.target))
        rate = self.seen * np.asarray(chain.rates[self.kind])
        return rate if self.answer is None else rate * self.answer.share(chain)[self.answer.where]


class AnswerTo(NamedTuple):
    """The answer to an act.

    Attributes:
        kind: of the jump that it is.
        player: place of the one who answers.
        where: state to which the act has led.
    """

    kind: int
    player: int
    where: Int32[np.ndarray, " states"]

    def share(self, chain: Chain) -> Float[np.ndarray, " states"]:
        """Return the probability of the answer at a chance to act; zero where there is none."""
        return over_rate(chain.rates[self.kind], chain.decisions[self.player])


def outcomes_of(chain: Chain, jump: Seeable, period: int) -> list[Outcome]:
    """Return the outcomes of what is seen."""
    if isinstance(jump, Effect):
        return [] if jump == NO_CHANGE else [Outcome(None, 1.0, jump.targets(chain.space))]
    if isinstance(jump, JointAct):
        player = chain.players.index(jump.answer.who)
        return [
            first._replace(target=answer.target[first.target], answer=AnswerTo(i, player, first.target))
            for first in outcomes_of(chain, jump.act, period)
            for answer in outcomes_of(chain, jump.answer, period)
            if (i := answer.kind) is not None
        ]
    if not isinstance(jump, Act):
        raise AssertionError(jump)  # `raison.chain.counting` has put others in the place of counts
    found = []
    for i in chain.find(jump.who, jump.what):
        kind = chain.kinds[i]
        seen = 1.0 if kind.who == NATURE or kind.always_seen else float(chain.seen[i][period])
        found.append(Outcome(i, seen, kind.effect.targets(chain.space)))
    return found


def sights_of(chain: Chain, plan: Plan) -> Sights:
    """Return what is seen; an act weighs by its rate, as far as it is seen, a change from outside by one."""
    jumps, jump_of_row = jumps_in(plan)
    outcomes = [outcomes_of(chain, plan.jumps[jump], period) for jump, period in jumps]
    flat = [outcome for each in outcomes for outcome in each]
    target = np.empty((len(flat), chain.space.size), dtype=np.int32)
    weight = np.empty((len(flat), chain.space.size))
    for row, outcome in enumerate(flat):
        target[row], weight[row] = outcome.target, outcome.weight(chain)
    return Sights(
        elapsed=np.array(plan.elapsed, dtype=np.float64),
        period=np.array(plan.period, dtype=np.int64),
        jump=jump_of_row,
        confidence=np.array(plan.confidence, dtype=np.float64),
        error_rate=np.array(plan.error_rate, dtype=np.float64),
        weighing=np.array(plan.weighing, dtype=np.int64),
        weights=np.array(plan.weights, dtype=np.float64),
        first=np.cumsum([0, *(len(each) for each in outcomes)], dtype=np.int64),
        target=target,
        rate=weight,
    )


def _followed(chain: Chain, plan: Plan) -> Hidden:
    """Return how the world moves while nothing of a plan is seen. Raises `TooFast`."""
    hidden = hidden_of(chain, plan)
    elapsed = np.asarray(plan.elapsed)
    _check_speed(float(elapsed @ hidden.flows.speed[np.asarray(plan.period)]), float(elapsed.sum()))
    return hidden


def _check_speed(jumps: float, elapsed: float) -> None:
    """Raise `TooFast` if so many jumps are to be followed that it would take hours."""
    if not jumps <= MOST_JUMPS:
        raise TooFast(
            f"the world would jump up to {jumps:.1e} times in {elapsed:.3g} time units; at most "
            f"{MOST_JUMPS:.0e} jumps are followed. Give the fastest (`every`, `acts`, a hazard ratio) a slower range."
        )


def _evolve(flow: Flow, start: Batch, elapsed: float) -> Float[np.ndarray, "... states"]:
    """Return where each distribution of `start` is after `elapsed`, by a flow without killing."""
    states = len(flow.stay)
    _check_speed(flow.speed * elapsed, elapsed)
    begins, powers = np.empty((1, states)), np.empty((2, states))
    ends = np.zeros((np.size(start) // states, states))
    for begin, end in zip(np.reshape(np.asarray(start), (-1, states)), ends, strict=True):
        total = begin.sum()
        if total != 0.0:
            loops.be_silent(flow, elapsed, _vector(begin / total), begins, powers, end)
            end *= total
    return ends.reshape(np.shape(start))
