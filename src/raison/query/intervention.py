"""What a change from outside makes of a game, and of where the world is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from raison.arrays import StateNumbers
from raison.errors import QueryError, did_you_mean
from raison.game import Effect, Game, Player, StateSpace
from raison.game.holding import holding
from raison.query.tree import Change, Never, SetLevel


def intervene(game: Game, changes: Sequence[Change]) -> Game:
    """Return `game` with every change made, but for those of its numbers.

    A variable that is held at a level is struck out of every effect, so that it keeps the level it is set to; an
    action that is never taken is available nowhere.
    """
    for change in changes:
        if isinstance(change, SetLevel):
            game = holding(game, change.variable)
        elif isinstance(change, Never):
            game = _without(game, change.player, change.action)
    return game


def setting(space: StateSpace, changes: Sequence[Change]) -> StateNumbers | None:
    """Return the state to which the levels that are set lead from each; None if none is. Shape `[states]`."""
    targets = None
    for change in changes:
        if isinstance(change, SetLevel):
            target = Effect.become(space.variable(change.variable), change.level).targets(space)
            targets = target if targets is None else target[targets]
    return None if targets is None else np.asarray(targets, dtype=np.int64)


def _without(game: Game, who: str, what: str) -> Game:
    known = {player.name: [action.name for action in player.actions] for player in game.players}
    if who not in known:
        raise QueryError(f"`{who} never {what}`: no player `{who}`.{did_you_mean(who, known)}")
    if what not in known[who]:
        raise QueryError(f"`{who} never {what}`: `{who}` has no action `{what}`.{did_you_mean(what, known[who])}")
    nowhere = np.zeros(game.space.size, dtype=bool)

    def barred(player: Player) -> Player:
        if player.name != who:
            return player
        actions = tuple(
            replace(action, is_available=nowhere) if action.name == what else action for action in player.actions
        )
        return replace(player, actions=actions)

    return replace(game, players=tuple(barred(player) for player in game.players))
