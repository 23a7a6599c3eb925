"""Compiled loops over the fields of a game: the generator applied, and the steps of its linear solve.

Fields over players and states are laid out with players innermost, so that what one arc leads to is one short
stretch of memory for all players; they are handed over flat, entry x * players + i. The inner loops go over
four players at a time, which the compiler turns into vector instructions. Every loop works on the states
lo .. hi - 1 and holds no lock, so that chunks of states can run side by side.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from numba import uintp

from raison.engine.compiling import compiled, fetch, summing

CHUNK_WORK = 1_000_000
"""Multiplications that one chunk of states takes, at least: some tenths of a millisecond."""

MOST_CHUNKS = 64
"""Most chunks of one pass. Their number depends on the game alone, so sums come out the same on any machine."""


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())


def over_states(kernel: Callable, states: int, work: int, *args: object) -> list:
    """Run `kernel(lo, hi, *args)` over all states in chunks, side by side, and return what each chunk gave.

    Args:
        kernel: a compiled loop.
        states: number of states.
        work: about how many multiplications the whole pass takes.
        args: handed on.
    """
    if work < 2 * CHUNK_WORK:
        return [kernel(0, states, *args)]
    chunks = min(MOST_CHUNKS, work // CHUNK_WORK)
    cuts = [states * c // chunks for c in range(chunks + 1)]
    return list(_pool().map(lambda c: kernel(cuts[c], cuts[c + 1], *args), range(chunks)))


@compiled
def weigh(lo, hi, ahead, players, first, target, rate, inverse, field, out):
    """Write  out = field - inverse * sum over arcs of rate * field at the other end.

    Args:
        lo: first state.
        hi: state after the last.
        ahead: how many arcs ahead memory is called for; 0 for not at all.
        players: number of players.
        first: where the arcs of each state begin. Shape `[states + 1]`.
        target: state at the other end of each arc. Shape `[arcs]`.
        rate: of each arc. Shape `[arcs]`.
        inverse: of the diagonal. Shape `[states * players]`.
        field: what is weighed. Shape `[states * players]`.
        out: what comes out. Shape `[states * players]`.
    """
    n = uintp(players)
    begin, last = uintp(first[lo]), uintp(first[hi])
    for x in range(uintp(lo), uintp(hi)):
        end = uintp(first[x + uintp(1)])
        if ahead:
            for k in range(begin + uintp(ahead), min(end + uintp(ahead), last)):
                fetch(field, uintp(target[k]) * n)
        i = uintp(0)
        while i + uintp(4) <= n:
            s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
            for k in range(begin, end):
                j, r = uintp(target[k]) * n + i, rate[k]
                s0 += r * field[j]
                s1 += r * field[j + uintp(1)]
                s2 += r * field[j + uintp(2)]
                s3 += r * field[j + uintp(3)]
            j = x * n + i
            out[j] = field[j] - inverse[j] * s0
            out[j + uintp(1)] = field[j + uintp(1)] - inverse[j + uintp(1)] * s1
            out[j + uintp(2)] = field[j + uintp(2)] - inverse[j + uintp(2)] * s2
            out[j + uintp(3)] = field[j + uintp(3)] - inverse[j + uintp(3)] * s3
            i += uintp(4)
        while i < n:
            s0 = 0.0
            for k in range(begin, end):
                s0 += rate[k] * field[uintp(target[k]) * n + i]
            j = x * n + i
            out[j] = field[j] - inverse[j] * s0
            i += uintp(1)
        begin = end


@compiled
def sweep(lo, hi, ahead, players, first, target, rate, inverse, right, pair, other):
    """Make one Gauss-Seidel sweep over the states of a chunk.

    With `before` the first half of `pair` and `after` its second, which is written in the order of the states,

        after = inverse * (right + sum over arcs of rate * (after where the arc leads to an earlier state of the
                                                            chunk, else before))

    that is M^-1 (right + (M - A) before), where A = rho - G and M is its lower triangle within each chunk.

    Args:
        lo: first state.
        hi: state after the last.
        ahead, players, first, target, rate, inverse: as in `weigh`.
        right: what is added; empty for zero. Shape `[states * players]`.
        pair: the fields before and after. Shape `[2 * states * players]`.
        other: a field to compare with. Shape `[states * players]`.

    Returns:
        The sums of products of `before - after` with `other` and with itself.
    """
    n, low, has_right = uintp(players), uintp(lo), len(right) > 0
    half = uintp(len(inverse))
    begin, last = uintp(first[lo]), uintp(first[hi])
    overlap, square = 0.0, 0.0
    for x in range(low, uintp(hi)):
        end = uintp(first[x + uintp(1)])
        if ahead:
            for k in range(begin + uintp(ahead), min(end + uintp(ahead), last)):
                fetch(pair, _place(uintp(target[k]), x, low, half, n))
        i = uintp(0)
        while i + uintp(4) <= n:
            s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
            for k in range(begin, end):
                j, r = _place(uintp(target[k]), x, low, half, n) + i, rate[k]
                s0 += r * pair[j]
                s1 += r * pair[j + uintp(1)]
                s2 += r * pair[j + uintp(2)]
                s3 += r * pair[j + uintp(3)]
            j = x * n + i
            if has_right:
                s0, s1 = s0 + right[j], s1 + right[j + uintp(1)]
                s2, s3 = s2 + right[j + uintp(2)], s3 + right[j + uintp(3)]
            s0, s1 = inverse[j] * s0, inverse[j + uintp(1)] * s1
            s2, s3 = inverse[j + uintp(2)] * s2, inverse[j + uintp(3)] * s3
            k = half + j
            pair[k], pair[k + uintp(1)], pair[k + uintp(2)], pair[k + uintp(3)] = s0, s1, s2, s3
            s0, s1 = pair[j] - s0, pair[j + uintp(1)] - s1
            s2, s3 = pair[j + uintp(2)] - s2, pair[j + uintp(3)] - s3
            overlap += s0 * other[j] + s1 * other[j + uintp(1)] + s2 * other[j + uintp(2)] + s3 * other[j + uintp(3)]
            square += s0 * s0 + s1 * s1 + s2 * s2 + s3 * s3
            i += uintp(4)
        while i < n:
            s0 = 0.0
            for k in range(begin, end):
                s0 += rate[k] * pair[_place(uintp(target[k]), x, low, half, n) + i]
            j = x * n + i
            if has_right:
                s0 += right[j]
            s0 = inverse[j] * s0
            pair[half + j] = s0
            s0 = pair[j] - s0
            overlap += s0 * other[j]
            square += s0 * s0
            i += uintp(1)
        begin = end
    return overlap, square


@compiled
def _place(target, x, low, half, n):
    """Return where a sweep reads a state: after it, if the state lies between `low` and x, else before."""
    # unsigned, so that a state before `low` counts as a very late one
    return target * n + (half if target - low < x - low else uintp(0))


@compiled
def gather(lo, hi, arc, rate, out):
    """Write  out[k] = rate[arc[k]]  for k in lo .. hi - 1."""
    for k in range(uintp(lo), uintp(hi)):
        out[k] = rate[arc[k]]


# Steps of BiCGSTAB, each one pass over a field. A pair holds a field and what a sweep makes of it; their difference is
# the image of the field.


@compiled
def aim(lo, hi, left, direction, ratio, omega):
    """Write  direction = left + ratio * (direction - omega * image); `direction` is a pair."""
    half = uintp(len(left) // 2)
    for k in range(uintp(lo), uintp(hi)):
        image = direction[k] - direction[half + k]
        direction[k] = left[k] + ratio * (direction[k] - omega * image)


@compiled
def retreat(lo, hi, left, alpha, direction):
    """Write  left -= alpha * image of `direction`, a pair."""
    half = uintp(len(left) // 2)
    for k in range(uintp(lo), uintp(hi)):
        left[k] -= alpha * (direction[k] - direction[half + k])


@summing
def go(lo, hi, found, alpha, direction, omega, left, shadow):
    """Write  found += alpha * direction + omega * left,  left -= omega * its image; `left` is a pair.

    Returns:
        The sums of products of what is left with `shadow` and with itself.
    """
    half = uintp(len(found))
    overlap, square = 0.0, 0.0
    for k in range(uintp(lo), uintp(hi)):
        found[k] += alpha * direction[k] + omega * left[k]
        rest = left[k] - omega * (left[k] - left[half + k])
        left[k] = rest
        overlap += rest * shadow[k]
        square += rest * rest
    return overlap, square
