"""The chain in which nobody chooses: every action has a constant rate wherever it is available."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from raison.chain.chain import Chain
from raison.chain.chain_slope import acts_slope
from raison.equations.game_arrays import GameArrays


def constant_rates_of(arrays: GameArrays, log_rates: Float[np.ndarray, " actions"]) -> Chain:
    """Return the chain of a game in which every action has a constant rate wherever it is available.

    Args:
        arrays: the game in numbers.
        log_rates: log rate of each action, player by player.
    """
    return Chain.of(arrays, _act_rates(arrays, log_rates))


def constant_rates_slope(
    arrays: GameArrays, log_rates: Float[np.ndarray, " actions"], by_chain: Chain
) -> tuple[GameArrays, Float[np.ndarray, " actions"]]:
    """Return the derivatives by the numbers of the game and by the log rates, from those by `constant_rates_of`."""
    rates = _act_rates(arrays, log_rates)
    by_numbers, by_acts = acts_slope(arrays, tuple(rates), by_chain)
    by_log_rates = [(rate * by).sum(axis=1) for rate, by in zip(rates, by_acts, strict=True)]
    return by_numbers, np.concatenate([np.zeros(0), *by_log_rates])


def _act_rates(arrays: GameArrays, log_rates: Float[np.ndarray, " actions"]) -> list[Float[np.ndarray, "_ states"]]:
    """Return the rate of each action, per player. Each of shape `[actions, states]`."""
    rates, first = [], 0
    for player in arrays.players:
        last = first + len(player.actions)
        rates.append(player.is_available * np.exp(log_rates[first:last])[:, None])
        first = last
    return rates
