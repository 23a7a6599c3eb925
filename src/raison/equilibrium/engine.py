"""What the solver asks of the equations of a game, whoever computes them.

Two engines answer: `native`, compiled loops for the CPU, and `xla`, the same equations in JAX, for a GPU or for
several devices. Each lays out its fields, one number per state and player, as suits it; they can be added and
scaled. A linear solve is rough: the caller looks at what is left.
"""

from __future__ import annotations

from typing import Any, Protocol

from raison.arrays import PlayerValues

Field = Any
"""One number per state and player, in the layout of the engine."""


class Point(Protocol):
    """Values, and what the engine has worked out there."""

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


class Engine(Protocol):
    """The equations of one game."""

    def field(self, values: PlayerValues) -> Field:
        """Return values in the engine's layout."""
        ...

    def by_player(self, field: Field) -> PlayerValues:
        """Return a field as an array of shape `[players, states]`."""
        ...

    def look(self, values: Field, precision: float) -> Any:
        """Let every player respond to `values` and return the `Point` there."""
        ...

    def apply(self, here: Any, direction: Field) -> Field:
        """Return -F'(V) d."""
        ...

    def policy_correction(self, here: Any, tolerance: float) -> Field:
        """Solve (rho - G) d = F(V), leaving at most about `tolerance` of the right-hand side."""
        ...

    def newton_correction(self, here: Any, tolerance: float) -> Field:
        """Solve -F'(V) d = F(V)."""
        ...

    def best_response_change(self, here: Any, direction: Field, tolerance: float) -> Field:
        """Return how a policy step started from V + d differs from one started from V, to first order in d."""
        ...

    def adjoint_residual(self, here: Any, adjoint: Field, cotangent: Field) -> tuple[Field, float]:
        """Return cotangent + F'(V)' w and its largest entry."""
        ...

    def adjoint_correction(self, here: Any, left: Field, tolerance: float) -> Field:
        """Solve (rho - G') w = left: players' responses held still."""
        ...

    def whole_adjoint(self, here: Any, cotangent: Field, tolerance: float) -> Field:
        """Solve -F'(V)' w = cotangent."""
        ...
