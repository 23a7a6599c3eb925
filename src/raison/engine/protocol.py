"""What the solver asks of the equations of a game, whoever computes them.

Two engines answer: `native`, compiled loops for the CPU, and `xla`, the same equations in JAX, for a GPU or for
several devices. Each lays out its fields, one number per state and player, as suits it; they can be added and
scaled. A linear solve leaves about the share `tolerance` of its right-hand side: the caller looks at what is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import jax
import numpy as np
from jaxtyping import Array, Float

from raison.arrays import PlayerValues

MAX_KRYLOV = 2000
"""Most iterations of one linear solve without responses."""

Field = Float[Array, "..."] | Float[np.ndarray, "..."]
"""One number per state and player, in the layout of the engine."""

Devices = Sequence[jax.Device]  # pyright: ignore[reportInvalidTypeForm]
"""Devices of JAX over which the states are laid."""


@runtime_checkable
class Point(Protocol):
    """Values, and what the engine has worked out there. An engine is given only points that it made itself."""

    @property
    def values(self) -> Field: ...

    @property
    def failure(self) -> Field:
        """Return F(V), per unit time."""
        ...

    @property
    def residual(self) -> float:
        """Return the change of a uniformised Bellman sweep over max(1, |V|); infinite where it is no number."""
        ...

    @property
    def error(self) -> float:
        """Return the most that a player could gain by acting otherwise, max |F_i| / rho_i, over max(1, |V|)."""
        ...


@runtime_checkable
class Engine(Protocol):
    """The equations of one game."""

    def field(self, values: PlayerValues) -> Field:
        """Return values in the engine's layout."""
        ...

    def by_player(self, field: Field) -> PlayerValues:
        """Return a field as an array of shape `[players, states]`."""
        ...

    def look(self, values: Field, precision: float) -> Point:
        """Let every player respond to `values` and return the point there."""
        ...

    def release(self, point: Point) -> None:
        """Take note that nothing but the values of a point will be looked at again: the rest may be written over."""
        ...

    def solve_policy(self, here: Point, right: Field, tolerance: float) -> Field:
        """Solve (rho - G) d = right: players' responses held still."""
        ...

    def solve_flow(self, here: Point, right: Field, tolerance: float) -> Field:
        """Solve (rho - G') w = right."""
        ...

    def respond(self, here: Point, direction: Field) -> Field:
        """Return what players' responses to a change d of the values do to the equations: F'(V) d + (rho - G) d."""
        ...

    def respond_transposed(self, here: Point, weights: Field) -> Field:
        """Return the transpose of `respond`, at precision 1: F'(V)' w + (rho - G') w."""
        ...

    def transposed_left(self, here: Point, weights: Field, right: Field) -> Field:
        """Return right + F'(V)' w: what a solution w of -F'(V)' w = right would leave at zero."""
        ...
