"""Array types with named axes, and the precision: every number in Raison is a 64-bit float.

Axes: `states` S, `players` N, `options` (the actions of one player, waiting last), `items`.
"""

from __future__ import annotations

import jax
import numpy as np
from jaxtyping import Array, Bool, Float

jax.config.update("jax_enable_x64", True)

Number = float | jax.Array | np.ndarray
"""A scalar: a Python float, or a traced array of shape `[]`."""

Scalar = Float[Array, ""]
"""One number."""

StateArray = Float[Array, " states"]
"""One number per state: a payoff, a rate, a probability."""

StateVector = Float[Array | np.ndarray, " states"]
"""One number per state that is given, not computed: where the world starts."""

StateMask = Bool[Array | np.ndarray, " states"]
"""True in the states where a condition holds."""

PlayerValues = Float[Array, "players states"]
"""V, the value of every player in every state, in units of shock scale."""

Batch = Float[Array, "... states"]
"""Any number of arrays over states, stacked in front."""
