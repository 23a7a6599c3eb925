"""The Markov perfect equilibrium with logit shocks.

Both kinds of step solve a linear system for a correction d of the values V, without a matrix:

    policy step   (rho - G_sigma) d = F(V)     rivals' choices held still; the full Newton step for one player
    Newton step   -F'(V) d          = F(V)     rivals' responses included

Policy steps are cheap and safe while the best-response map contracts; where they do not, Newton steps
take over. The search starts at precision 0, where players act at random and values are unique.
Derivatives of the solution follow from F(V, numbers) = 0 by one transposed linear solve.

The outer iteration runs on the host: the compiled pieces are small, and each is compiled once for games
of one shape.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field
from typing import NamedTuple

import jax
import jax.numpy as jnp

from raison.arrays import PlayerValues
from raison.equilibrium.arrays import GameArrays
from raison.equilibrium.choice import Choice
from raison.equilibrium.generator import Generator
from raison.equilibrium.play import (
    Play,
    apply_slopes,
    apply_slopes_transposed,
    failure_of,
    generator_of,
    play,
    slopes_of,
)
from raison.errors import NotConverged
from raison.game import Game

TOLERANCE = 1e-10
"""Default residual at which values count as converged, relative to max(1, |V|)."""

LINEAR_TOLERANCE = 1e-2
"""Share of the right-hand side that a linear solve of the outer iteration may leave."""

ADJOINT_TOLERANCE = 1e-9
"""Largest entry that the linear solve behind a gradient may leave, as a share of the largest of its right-hand side."""

ADJOINT_STEP = 1e-2
"""Share of its right-hand side that one round of that solve may leave."""

MAX_KRYLOV = 2000
"""Most iterations of one linear solve."""

MAX_ADJOINT_ROUNDS = 60
"""Most rounds of it."""

SLOW = 0.5
"""A policy step is slow if it leaves more than this share of the residual."""

PATIENCE = 3
"""So many slow policy steps in a row hand over to Newton steps."""

LADDER = (0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 1.0)
"""Precisions through which the branch from precision 0 is followed when the direct way fails."""


@dataclass(frozen=True)
class Equilibrium:
    """A solved game.

    Attributes:
        values: V in units of shock scale. Shape `[players, states]`.
        arrays: the game in numbers.
        residual: change that one more uniformised Bellman sweep would make, over max(1, |V|).
        steps: policy and Newton steps taken.
        newton_steps: how many of them were Newton steps.
        status: `converged`, or what went wrong and what to do.
    """

    values: PlayerValues = field(repr=False)
    arrays: GameArrays = field(repr=False)
    residual: float
    steps: int
    newton_steps: int
    status: str

    @property
    def has_converged(self) -> bool:
        return self.status == "converged"

    @property
    def choices(self) -> tuple[Choice, ...]:
        """Return the choice probabilities of every player."""
        return _play(self.arrays, self.values, 1.0).choices


@dataclass(frozen=True)
class _Run:
    """What one run of the iteration at one precision gave."""

    values: PlayerValues
    residual: float
    steps: int
    newton_steps: int


def solve(
    game: Game | GameArrays,
    *,
    start: PlayerValues | None = None,
    tolerance: float = TOLERANCE,
    max_steps: int = 60,
) -> Equilibrium:
    """Solve `game` on the branch that starts at precision 0.

    Args:
        game: the game, or the same in numbers.
        start: values to start from, such as those of a nearby game; by default those of players
            who act at random. Shape `[players, states]`.
        tolerance: residual at which the values count as converged, relative to max(1, |V|).
        max_steps: most steps per precision.

    Returns:
        The equilibrium. Look at `status`: nothing is raised when the iteration fails.

    Source:
        arcidiacono2016, doraszelski2012 (docs/reference/references.md)
    """
    arrays = game if isinstance(game, GameArrays) else GameArrays.of(game)
    random_play = functools.cache(lambda: _random_play_values(arrays, tolerance))
    run = _iterate(arrays, random_play() if start is None else start, 1.0, tolerance, max_steps)
    if run.residual > tolerance and start is not None:
        run = _add(run, _iterate(arrays, random_play(), 1.0, tolerance, max_steps))
    if run.residual > tolerance:
        run = _follow_branch(arrays, random_play(), tolerance, max_steps, before=run)
    return Equilibrium(
        run.values, arrays, run.residual, run.steps, run.newton_steps, _status(run.residual, tolerance, run.steps)
    )


def checked(equilibrium: Equilibrium) -> Equilibrium:
    """Return `equilibrium`, or raise `NotConverged` with its status."""
    if not equilibrium.has_converged:
        raise NotConverged(equilibrium.status)
    return equilibrium


class Pulled(NamedTuple):
    """The derivative of a scalar through an equilibrium.

    Attributes:
        numbers: by the game's numbers, in their form.
        adjoint: w, to start a nearby computation from. Shape `[players, states]`.
    """

    numbers: GameArrays
    adjoint: PlayerValues


def pull_back(equilibrium: Equilibrium, cotangent: PlayerValues, *, start: PlayerValues | None = None) -> Pulled:
    """Return the derivative of a scalar by the game's numbers, through its derivative by the values.

    From F(V, numbers) = 0:  d/d numbers = (dF/d numbers)' w  with  -F'(V)' w = cotangent.
    The system is solved as the policy step is, rivals' responses put to the right, round after round while that
    contracts; else as a whole.

    Args:
        equilibrium: a converged equilibrium.
        cotangent: derivative of the scalar by the values. Shape `[players, states]`.
        start: w of a nearby computation.

    Errors:
        `NotConverged` if the linear solve fails.
    """
    arrays = equilibrium.arrays
    here = _look(arrays, equilibrium.values, 1.0)
    slopes = _slopes_of(arrays, here.values, here.acts, here.generator)
    scale = max(float(jnp.abs(cotangent).max()), 1e-300)
    adjoint = jnp.zeros_like(cotangent) if start is None else start
    left, size = _adjoint_residual(arrays, slopes, adjoint, cotangent)
    for _ in range(MAX_ADJOINT_ROUNDS):
        if float(size) <= ADJOINT_TOLERANCE * scale:
            break
        before = float(size)
        adjoint = adjoint + _solve_flow(slopes.flow, here.diagonal, left)
        left, size = _adjoint_residual(arrays, slopes, adjoint, cotangent)
        if not float(size) < 0.7 * before:
            adjoint = _solve_adjoint(arrays, slopes, here.diagonal, cotangent)
            left, size = _adjoint_residual(arrays, slopes, adjoint, cotangent)
            break
    if not float(size) <= 1e-6 * scale:
        raise NotConverged(
            "the gradient through the equilibrium was not found: "
            f"linear residual {float(size) / scale:.1e}, 1e-6 needed. "
            "Rates that differ by many orders of magnitude make the system stiff: check the ranges of the case."
        )
    return Pulled(_numbers_slope(arrays, equilibrium.values, adjoint), adjoint)


def _status(residual: float, tolerance: float, steps: int) -> str:
    if residual <= tolerance:
        return "converged"
    return (
        f"not converged: residual {residual:.1e} after {steps} steps, {tolerance:.0e} needed. The payoffs may be too "
        "large for the shocks (weights times horizon above a few hundred): lower the weights or shorten the horizon."
    )


def _add(before: _Run, run: _Run) -> _Run:
    return _Run(run.values, run.residual, before.steps + run.steps, before.newton_steps + run.newton_steps)


def _random_play_values(arrays: GameArrays, tolerance: float) -> PlayerValues:
    """Return the values at precision 0, where choices do not depend on values."""
    zero = jnp.zeros((len(arrays.players), arrays.space.size))
    return _iterate(arrays, zero, 0.0, tolerance, 8).values


def _follow_branch(arrays, values, tolerance, max_steps, *, before: _Run) -> _Run:
    """Raise the precision in steps, each started from the last."""
    run = before
    for precision in LADDER:
        run = _add(run, _iterate(arrays, values, precision, tolerance, max_steps))
        values = run.values
    return run


def _iterate(arrays: GameArrays, start: PlayerValues, precision: float, tolerance: float, max_steps: int) -> _Run:
    here = _look(arrays, start, precision)
    steps, newton_steps, slow_steps = 0, 0, 0
    while here.residual > tolerance and steps < max_steps:
        use_newton = precision == 1.0 and (newton_steps > 0 or slow_steps >= PATIENCE)
        correction = _newton_correction(arrays, here) if use_newton else _policy_correction(here)
        after = _go(arrays, here, correction, precision, here.residual if use_newton else math.inf)
        steps, newton_steps = steps + 1, newton_steps + use_newton
        if not after.residual < math.inf or (use_newton and after.residual > 0.99 * here.residual):
            break
        slow_steps = slow_steps + 1 if after.residual > SLOW * here.residual else 0
        here = after
    return _Run(here.values, here.residual, steps, newton_steps)


class _Point(NamedTuple):
    """Values, and all that follows from them."""

    values: PlayerValues
    acts: Play
    generator: Generator
    failure: PlayerValues
    diagonal: jax.Array
    residual: float


def _look(arrays: GameArrays, values: PlayerValues, precision: float) -> _Point:
    acts = _play(arrays, values, precision)
    generator = _generator_of(arrays, acts.choices)
    failure, diagonal, residual = _failure(arrays, values, acts, generator)
    return _Point(values, acts, generator, failure, diagonal, float(residual) if math.isfinite(residual) else math.inf)


def _go(arrays: GameArrays, here: _Point, correction: PlayerValues, precision: float, bound: float) -> _Point:
    """Take the correction, halved while the residual exceeds `bound`; a residual that is no number is infinite."""
    scale = 1.0
    while True:
        point = _look(arrays, here.values + scale * correction, precision)
        if point.residual <= bound or scale < 1e-3:
            return point
        scale /= 2


def _policy_correction(here: _Point) -> PlayerValues:
    return _solve_policy(here.generator, here.diagonal, here.failure)


def _newton_correction(arrays: GameArrays, here: _Point) -> PlayerValues:
    slopes = _slopes_of(arrays, here.values, here.acts, here.generator)
    return _solve_newton(arrays, slopes, here.diagonal, here.failure)


# The compiled pieces. What one hands to the next is laid down in memory, which keeps each of them small:
# fused into one, every use of a choice probability would compute it anew.

_play = jax.jit(play)
_generator_of = jax.jit(generator_of)
_slopes_of = jax.jit(slopes_of)


@jax.jit
def _failure(arrays, values, acts, generator):
    """Return F(V), the diagonal of rho - G, and the change of a uniformised Bellman sweep over max(1, |V|)."""
    failure = failure_of(arrays, values, acts, generator)
    leaving = generator.exit_rate()
    change = jnp.abs(failure) / (arrays.discount_rates + leaving.max())
    return failure, arrays.discount_rates + leaving, change.max() / jnp.maximum(1.0, jnp.abs(values).max())


def _krylov(apply, right, diagonal, tolerance: float) -> jax.Array:
    """Solve apply(d) = right by BiCGSTAB, preconditioned with the diagonal; the caller looks at what is left."""
    return jax.scipy.sparse.linalg.bicgstab(apply, right, tol=tolerance, maxiter=MAX_KRYLOV, M=lambda d: d / diagonal)[
        0
    ]


@jax.jit
def _solve_policy(generator, diagonal, failure):
    """Solve (rho - G) d = F roughly: players' responses held still."""
    discount = diagonal - generator.exit_rate()
    return _krylov(lambda d: discount * d - generator.apply(d), failure, diagonal, LINEAR_TOLERANCE)


@jax.jit
def _solve_newton(arrays, slopes, diagonal, failure):
    """Solve -F'(V) d = F roughly."""
    return _krylov(lambda d: -apply_slopes(arrays, slopes, d), failure, diagonal, LINEAR_TOLERANCE)


@jax.jit
def _adjoint_residual(arrays, slopes, adjoint, cotangent):
    """Return cotangent + F'(V)' w and its largest entry."""
    left = cotangent + apply_slopes_transposed(arrays, slopes, adjoint)
    return left, jnp.abs(left).max()


@jax.jit
def _solve_flow(flow, diagonal, cotangent):
    """Solve (rho - G') w = cotangent roughly: players' responses held still."""
    discount = diagonal - flow.leaving
    return _krylov(lambda w: discount * w - flow.apply(w), cotangent, diagonal, ADJOINT_STEP)


@jax.jit
def _solve_adjoint(arrays, slopes, diagonal, cotangent):
    """Solve -F'(V)' w = cotangent as a whole."""
    tolerance = 0.1 * ADJOINT_TOLERANCE
    return _krylov(lambda w: -apply_slopes_transposed(arrays, slopes, w), cotangent, diagonal, tolerance)


@jax.jit
def _numbers_slope(arrays, values, adjoint):
    """Return the derivative of w'F by the game's numbers, the values held still."""

    def weighted(numbers):
        acts = play(numbers, values)
        return (adjoint * failure_of(numbers, values, acts, generator_of(numbers, acts.choices))).sum()

    return jax.grad(weighted)(arrays)
