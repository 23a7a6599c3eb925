"""The generator of a chain as a sparse matrix, and what payments along the way are worth in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse
import scipy.sparse.linalg

from raison.arrays import StateVector
from raison.chain.chain import Chain
from raison.errors import NotConverged

LEFT = 1e-11
"""Share of the right-hand side that a solve may leave."""

QUICK = 400
"""Steps of the quick method (BiCGSTAB) before the patient one is tried."""

RESTART, ROUNDS = 80, 50
"""Steps after which the patient method (GMRES) begins anew, and how often it may."""


def generator_matrix(chain: Chain) -> scipy.sparse.csr_array:
    """Return the generator of a chain as a sparse matrix."""
    size, here = chain.space.size, np.arange(chain.space.size)
    begins, ends, rates, leaving = [here], [here], [], np.zeros(size)
    for kind, rate in zip(chain.kinds, chain.rates, strict=True):
        there, rate = kind.effect.targets(chain.space), np.asarray(rate)
        moves = np.flatnonzero((there != here) & (rate != 0.0))
        begins.append(moves)
        ends.append(there[moves])
        rates.append(rate[moves])
        leaving[moves] -= rate[moves]
    places = np.concatenate(begins), np.concatenate(ends)
    return scipy.sparse.csr_array((np.concatenate([leaving, *rates]), places), shape=(size, size))


def nearly_solved(
    matrix: scipy.sparse.csr_array | scipy.sparse.csc_array, right: StateVector, share: float
) -> tuple[StateVector, float]:
    """Return what a matrix maps to a right-hand side, and the share of that which is left.

    Args:
        matrix: its diagonal is not small beside what else is in a row.
        right: not all zero.
        share: of the right-hand side that is to be left; where this is not reached, more is, and is told.
    """
    near, value, left = by_diagonal(matrix), np.zeros_like(right), np.inf
    ways = (
        (scipy.sparse.linalg.bicgstab, {"maxiter": QUICK}),
        (
            scipy.sparse.linalg.gmres,
            {"restart": RESTART, "maxiter": ROUNDS},
        ),
    )
    for solve, limits in ways:
        with np.errstate(all="ignore"):  # the quick method may break down; what it leaves tells
            value, _ = solve(matrix, right, rtol=share, M=near, **limits)
            left = float(np.linalg.norm(matrix @ value - right) / np.linalg.norm(right))
        if left <= 10.0 * share:
            break
    return value, left


def by_diagonal(
    matrix: scipy.sparse.csr_array | scipy.sparse.csc_array,
) -> scipy.sparse.linalg.LinearOperator:
    """Return the inverse of the diagonal of a matrix, to precondition a solve by."""
    inverse = np.reciprocal(np.asarray(matrix.diagonal(), dtype=np.float64))
    return scipy.sparse.linalg.LinearOperator(matrix.shape, lambda right: inverse * np.ravel(right))


def discounted(chain: Chain, flows: Sequence[StateVector], discount_rate: float) -> list[StateVector]:
    """Return what flows of payments are worth from every state on: v with  rho v = flow + Q v.

    Args:
        chain: how the world moves.
        flows: each paid per unit of time. Each of shape `[states]`.
        discount_rate: rho, per unit of time; above 0.

    Errors:
        `NotConverged` if a linear solve fails.
    """
    generator = generator_matrix(chain)
    matrix = scipy.sparse.csr_array(discount_rate * scipy.sparse.eye_array(chain.space.size) - generator)
    found = []
    for flow in flows:
        right = np.asarray(flow, dtype=np.float64)
        if not right.any():
            found.append(np.zeros_like(right))
            continue
        value, left = nearly_solved(matrix, right, LEFT)
        if not left <= 10.0 * LEFT:
            raise NotConverged(f"what payments are worth was not found: {left:.1e} is left, {LEFT:.0e} needed.")
        found.append(value)
    return found
