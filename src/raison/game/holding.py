"""A game in which a variable keeps the level that it has."""

from __future__ import annotations

from collections.abc import Collection
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
    drifts = tuple(replace(drift, effect=without(drift.effect, (variable,))) for drift in game.drifts)
    players = tuple(
        replace(player, actions=tuple(_holding(action, variable) for action in player.actions))
        for player in game.players
    )
    return replace(game, drifts=drifts, players=players)


def _holding(action: Action, variable: str) -> Action:
    return replace(action, outcomes=tuple(without(effect, (variable,)) for effect in action.outcomes))


def without(effect: Effect, variables: Collection[str]) -> Effect:
    """Return an effect that leaves some variables where they are."""
    return Effect(tuple(level_map for level_map in effect.maps if level_map[0] not in variables))
