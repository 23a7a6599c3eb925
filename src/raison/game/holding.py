"""A game in which a variable keeps the level that it has."""

from __future__ import annotations

from dataclasses import replace

from raison.game.game import Game
from raison.game.players import Action
from raison.game.space import Effect


def holding(game: Game, variable: str) -> Game:
    """Return a game with a variable struck out of every effect, so that nothing moves it.

    Errors:
        `CaseError` if there is no such variable.
    """
    game.space.axis(variable)
    drifts = tuple(replace(drift, effect=_struck_out(drift.effect, variable)) for drift in game.drifts)
    players = tuple(
        replace(player, actions=tuple(_holding(action, variable) for action in player.actions))
        for player in game.players
    )
    return replace(game, drifts=drifts, players=players)


def _holding(action: Action, variable: str) -> Action:
    return replace(action, outcomes=tuple(_struck_out(effect, variable) for effect in action.outcomes))


def _struck_out(effect: Effect, variable: str) -> Effect:
    return Effect(tuple(level_map for level_map in effect.maps if level_map[0] != variable))
