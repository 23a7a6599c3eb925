"""A game that remembers which player acted last: one more variable, which every action sets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from raison.arrays import StateMask, StateVector
from raison.game.game import Game
from raison.game.players import Action, Player
from raison.game.space import Effect, StateSpace, Variable

LAST_TO_ACT, NO_ONE = "last to act", "no one"
"""Name of the variable, and of its first level, at which it stands before anybody has acted. Both have spaces, so that
no variable and no player of a case has them."""


def remembering(game: Game) -> Game:
    """Return the game in which the first variable tells who acted last.

    It varies slowest, so that states between which an action leads stay side by side.
    """
    memory = Variable(LAST_TO_ACT, (NO_ONE, *(player.name for player in game.players)), is_ordered=False)
    times = len(memory.levels)
    return replace(
        game,
        space=StateSpace((memory, *game.space.variables)),
        drifts=tuple(replace(drift, where=_tiled(drift.where, times)) for drift in game.drifts),
        players=tuple(_remembered(player, memory) for player in game.players),
    )


def forgotten(by_game: Game, states: int) -> Game:
    """Return derivatives by a game of so many states, from those by what `remembering` makes of it, in their forms."""

    players = tuple(
        replace(
            player,
            actions=tuple(_forgotten(action, states) for action in player.actions),
            motives=tuple(replace(motive, feature=_summed(motive.feature, states)) for motive in player.motives),
        )
        for player in by_game.players
    )
    return replace(by_game, players=players)


def _forgotten(action: Action, states: int) -> Action:
    cost = _summed(np.asarray(action.cost), states) if np.ndim(action.cost) else action.cost
    chances = tuple(_summed(np.asarray(each), states) if np.ndim(each) else each for each in action.chances)
    available = None if action.is_available is None else np.asarray(action.is_available)[:states]
    return replace(action, cost=cost, chances=chances, is_available=available)


def _summed(numbers: StateVector, states: int) -> StateVector:
    return np.asarray(numbers).reshape(-1, states).sum(axis=0)


def rival_was_last(space: StateSpace, player: str) -> StateMask:
    """Return where a rival of `player` acted last; nowhere in a space without memory. Shape `[states]`, bool."""
    if LAST_TO_ACT not in space.names:
        return np.zeros(space.size, dtype=bool)
    levels = space.variable(LAST_TO_ACT).levels
    is_rival = np.array([level not in (NO_ONE, player) for level in levels])
    return is_rival[space.levels_of(LAST_TO_ACT)]


def _remembered(player: Player, memory: Variable) -> Player:
    times, acts = len(memory.levels), Effect.become(memory, player.name)
    motives = (replace(motive, feature=np.tile(np.asarray(motive.feature), times)) for motive in player.motives)
    return replace(
        player,
        actions=tuple(
            replace(
                action,
                cost=np.tile(np.asarray(action.cost), times) if np.ndim(action.cost) else action.cost,
                chances=tuple(np.tile(np.asarray(c), times) if np.ndim(c) else c for c in action.chances),
                is_available=_tiled(action.is_available, times),
                outcomes=tuple(outcome.and_(acts) for outcome in action.outcomes),
            )
            for action in player.actions
        ),
        motives=tuple(motives),
    )


def _tiled(mask: StateMask | None, times: int) -> StateMask | None:
    """Return what holds in each state of the space without memory; copied for each level of the memory."""
    return None if mask is None else np.tile(np.asarray(mask), times)
