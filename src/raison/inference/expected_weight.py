"""What one more reading would weigh, given the record: before it is made.

Under explanation e the variable is at level l at that moment with probability p_e(l), given the record. A reading names
one level, the right one with odds c to 1 - c against each other one, so that it names L with

    q_e(L) = sum over l of p_e(l) k(L|l),    k(L|l) proportional to c if L = l, to 1 - c if not

and its expected log Bayes factor for e against f, if e is true, is  sum over L of q_e(L) log(q_e(L) / q_f(L)).

Source: kullback1951 (docs/reference/references.md)
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def weights_of_reading(
    levels: Float[np.ndarray, "explanations times levels"], reliability: float
) -> Float[np.ndarray, "times explanations explanations"]:
    """Return the expected log Bayes factor of one more reading at each time, of every explanation against every other.

    Args:
        levels: probability of each level under each explanation, given the record; sums to 1 over the levels.
        reliability: c, in (0.5, 1).

    Returns:
        Shape `[times, true, rival]`; zero on the diagonal.
    """
    count = levels.shape[-1]
    kernel = np.full((count, count), 1.0 - reliability)
    np.fill_diagonal(kernel, reliability)
    read = np.moveaxis(levels @ (kernel / kernel.sum(axis=0)), 0, 1)
    log_read = np.log(read)
    return (read[:, :, None, :] * (log_read[:, :, None, :] - log_read[:, None, :, :])).sum(axis=-1)


def mean_over_pairs(weights: Float[np.ndarray, "*any true rival"]) -> Float[np.ndarray, "*any"]:
    """Return the mean over ordered pairs of different explanations."""
    count = weights.shape[-1]
    off_diagonal = weights.sum(axis=(-2, -1)) - np.trace(weights, axis1=-2, axis2=-1)
    return np.asarray(off_diagonal / (count * (count - 1)))
