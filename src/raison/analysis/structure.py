"""Who acts on what, and what moves what: the structure of a game, read off it, for a drawing."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jax.typing import ArrayLike

from raison.case import BuiltCase
from raison.game import Effect, Game
from raison.study import VariableLinks

STILL = 1e-12
"""Difference between numbers that counts as none."""


def structure_of(case: BuiltCase) -> tuple[VariableLinks, ...]:
    """Return, for every variable of a case, what moves it and what looks at it, at the middles of the ranges.

    Motives count under whichever explanation they stand.
    """
    game = case.game(case.explanations[0].centre)
    return tuple(_links(game, variable.name, place) for place, variable in enumerate(game.space.variables))


def _links(game: Game, name: str, axis: int) -> VariableLinks:
    space = game.space

    def hangs_on(field: ArrayLike, on: int = axis) -> bool:
        """Return whether a number in every state hangs on a variable."""
        grid = np.asarray(field, dtype=float)
        return grid.size == space.size and bool(np.ptp(grid.reshape(space.shape), axis=on).max() > STILL)

    moving = [np.asarray(each.rate(space)) for each in game.drifts if _moves(each.effect, name)]
    drives = [
        other.name
        for place, other in enumerate(space.variables)
        if other.name != name and any(hangs_on(rate, place) for rate in moving)
    ]
    acts = {
        player.name: tuple(act.name for act in player.actions if any(_moves(effect, name) for effect in act.outcomes))
        for player in game.players
    }
    allows = {
        player.name: tuple(
            act.name
            for act in player.actions
            if any(map(hangs_on, (act.cost, *act.chances)))
            or (act.is_available is not None and hangs_on(act.is_available))
        )
        for player in game.players
    }
    wants = {
        player.name: tuple(each.name for each in player.motives if hangs_on(each.feature)) for player in game.players
    }
    return VariableLinks(name, _filled(acts), tuple(drives), _filled(allows), _filled(wants))


def _moves(effect: Effect, name: str) -> bool:
    return any(variable == name for variable, _ in effect.maps)


def _filled(found: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {name: each for name, each in found.items() if each}
