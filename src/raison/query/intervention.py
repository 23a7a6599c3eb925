"""What `do(...)` does to a game: a change from outside that everybody knows, so the game is played anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from raison.arrays import StateVector
from raison.errors import QueryError, did_you_mean
from raison.game import Action, Effect, Game, Player
from raison.query.tree import DoLevel, DoNever


def intervene(game: Game, interventions: Sequence[DoLevel | DoNever]) -> Game:
    """Return `game` with every intervention made.

    `do(X = level)` strikes variable X out of every effect, so that it keeps the level it is set to;
    `do(player never action)` makes the action unavailable everywhere.
    """
    for intervention in interventions:
        if isinstance(intervention, DoLevel):
            game = _held(game, intervention.variable)
        else:
            game = _without(game, intervention.player, intervention.action)
    return game


def set_levels(game: Game, start: StateVector, interventions: Sequence[DoLevel | DoNever]) -> StateVector:
    """Return the distribution `start` after the levels of every `do(X = level)` are set. Shape `[states]`."""
    for intervention in interventions:
        if isinstance(intervention, DoLevel):
            effect = Effect.become(game.space.variable(intervention.variable), intervention.level)
            start = np.bincount(effect.targets(game.space), weights=start, minlength=game.space.size)
    return start


def _held(game: Game, variable: str) -> Game:
    game.space.axis(variable)
    drifts = tuple(replace(drift, effect=_strike_out(drift.effect, variable)) for drift in game.drifts)
    players = tuple(
        replace(player, actions=tuple(_held_action(action, variable) for action in player.actions))
        for player in game.players
    )
    return replace(game, drifts=drifts, players=players)


def _held_action(action: Action, variable: str) -> Action:
    return replace(action, outcomes=tuple(_strike_out(effect, variable) for effect in action.outcomes))


def _strike_out(effect: Effect, variable: str) -> Effect:
    return Effect(tuple(level_map for level_map in effect.maps if level_map[0] != variable))


def _without(game: Game, who: str, what: str) -> Game:
    known = {player.name: [action.name for action in player.actions] for player in game.players}
    if who not in known:
        raise QueryError(f"do({who} never {what}): no player `{who}`.{did_you_mean(who, known)}")
    if what not in known[who]:
        raise QueryError(f"do({who} never {what}): `{who}` has no action `{what}`.{did_you_mean(what, known[who])}")
    nowhere = np.zeros(game.space.size, dtype=bool)

    def barred(player: Player) -> Player:
        if player.name != who:
            return player
        actions = tuple(
            replace(action, is_available=nowhere) if action.name == what else action for action in player.actions
        )
        return replace(player, actions=actions)

    return replace(game, players=tuple(barred(player) for player in game.players))
