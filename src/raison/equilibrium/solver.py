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

import jax
import jax.numpy as jnp

from raison.arrays import PlayerValues
from raison.equilibrium.arrays import GameArrays
from raison.equilibrium.choice import Choice
from raison.errors import NotConverged
from raison.game import Game

TOLERANCE = 1e-10
"""Default residual at which values count as converged, relative to max(1, |V|)."""

LINEAR_TOLERANCE = 1e-4
"""Share of the right-hand side that a linear solve of the outer iteration may leave."""

SLOW = 0.3
"""A policy step that leaves more than this share of the residual hands over to Newton steps."""

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
        return self.arrays.choices(self.values)


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
        arcidiacono2016, doraszelski2012 (docs/references.md)
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


def pull_back(equilibrium: Equilibrium, cotangent: PlayerValues) -> GameArrays:
    """Return the derivative of a scalar by the game's numbers, through its derivative by the values.

    From F(V, numbers) = 0:  d/d numbers = (dF/d numbers)' w  with  -F'(V)' w = cotangent.

    Args:
        equilibrium: a converged equilibrium.
        cotangent: derivative of the scalar by the values. Shape `[players, states]`.

    Returns:
        Derivatives, in the form of the game's numbers.

    Errors:
        `NotConverged` if the linear solve fails.
    """
    numbers, failure = _pull_back(equilibrium.arrays, equilibrium.values, cotangent)
    if not float(failure) <= 1e-6:
        raise NotConverged(
            f"the gradient through the equilibrium was not found: linear residual {float(failure):.1e}, 1e-6 needed. "
            "Rates that differ by many orders of magnitude make the system stiff: check the ranges of the case."
        )
    return numbers


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
    values, (failure, residual) = start, _evaluate(arrays, start, precision)
    steps, newton_steps, is_slow = 0, 0, False
    while residual > tolerance and steps < max_steps:
        use_newton = newton_steps > 0 or is_slow
        correct = _newton_correction if use_newton else _policy_correction
        correction = correct(arrays, values, failure, precision)
        trial, failure, after = _go(arrays, values, correction, precision, residual if use_newton else math.inf)
        steps, newton_steps = steps + 1, newton_steps + use_newton
        if not after < math.inf or (use_newton and after > 0.99 * residual):
            break
        is_slow = after > SLOW * residual
        values, residual = trial, after
    return _Run(values, residual, steps, newton_steps)


def _go(arrays, values, correction, precision, bound: float):
    """Take the correction, halved while the residual exceeds `bound`; a residual that is no number is infinite."""
    scale = 1.0
    while True:
        trial = values + scale * correction
        failure, residual = _evaluate(arrays, trial, precision)
        if residual <= bound or scale < 1e-3:
            return trial, failure, residual
        scale /= 2


def _evaluate(arrays: GameArrays, values: PlayerValues, precision: float) -> tuple[PlayerValues, float]:
    failure, residual = _residual(arrays, values, precision)
    return failure, float(residual) if math.isfinite(residual) else math.inf


@jax.jit
def _residual(arrays: GameArrays, values: PlayerValues, precision: float) -> tuple[PlayerValues, jax.Array]:
    """Return F(V), and the change that one uniformised Bellman sweep would make over max(1, |V|)."""
    failure = arrays.residual(values, precision)
    fastest = arrays.generator(arrays.choices(values, precision)).exit_rate().max()
    change = jnp.abs(failure) / (arrays.discount_rates + fastest)
    return failure, change.max() / jnp.maximum(1.0, jnp.abs(values).max())


@jax.jit
def _policy_correction(arrays, values, failure, precision):
    generator = arrays.generator(arrays.choices(values, precision))
    diagonal = arrays.discount_rates + generator.exit_rate()
    correction, _ = jax.scipy.sparse.linalg.bicgstab(
        lambda d: arrays.discount_rates * d - generator.apply(d),
        failure,
        tol=LINEAR_TOLERANCE,
        maxiter=500,
        M=lambda d: d / diagonal,
    )
    return correction


@jax.jit
def _newton_correction(arrays, values, failure, precision):
    _, push = jax.linearize(lambda v: arrays.residual(v, precision), values)
    diagonal = arrays.discount_rates + arrays.generator(arrays.choices(values, precision)).exit_rate()
    correction, _ = jax.scipy.sparse.linalg.bicgstab(
        lambda d: -push(d), failure, tol=LINEAR_TOLERANCE, maxiter=500, M=lambda d: d / diagonal
    )
    return correction


@jax.jit
def _pull_back(arrays, values, cotangent):
    _, pull_values = jax.vjp(arrays.residual, values)
    diagonal = arrays.discount_rates + arrays.generator(arrays.choices(values)).exit_rate()
    adjoint, _ = jax.scipy.sparse.linalg.bicgstab(
        lambda weights: -pull_values(weights)[0], cotangent, tol=1e-11, maxiter=2000, M=lambda w: w / diagonal
    )
    failure = jnp.abs(cotangent + pull_values(adjoint)[0]).max() / jnp.maximum(jnp.abs(cotangent).max(), 1e-300)
    _, pull_arrays = jax.vjp(lambda numbers: numbers.residual(values), arrays)
    return pull_arrays(adjoint)[0], failure
