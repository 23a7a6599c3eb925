"""The arcs of a game's state graph: which states lie one jump away from each.

The effects that leave a state are laid out one after the other, equal targets once:

    state x has the arcs first[x] .. first[x + 1] - 1, arc k leads to target[k], and effect u follows arc
    first[x] + slot[x, u], or stays put where slot[x, u] is the number of effects

Rates live on arcs, one number each. Turned around, the same form holds where probability flows.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64, UInt, UInt32

from raison.engine.compiling import compiled
from raison.game import Effect, StateSpace
from raison.once import once


@dataclass(frozen=True, eq=False)
class Arcs:
    """The arcs out of every state, and how effects follow them.

    Attributes:
        first: where the arcs of each state begin. Shape `[states + 1]`, int64.
        target: state that each arc leads to. Shape `[arcs]`, uint32.
        slot: arc of each effect in each state, counted from the state's first; the number of effects where it stays
            put. Shape `[states, effects]`, the smallest unsigned integers that hold it.
        effects: the distinct effects.
    """

    first: Int64[np.ndarray, " states+1"]
    target: UInt32[np.ndarray, " arcs"]
    slot: UInt[np.ndarray, "states effects"]
    effects: tuple[Effect, ...]

    @once
    def reversed(self) -> ReversedArcs:
        """Return the arcs into every state."""
        return ReversedArcs(*_reverse(self.first, self.target))


@dataclass(frozen=True, eq=False)
class ReversedArcs:
    """The arcs into every state.

    Attributes:
        first: where the arcs into each state begin. Shape `[states + 1]`, int64.
        source: state that each comes from. Shape `[arcs]`, uint32.
        arc: the arc's number when it goes out. Shape `[arcs]`, int64.
    """

    first: Int64[np.ndarray, " states+1"]
    source: UInt32[np.ndarray, " arcs"]
    arc: Int64[np.ndarray, " arcs"]


@functools.lru_cache(maxsize=64)
def arcs_of(space: StateSpace, effects: tuple[Effect, ...]) -> Arcs:
    """Return the arcs that distinct `effects` make on `space`; the same object for equal arguments."""
    narrow = np.min_scalar_type(len(effects))
    slot = np.full((space.size, len(effects)), len(effects), dtype=narrow)
    nearest = np.empty((space.size, len(effects)), dtype=np.uint32)
    degree = np.zeros(space.size, dtype=narrow)
    for u, effect in enumerate(effects):
        _add_effect(u, effect.targets(space), slot, nearest, degree)
    first = np.zeros(space.size + 1, dtype=np.int64)
    np.cumsum(degree, out=first[1:])
    return Arcs(first, _pack(first, nearest), slot, effects)


@compiled
def _add_effect(u, targets, slot, nearest, degree):
    """Give effect `u` its arc in every state: a new one, or that of an earlier effect with the same target."""
    for x in range(len(targets)):
        target = targets[x]
        if target == x:
            continue
        for s in range(degree[x]):
            if nearest[x, s] == target:
                slot[x, u] = s
                break
        else:
            nearest[x, degree[x]] = target
            slot[x, u] = degree[x]
            degree[x] += 1


@compiled
def _pack(first, nearest):
    target = np.empty(first[-1], dtype=np.uint32)
    for x in range(len(first) - 1):
        for k in range(first[x], first[x + 1]):
            target[k] = nearest[x, k - first[x]]
    return target


@compiled
def _reverse(first, target):
    states = len(first) - 1
    begin = np.zeros(states + 1, dtype=np.int64)
    for k in range(len(target)):
        begin[target[k] + 1] += 1
    for y in range(states):
        begin[y + 1] += begin[y]
    filled = begin[:-1].copy()
    source = np.empty(len(target), dtype=np.uint32)
    arc = np.empty(len(target), dtype=np.int64)
    for x in range(states):
        for k in range(first[x], first[x + 1]):
            y = target[k]
            source[filled[y]] = x
            arc[filled[y]] = k
            filled[y] += 1
    return begin, source, arc
