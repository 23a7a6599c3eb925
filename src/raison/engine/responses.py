"""Compiled loops in which players respond to values, and what their responses do to the equations.

Laid out and run as those of `kernels`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int64, UInt, UInt32
from numba import uintp

from raison.engine.compiling import compiled, fetch

LOG2_E, LN_2, LN_2_REST = 1.0 / np.log(2.0), 0.693147180369123816490, 1.90821492927058770002e-10
"""1 / log 2; log 2 in a part with few digits, so that its multiples are exact, and the rest."""

ROUNDER = 1.5 * 2.0**52
"""Added to a double it leaves the nearest whole number in the last bits."""


class Structure(NamedTuple):
    """The part of a game that is fixed when its numbers change.

    Attributes:
        first, target, slot: as in `Arcs`.
        action_of: where the actions of each player begin. Shape `[players + 1]`, uintp.
        outcome_of: where the outcomes of each action begin. Shape `[actions + 1]`, uintp.
        effect_of: effect of each outcome. Shape `[outcomes]`, uintp.
        available: whether each action may be taken. Shape `[states, actions]`, bool.
    """

    first: Int64[np.ndarray, " states+1"]
    target: UInt32[np.ndarray, " arcs"]
    slot: UInt[np.ndarray, "states effects"]
    action_of: UInt[np.ndarray, " players+1"]
    outcome_of: UInt[np.ndarray, " actions+1"]
    effect_of: UInt[np.ndarray, " outcomes"]
    available: Bool[np.ndarray, "states actions"]


class Numbers(NamedTuple):
    """The numbers of a game.

    Attributes:
        nature: rate at which nature takes each arc. Shape `[arcs]`.
        payoff: u. Shape `[states, players]`.
        decision_rate: alpha. Shape `[states, players]`.
        discount: rho. Shape `[players]`.
        cost: of each action, the same in every state or in each. Shape `[1 or states, actions]`.
        chance: of each outcome, the same in every state or in each. Shape `[1 or states, outcomes]`.
        shock_mean: mean of the shocks.
    """

    nature: Float[np.ndarray, " arcs"]
    payoff: Float[np.ndarray, "states players"]
    decision_rate: Float[np.ndarray, "states players"]
    discount: Float[np.ndarray, " players"]
    cost: Float[np.ndarray, "_ actions"]
    chance: Float[np.ndarray, "_ outcomes"]
    shock_mean: float


@compiled
def add_rate(lo, hi, first, slot, rate, out):
    """Add the rate of one effect in each state to that of its arc."""
    for x in range(uintp(lo), uintp(hi)):
        k = uintp(first[x]) + uintp(slot[x])
        if k < uintp(first[x + uintp(1)]):
            out[k] += rate[x]


@compiled
def respond(lo, hi, ahead, structure, numbers, precision, values, rates, probs, failure, inverse):
    """Let every player respond to `values`; write what they do and by how much they fail to be in equilibrium.

    Args:
        lo: first state.
        hi: state after the last.
        ahead: as in `sweep`.
        structure: of the game.
        numbers: of the game.
        precision: k.
        values: V. Shape `[states * players]`.
        rates: rate of each arc. Shape `[arcs]`.
        probs: choice probability of every action. Shape `[states, actions]`.
        failure: F(V) = u + alpha (surplus - sum_a sigma(a) E(V(x_a) - V)) + G V - rho V. Shape `[states * players]`.
        inverse: 1 / (exit rate + discount rate). Shape `[states * players]`.

    Returns:
        The largest |F| of each player (shape `[players]`), the largest |V| and the largest exit rate; no number
        where any is none.
    """
    first, target, slot, action_of, outcome_of, effect_of, available = structure
    nature, payoff, decision_rate, discount, cost, chance, shock_mean = numbers
    n, effects, last, actions = uintp(len(discount)), uintp(slot.shape[1]), uintp(first[hi]), uintp(cost.shape[1])
    varies, turns = uintp(len(cost) > 1), uintp(len(chance) > 1)
    gains, peaks = np.empty(actions), np.empty(n)
    weights, scale = np.empty(actions + n), np.empty(actions + n)
    bits = scale.view(np.int64)
    away, flow = np.empty((effects + uintp(1)) * n), np.empty(effects + uintp(1))
    largest, peak_value, peak_exit = np.zeros(n), 0.0, 0.0
    for x in range(uintp(lo), uintp(hi)):
        begin, end, base, row = uintp(first[x]), uintp(first[x + uintp(1)]), x * n, x * varies
        share = chance[x * turns]
        if ahead:
            for k in range(begin + uintp(ahead), min(end + uintp(ahead), last)):
                fetch(values, uintp(target[k]) * n)
        _set_away(begin, end, base, n, effects, target, values, away)
        for j in range(n):
            peak = 0.0
            for a in range(action_of[j], action_of[j + uintp(1)]):
                gain = 0.0
                for o in range(outcome_of[a], outcome_of[a + uintp(1)]):
                    gain += share[o] * away[uintp(slot[x, effect_of[o]]) * n + j]
                gains[a] = gain
                weights[a] = precision * (gain - cost[row, a]) if available[x, a] else -np.inf
                peak = max(peak, weights[a])
            for a in range(action_of[j], action_of[j + uintp(1)]):
                weights[a] -= peak
            weights[actions + j], peaks[j] = -peak, peak
        _exponentiate(weights, scale, bits)
        for k in range(begin, end):
            flow[k - begin] = nature[k]
        for j in range(n):
            first_action, last_action = action_of[j], action_of[j + uintp(1)]
            total = weights[actions + j]
            for a in range(first_action, last_action):
                total += weights[a]
            bonus = np.log(total) + peaks[j] + shock_mean
            for a in range(first_action, last_action):
                prob = weights[a] / total
                probs[x, a] = prob
                bonus += prob * ((1.0 - precision) * (gains[a] - cost[row, a]) - gains[a])
                rate = decision_rate[x, j] * prob
                for o in range(outcome_of[a], outcome_of[a + uintp(1)]):
                    flow[uintp(slot[x, effect_of[o]])] += rate * share[o]
            failure[base + j] = payoff[x, j] + decision_rate[x, j] * bonus - discount[j] * values[base + j]
        leaving = 0.0
        for k in range(begin, end):
            rates[k] = flow[k - begin]
            leaving += flow[k - begin]
        _add_flow(end - begin, base, n, flow, away, failure)
        peak_exit = _larger(peak_exit, leaving)
        for i in range(n):
            inverse[base + i] = 1.0 / (leaving + discount[i])
            largest[i] = _larger(largest[i], abs(failure[base + i]))
            peak_value = _larger(peak_value, abs(values[base + i]))
    return largest, peak_value, peak_exit


@compiled
def _set_away(begin, end, base, n, effects, target, field, away):
    """Write how a field changes along each arc of one state; nothing where an effect stays put."""
    i = uintp(0)
    while i + uintp(4) <= n:
        j = base + i
        h0, h1, h2, h3 = field[j], field[j + uintp(1)], field[j + uintp(2)], field[j + uintp(3)]
        for k in range(begin, end):
            j, s = uintp(target[k]) * n + i, (k - begin) * n + i
            away[s] = field[j] - h0
            away[s + uintp(1)] = field[j + uintp(1)] - h1
            away[s + uintp(2)] = field[j + uintp(2)] - h2
            away[s + uintp(3)] = field[j + uintp(3)] - h3
        i += uintp(4)
    while i < n:
        for k in range(begin, end):
            away[(k - begin) * n + i] = field[uintp(target[k]) * n + i] - field[base + i]
        i += uintp(1)
    for i in range(n):
        away[effects * n + i] = 0.0


@compiled
def _add_flow(arcs, base, n, flow, away, out):
    """Add to `out` in one state the sum over its arcs of flow times what the arc changes."""
    i = uintp(0)
    while i + uintp(4) <= n:
        s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
        for k in range(arcs):
            s, r = k * n + i, flow[k]
            s0 += r * away[s]
            s1 += r * away[s + uintp(1)]
            s2 += r * away[s + uintp(2)]
            s3 += r * away[s + uintp(3)]
        j = base + i
        out[j] += s0
        out[j + uintp(1)] += s1
        out[j + uintp(2)] += s2
        out[j + uintp(3)] += s3
        i += uintp(4)
    while i < n:
        for k in range(arcs):
            out[base + i] += flow[k] * away[k * n + i]
        i += uintp(1)


@compiled
def _exponentiate(numbers, scale, bits):
    """Replace numbers, none of them above 0, by their exponentials: 2^k times a polynomial within half of log 2 of 0.

    Several at once, which the compiler makes of these loops and not of calls of `exp`. Right to the last bit or two;
    below exp(-708), where doubles lose their digits, 0. `bits` are those of `scale`.
    """
    for a in range(len(numbers)):
        is_tiny = numbers[a] < -708.0
        number = -708.0 if is_tiny else numbers[a]
        scale[a] = number * LOG2_E + ROUNDER
        k = scale[a] - ROUNDER
        r = (number - k * LN_2) - k * LN_2_REST
        p = 1.0 / 6227020800.0
        p = p * r + 1.0 / 479001600.0
        p = p * r + 1.0 / 39916800.0
        p = p * r + 1.0 / 3628800.0
        p = p * r + 1.0 / 362880.0
        p = p * r + 1.0 / 40320.0
        p = p * r + 1.0 / 5040.0
        p = p * r + 1.0 / 720.0
        p = p * r + 1.0 / 120.0
        p = p * r + 1.0 / 24.0
        p = p * r + 1.0 / 6.0
        p = p * r + 0.5
        p = p * r + 1.0
        p = p * r + 1.0
        numbers[a] = 0.0 if is_tiny else p
    for a in range(len(numbers)):
        bits[a] = (bits[a] + 1023) << 52
    for a in range(len(numbers)):
        numbers[a] *= scale[a]


@compiled
def _larger(first, second):
    """Return the larger of two; no number if either is none."""
    return first if not (second > first or second != second) else second


@compiled
def add_responses(lo, hi, structure, numbers, precision, probs, values, field, out):
    """Add to `out` what players' responses to a change `field` of the values do to each equation.

    For player i, with dsigma_j what follows from the change of j's own values,

        sum over j != i of alpha_j sum_a dsigma_j(a) E(V_i(x_a) - V_i)
        + (1 - k) alpha_i sum_a dsigma_i(a) D_i(a)      own response: it is optimal, and drops out, at precision 1

    Shapes as in `respond`.
    """
    first, target, slot, action_of, outcome_of, effect_of, _ = structure
    decision_rate, chance, cost = numbers.decision_rate, numbers.chance, numbers.cost
    n, effects = uintp(len(numbers.discount)), uintp(slot.shape[1])
    varies, turns = uintp(len(cost) > 1), uintp(len(chance) > 1)
    change, gains = np.empty(cost.shape[1]), np.empty(cost.shape[1])
    value_away, field_away = np.empty((effects + uintp(1)) * n), np.empty((effects + uintp(1)) * n)
    push = np.empty(effects + uintp(1))
    for x in range(uintp(lo), uintp(hi)):
        begin, end, base = uintp(first[x]), uintp(first[x + uintp(1)]), x * n
        share = chance[x * turns]
        _set_away(begin, end, base, n, effects, target, values, value_away)
        _set_away(begin, end, base, n, effects, target, field, field_away)
        push[:] = 0.0
        for j in range(n):
            mean = 0.0
            for a in range(action_of[j], action_of[j + uintp(1)]):
                change[a], gains[a] = 0.0, 0.0
                for o in range(outcome_of[a], outcome_of[a + uintp(1)]):
                    s = uintp(slot[x, effect_of[o]]) * n + j
                    change[a] += share[o] * field_away[s]
                    gains[a] += share[o] * value_away[s]
                mean += probs[x, a] * change[a]
            for a in range(action_of[j], action_of[j + uintp(1)]):
                shift = decision_rate[x, j] * precision * probs[x, a] * (change[a] - mean)
                # the sum over all players below includes the player itself: its part is taken out here
                out[base + j] -= shift * (gains[a] - (1.0 - precision) * (gains[a] - cost[x * varies, a]))
                for o in range(outcome_of[a], outcome_of[a + uintp(1)]):
                    push[uintp(slot[x, effect_of[o]])] += shift * share[o]
        for k in range(begin, end):
            for i in range(n):
                out[base + i] += push[k - begin] * value_away[(k - begin) * n + i]


@compiled
def add_responses_transposed(lo, hi, structure, numbers, probs, values, weights, out):
    """Add to `out` what the transposed responses at precision 1 make of `weights`.

    Writes to states other than lo .. hi - 1, so it is run over all states at once.
    """
    first, target, slot, action_of, outcome_of, effect_of, _ = structure
    decision_rate, chance = numbers.decision_rate, numbers.chance
    n, effects, turns = uintp(len(numbers.discount)), uintp(slot.shape[1]), uintp(len(chance) > 1)
    pull = np.empty(numbers.cost.shape[1])
    away, along = np.empty((effects + uintp(1)) * n), np.empty(effects + uintp(1))
    back = np.empty((effects + uintp(1)) * n)
    for x in range(uintp(lo), uintp(hi)):
        begin, end, base = uintp(first[x]), uintp(first[x + uintp(1)]), x * n
        share = chance[x * turns]
        _set_away(begin, end, base, n, effects, target, values, away)
        along[effects] = 0.0
        for k in range(begin, end):
            along[k - begin] = 0.0
            for i in range(n):
                along[k - begin] += away[(k - begin) * n + i] * weights[base + i]
        back[:] = 0.0
        for j in range(n):
            mean = 0.0
            for a in range(action_of[j], action_of[j + uintp(1)]):
                pull[a] = 0.0
                for o in range(outcome_of[a], outcome_of[a + uintp(1)]):
                    s = uintp(slot[x, effect_of[o]])
                    pull[a] += share[o] * (along[s] - away[s * n + j] * weights[base + j])
                mean += probs[x, a] * pull[a]
            for a in range(action_of[j], action_of[j + uintp(1)]):
                shift = decision_rate[x, j] * probs[x, a] * (pull[a] - mean)
                for o in range(outcome_of[a], outcome_of[a + uintp(1)]):
                    back[uintp(slot[x, effect_of[o]]) * n + j] += shift * share[o]
        for k in range(begin, end):
            there, s = uintp(target[k]) * n, (k - begin) * n
            for i in range(n):
                out[there + i] += back[s + i]
                out[base + i] -= back[s + i]
