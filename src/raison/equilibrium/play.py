"""What players do when the future is worth V, and by how much V fails to be an equilibrium.

With sigma the logit response to V and G the generator of nature and all players' choices,

    F_i(V)     = u_i + G V_i + alpha_i [surplus_i - sum_a sigma_i(a) E(V_i(x_a) - V_i)] - rho_i V_i
    F'(V) d    : (F'd)_i = G d_i - rho_i d_i + sum_{j != i} alpha_j sum_a dsigma_j(a) E(V_i(x_a) - V_i)
    dsigma(a)  = sigma(a) [dD(a) - sum_b sigma(b) dD(b)],    dD(a) = E(d(x_a) - d)

In F' the player's own response drops out, since it is optimal (at precision 1).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from raison.arrays import PlayerValues, StateArray
from raison.equilibrium.arrays import GameArrays
from raison.equilibrium.choice import Choice, logit_choice
from raison.equilibrium.generator import Flow, Generator, difference, index_map, spread
from raison.game import Effect


class Play(NamedTuple):
    """What players do at given values.

    Attributes:
        gains: E V_i(x after a) - V_i(x) for every player's own actions. Each of shape `[actions, states]`.
        choices: their choice probabilities and surplus.
    """

    gains: tuple[jax.Array, ...]
    choices: tuple[Choice, ...]


class Slopes(NamedTuple):
    """What the derivative of F needs besides the generator. Lists of arrays over states rather than stacked
    arrays: sums over them are fused into one pass.

    Attributes:
        generator: G, nature and all players.
        flow: its transpose.
        leverage: `leverage[j][i][a]` is alpha_j E(V_i(x after a) - V_i(x)) for action a of player j; None for i = j.
            Each of shape `[states]`.
        probs: `probs[j][a]`, choice probability of action a of player j. Each of shape `[states]`.
    """

    generator: Generator
    flow: Flow
    leverage: tuple[tuple[tuple[StateArray, ...] | None, ...], ...]
    probs: tuple[tuple[StateArray, ...], ...]


def expected_gains(arrays: GameArrays, values: jax.Array, player: int) -> jax.Array:
    """Return E v(x after a) - v(x) of every action a of `player`. Shape `[actions, states]`."""
    numbers = arrays.players[player]
    by_effect: dict[Effect, StateArray] = {}
    rows = []
    for chances, outcomes in zip(numbers.chances, numbers.outcomes, strict=True):
        gain = jnp.zeros_like(values)
        for chance, effect in zip(chances, outcomes, strict=True):
            if effect not in by_effect:
                by_effect[effect] = difference(values, index_map(arrays.space, effect))
            gain = gain + chance * by_effect[effect]
        rows.append(gain)
    return jnp.stack(rows) if rows else jnp.zeros((0, arrays.space.size))


def play(arrays: GameArrays, values: PlayerValues, precision: float | jax.Array = 1.0) -> Play:
    """Return the logit response of every player to `values`."""
    gains = tuple(expected_gains(arrays, values[i], i) for i in range(len(arrays.players)))
    choices = tuple(
        logit_choice(gain - player.costs[:, None], player.is_available, precision)
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
    return jnp.stack(rows)


def slopes_of(arrays: GameArrays, values: PlayerValues, acts: Play, generator: Generator) -> Slopes:
    """Return what the derivative of F at `values` needs."""
    leverage = []
    for j, player in enumerate(arrays.players):
        gains = [None if i == j else expected_gains(arrays, values[i], j) for i in range(len(arrays.players))]
        leverage.append(tuple(None if gain is None else tuple(player.decision_rate * gain) for gain in gains))
    probs = tuple(tuple(choice.probs) for choice in acts.choices)
    return Slopes(generator, generator.transposed(), tuple(leverage), probs)


def apply_slopes(arrays: GameArrays, slopes: Slopes, direction: PlayerValues) -> PlayerValues:
    """Return F'(V) d. Shape `[players, states]`."""
    shifts = []
    for j, probs in enumerate(slopes.probs):
        gains = expected_gains(arrays, direction[j], j)
        mean = _total(prob * gain for prob, gain in zip(probs, gains, strict=True))
        shifts.append([prob * (gain - mean) for prob, gain in zip(probs, gains, strict=True)])
    shifts = jax.lax.optimization_barrier(shifts)
    direct = slopes.generator.apply(direction) - arrays.discount_rates * direction
    return jnp.stack(
        [
            direct[i]
            + _total(
                leverage * shift
                for by_player, shift_of in zip(slopes.leverage, shifts, strict=True)
                for leverage, shift in zip(by_player[i] or (), shift_of, strict=False)
            )
            for i in range(len(arrays.players))
        ]
    )


def apply_slopes_transposed(arrays: GameArrays, slopes: Slopes, weights: PlayerValues) -> PlayerValues:
    """Return F'(V)' w. Shape `[players, states]`."""
    rows = jax.lax.optimization_barrier(tuple(weights))
    amounts = jax.lax.optimization_barrier([_pulled(arrays, slopes, rows, j) for j in range(len(rows))])
    pulled = []
    for j, amount in enumerate(amounts):
        row = slopes.flow.apply(rows[j]) - arrays.players[j].discount_rate * rows[j]
        for effect, mass in zip(_effects(arrays, j), amount, strict=True):
            row = row + spread(mass, index_map(arrays.space, effect))
        pulled.append(row)
    return jnp.stack(pulled)


def _pulled(arrays: GameArrays, slopes: Slopes, rows: tuple[StateArray, ...], j: int) -> list[StateArray]:
    """Return what the choices of player j hand back to the value of each distinct effect of its actions."""
    player, probs = arrays.players[j], slopes.probs[j]
    pulls = [
        _total(
            by_action[a] * row for by_action, row in zip(slopes.leverage[j], rows, strict=True) if by_action is not None
        )
        for a in range(len(probs))
    ]
    mean = _total(prob * pull for prob, pull in zip(probs, pulls, strict=True))
    back = [prob * (pull - mean) for prob, pull in zip(probs, pulls, strict=True)]
    return [
        _total(
            chance * back[a]
            for a, (chances, outcomes) in enumerate(zip(player.chances, player.outcomes, strict=True))
            for chance, outcome in zip(chances, outcomes, strict=True)
            if outcome == effect
        )
        for effect in _effects(arrays, j)
    ]


def _effects(arrays: GameArrays, j: int) -> tuple[Effect, ...]:
    """Return the distinct effects of the actions of player j."""
    return tuple(dict.fromkeys(effect for outcomes in arrays.players[j].outcomes for effect in outcomes))


def _total(terms: Iterable[jax.Array]) -> jax.Array:
    """Return the sum of the terms, zero if there are none."""
    total = jnp.zeros(())
    for term in terms:
        total = total + term
    return total
