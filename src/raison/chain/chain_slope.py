"""From derivatives by the rates of a chain to those by the numbers of the game that moves it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Array, Float

from raison.arrays import PlayerValues
from raison.chain.chain import Chain
from raison.equations.game_arrays import GameArrays
from raison.equations.game_slope import add_slopes, by_chance, choices_slope, no_slope
from raison.equations.play import Play


def acts_slope(
    arrays: GameArrays, act_rates: Sequence[Float[Array | np.ndarray, "_ states"]], by_chain: Chain
) -> tuple[GameArrays, tuple[Float[np.ndarray, "_ states"], ...]]:
    """Return the derivatives by the numbers of a game and by the rates of its acts, from those by `Chain.of`.

    Args:
        arrays: the game in numbers.
        act_rates: per player, the rate of each action. Each of shape `[actions, states]`.
        by_chain: derivatives by the chain of the two, in its form.
    """
    nature = len(arrays.nature)
    by_rates, by_seen, position = by_chain.rates, by_chain.seen, nature
    players, by_acts = [], []
    for player, rates in zip(arrays.players, act_rates, strict=True):
        chances, seen, acts = [], np.zeros_like(player.seen), np.zeros(np.shape(rates))
        for a, outcomes in enumerate(player.chances):
            chances.append(
                tuple(by_chance(each, (by_rates[position + o], rates[a])) for o, each in enumerate(outcomes))
            )
            for o, chance in enumerate(outcomes):
                acts[a] += chance * by_rates[position + o]
                seen[a] += np.asarray(by_seen[position + o])
            position += len(outcomes)
        players.append((tuple(chances), seen))
        by_acts.append(acts)
    zero = no_slope(arrays)
    by_players = tuple(
        dataclasses.replace(player, chances=chances, seen=seen, decision_rate=np.asarray(by_rate))
        for player, (chances, seen), by_rate in zip(zero.players, players, by_chain.decisions, strict=True)
    )
    return dataclasses.replace(zero, players=by_players, nature=tuple(by_rates[:nature])), tuple(by_acts)


def chain_slope(
    arrays: GameArrays, values: PlayerValues, acts: Play, by_chain: Chain
) -> tuple[GameArrays, PlayerValues]:
    """Return the derivatives by the numbers and by the values of a solved game, from those by its chain.

    Args:
        arrays: the game in numbers.
        values: V. Shape `[players, states]`.
        acts: what players do there.
        by_chain: derivatives by `Chain.of_play(arrays, acts)`, in its form.
    """
    probs = [choice.probs for choice in acts.choices]
    rates = tuple(player.decision_rate * each for player, each in zip(arrays.players, probs, strict=True))
    by_numbers, by_acts = acts_slope(arrays, rates, by_chain)
    by_choices, by_values = choices_slope(
        arrays, values, acts, [player.decision_rate * by for player, by in zip(arrays.players, by_acts, strict=True)]
    )
    by_rate = tuple(
        dataclasses.replace(zero, decision_rate=(each * by).sum(axis=0))
        for zero, each, by in zip(no_slope(arrays).players, probs, by_acts, strict=True)
    )
    total = add_slopes(by_numbers, by_choices)
    return add_slopes(total, dataclasses.replace(no_slope(arrays), players=by_rate)), by_values
