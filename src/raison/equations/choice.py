"""How a player with logit shocks chooses between its actions and waiting.

With D(a) = Q(a) - V, the advantage of action a over waiting,

    sigma(a)    = exp(k D(a)) / (1 + sum over available b of exp(k D(b)))      k = precision
    surplus     = sum over a of sigma(a) [D(a) - log sigma(a)] - sigma(wait) log sigma(wait)
                = log(1 + sum over available b of exp D(b))                    at precision 1

so that the value of a chance to act is V + surplus. At precision 0 every available option is equally likely.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import numpy as np

from raison.arrays import ActionStateArray, Scalar, StateArray, namespace


class Choice(NamedTuple):
    """The logit response to given advantages.

    Attributes:
        probs: sigma(a), zero where unavailable; waiting takes the rest. Shape `[actions, states]`.
        surplus: expected gain over waiting at a chance to act, in units of shock scale; at least 0
            at precision 1. Shape `[states]`.
    """

    probs: ActionStateArray
    surplus: StateArray


def logit_choice(
    advantages: ActionStateArray, is_available: ActionStateArray, precision: float | Scalar = 1.0
) -> Choice:
    """Return the logit response to the advantages of actions over waiting.

    Args:
        advantages: D(a), in units of shock scale. Shape `[actions, states]`.
        is_available: 1 where the action may be taken, else 0. Shape `[actions, states]`.
        precision: k, at least 0.

    Returns:
        The choice probabilities and the surplus.

    Source:
        mcfadden1974, arcidiacono2016 (docs/reference/references.md)
    """
    xp = namespace(advantages, is_available, precision)
    scaled = xp.where(is_available > 0, precision * advantages, -xp.inf)
    peak = scaled.max(axis=0, initial=0.0)
    if xp is not np:  # the peak cancels, and so does what would come back through it
        peak = jax.lax.stop_gradient(peak)
    weights = xp.where(is_available > 0, xp.exp(scaled - peak), 0.0)
    log_total = xp.log(xp.exp(-peak) + weights.sum(axis=0)) + peak
    probs = weights * xp.exp(peak - log_total)
    gain = (probs * xp.where(is_available > 0, advantages, 0.0)).sum(axis=0)
    return Choice(probs, (1.0 - precision) * gain + log_total)
