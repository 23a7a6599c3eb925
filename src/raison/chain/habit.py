"""The chain in which nobody chooses: every action has a constant share of the chances to act where it is available.

In games that remember who acted last, the share is multiplied by a reply factor while that was a rival.

Source: goldstein1991 (docs/reference/references.md)
"""

from __future__ import annotations

import dataclasses

import numpy as np
from jaxtyping import Float

from raison.chain.chain import Chain, over_rate
from raison.chain.chain_slope import acts_slope
from raison.equations.game_arrays import GameArrays
from raison.game.last_to_act import rival_was_last

ActionNumbers = Float[np.ndarray, " actions"]
"""A number for each action of all players, player by player."""

ActRates = Float[np.ndarray, "_ states"]
"""The rate of each action of one player."""


def habit_chain(arrays: GameArrays, log_shares: ActionNumbers, log_replies: ActionNumbers) -> Chain:
    """Return the chain of a game in which every action has a constant share of the chances wherever it is available.

    Args:
        arrays: the game in numbers.
        log_shares: log share of each action; shares of a player may sum to more than 1: then it acts oftener than
            `acts` says.
        log_replies: log of what the share is multiplied by while a rival was the last to act.
    """
    return Chain.of(arrays, _act_rates(arrays, log_shares, log_replies))


def habit_slope(
    arrays: GameArrays, log_shares: ActionNumbers, log_replies: ActionNumbers, by_chain: Chain
) -> tuple[GameArrays, ActionNumbers, ActionNumbers]:
    """Return the derivatives by the game's numbers, the log shares and the log replies, from those by the chain."""
    rates = _act_rates(arrays, log_shares, log_replies)
    by_numbers, by_acts = acts_slope(arrays, tuple(rates), by_chain)
    by_logs = [rate * by for rate, by in zip(rates, by_acts, strict=True)]
    replying = [rival_was_last(arrays.space, player.name) for player in arrays.players]
    players = tuple(
        dataclasses.replace(by, decision_rate=by.decision_rate + over_rate(each.sum(axis=0), player.decision_rate))
        for by, each, player in zip(by_numbers.players, by_logs, arrays.players, strict=True)
    )
    by_shares = [each.sum(axis=1) for each in by_logs]
    by_replies = [each @ where for each, where in zip(by_logs, replying, strict=True)]
    by_game = dataclasses.replace(by_numbers, players=players)
    return by_game, np.concatenate([np.zeros(0), *by_shares]), np.concatenate([np.zeros(0), *by_replies])


def _act_rates(arrays: GameArrays, log_shares: ActionNumbers, log_replies: ActionNumbers) -> list[ActRates]:
    """Return the rate of each action, per player."""
    rates, first = [], 0
    for player in arrays.players:
        mine = slice(first, first + len(player.actions))
        replies = np.exp(np.outer(log_replies[mine], rival_was_last(arrays.space, player.name)))
        rates.append(player.decision_rate * player.is_available * np.exp(log_shares[mine])[:, None] * replies)
        first = mine.stop
    return rates
