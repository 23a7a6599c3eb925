"""Linear systems that hold players' responses to each other, on top of those that do not.

With A = rho - G and R what responses do, F'(V) = R - A. A system in A is solved fast; around it

    (I - A^-1 R) d = A^-1 right

has few eigenvalues far from 1, those of the best-response map B = A^-1 R, so that GMRES needs a few steps.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.sparse.linalg as spla
from jaxtyping import Float

from raison.engine import Engine, Field, Point
from raison.engine.memory import memory_available

Vector = Float[np.ndarray, " numbers"]
"""A field laid out flat, or one with something appended."""

MOST_VECTORS = 40
"""Most vectors that GMRES keeps."""

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
    """Solve apply(d) = right for vectors of `size` numbers; the caller looks at what is left."""
    matrix = spla.LinearOperator((size, size), matvec=apply, dtype=np.float64)  # pyright: ignore[reportCallIssue]
    return spla.gmres(matrix, right, rtol=tolerance, restart=_kept_vectors(size), maxiter=2)[0]


def _kept_vectors(size: int) -> int:
    """Return how many vectors fit in half of the free memory, which is asked for only where they might not."""
    if MOST_VECTORS * 8 * size < SMALL:
        return MOST_VECTORS
    return max(5, min(MOST_VECTORS, memory_available() // (2 * 8 * size)))
