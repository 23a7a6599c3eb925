"""Following an equilibrium as the precision of choice rises from 0.

At precision 0 players act at random and values are unique. From there a path (V(s), k(s)) of solutions of
F(V, k) = 0 leads on. It is followed by its arc length s, not by k, so that it can be followed around folds, where
it turns back: with a step along the tangent (prediction) and Newton steps on

    F(V, k) = 0,    <tangent, (V, k) - prediction> = 0                          (correction)

Source: turocy2005, keller1977 (docs/reference/references.md)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from raison.engine import Engine, Field, Point
from raison.equilibrium.linear import INNER, Vector, gmres, solve_newton

FIRST_STEP, SHORTEST_STEP, LONGEST_STEP = 0.05, 1e-8, 0.25
"""Arc length of steps; precision counts as itself, values by their root mean square over their own spread. Both are
taken around the mean of each player, so that a constant added to payoffs makes no difference."""

MAX_CORRECTIONS = 8
"""Newton steps after which a prediction counts as too far."""

PATH_TOLERANCE = 1e-8
"""Residual at which a point counts as on the path."""

ROUGH = 1e-3
"""Share of its right-hand side that the linear solve of a step may leave."""

LEAST_COSINE = 0.7
"""Cosine of the most that the path may turn in one step. In a longer step around a sharp fold the path could be left
for its own beginning, which it would be followed back to."""

PRECISION_SHIFT = 1e-5
"""Difference in precision by which F is differentiated."""


@dataclass(frozen=True)
class Path:
    """A branch of equilibria from precision 0 on.

    Attributes:
        precisions: at its points.
        folds: precisions at which it turned back, or forth again.
        values: at precision 1, in the engine's layout; None if it was not reached.
        steps: Newton steps taken.
    """

    precisions: tuple[float, ...]
    folds: tuple[float, ...]
    values: Field | None
    steps: int


class _Place(NamedTuple):
    """A point of the path, or a direction along it."""

    values: Field
    precision: float


def follow(engine: Engine, start: Field, tolerance: float, *, max_points: int) -> Path:
    """Follow the branch from precision 0 until it reaches precision 1.

    Args:
        engine: the equations.
        start: values at precision 0, in the engine's layout.
        tolerance: residual to which the end is solved.
        max_points: most points.
    """
    place = _Place(np.asarray(start), 0.0)
    tangent = _Place(np.zeros_like(place.values), 1.0)
    step, newton_steps = FIRST_STEP, 0
    precisions, folds = [0.0], []
    tangent = _tangent(engine, place, tangent)
    while len(precisions) < max_points and step >= SHORTEST_STEP:
        reach = min(step, (1.0 - place.precision) / tangent.precision) if tangent.precision > 0 else step
        guess = _along(place, tangent, reach)
        is_end = guess.precision > 1.0 - 1e-9
        found, count = _correct(engine, guess, None if is_end else tangent, tolerance if is_end else PATH_TOLERANCE)
        newton_steps += count
        if found is None:
            step /= 2
            continue
        if is_end:
            return Path((*precisions, 1.0), tuple(folds), found.values, newton_steps)
        if found.precision < 0.0:  # it came back past its beginning, and leads nowhere
            break
        following = _tangent(engine, found, tangent)
        if _inner(engine, found, tangent, following) < LEAST_COSINE:
            step /= 2
            continue
        if following.precision * tangent.precision < 0:
            folds.append(found.precision)
        place, tangent = found, following
        precisions.append(place.precision)
        if place.precision > 1.0:  # the step jumped over 1: go back to it from here
            end, count = _correct(engine, _Place(place.values, 1.0), None, tolerance)
            return Path(tuple(precisions), tuple(folds), None if end is None else end.values, newton_steps + count)
        step = min(LONGEST_STEP, step * 1.6) if count <= 3 else step * (0.7 if count > 5 else 1.0)
    return Path(tuple(precisions), tuple(folds), None, newton_steps)


def _inner(engine: Engine, place: _Place, first: _Place, second: _Place) -> float:
    row = _row(engine, place, first)
    return float(row @ np.ravel(second.values)) + first.precision * second.precision


def _row(engine: Engine, place: _Place, direction: _Place) -> Vector:
    """Return what gives the share of values in the inner product with `direction`."""
    spread = max(1.0, float(np.abs(_centred(engine, place.values)).max()))
    return np.ravel(_centred(engine, direction.values)) / (place.values.size * spread**2)


def _centred(engine: Engine, field: Field) -> Field:
    """Return a field less the mean of each player."""
    by_player = engine.by_player(field)
    return np.asarray(engine.field(by_player - by_player.mean(axis=1, keepdims=True)))


def _along(place: _Place, direction: _Place, length: float) -> _Place:
    return _Place(place.values + length * direction.values, place.precision + length * direction.precision)


def _tangent(engine: Engine, place: _Place, before: _Place) -> _Place:
    """Return the direction of the path, of length 1, on the side of the one before."""
    zero = np.zeros_like(place.values)
    here = engine.look(place.values, place.precision)
    direction = _solve_bordered(engine, here, place, before, zero, 1.0, ROUGH)
    length = math.sqrt(_inner(engine, place, direction, direction))
    return _Place(direction.values / length, direction.precision / length)


def _correct(engine: Engine, guess: _Place, tangent: _Place | None, tolerance: float) -> tuple[_Place | None, int]:
    """Return the point of the path near `guess`, at its precision if `tangent` is None; None if there is none."""
    place, before = guess, math.inf
    for count in range(MAX_CORRECTIONS + 1):
        here = engine.look(place.values, place.precision)
        if here.residual <= tolerance:
            return place, count
        if not here.residual < 2.0 * before or count == MAX_CORRECTIONS:
            return None, count
        before = here.residual
        if tangent is None:
            place = _Place(place.values + solve_newton(engine, here, here.failure, ROUGH), place.precision)
        else:
            off = _Place(guess.values - place.values, guess.precision - place.precision)
            gap = _inner(engine, place, tangent, off)
            place = _along(place, _solve_bordered(engine, here, place, tangent, here.failure, gap, ROUGH), 1.0)
        if not math.isfinite(place.precision):
            return None, count
    return None, MAX_CORRECTIONS


def _solve_bordered(
    engine: Engine, here: Point, place: _Place, border: _Place, failure: Field, gap: float, tolerance: float
) -> _Place:
    """Solve  -F_V d - F_k e = failure,  <border, (d, e)> = gap  for (d, e).

    As in `linear`, with A = rho - G:  (I - A^-1 R) d - A^-1 F_k e = A^-1 failure.
    """
    shifted = [engine.look(place.values, place.precision + sign * PRECISION_SHIFT).failure for sign in (1.0, -1.0)]
    by_precision = (np.asarray(shifted[0]) - np.asarray(shifted[1])) / (2.0 * PRECISION_SHIFT)
    shape, size = np.shape(failure), np.size(failure)
    inner = INNER * tolerance
    pulled = np.ravel(engine.solve_policy(here, by_precision, inner))
    row = _row(engine, place, border)

    def apply(unknown: Vector) -> Vector:
        direction = unknown[:size]
        response = np.ravel(engine.solve_policy(here, engine.respond(here, direction.reshape(shape)), inner))
        return np.append(
            direction - response - pulled * unknown[size], row @ direction + border.precision * unknown[size]
        )

    right = np.append(np.ravel(engine.solve_policy(here, failure, inner)), gap)
    found = gmres(size + 1, apply, right, tolerance)
    return _Place(found[:size].reshape(shape), float(found[size]))
