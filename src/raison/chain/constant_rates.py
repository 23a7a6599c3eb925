"""The chain in which nobody chooses: every action has a constant rate wherever it is available."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from raison.chain.chain import Chain
from raison.equations.game_arrays import GameArrays


def constant_rates_of(arrays: GameArrays, log_rates: Float[Array | np.ndarray, " actions"]) -> Chain:
    """Return the chain of a game in which every action has a constant rate wherever it is available.

    Args:
        arrays: the game in numbers.
        log_rates: log rate of each action, player by player.
    """
    rates, first = [], 0
    for player in arrays.players:
        last = first + len(player.actions)
        rates.append(player.is_available * jnp.exp(jnp.asarray(log_rates[first:last]))[:, None])
        first = last
    return Chain.of(arrays, rates)
