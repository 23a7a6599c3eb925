"""Derivatives by the numbers of a game, by hand: what JAX would find by tracing, without compiling anything.

Where some scalar has the derivative B_a by the choice probability of action a and C by the surplus, its derivative by
the advantage D(a) = Q(a) - V is  T_a = sigma_a (B_a - sum_b sigma_b B_b + C),  and from there

    by cost      -sum_x T_a                by the values of the player   T_a chance_o at x_o, -T_a at x
    by chance_o   sum_x T_a [V(x_o) - V(x)]; where it hangs on the state, the term of each state
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import jax
import numpy as np
from jaxtyping import Array, Float

from raison.arrays import ActionCosts, ActionStateArray, PlayerValues, Scalar, StateArray
from raison.equations.choice import Choice
from raison.equations.game_arrays import GameArrays, PlayerArrays
from raison.equations.play import Play, change_by
from raison.game import Drift, Effect, Game, Hazard, Motive, Player, StateSpace


def no_slope(arrays: GameArrays) -> GameArrays:
    """Return derivatives by the numbers of a game that are all zero, in their form."""
    return dataclasses.replace(
        arrays,
        players=tuple(_no_slope(player) for player in arrays.players),
        nature=tuple(np.zeros_like(rate) for rate in arrays.nature),
    )


def add_slopes(one: GameArrays, other: GameArrays) -> GameArrays:
    """Return the sum of two derivatives by the numbers of a game."""
    return jax.tree.map(lambda left, right: np.asarray(left + right), one, other)


def _no_slope(player: PlayerArrays) -> PlayerArrays:
    return dataclasses.replace(
        player,
        payoff=np.zeros_like(player.payoff),
        discount_rate=np.zeros(()),
        decision_rate=np.zeros_like(player.decision_rate),
        costs=np.zeros_like(player.costs),
        is_available=np.zeros_like(player.is_available),
        chances=tuple(tuple(np.zeros(np.shape(each)) for each in chances) for chances in player.chances),
        seen=np.zeros_like(player.seen),
    )


def failure_slope(arrays: GameArrays, values: PlayerValues, acts: Play, weights: PlayerValues) -> GameArrays:
    """Return the derivative of w'F(V) by the numbers of the game, the values held still, in their form.

    Args:
        arrays: the numbers.
        values: V. Shape `[players, states]`.
        acts: what players do there.
        weights: w. Shape `[players, states]`.
    """
    worth: dict[Effect, StateArray] = {}
    outcomes = [effect for player in arrays.players for action in player.outcomes for effect in action]
    for effect in dict.fromkeys([*arrays.effects, *outcomes]):
        worth[effect] = (weights * change_by(effect, values, arrays.space)).sum(axis=0)
    return dataclasses.replace(
        arrays,
        players=tuple(
            _failure_slope(arrays, i, values, weights[i], worth, gains, choice)
            for i, (gains, choice) in enumerate(zip(acts.gains, acts.choices, strict=True))
        ),
        nature=tuple(worth[effect] for effect in arrays.effects),
    )


def _failure_slope(
    arrays: GameArrays,
    i: int,
    values: PlayerValues,
    weights: StateArray,
    worth: dict[Effect, StateArray],
    gains: ActionStateArray,
    choice: Choice,
) -> PlayerArrays:
    """Return the derivative by the numbers of player `i`; `worth` is what each effect moves, for all players."""
    player, probs, rate = arrays.players[i], choice.probs, arrays.players[i].decision_rate
    moved = _stack([_mix(player.chances[a], [worth[e] for e in player.outcomes[a]]) for a in range(len(probs))], probs)
    by_advantage = _by_advantage(probs, rate * (moved - weights * gains), rate * weights)
    own = by_advantage - rate * weights * probs
    bonus = choice.surplus - (probs * gains).sum(axis=0) + arrays.shock_mean
    changes = [[change_by(effect, values[i], arrays.space) for effect in action] for action in player.outcomes]
    return dataclasses.replace(
        _no_slope(player),
        payoff=weights,
        discount_rate=np.asarray(-float(weights @ values[i])),
        decision_rate=weights * bonus + (probs * moved).sum(axis=0),
        costs=_by_costs(by_advantage, player),
        chances=tuple(
            tuple(
                by_chance(chance, (own[a], change), (rate * probs[a], worth[effect]))
                for chance, change, effect in zip(player.chances[a], changes[a], player.outcomes[a], strict=True)
            )
            for a in range(len(probs))
        ),
    )


def by_chance(chance: Scalar | StateArray, *factors: tuple[StateArray, StateArray]) -> Float[np.ndarray, "*states"]:
    """Return the derivative by a chance, in its form: a sum of products, over all states if it is one number."""
    if np.ndim(chance):
        return np.asarray(sum(left * right for left, right in factors))
    return np.asarray(float(sum(left @ right for left, right in factors)))


def _by_costs(by_advantage: Float[Array | np.ndarray, "_ states"], player: PlayerArrays) -> ActionCosts:
    """Return the derivative by the costs of a player, in their form, from that by the advantages of its actions."""
    by_costs = -np.asarray(by_advantage)
    return by_costs.sum(axis=1, keepdims=True) if player.costs.shape[1] == 1 else by_costs


def choices_slope(
    arrays: GameArrays, values: PlayerValues, acts: Play, by_probs: Sequence[Float[Array | np.ndarray, "_ states"]]
) -> tuple[GameArrays, PlayerValues]:
    """Return the derivatives by the numbers and by the values of a scalar that hangs on what players choose.

    Args:
        arrays: the numbers.
        values: V. Shape `[players, states]`.
        acts: what players do there.
        by_probs: per player, the derivative by the probability of each action. Each of shape `[actions, states]`.
    """
    players, by_values = [], np.zeros_like(values)
    for i, choice in enumerate(acts.choices):
        player = arrays.players[i]
        by_advantage = _by_advantage(choice.probs, by_probs[i], np.zeros(arrays.space.size))
        by_chances = []
        for slope, chances, effects in zip(by_advantage, player.chances, player.outcomes, strict=True):
            outcomes = list(zip(chances, effects, strict=True))
            by_chances.append(
                tuple(by_chance(each, (slope, change_by(effect, values[i], arrays.space))) for each, effect in outcomes)
            )
            for chance, effect in outcomes:
                by_values[i] += _arriving(effect, chance * slope, arrays.space)
            by_values[i] -= sum(chances) * slope
        costs = _by_costs(by_advantage, player)
        players.append(dataclasses.replace(_no_slope(player), costs=costs, chances=tuple(by_chances)))
    return dataclasses.replace(no_slope(arrays), players=tuple(players)), by_values


def _arriving(effect: Effect, weights: StateArray, space: StateSpace) -> StateArray:
    """Return where an effect brings weights over states."""
    return np.bincount(effect.targets(space), weights=weights, minlength=space.size)


def _by_advantage(probs: ActionStateArray, by_probs: ActionStateArray, by_surplus: StateArray) -> ActionStateArray:
    return probs * (by_probs - (probs * by_probs).sum(axis=0) + by_surplus)


def _mix(chances: Sequence, arrays: Sequence[StateArray]) -> StateArray:
    return sum((chance * array for chance, array in zip(chances, arrays, strict=True)), start=np.zeros(1))


def _stack(rows: Sequence[StateArray], like: ActionStateArray) -> ActionStateArray:
    return np.stack([np.asarray(row) for row in rows]) if rows else np.zeros_like(like)


def game_slope(game: Game, by_arrays: GameArrays) -> Game:
    """Return derivatives by the numbers of a game, in its form, from those by its arrays; what is no number stays.

    Args:
        game: the game.
        by_arrays: derivatives by `GameArrays.of(game)`.
    """
    space = game.space
    drifts = tuple(
        _drift_slope(drift, by_rate, space) for drift, by_rate in zip(game.drifts, by_arrays.nature, strict=True)
    )
    players = tuple(
        _player_slope(player, by, space) for player, by in zip(game.players, by_arrays.players, strict=True)
    )
    return dataclasses.replace(game, drifts=drifts, players=players)


def _drift_slope(drift: Drift, by_rate: StateArray, space: StateSpace) -> Drift:
    return dataclasses.replace(drift, hazard=_hazard_slope(drift.hazard, drift.acts(space) * by_rate, space))


def _player_slope(player: Player, by: PlayerArrays, space: StateSpace) -> Player:
    actions = tuple(
        dataclasses.replace(
            action,
            cost=by.costs[a] if np.ndim(action.cost) else np.asarray(by.costs[a].sum()),
            chances=by.chances[a],
            seen=(by.seen[a].sum(),) if len(action.seen) == 1 else tuple(by.seen[a]),
        )
        for a, action in enumerate(player.actions)
    )
    motives = tuple(
        Motive(float(by.payoff @ motive.feature), motive.weight * by.payoff, motive.name) for motive in player.motives
    )
    return Player(
        _hazard_slope(player.decision_rate, by.decision_rate, space), by.discount_rate, actions, motives, player.name
    )


def _hazard_slope(hazard: Hazard, by_rate: StateArray, space: StateSpace) -> Hazard:
    levels = [space.levels_of(name) for name in hazard.names]
    factors = [np.asarray(ratio)[level] for ratio, level in zip(hazard.ratios, levels, strict=True)]
    by_ratios = []
    for number, (ratio, level) in enumerate(zip(hazard.ratios, levels, strict=True)):
        others = _product(factors[:number] + factors[number + 1 :], by_rate)
        by_ratios.append(float(hazard.base) * np.bincount(level, weights=others, minlength=len(ratio)))
    return Hazard(float(_product(factors, by_rate).sum()), tuple(by_ratios), hazard.names)


def _product(factors: Sequence[StateArray], start: StateArray) -> StateArray:
    for factor in factors:
        start = start * factor
    return start
