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

RESTART, ROUNDS = 80, 50
"""Steps after which a solve begins anew, and how often it may."""


def generator_matrix(chain: Chain) -> scipy.sparse.csr_array:
    """Return the generator of a chain as a sparse matrix."""
    size, here = chain.space.size, np.arange(chain.space.size)
    targets = [kind.effect.targets(chain.space) for kind in chain.kinds]
    rates = [np.where(there == here, 0.0, rate) for there, rate in zip(targets, chain.rates, strict=True)]
    leaving = -np.sum(rates, axis=0)
    places = np.tile(here, len(rates) + 1), np.concatenate([*targets, here])
    return scipy.sparse.csr_array((np.concatenate([*rates, leaving]), places), shape=(size, size))


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
    near, found = by_diagonal(matrix), []
    for flow in flows:
        right = np.asarray(flow, dtype=np.float64)
        if not right.any():
            found.append(np.zeros_like(right))
            continue
        value, _ = scipy.sparse.linalg.gmres(matrix, right, rtol=LEFT, restart=RESTART, maxiter=ROUNDS, M=near)
        left = float(np.linalg.norm(matrix @ value - right) / np.linalg.norm(right))
        if not left <= 10.0 * LEFT:
            raise NotConverged(f"what payments are worth was not found: {left:.1e} is left, {LEFT:.0e} needed.")
        found.append(value)
    return found
