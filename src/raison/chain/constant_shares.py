"""The chain in which nobody chooses: every action has a constant share of the chances to act where it is available."""

from __future__ import annotations

import dataclasses

import numpy as np
from jaxtyping import Float

from raison.arrays import StateArray
from raison.chain.chain import Chain
from raison.chain.chain_slope import acts_slope
from raison.equations.game_arrays import GameArrays


def constant_shares_of(arrays: GameArrays, log_shares: Float[np.ndarray, " actions"]) -> Chain:
    """Return the chain of a game in which every action has a constant share of the chances wherever it is available.

    Args:
        arrays: the game in numbers.
        log_shares: log share of each action, player by player; shares of a player may sum to more than 1: then it acts
            oftener than `acts` says.
    """
    return Chain.of(arrays, _act_rates(arrays, log_shares))


def constant_shares_slope(
    arrays: GameArrays, log_shares: Float[np.ndarray, " actions"], by_chain: Chain
) -> tuple[GameArrays, Float[np.ndarray, " actions"]]:
    """Return the derivatives by the numbers of the game and by the log shares, from those by `constant_shares_of`."""
    rates = _act_rates(arrays, log_shares)
    by_numbers, by_acts = acts_slope(arrays, tuple(rates), by_chain)
    by_log_shares = [(rate * by).sum(axis=1) for rate, by in zip(rates, by_acts, strict=True)]
    players = tuple(
        dataclasses.replace(by, decision_rate=_over((rate * each).sum(axis=0), player.decision_rate))
        for by, rate, each, player in zip(by_numbers.players, rates, by_acts, arrays.players, strict=True)
    )
    return dataclasses.replace(by_numbers, players=players), np.concatenate([np.zeros(0), *by_log_shares])


def _over(numbers: StateArray, rate: StateArray) -> StateArray:
    """Return numbers over a rate; zero where the rate is, for what it never lets happen."""
    return np.divide(numbers, rate, out=np.zeros_like(numbers), where=rate > 0.0)


def _act_rates(arrays: GameArrays, log_shares: Float[np.ndarray, " actions"]) -> list[Float[np.ndarray, "_ states"]]:
    """Return the rate of each action, per player. Each of shape `[actions, states]`."""
    rates, first = [], 0
    for player in arrays.players:
        last = first + len(player.actions)
        rates.append(player.decision_rate * player.is_available * np.exp(log_shares[first:last])[:, None])
        first = last
    return rates
