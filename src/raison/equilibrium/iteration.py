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

PACE = 3
"""So many steps tell how fast the iteration goes."""

WORTH = 30
"""Policy steps that a few Newton steps may cost: where more are to come at the present pace, Newton steps take over."""

SLOW, STUCK, AGAIN = 0.5, 0.99, 0.1
"""A Newton step that leaves more than the first share of the residual gives way to policy steps, until they have left
less than the third, or there have been `REST`; then, to one that leaves more than the second, for good."""

REST = 40
"""Policy steps after which Newton steps are tried again."""

LITTLE, IDLE = 0.9, 3
"""So many steps at the tolerance, none of which leaves less than this share of the least error, are rounding."""


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
    engine: Engine, start: Field, precision: float, tolerance: float, max_steps: int, *, newton: bool = False
) -> Run:
    """Take policy steps from `start` until the residual is at the tolerance; Newton steps where these would be many.

    Newton steps get stuck where two equilibria have just ceased to be: the residual is small there, smaller than
    anywhere near. Policy steps pass such a place, slowly, and go on to another.

    Args:
        engine: the equations.
        start: values, in the layout of the engine.
        precision: at which players respond.
        tolerance: residual to reach.
        max_steps: most steps.
        newton: take Newton steps from the first on.
    """
    here = engine.look(start, precision)
    left, turns, newton_steps, least, idle_steps = [_excess(here, tolerance)], _Turns(newton), 0, math.inf, 0
    while left[-1] > 1.0 and here.residual > ROUNDING and len(left) <= max_steps and idle_steps < IDLE:
        enough = min(0.5, 0.2 * tolerance / here.residual)
        last = left[-1] / left[-2] if len(left) > 1 else 1.0
        share = enough if precision == 0.0 else max(FINE, min(ROUGH, 0.5 * last), enough)
        if turns.is_newton(here.residual, left):
            after = _go(engine, here, solve_newton(engine, here, here.failure, share), precision, here.residual)
            turns.tell(here.residual, after.residual, len(left))
            newton_steps += 1
            if not after.residual < here.residual:
                here, after = after, here
        else:
            after = _go(engine, here, engine.solve_policy(here, here.failure, share), precision, math.inf)
            if not math.isfinite(after.residual):
                engine.release(after)
                break
        engine.release(here)
        here = after
        left.append(_excess(here, tolerance))
        is_idle = here.residual <= tolerance and not left[-1] < LITTLE * least
        least, idle_steps = min(least, left[-1]), idle_steps + 1 if is_idle else 0
    engine.release(here)
    return Run(here.values, here.residual, here.error, len(left) - 1, newton_steps)


class _Turns:
    """Whose turn it is: that of a policy step or of a Newton step.

    Args:
        newton: Newton steps from the first on, until they get stuck.
    """

    def __init__(self, newton: bool) -> None:
        self._newton = newton
        self._most_left = STUCK if newton else SLOW
        self._from_residual = math.inf
        self._from_step = math.inf

    def is_newton(self, residual: float, left: list[float]) -> bool:
        """Return whether a Newton step comes next; `left` is what every step left."""
        is_wanted = self._newton or _steps_to_come(left) > WORTH
        return len(left) >= self._from_step or (is_wanted and residual <= self._from_residual)

    def tell(self, before: float, after: float, step: int) -> None:
        """Take note of the residuals before and after a Newton step."""
        self._newton = after < self._most_left * before
        if self._newton:
            self._from_residual = self._from_step = math.inf
        else:
            self._from_residual = AGAIN * before
            self._from_step = step + REST if self._most_left == SLOW else math.inf
            self._most_left = STUCK


def _excess(here: Point, tolerance: float) -> float:
    """Return how many times the tolerance the residual is, or the error what it may be at most."""
    return max(here.residual, here.error / ERROR_SHARE) / tolerance


def _steps_to_come(left: list[float]) -> float:
    """Return how many policy steps are to come at the pace of the last few; infinite if they lead nowhere."""
    if len(left) <= PACE:
        return 0.0
    pace = (left[-1] / left[-1 - PACE]) ** (1.0 / PACE)
    return -math.log(left[-1]) / math.log(pace) if pace < 1.0 else math.inf


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


def _go(engine: Engine, here: Point, correction: Field, precision: float, bound: float) -> Point:
    """Take the correction, halved while the residual exceeds `bound`; a residual that is no number is infinite."""
    scale = 1.0
    while True:
        point = engine.look(here.values + scale * correction, precision)
        if point.residual <= bound or scale < 1e-3:
            return point
        engine.release(point)
        scale /= 2
