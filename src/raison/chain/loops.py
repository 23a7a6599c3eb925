"""Compiled loops by which a distribution of states moves, and derivatives come back.

With P = I + (G' - diag k) / L, laid out in the bands of `Flow`, a piece of a silence of load Lt is

    p(t) = sum over n of  w_n P^n p(0),    w_n = e^(-Lt) (Lt)^n / n!

All terms are nonnegative. With m_n the mass of P^n p(0), what is left out after term n is at most
w_(n+1) m_n / (1 - Lt / (n + 2)); the sum stops where that is below the tolerance, as a share of the mass that is kept.
The way back runs the recursion  c_n = w_n moved_bar + P' c_(n+1)  and adds up  p_n(x) c_(n+1)(y)  for every cell and
-p_n(x) c_(n+1)(x)  for the killing; the rate of a jump gets the sum of the two. It needs the powers P^n p(0) again:
those of silences of one piece are kept in a pool as long as there is room, others are made anew.

No loop holds a lock, so that chains can be filtered side by side. Work arrays are handed over; a row n of an array with
fewer rows is row n modulo their number.

Source: jensen1953, grassmann1977 (docs/reference/references.md)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int32, Int64

from raison.engine.compiling import compiled, summing

TOLERANCE = 1e-11
"""Largest mass that truncation may leave out of a piece, as a share of what remains at its end."""

MAX_LOAD = 16.0
"""Largest L t of one piece. Keeps the mass that remains, at least e^(-Lt), and its terms few."""

SPENT_TOLERANCE = 1e-15
"""Share of the time of a piece that truncation may leave out: over many pieces it adds up."""

RARE_TOLERANCE = 1e-30
"""`TOLERANCE` where acts are counted: what then decides may be a rare part of the mass."""

LEAST_TERMS = 2
"""Terms after the first that every piece has: derivatives by the rates come from them, however short it is."""

RARE_TERMS = 20
"""Terms that every piece has after as many as acts are counted."""

SPAN_LOAD, NODES = 4.0, 9
"""Largest L t of a span over which Simpson's rule adds up time, and its moments, an odd number: as many as two for
each jump, its ends among them."""

MAX_TERMS = 95
"""Terms after the first that no piece can exceed: at `MAX_LOAD` their tail is below 1e-30 of what remains."""


class Flow(NamedTuple):
    """P in one reporting period, in bands.

    Attributes:
        begin, length, shift, offset: as in `Bands`.
        rate: of each cell, over L. Shape `[cells]`.
        stay: diagonal of P. Shape `[states]`.
        speed: L, per time unit.
        tolerance: largest mass that truncation may leave out of a piece, as a share of what remains at its end.
        least: terms after the first that every piece has.
    """

    begin: Int64[np.ndarray, " bands"]
    length: Int64[np.ndarray, " bands"]
    shift: Int64[np.ndarray, " bands"]
    offset: Int64[np.ndarray, " bands"]
    rate: Float[np.ndarray, " cells"]
    stay: Float[np.ndarray, " states"]
    speed: float
    tolerance: float
    least: int


class Flows(NamedTuple):
    """P in every reporting period: as `Flow`, with a row for each in `rate` and `stay`, and a number in `speed`."""

    begin: Int64[np.ndarray, " bands"]
    length: Int64[np.ndarray, " bands"]
    shift: Int64[np.ndarray, " bands"]
    offset: Int64[np.ndarray, " bands"]
    rate: Float[np.ndarray, "periods cells"]
    stay: Float[np.ndarray, "periods states"]
    speed: Float[np.ndarray, " periods"]
    tolerance: float
    least: int


class Sights(NamedTuple):
    """What is seen at the end of each row of a plan.

    Attributes:
        elapsed, period, confidence, error_rate, weighing: as in `Plan`.
        jump: what is seen, in its reporting period.
        weights: as in `Plan`.
        first: where the outcomes of each jump begin; a jump without any changes nothing. Shape `[jumps + 1]`.
        target: state to which each outcome leads. Shape `[outcomes, states]`.
        rate: what each outcome weighs. Shape `[outcomes, states]`.
    """

    elapsed: Float[np.ndarray, " rows"]
    period: Int64[np.ndarray, " rows"]
    jump: Int64[np.ndarray, " rows"]
    confidence: Float[np.ndarray, " rows"]
    error_rate: Float[np.ndarray, " rows"]
    weighing: Int64[np.ndarray, " rows"]
    weights: Float[np.ndarray, "weighings states"]
    first: Int64[np.ndarray, " jumps+1"]
    target: Int32[np.ndarray, "outcomes states"]
    rate: Float[np.ndarray, "outcomes states"]


class Bars(NamedTuple):
    """Where the way back writes.

    Attributes:
        cells: derivatives by the rates of the cells, times L; what jumps take from where they leave is left to
            `killing`. Shape `[periods, cells + 1]`.
        killing: derivatives by the killing, times L. Shape `[periods, states]`.
        sights: derivatives by what the outcomes of the sights weigh. Shape `[outcomes, states]`.
        smoothed: distribution after each row, given all that was seen. Shape `[any, states]`.
    """

    cells: Float[np.ndarray, "periods cells+1"]
    killing: Float[np.ndarray, "periods states"]
    sights: Float[np.ndarray, "outcomes states"]
    smoothed: Float[np.ndarray, "any states"]


@compiled
def flow_in(flows, period):
    """Return the flow of one reporting period."""
    return Flow(
        flows.begin,
        flows.length,
        flows.shift,
        flows.offset,
        flows.rate[period],
        flows.stay[period],
        flows.speed[period],
        flows.tolerance,
        flows.least,
    )


@compiled
def add_rate(place, rate, share, cells, leaving):
    """Add `share` of the rate of one effect to its cells, and to the rate at which states are left."""
    for x in range(len(place)):
        if place[x] < len(cells) - 1:
            cells[place[x]] += share * rate[x]
            leaving[x] += share * rate[x]


@summing
def _total(weights):
    total = 0.0
    for x in range(len(weights)):
        total += weights[x]
    return total


@summing
def _dot(left, right):
    total = 0.0
    for x in range(len(left)):
        total += left[x] * right[x]
    return total


@compiled
def step(flow, power, following):
    """Write  following = P power  and return its mass."""
    for x in range(len(power)):
        following[x] = flow.stay[x] * power[x]
    for b in range(len(flow.begin)):
        n, x, k = flow.length[b], flow.begin[b], flow.offset[b]
        y = x + flow.shift[b]
        source, target, rate = power[x : x + n], following[y : y + n], flow.rate[k : k + n]
        for i in range(n):
            target[i] += rate[i] * source[i]
    return _total(following)


@compiled
def _step_back(flow, costate, power, before, cells_bar, killing_bar):
    """Write  before = P' costate  and add what the step owes to the cells and to the killing, times L."""
    for x in range(len(costate)):
        before[x] = flow.stay[x] * costate[x]
        killing_bar[x] -= power[x] * costate[x]
    for b in range(len(flow.begin)):
        n, x, k = flow.length[b], flow.begin[b], flow.offset[b]
        y = x + flow.shift[b]
        there, rate, out = costate[y : y + n], flow.rate[k : k + n], before[x : x + n]
        mass, bar = power[x : x + n], cells_bar[k : k + n]
        for i in range(n):
            out[i] += rate[i] * there[i]
            bar[i] += mass[i] * there[i]


@compiled
def pieces_of(flow, elapsed):
    """Return into how many pieces a silence is cut."""
    return max(1, int(np.ceil(flow.speed * elapsed / MAX_LOAD - 1e-9)))


@compiled
def _piece(flow, load, begin, powers, end):
    """Write what is left of `begin` after a piece; return its mass and the number of the last term."""
    rows, weight, mass = len(powers), np.exp(-load), _total(begin)
    kept, n = weight * mass, 0
    powers[0, :] = begin
    for x in range(len(begin)):
        end[x] = weight * begin[x]
    while n < MAX_TERMS:
        weight *= load / (n + 1)
        ratio = load / (n + 2)
        if n >= flow.least and ratio < 1.0 and weight * mass <= flow.tolerance * kept * (1.0 - ratio):
            break
        following = powers[(n + 1) % rows]
        mass = step(flow, powers[n % rows], following)
        n += 1
        kept += weight * mass
        for x in range(len(end)):
            end[x] += weight * following[x]
    return _total(end), n


@compiled
def be_silent(flow, elapsed, begin, begins, powers, end):
    """Write what is left of `begin` after a silence, scaled to sum 1.

    Args:
        flow: P.
        elapsed: length of the silence, in time units.
        begin: distribution at its start. Shape `[states]`, sums to 1.
        begins: for the distribution at the start of each piece. Shape `[any, states]`.
        powers: for the powers of P in the last piece. Shape `[at least 2, states]`.
        end: what comes out. Shape `[states]`.

    Returns:
        The log of the mass that remains; the mass that remains of the last piece, and the number of its last term.
    """
    log_mass, mass, last = 0.0, 1.0, 0
    end[:] = begin
    if elapsed > 0.0:
        pieces = pieces_of(flow, elapsed)
        for piece in range(pieces):
            at = begins[piece % len(begins)]
            at[:] = end
            mass, last = _piece(flow, flow.speed * elapsed / pieces, at, powers, end)
            log_mass += np.log(mass)
            for x in range(len(end)):
                end[x] /= mass
    return log_mass, mass, last


@compiled
def occupy(flow, elapsed, begin, powers, end, stay):
    """Add up the time spent in each state of what remains in a silence, none of it scaled; write what remains.

    With T_n = w_(n+1) + w_(n+2) + ..., the time spent in a piece is  sum over n of  T_n / L  P^n p(0).

    Args:
        flow, elapsed: as in `be_silent`.
        begin: distribution at its start. Shape `[states]`.
        powers: work. Shape `[2, states]`.
        end: what remains. Shape `[states]`.
        stay: for the time spent in each state. Shape `[states]`.
    """
    pieces = pieces_of(flow, elapsed)
    load = flow.speed * elapsed / pieces
    weights, tails = np.empty(MAX_TERMS + 1), np.zeros(MAX_TERMS + 1)
    weights[0] = np.exp(-load)
    for n in range(MAX_TERMS):
        weights[n + 1] = weights[n] * load / (n + 1)
    for n in range(MAX_TERMS - 1, -1, -1):
        tails[n] = tails[n + 1] + weights[n + 1]
    end[:] = begin
    stay[:] = 0.0
    for _ in range(pieces):
        powers[0, :] = end
        for x in range(len(end)):
            end[x] = 0.0
        for n in range(MAX_TERMS + 1):
            power, long = powers[n % 2], tails[n] / flow.speed
            for x in range(len(end)):
                end[x] += weights[n] * power[x]
                stay[x] += long * power[x]
            if tails[n] <= SPENT_TOLERANCE * tails[0]:
                break
            step(flow, power, powers[(n + 1) % 2])


@compiled
def go_back(flow, elapsed, mass, last, begins, powers, weights, end, log_mass_bar, bar, costates, cells, killing):
    """Bring derivatives back over a silence that `be_silent` has gone through, with all its pieces kept.

    What a piece ends with, q = u / m with u = p(t) and m its mass, has  u_bar = (q_bar - q_bar' q + log_mass_bar) / m.

    Args:
        flow, elapsed, begins, powers, end: as `be_silent` had and left them; of a single piece, `begins` is not needed.
        mass, last: what it returned of the last piece.
        weights: work. Shape `[MAX_TERMS + 1]`.
        log_mass_bar: derivative by the log mass.
        bar: derivative by the end; by the beginning, when this returns. Shape `[states]`.
        costates: work. Shape `[3, states]`.
        cells, killing: where derivatives by the rates and by the killing, times L, are added; a row of `Bars`.
    """
    if elapsed <= 0.0:
        return
    pieces = pieces_of(flow, elapsed)
    load = flow.speed * elapsed / pieces
    moved_bar = costates[2]
    for piece in range(pieces - 1, -1, -1):
        if piece < pieces - 1:
            mass, last = _piece(flow, load, begins[piece], powers, end)
            for x in range(len(end)):
                end[x] /= mass
        weights[0] = np.exp(-load)
        for n in range(last):
            weights[n + 1] = weights[n] * load / (n + 1)
        common = log_mass_bar - _dot(bar, end)
        for x in range(len(bar)):
            moved_bar[x] = (bar[x] + common) / mass
            costates[last % 2, x] = weights[last] * moved_bar[x]
        for n in range(last - 1, -1, -1):
            before = costates[n % 2]
            _step_back(flow, costates[(n + 1) % 2], powers[n], before, cells, killing)
            for x in range(len(before)):
                before[x] += weights[n] * moved_bar[x]
        bar[:] = costates[0]


@compiled
def _see(sights, row, before, after):
    """Write the distribution after what is seen, scaled to sum 1 (or no number); return its mass."""
    jump, sure, else_ = (
        sights.jump[row],
        sights.confidence[row],
        (1.0 - sights.confidence[row]) * sights.error_rate[row],
    )
    begin, end = sights.first[jump], sights.first[jump + 1]
    if begin == end:
        else_ += sure
    for x in range(len(before)):
        after[x] = else_ * before[x]
    for o in range(begin, end):
        for x in range(len(before)):
            after[sights.target[o, x]] += sure * sights.rate[o, x] * before[x]
    if sights.weighing[row] > 0:
        for x in range(len(before)):
            after[x] *= sights.weights[sights.weighing[row], x]
    mass = _total(after)
    for x in range(len(before)):
        after[x] = after[x] / mass if mass > 0.0 else np.nan
    return mass


@compiled
def _see_back(sights, row, before, after, mass, bar, seen_bar, rate_bar):
    """Bring derivatives back over a sight: `bar`, by what comes after it, becomes that by what was before."""
    jump, sure, else_ = (
        sights.jump[row],
        sights.confidence[row],
        (1.0 - sights.confidence[row]) * sights.error_rate[row],
    )
    begin, end = sights.first[jump], sights.first[jump + 1]
    if begin == end:
        else_ += sure
    common = 1.0 - _dot(bar, after)
    for x in range(len(bar)):
        seen_bar[x] = (bar[x] + common) / mass * sights.weights[sights.weighing[row], x]
        bar[x] = else_ * seen_bar[x]
    for o in range(begin, end):
        for x in range(len(bar)):
            owed = sure * seen_bar[sights.target[o, x]]
            rate_bar[o, x] += owed * before[x]
            bar[x] += owed * sights.rate[o, x]


@compiled
def filter_rows(flows, sights, start, pool, before, after, silence, act, kept):
    """Run the filter over all rows.

    Args:
        flows: P of the jumps that go unseen, killed by those that would be seen.
        sights: what is seen.
        start: distribution at time 0. Shape `[states]`, sums to 1.
        pool: work; with more than `MAX_TERMS + 1` rows, powers of P are kept in what lies behind these.
            Shape `[at least 2, states]`.
        before: for the distribution at the end of each row, before what is seen. Shape `[any, states]`.
        after: the same after it. Shape `[at least 2, states]`.
        silence: for the log mass of each silence. Shape `[rows]`.
        act: for the log mass of what is seen. Shape `[rows]`.
        kept: for what is needed on the way back: where the powers of each row begin in the pool (0 if they are not
            kept), the mass that remains of its last piece, and the number of the last term. Shape `[rows, 3]`.
    """
    begins, free = np.empty((1, len(start))), MAX_TERMS + 1
    for row in range(len(silence)):
        flow = flow_in(flows, sights.period[row])
        here, there = before[row % len(before)], after[row % len(after)]
        begin = start if row == 0 else after[(row - 1) % len(after)]
        if np.isnan(begin[0]):
            here[:], there[:], silence[row], act[row] = np.nan, np.nan, np.nan, np.nan
        else:
            at = free if free + MAX_TERMS < len(pool) and pieces_of(flow, sights.elapsed[row]) == 1 else 0
            powers = pool[at : at + MAX_TERMS + 1]
            silence[row], mass, last = be_silent(flow, sights.elapsed[row], begin, begins, powers, here)
            kept[row, 0], kept[row, 1], kept[row, 2] = at, mass, last
            free += last + 1 if at else 0
            act[row] = np.log(_see(sights, row, here, there))


@compiled
def slope_rows(flows, sights, start, pool, before, after, act, kept, begins, bars):
    """Go back over all rows.

    Args:
        flows, sights, start, pool, before, after, act, kept: as `filter_rows` had and left them, with a row of
            `before` and `after` for each row.
        begins: work, with as many rows as the most pieces of any silence. Shape `[pieces, states]`.
        bars: where derivatives are added or written.
    """
    states = len(start)
    bar, seen_bar, costates = np.zeros(states), np.empty(states), np.empty((3, states))
    weights = np.empty(MAX_TERMS + 1)
    for row in range(len(act) - 1, -1, -1):
        period = sights.period[row]
        flow = flow_in(flows, period)
        elapsed, at, mass, last = sights.elapsed[row], int(kept[row, 0]), kept[row, 1], int(kept[row, 2])
        powers = pool[at : at + MAX_TERMS + 1]
        if at == 0:
            begin = start if row == 0 else after[row - 1]
            _, mass, last = be_silent(flow, elapsed, begin, begins, powers, before[row])
        common = 1.0 - _dot(bar, after[row])
        for x in range(states):
            bars.smoothed[row % len(bars.smoothed), x] = after[row, x] * (bar[x] + common)
        _see_back(sights, row, before[row], after[row], np.exp(act[row]), bar, seen_bar, bars.sights)
        work = begins, powers, weights, before[row]
        go_back(flow, elapsed, mass, last, *work, 1.0, bar, costates, bars.cells[period], bars.killing[period])


@compiled
def stay_rows(flows, sights, start, after, work, stays):
    """Add up the time spent in each state in every row, given at each moment the record so far, by Simpson's rule.

    Args:
        flows, sights, start, after: as in `slope_rows`.
        work: work. Shape `[NODES + 2, states]`.
        stays: for the time in each state. Shape `[rows, states]`.
    """
    begin = np.empty(len(start))
    for row in range(len(sights.elapsed)):
        flow = flow_in(flows, sights.period[row])
        begin[:] = start if row == 0 else after[row - 1]
        stays[row, :] = 0.0
        spans = max(1, int(np.ceil(flow.speed * sights.elapsed[row] / SPAN_LOAD)))
        for _ in range(spans):
            _add_stay(flow, sights.elapsed[row] / spans, begin, work, stays[row])


@compiled
def _add_stay(flow, elapsed, begin, work, stay):
    """Add the time spent in each state in a span; `begin` becomes the distribution at its end, scaled to sum 1.

    The powers of P serve all moments of the span at once.
    """
    last = 2 * max(1, int(np.ceil(flow.speed * elapsed - 1e-9)))
    nodes, power, following = work[: last + 1], work[NODES], work[NODES + 1]
    weights, loads = np.empty(last + 1), np.empty(last + 1)
    power[:] = begin
    for k in range(last + 1):
        loads[k] = flow.speed * elapsed * k / last
        weights[k] = np.exp(-loads[k])
        nodes[k, :] = weights[k] * begin
    mass, kept, n = _total(begin), weights[last] * _total(begin), 0
    while n < MAX_TERMS:
        for k in range(last + 1):
            weights[k] *= loads[k] / (n + 1)
        ratio = loads[last] / (n + 2)
        if n >= flow.least and ratio < 1.0 and weights[last] * mass <= flow.tolerance * kept * (1.0 - ratio):
            break
        mass = step(flow, power, following)
        n += 1
        kept += weights[last] * mass
        for k in range(1, last + 1):
            for x in range(len(begin)):
                nodes[k, x] += weights[k] * following[x]
        power, following = following, power
    for k in range(last + 1):
        share = (1.0 if k == 0 or k == last else 4.0 if k % 2 else 2.0) * elapsed / (3.0 * last)
        share /= _total(nodes[k])
        for x in range(len(begin)):
            stay[x] += share * nodes[k, x]
    rest = _total(nodes[last])
    for x in range(len(begin)):
        begin[x] = nodes[last, x] / rest
