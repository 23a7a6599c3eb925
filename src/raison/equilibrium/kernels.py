"""Compiled loops over states for the CPU.

Fields over players and states are laid out with players innermost, so that what one arc leads to is one short
stretch of memory for all players; they are handed over flat, entry x * players + i. The inner loops go over
four players at a time, which the compiler turns into vector instructions. Every kernel works on the states
lo .. hi - 1 and holds no lock, so that chunks of states can run side by side.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numba import uintp

from raison.equilibrium.arcs import STAYS
from raison.equilibrium.compiling import compiled, summing

CHUNK_WORK = 1_000_000
"""Multiplications that one chunk of states takes, at least: some tenths of a millisecond."""

MOST_CHUNKS = 64
"""Most chunks of one pass. Their number depends on the game alone, so sums come out the same on any machine."""


class Structure(NamedTuple):
    """The part of a game that is fixed when its numbers change.

    Attributes:
        first, target, slot: as in `Arcs`.
        action_of: where the actions of each player begin. Shape `[players + 1]`, int64.
        outcome_of: where the outcomes of each action begin. Shape `[actions + 1]`, int64.
        effect_of: effect of each outcome. Shape `[outcomes]`, int64.
        available: whether each action may be taken. Shape `[states, actions]`, bool.
    """

    first: np.ndarray
    target: np.ndarray
    slot: np.ndarray
    action_of: np.ndarray
    outcome_of: np.ndarray
    effect_of: np.ndarray
    available: np.ndarray


class Numbers(NamedTuple):
    """The numbers of a game.

    Attributes:
        nature: rate at which nature takes each arc. Shape `[arcs]`.
        payoff: u. Shape `[states, players]`.
        decision_rate: alpha. Shape `[states, players]`.
        discount: rho. Shape `[players]`.
        cost: of each action. Shape `[actions]`.
        chance: of each outcome. Shape `[outcomes]`.
        shock_mean: mean of the shocks.
    """

    nature: np.ndarray
    payoff: np.ndarray
    decision_rate: np.ndarray
    discount: np.ndarray
    cost: np.ndarray
    chance: np.ndarray
    shock_mean: float


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())


def over_states(kernel: Callable, states: int, work: int, *args: Any) -> list:
    """Run `kernel(lo, hi, *args)` over all states in chunks, side by side, and return what each chunk gave.

    Args:
        kernel: a compiled loop.
        states: number of states.
        work: about how many multiplications the whole pass takes.
        args: handed on.
    """
    chunks = min(MOST_CHUNKS, max(1, work // CHUNK_WORK))
    if chunks == 1:
        return [kernel(0, states, *args)]
    cuts = [states * c // chunks for c in range(chunks + 1)]
    return list(_pool().map(lambda c: kernel(cuts[c], cuts[c + 1], *args), range(chunks)))


@compiled
def weigh(lo, hi, players, first, target, rate, inverse, field, other, out):
    """Write  out = field - inverse * sum over arcs of rate * field at the other end.

    Args:
        lo: first state.
        hi: state after the last.
        players: number of players.
        first: where the arcs of each state begin. Shape `[states + 1]`.
        target: state at the other end of each arc. Shape `[arcs]`.
        rate: of each arc. Shape `[arcs]`.
        inverse: of the diagonal. Shape `[states * players]`.
        field: what is weighed. Shape `[states * players]`.
        other: a field to compare with. Shape `[states * players]`.
        out: what comes out. Shape `[states * players]`.

    Returns:
        The sums of products of `out` with `other` and with itself.
    """
    n = uintp(players)
    begin = uintp(first[lo])
    overlap, square = 0.0, 0.0
    for x in range(lo, hi):
        end = uintp(first[uintp(x) + uintp(1)])
        base = uintp(x) * n
        i = uintp(0)
        while i + uintp(4) <= n:
            s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
            for k in range(begin, end):
                j, r = uintp(target[k]) * n + i, rate[k]
                s0 += r * field[j]
                s1 += r * field[j + uintp(1)]
                s2 += r * field[j + uintp(2)]
                s3 += r * field[j + uintp(3)]
            j = base + i
            s0 = field[j] - inverse[j] * s0
            s1 = field[j + uintp(1)] - inverse[j + uintp(1)] * s1
            s2 = field[j + uintp(2)] - inverse[j + uintp(2)] * s2
            s3 = field[j + uintp(3)] - inverse[j + uintp(3)] * s3
            overlap += s0 * other[j] + s1 * other[j + uintp(1)] + s2 * other[j + uintp(2)] + s3 * other[j + uintp(3)]
            square += s0 * s0 + s1 * s1 + s2 * s2 + s3 * s3
            out[j], out[j + uintp(1)], out[j + uintp(2)], out[j + uintp(3)] = s0, s1, s2, s3
            i += uintp(4)
        while i < n:
            s0 = 0.0
            for k in range(begin, end):
                s0 += rate[k] * field[uintp(target[k]) * n + i]
            j = base + i
            s0 = field[j] - inverse[j] * s0
            overlap += s0 * other[j]
            square += s0 * s0
            out[j] = s0
            i += uintp(1)
        begin = end
    return overlap, square


@compiled
def respond(lo, hi, structure, numbers, precision, values, rates, probs, reward, exits):
    """Let every player respond to `values`; write rates, choice probabilities, rewards and exit rates.

    Args:
        lo: first state.
        hi: state after the last.
        structure: of the game.
        numbers: of the game.
        precision: k.
        values: V. Shape `[states * players]`.
        rates: rate of each arc. Shape `[arcs]`.
        probs: choice probability of every action. Shape `[states, actions]`.
        reward: what a player gains per unit time apart from the world's moving:
            u + alpha (surplus - sum_a sigma(a) E(V(x_a) - V)). Shape `[states * players]`.
        exits: total rate out of each state. Shape `[states]`.
    """
    first, target, slot, action_of, outcome_of, effect_of, available = structure
    nature, payoff, decision_rate, discount, cost, chance, shock_mean = numbers
    n = uintp(len(discount))
    gains, weights = np.empty(len(cost)), np.empty(len(cost))
    for x in range(lo, hi):
        here = uintp(x)
        begin, end = uintp(first[here]), uintp(first[here + uintp(1)])
        for k in range(begin, end):
            rates[k] = nature[k]
        for j in range(n):
            own = values[here * n + j]
            first_action, last_action = uintp(action_of[j]), uintp(action_of[j + uintp(1)])
            peak = 0.0
            for a in range(first_action, last_action):
                gain = 0.0
                for o in range(uintp(outcome_of[a]), uintp(outcome_of[a + uintp(1)])):
                    s = slot[here, uintp(effect_of[o])]
                    there = uintp(target[begin + uintp(s)]) if s != STAYS else here
                    gain += chance[o] * (values[there * n + j] - own)
                gains[a] = gain
                weights[a] = precision * (gain - cost[a]) if available[here, a] else -np.inf
                peak = max(peak, weights[a])
            total = np.exp(-peak)
            for a in range(first_action, last_action):
                weights[a] = np.exp(weights[a] - peak)
                total += weights[a]
            bonus = np.log(total) + peak + shock_mean
            for a in range(first_action, last_action):
                prob = weights[a] / total
                probs[here, a] = prob
                bonus += prob * ((1.0 - precision) * (gains[a] - cost[a]) - gains[a])
                rate = decision_rate[here, j] * prob
                for o in range(uintp(outcome_of[a]), uintp(outcome_of[a + uintp(1)])):
                    s = slot[here, uintp(effect_of[o])]
                    if s != STAYS:
                        rates[begin + uintp(s)] += rate * chance[o]
            reward[here * n + j] = payoff[here, j] + decision_rate[here, j] * bonus
        leaving = 0.0
        for k in range(begin, end):
            leaving += rates[k]
        exits[here] = leaving


@compiled
def fail(lo, hi, players, reward, values, inverse, image, failure):
    """Write  F(V) = reward - image / inverse, where `image` is what `weigh` makes of the values.

    Returns:
        The largest |F| of each player (shape `[players]`) and the largest |V|; no number where any is none.
    """
    largest, peak = np.zeros(players), 0.0
    n = uintp(players)
    for x in range(uintp(lo), uintp(hi)):
        for i in range(n):
            k = x * n + i
            failure[k] = reward[k] - image[k] / inverse[k]
            largest[i] = _larger(largest[i], abs(failure[k]))
            peak = _larger(peak, abs(values[k]))
    return largest, peak


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
    first, target, slot, action_of, outcome_of, effect_of, available = structure
    decision_rate, chance, cost = numbers.decision_rate, numbers.chance, numbers.cost
    players = len(numbers.discount)
    n = uintp(players)
    change, gains = np.empty(len(cost)), np.empty(len(cost))
    push = np.zeros(256)
    for x in range(lo, hi):
        base = uintp(x) * n
        begin, end = uintp(first[x]), uintp(first[x + 1])
        for j in range(players):
            own = base + uintp(j)
            mean = 0.0
            for a in range(action_of[j], action_of[j + 1]):
                change[a], gains[a] = 0.0, 0.0
                if not available[x, a]:
                    continue
                for o in range(outcome_of[a], outcome_of[a + 1]):
                    s = slot[x, effect_of[o]]
                    if s != STAYS:
                        there = uintp(target[begin + uintp(s)]) * n + uintp(j)
                        change[a] += chance[o] * (field[there] - field[own])
                        gains[a] += chance[o] * (values[there] - values[own])
                mean += probs[x, a] * change[a]
            for a in range(action_of[j], action_of[j + 1]):
                shift = decision_rate[x, j] * precision * probs[x, a] * (change[a] - mean)
                # the sum over all players below includes the player itself: its part is taken out here
                out[own] -= shift * (gains[a] - (1.0 - precision) * (gains[a] - cost[a]))
                for o in range(outcome_of[a], outcome_of[a + 1]):
                    s = slot[x, effect_of[o]]
                    if s != STAYS:
                        push[s] += shift * chance[o]
        for k in range(begin, end):
            there = uintp(target[k]) * n
            r = push[k - begin]
            push[k - begin] = 0.0
            for i in range(n):
                out[base + i] += r * (values[there + i] - values[base + i])


@compiled
def add_responses_transposed(lo, hi, structure, numbers, probs, values, weights, out):
    """Add to `out` what the transposed responses at precision 1 make of `weights`.

    Writes to states other than lo .. hi - 1, so it is run over all states at once.
    """
    first, target, slot, action_of, outcome_of, effect_of, available = structure
    decision_rate, chance = numbers.decision_rate, numbers.chance
    players = len(numbers.discount)
    n = uintp(players)
    pull = np.empty(len(numbers.cost))
    along = np.zeros(256)
    for x in range(lo, hi):
        base = uintp(x) * n
        begin, end = uintp(first[x]), uintp(first[x + 1])
        for k in range(begin, end):
            there = uintp(target[k]) * n
            total = 0.0
            for i in range(n):
                total += (values[there + i] - values[base + i]) * weights[base + i]
            along[k - begin] = total
        for j in range(players):
            own_value, own_weight = values[base + uintp(j)], weights[base + uintp(j)]
            mean = 0.0
            for a in range(action_of[j], action_of[j + 1]):
                pull[a] = 0.0
                if not available[x, a]:
                    continue
                for o in range(outcome_of[a], outcome_of[a + 1]):
                    s = slot[x, effect_of[o]]
                    if s != STAYS:
                        there = uintp(target[begin + uintp(s)]) * n + uintp(j)
                        pull[a] += chance[o] * (along[s] - (values[there] - own_value) * own_weight)
                mean += probs[x, a] * pull[a]
            for a in range(action_of[j], action_of[j + 1]):
                back = decision_rate[x, j] * probs[x, a] * (pull[a] - mean)
                for o in range(outcome_of[a], outcome_of[a + 1]):
                    s = slot[x, effect_of[o]]
                    if s != STAYS:
                        there = uintp(target[begin + uintp(s)]) * n + uintp(j)
                        out[there] += back * chance[o]
                        out[base + uintp(j)] -= back * chance[o]


@compiled
def gather(lo, hi, arc, rate, out):
    """Write  out[k] = rate[arc[k]]  for k in lo .. hi - 1."""
    for k in range(uintp(lo), uintp(hi)):
        out[k] = rate[arc[k]]


@compiled
def set_inverse(lo, hi, players, exits, discount, out):
    """Write 1 / (exit rate + discount rate). Shape `[states * players]`."""
    n = uintp(players)
    for x in range(uintp(lo), uintp(hi)):
        for i in range(n):
            out[x * n + i] = 1.0 / (exits[x] + discount[i])


@compiled
def add_rate(lo, hi, first, slot, rate, out):
    """Add the rate of one effect in each state to that of its arc."""
    for x in range(uintp(lo), uintp(hi)):
        if slot[x] != STAYS:
            out[uintp(first[x]) + uintp(slot[x])] += rate[x]


# Steps of BiCGSTAB, each one pass over the field.


@summing
def dot(lo, hi, first, second):
    """Return the sum of products of two fields."""
    total = 0.0
    for k in range(uintp(lo), uintp(hi)):
        total += first[k] * second[k]
    return total


@compiled
def aim(lo, hi, left, direction, image, ratio, omega):
    """Write  direction = left + ratio * (direction - omega * image)."""
    for k in range(uintp(lo), uintp(hi)):
        direction[k] = left[k] + ratio * (direction[k] - omega * image[k])


@compiled
def retreat(lo, hi, left, amount, image):
    """Write  left -= amount * image."""
    for k in range(uintp(lo), uintp(hi)):
        left[k] -= amount * image[k]


@summing
def go(lo, hi, found, alpha, direction, omega, left, image, shadow):
    """Write  found += alpha * direction + omega * left,  left -= omega * image.

    Returns:
        The sums of products of what is left with itself and with `shadow`.
    """
    own, other = 0.0, 0.0
    for k in range(uintp(lo), uintp(hi)):
        found[k] += alpha * direction[k] + omega * left[k]
        rest = left[k] - omega * image[k]
        left[k] = rest
        own += rest * rest
        other += rest * shadow[k]
    return own, other
