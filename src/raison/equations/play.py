"""What players do when the future is worth V, and by how much V fails to be an equilibrium.

With sigma the logit response to V and G the generator of nature and all players' choices,

    F_i(V) = u_i + G V_i + alpha_i [surplus_i - sum_a sigma_i(a) E(V_i(x_a) - V_i)] - rho_i V_i
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from raison.arrays import ActionStateArray, Batch, PlayerValues, Scalar, StateArray, namespace
from raison.equations.choice import Choice, logit_choice
from raison.equations.game_arrays import GameArrays
from raison.equations.generator import Generator, difference, index_map
from raison.game import Effect, StateSpace


class Play(NamedTuple):
    """What players do at given values.

    Attributes:
        gains: E V_i(x after a) - V_i(x) for every player's own actions. Each of shape `[actions, states]`.
        choices: their choice probabilities and surplus.
    """

    gains: tuple[ActionStateArray, ...]
    choices: tuple[Choice, ...]


def expected_gains(arrays: GameArrays, values: StateArray, player: int) -> ActionStateArray:
    """Return E v(x after a) - v(x) of every action a of `player`. Shape `[actions, states]`."""
    numbers = arrays.players[player]
    by_effect: dict[Effect, StateArray] = {}
    rows = []
    for chances, outcomes in zip(numbers.chances, numbers.outcomes, strict=True):
        gain = np.zeros(values.shape)
        for chance, effect in zip(chances, outcomes, strict=True):
            if effect not in by_effect:
                by_effect[effect] = change_by(effect, values, arrays.space)
            gain = gain + chance * by_effect[effect]
        rows.append(gain)
    return namespace(values, *rows).stack(rows) if rows else np.zeros((0, arrays.space.size))


def change_by(effect: Effect, values: Batch, space: StateSpace) -> Batch:
    """Return v(x after the effect) - v(x). Shape `[..., states]`."""
    if namespace(values) is np:
        return values[..., effect.targets(space)] - values
    return difference(values, index_map(space, effect))


def play(arrays: GameArrays, values: PlayerValues, precision: float | Scalar = 1.0) -> Play:
    """Return the logit response of every player to `values`."""
    gains = tuple(expected_gains(arrays, values[i], i) for i in range(len(arrays.players)))
    choices = tuple(
        logit_choice(gain - player.costs, player.is_available, precision)
        for gain, player in zip(gains, arrays.players, strict=True)
    )
    return Play(gains, choices)


def generator_of(arrays: GameArrays, choices: tuple[Choice, ...]) -> Generator:
    """Return the generator of the world when players choose with `choices`."""
    jumps = list(zip(arrays.effects, arrays.nature, strict=True))
    for player, choice in zip(arrays.players, choices, strict=True):
        for a, (chances, outcomes) in enumerate(zip(player.chances, player.outcomes, strict=True)):
            rate = player.decision_rate * choice.probs[a]
            jumps += [(effect, chance * rate) for chance, effect in zip(chances, outcomes, strict=True)]
    return Generator.of(arrays.space, jumps)


def failure_of(arrays: GameArrays, values: PlayerValues, acts: Play, generator: Generator) -> PlayerValues:
    """Return F(V), per unit time. Shape `[players, states]`."""
    change = generator.apply(values)
    rows = []
    for i, (player, gains, choice) in enumerate(zip(arrays.players, acts.gains, acts.choices, strict=True)):
        bonus = choice.surplus - (choice.probs * gains).sum(axis=0) + arrays.shock_mean
        rows.append(player.payoff + player.decision_rate * bonus + change[i] - player.discount_rate * values[i])
    return namespace(*rows).stack(rows)
