"""Linear systems that hold players' responses to each other, on top of those that do not.

With A = rho - G and R what responses do, F'(V) = R - A. A system in A is solved fast; around it

    (I - A^-1 R) d = A^-1 right

has few eigenvalues far from 1, those of the best-response map B = A^-1 R, so that GMRES needs a few steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from raison.engine import Engine, Field, Point
from raison.engine.memory import memory_available

Vector = Float[np.ndarray, " numbers"]
"""A field laid out flat, or one with something appended."""

MOST_VECTORS = 40
"""Most vectors that GMRES keeps."""

MOST_CYCLES = 2
"""How often it begins with new ones."""

NO_DIRECTION = 1e-14
"""Length of what is new in a vector, as a share of it, below which it is rounding."""

SMALL = 2**26
"""Bytes that any machine has to spare: asking for its memory takes longer than to solve a small game."""

INNER = 0.1
"""Tolerance of the systems in A, as a share of that of the whole."""


def solve_newton(engine: Engine, here: Point, right: Field, tolerance: float) -> Field:
    """Solve -F'(V) d = right."""
    inner = INNER * tolerance
    return _around(lambda d: engine.solve_policy(here, d, inner), lambda d: engine.respond(here, d), right, tolerance)


def solve_transposed(engine: Engine, here: Point, right: Field, tolerance: float) -> Field:
    """Solve -F'(V)' w = right, at precision 1."""
    inner = INNER * tolerance
    return _around(
        lambda w: engine.solve_flow(here, w, inner), lambda w: engine.respond_transposed(here, w), right, tolerance
    )


def _around(
    solve: Callable[[Field], Field], respond: Callable[[Field], Field], right: Field, tolerance: float
) -> Field:
    """Solve (A - R) d = right, with A^-1 by `solve` and R by `respond`."""
    shape, size = np.shape(right), np.size(right)

    def apply(direction: Vector) -> Vector:
        return direction - np.ravel(solve(respond(direction.reshape(shape))))

    return gmres(size, apply, np.ravel(solve(right)), tolerance).reshape(shape)


def gmres(size: int, apply: Callable[[Vector], Vector], right: Vector, tolerance: float) -> Vector:
    """Solve apply(d) = right for vectors of `size` numbers; the caller looks at what is left.

    Source: saad1986 (docs/reference/references.md)
    """
    goal, found, left = tolerance * _length(right), np.zeros(size), right
    for cycle in range(MOST_CYCLES):
        if not 0.0 < _length(left) < math.inf or _length(left) <= goal:
            break
        step, is_solved = _cycle(apply, left, goal, _kept_vectors(size))
        found = found + step
        if is_solved or cycle + 1 == MOST_CYCLES:
            break
        left = right - apply(found)
    return found


def _cycle(apply: Callable[[Vector], Vector], left: Vector, goal: float, most: int) -> tuple[Vector, bool]:
    """Return the best step among combinations of at most so many vectors, and whether it leaves less than `goal`."""
    size = _length(left)
    basis, images = np.empty((most + 1, len(left))), np.zeros((most + 1, most))
    basis[0] = left / size
    for k in range(most):
        image, known = apply(basis[k]), basis[: k + 1]
        length = _length(image)
        for _ in range(2):  # once more, for what rounding left
            shares = np.einsum("ki,i->k", known, image)
            images[: k + 1, k] += shares
            image = image - np.einsum("k,ki->i", shares, known)
        images[k + 1, k] = rest = _length(image)
        target = np.append(size, np.zeros(k + 1))
        square = images[: k + 2, : k + 1]
        weights = np.linalg.lstsq(square, target)[0] if np.isfinite(square).all() else np.zeros(k + 1)
        is_solved = _length(square @ weights - target) <= goal
        if is_solved or not rest > NO_DIRECTION * length:
            break
        basis[k + 1] = image / rest
    return np.einsum("k,ki->i", weights, basis[: len(weights)]), is_solved


def overlap(one: Field, other: Field) -> float:
    """Return the inner product. Not by BLAS: its threads would wait for each other where cores are busy."""
    return float(np.einsum("i,i", np.ravel(one), np.ravel(other)))


def _length(vector: Vector) -> float:
    return math.sqrt(overlap(vector, vector))


def _kept_vectors(size: int) -> int:
    """Return how many vectors fit in half of the free memory, which is asked for only where they might not."""
    if MOST_VECTORS * 8 * size < SMALL:
        return MOST_VECTORS
    return max(5, min(MOST_VECTORS, memory_available() // (2 * 8 * size)))
