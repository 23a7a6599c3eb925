"""Where the jumps of a chain lead, laid out so that one loop moves a whole stretch of states.

States are numbered row-major, so that a jump adds the same to the number of most states. A band is a stretch of states
begin .. begin + length - 1 from which jumps lead `shift` further; its rates lie side by side. Equal targets share a
cell. Short gaps are bridged: a cell in a gap has the rate zero.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int32, Int64

from raison.game import Effect, StateSpace
from raison.once import once

BRIDGED = 64
"""Longest gap, in states, that a band goes over: shorter than what it costs to begin another."""


@dataclass(frozen=True, eq=False)
class Bands:
    """The bands of some effects.

    Attributes:
        begin: first state of each band. Shape `[bands]`.
        length: how many states it has. Shape `[bands]`.
        shift: what is added to the number of a state to get the one that follows. Shape `[bands]`.
        offset: where its cells begin. Shape `[bands]`.
        cells: number of cells; cell `cells` is one more, for jumps that stay put.
        effects: the effects.
        places: for each of them, the cell of its jump from each state. Each of shape `[states]`.
    """

    begin: Int64[np.ndarray, " bands"]
    length: Int64[np.ndarray, " bands"]
    shift: Int64[np.ndarray, " bands"]
    offset: Int64[np.ndarray, " bands"]
    cells: int
    effects: tuple[Effect, ...]
    places: tuple[Int32[np.ndarray, " states"], ...]

    def place(self, effect: Effect) -> Int32[np.ndarray, " states"]:
        """Return the cell of the jump of one of the effects from each state."""
        return self.places[self._numbers[effect]]

    @once
    def _numbers(self) -> dict[Effect, int]:
        return {effect: number for number, effect in enumerate(self.effects)}


@functools.lru_cache(maxsize=64)
def bands_of(space: StateSpace, effects: tuple[Effect, ...]) -> Bands:
    """Return the bands of distinct `effects` on `space`; the same object for equal arguments."""
    shifts = {effect: effect.targets(space).astype(np.int64) - np.arange(space.size) for effect in effects}
    leaving: dict[int, list[np.ndarray]] = {}
    for steps in shifts.values():
        for shift in np.unique(steps):
            if shift:
                leaving.setdefault(int(shift), []).append(np.flatnonzero(steps == shift))
    rows, cells = [], 0
    for shift in sorted(leaving):
        states = np.unique(np.concatenate(leaving[shift]))
        for begin, end in _stretches(states):
            rows.append((begin, end - begin, shift, cells))
            cells += end - begin
    begin, length, shift, offset = np.array(rows, dtype=np.int64).reshape(-1, 4).T.copy()
    places = tuple(_place(steps, begin, shift, offset, cells) for steps in shifts.values())
    return Bands(begin, length, shift, offset, cells, effects, places)


def _stretches(states: Int64[np.ndarray, " leaving"]) -> list[tuple[int, int]]:
    """Return first and last-but-one of each stretch of rising numbers, gaps up to `BRIDGED` included."""
    cuts = np.flatnonzero(np.diff(states) > BRIDGED + 1) + 1
    return [(int(part[0]), int(part[-1]) + 1) for part in np.split(states, cuts)]


def _place(
    steps: Int64[np.ndarray, " states"],
    begin: Int64[np.ndarray, " bands"],
    shift: Int64[np.ndarray, " bands"],
    offset: Int64[np.ndarray, " bands"],
    cells: int,
) -> Int32[np.ndarray, " states"]:
    """Return the cell of the jump from each state; bands lie in order of shift, then of state."""
    place = np.full(len(steps), cells, dtype=np.int32)
    for each in np.unique(steps):
        if each:
            states = np.flatnonzero(steps == each)
            low, high = np.searchsorted(shift, [each, each + 1])
            band = low + np.searchsorted(begin[low:high], states, side="right") - 1
            place[states] = offset[band] + states - begin[band]
    return place
