"""Array types with named axes, and the precision: every number in Raison is a 64-bit float.

Axes: `states` S, `players` N, `actions` (of one player), `levels` (of one variable), `periods` (of reporting).
What is computed is an array of JAX where it is traced or lies on a device, else of NumPy. The tests check every
annotation against what is passed.

JAX counts in 32 bits unless told otherwise. Loading this module, which whatever computes does, sets `jax_enable_x64`
for the whole process, and warns if JAX was in use with 32 bits before.
"""

from __future__ import annotations

import warnings
from types import ModuleType

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

import raison

if raison.JAX_CAME_FIRST and jax.dtypes.canonicalize_dtype(float) == np.float32:
    warnings.warn(
        "Raison counts in 64 bits and has set `jax_enable_x64`: arrays that JAX makes from now on, in your own code "
        'too, are 64-bit. To choose so yourself, call `jax.config.update("jax_enable_x64", True)` before loading '
        "Raison.",
        RuntimeWarning,
        stacklevel=2,
    )
jax.config.update("jax_enable_x64", True)

Scalar = Float[Array | np.ndarray, ""]
"""One number, perhaps traced."""

Number = float | Float[Array | np.ndarray, ""]
"""A Python float, or an array that holds one number."""

StateArray = Float[Array | np.ndarray, " states"]
"""One number per state: a payoff, a rate, a probability."""

StateVector = Float[Array | np.ndarray, " states"]
"""One number per state that is given, not computed: where the world starts, a feature that a player wants."""

StateMask = Bool[Array | np.ndarray, " states"]
"""True in the states where a condition holds."""

LevelRatios = Float[Array | np.ndarray, " _"]
"""A hazard ratio per level of one variable."""

StateNumbers = Int[np.ndarray, " states"]
"""For each state a whole number: its level of a variable, or the number of another state."""

ActionArray = Float[Array | np.ndarray, " actions"]
ActionCosts = Float[Array | np.ndarray, "actions _"]
"""One number per action of a player."""

ActionStateArray = Float[Array | np.ndarray, "actions states"]
"""One number per action and state."""

PeriodArray = Float[Array | np.ndarray, " periods"]
"""One number per reporting period."""

PlayerValues = Float[Array | np.ndarray, "players states"]
"""V, the value of every player in every state, in units of shock scale."""

Batch = Float[Array | np.ndarray, "... states"]
"""Any number of arrays over states, stacked in front."""


def namespace(*arrays: object) -> ModuleType:
    """Return the library that computes with `arrays`: JAX if one of them is its own, perhaps traced, else NumPy."""
    return jnp if any(isinstance(array, jax.Array) for array in arrays) else np
