"""The iteration that leads to an equilibrium: policy steps, and Newton steps where these are slow.

Source: walker2011 (docs/reference/references.md)
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from raison.engine import Engine, Field, Point
from raison.equilibrium.linear import overlap, solve_newton

ROUGH, FINE = 0.1, 1e-3
"""Largest and smallest share of its right-hand side that the linear solve of one step may leave. In between, as much
as half of what the last step left: solving finer would be undone by the responses of rivals."""

ERROR_SHARE = 100.0
"""The error may be so many times the tolerance of the residual. In a game whose rates differ by many orders of
magnitude the residual, measured against the fastest, says little."""

LEAST_ERROR = 1e-7
"""Error that is small enough however small the tolerance: below it rounding counts in games of very different rates."""

ROUNDING = 1e-15
"""Residual below which a step changes nothing but rounding."""

MEMORY, MOST_MIXED = 3, 80
"""How many steps before it a policy step is mixed with, and how many mixed steps are taken at most."""

MIXED_SHARE = 1e-2
"""Share of its right-hand side that the linear solve of a mixed step may leave."""

NEAR = 1e-5
"""Residual at which Newton steps take over from mixed ones."""

SLOW = 0.5
"""A step or round is slow if it leaves more than this share of what was left before."""

PATIENCE = 3
"""So many slow policy steps in a row hand over to Newton steps; so many slow rounds end the solve behind a gradient."""

CYCLE = 12
"""So do so many policy steps that together leave more than a slow one may: best responses that go round in circles are
slow only every few steps."""


class Status(enum.Enum):
    """How a solve ended. The value is the message, with places for the numbers of the solution."""

    CONVERGED = "converged"
    TOO_STIFF = (
        "not converged: a player could still gain {error:.1e} of the largest value, {needed:.0e} at most is wanted. "
        "The rates differ by too many orders of magnitude, or a horizon is too long for them: bring them nearer."
    )
    NOT_CONVERGED = (
        "not converged: residual {residual:.1e} after {steps} steps, {tolerance:.0e} needed. The payoffs may be too "
        "large for the shocks (weights times horizon above a few hundred): lower the weights or shorten the horizon."
    )


@dataclass(frozen=True)
class Run:
    """What one run of the iteration at one precision gave; values in the layout of the engine."""

    values: Field
    residual: float
    error: float
    steps: int
    newton_steps: int

    def has_converged(self, tolerance: float) -> bool:
        """Return whether the values are those of an equilibrium."""
        return status_of(self.residual, self.error, tolerance) is Status.CONVERGED


def status_of(residual: float, error: float, tolerance: float) -> Status:
    """Return how a solve ended."""
    if not residual <= tolerance:
        return Status.NOT_CONVERGED
    return Status.CONVERGED if error <= most_error(tolerance) else Status.TOO_STIFF


def most_error(tolerance: float) -> float:
    """Return the error at which values count as converged, for a tolerance of the residual."""
    return max(ERROR_SHARE * tolerance, LEAST_ERROR)


def iterate(
    engine: Engine, start: Field, precision: float, tolerance: float, max_steps: int, *, patience: int = PATIENCE
) -> Run:
    """Take policy steps from `start` until the residual is at the tolerance; where these are slow, Newton steps.

    Args:
        engine: the equations.
        start: values, in the layout of the engine.
        precision: at which players respond.
        tolerance: residual to reach.
        max_steps: most steps.
        patience: slow policy steps in a row that hand over to Newton steps; 0 for Newton steps only.
    """
    here = engine.look(start, precision)
    steps, newton_steps, slow_steps, left = 0, 0, 0, 1.0
    least, since = here.residual, 0
    while not _is_done(here, tolerance, left if steps else 0.0) and steps < max_steps:
        use_newton = newton_steps > 0 or slow_steps >= patience or since >= CYCLE
        enough = min(0.5, 0.2 * tolerance / here.residual)
        share = enough if precision == 0.0 else max(FINE, min(ROUGH, 0.5 * left), enough)
        if use_newton:
            after = _go(engine, here, solve_newton(engine, here, here.failure, share), precision, here.residual)
        else:
            after = _go(engine, here, engine.solve_policy(here, here.failure, share), precision, math.inf)
        steps, newton_steps = steps + 1, newton_steps + use_newton
        is_better = after.residual < (0.99 * here.residual if use_newton else math.inf)
        if not is_better or (here.residual <= tolerance and after.error > here.error):
            break
        left = after.residual / here.residual if here.residual > 0.0 else 0.0
        slow_steps = slow_steps + 1 if left > SLOW else 0
        least, since = (after.residual, 0) if after.residual < SLOW * least else (least, since + 1)
        engine.release(here)
        here = after
    engine.release(here)
    return Run(here.values, here.residual, here.error, steps, newton_steps)


class Mixed(NamedTuple):
    """Where mixed steps led, and how many were taken."""

    values: Field
    steps: int


def mix(engine: Engine, start: Field) -> Mixed | None:
    """Take policy steps mixed with those before until Newton steps can take over; None if they do not get so far.

    With d the policy step from V, the next values are those of the combination of the last few points whose steps
    cancel best.

    Source: walker2011 (docs/reference/references.md)
    """
    values, moves, changes = start, [], []
    before: tuple[Field, Field] | None = None
    for steps in range(MOST_MIXED):
        here = engine.look(values, 1.0)
        engine.release(here)
        if here.residual <= NEAR:
            return Mixed(values, steps)
        if not math.isfinite(here.residual):
            return None
        step = engine.solve_policy(here, here.failure, MIXED_SHARE)
        if before is not None:
            moves = [*moves, values - before[0]][-MEMORY:]
            changes = [*changes, step - before[1]][-MEMORY:]
        before = values, step
        products = np.array([[overlap(one, other) for other in [*changes, step]] for one in changes])
        if changes:
            weights = np.linalg.lstsq(products[:, :-1], products[:, -1])[0]
            step = step - sum(w * (move + change) for w, move, change in zip(weights, moves, changes, strict=True))
        values = values + step
    return None


def _is_done(here: Point, tolerance: float, left: float) -> bool:
    """Return whether the residual is at the tolerance, and the error too, as far as rounding lets it.

    `left` is the share that the last step left; 0 before the first, so that one is taken before rounding is blamed.
    """
    is_at_rounding = here.residual <= ROUNDING or left > SLOW
    return here.residual <= tolerance and (here.error <= ERROR_SHARE * tolerance or is_at_rounding)


def _go(engine: Engine, here: Point, correction: Field, precision: float, bound: float) -> Point:
    """Take the correction, halved while the residual exceeds `bound`; a residual that is no number is infinite."""
    scale = 1.0
    while True:
        point = engine.look(here.values + scale * correction, precision)
        if point.residual <= bound or scale < 1e-3:
            return point
        engine.release(point)
        scale /= 2
