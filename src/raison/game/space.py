"""The state space: variables with named levels, and the index maps that jumps make on it.

State = (x_1, ..., x_K), x_k in 0..n_k-1. States are numbered in row-major order of the variables,
so that an array over states has length S = n_1 * ... * n_K.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from raison.arrays import StateNumbers
from raison.errors import CaseError, did_you_mean
from raison.once import once


@dataclass(frozen=True)
class Variable:
    """A state variable: a name and its levels, from lowest to highest if it is ordered."""

    name: str
    levels: tuple[str, ...]
    is_ordered: bool = True

    def __post_init__(self) -> None:
        if len(self.levels) < 2:
            raise CaseError(f"variable `{self.name}`: found {len(self.levels)} level(s); give at least two.")
        if len(set(self.levels)) < len(self.levels):
            raise CaseError(f"variable `{self.name}`: a level stands twice in {list(self.levels)}.")

    def index(self, level: str) -> int:
        """Return the position of `level`, from 0."""
        try:
            return self.levels.index(level)
        except ValueError:
            raise CaseError(
                f"variable `{self.name}` has no level `{level}`.{did_you_mean(level, self.levels)}"
            ) from None


KEPT_STATES = 50_000
"""States up to which it is kept where effects lead: of a thousand effects, some hundred megabytes at most."""


@dataclass(frozen=True)
class StateSpace:
    """The product of the variables' levels."""

    variables: tuple[Variable, ...]

    def __post_init__(self) -> None:
        names = [variable.name for variable in self.variables]
        if not names:
            raise CaseError("a state space needs at least one variable.")
        if len(set(names)) < len(names):
            raise CaseError(f"a variable stands twice in {names}.")

    @once
    def shape(self) -> tuple[int, ...]:
        return tuple(len(variable.levels) for variable in self.variables)

    @once
    def size(self) -> int:
        return math.prod(self.shape)

    @once
    def names(self) -> tuple[str, ...]:
        return tuple(variable.name for variable in self.variables)

    def axis(self, name: str) -> int:
        """Return the axis of the variable `name`."""
        try:
            return self.names.index(name)
        except ValueError:
            raise CaseError(f"no variable `{name}`.{did_you_mean(name, self.names)}") from None

    def variable(self, name: str) -> Variable:
        return self.variables[self.axis(name)]

    @functools.cache  # noqa: B019  (spaces are few and live as long as the study)
    def levels_of(self, name: str) -> StateNumbers:
        """Return the level index of variable `name` in every state. Shape `[states]`, int."""
        axis = self.axis(name)
        shape = [1] * len(self.shape)
        shape[axis] = self.shape[axis]
        grid = np.broadcast_to(np.arange(self.shape[axis]).reshape(shape), self.shape)
        levels = np.ascontiguousarray(grid).reshape(-1)
        levels.setflags(write=False)
        return levels

    def state(self, levels: Mapping[str, str]) -> int:
        """Return the number of the state in which every variable has the named level."""
        index = [variable.index(levels[variable.name]) for variable in self.variables]
        return int(np.ravel_multi_index(index, self.shape))


@dataclass(frozen=True)
class Effect:
    """What a jump does: for each variable it touches, the level that follows each level.

    `maps` pairs a variable's name with a tuple of level indices, one per level of that variable.
    A shift stops at the end levels. The empty effect changes nothing.
    """

    maps: tuple[tuple[str, tuple[int, ...]], ...] = ()

    @staticmethod
    def shift(variable: Variable, by: int) -> Effect:
        """Return the effect that moves an ordered variable `by` levels, stopping at its ends."""
        if not variable.is_ordered:
            raise CaseError(
                f"variable `{variable.name}` is not ordered, so it cannot move by {by:+d}; name a level instead."
            )
        top = len(variable.levels) - 1
        return Effect(((variable.name, tuple(min(max(level + by, 0), top) for level in range(top + 1))),))

    @staticmethod
    def become(variable: Variable, level: str) -> Effect:
        """Return the effect that sets a variable to `level` from wherever it is."""
        return Effect(((variable.name, (variable.index(level),) * len(variable.levels)),))

    def and_(self, other: Effect) -> Effect:
        """Return the effect that makes both changes; the two must touch different variables."""
        both = {name for name, _ in self.maps} & {name for name, _ in other.maps}
        if both:
            raise CaseError(f"two changes of the same variable in one effect: {sorted(both)}.")
        return Effect(tuple(sorted(self.maps + other.maps)))

    def targets(self, space: StateSpace) -> StateNumbers:
        """Return the state that follows each state. Shape `[states]`, int32, not to be written to."""
        return (_kept_targets if space.size <= KEPT_STATES else _targets)(self, space)


def _targets(effect: Effect, space: StateSpace) -> StateNumbers:
    index = np.arange(space.size).reshape(space.shape)
    for name, level_map in effect.maps:
        axis = space.axis(name)
        if len(level_map) != space.shape[axis]:
            raise CaseError(f"effect on `{name}`: {len(level_map)} levels for a variable with {space.shape[axis]}.")
        index = np.take(index, np.asarray(level_map), axis=axis)
    targets = np.ascontiguousarray(index.reshape(-1), dtype=np.int32)
    targets.setflags(write=False)
    return targets


_kept_targets = functools.lru_cache(maxsize=1024)(_targets)


NO_CHANGE = Effect()
"""The effect that leaves every variable as it is."""
