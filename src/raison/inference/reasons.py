"""What a player's values are made of: one part for each motive, one for costs, one for the shocks.

Given what everybody does, the value equation is linear in the payoffs, so V_i is the sum of its parts:

    rho_i V_im   = w_im phi_m + G V_im                                   each motive m
    rho_i V_ic   = - alpha_i sum_a sigma_i(a) c_i(a) + G V_ic            what acting will cost
    rho_i V_is   = alpha_i (sum_a -sigma_i(a) log sigma_i(a) + mean) + G V_is     choosing by the shocks of the moment

with G the generator of nature and of all players' choices, waiting among the a of the last. The advantage of an act,
-c_i(a) + E V_i(x after a) - V_i(x), splits in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from raison.arrays import PlayerValues, StateVector
from raison.chain import Act
from raison.engine import engine_of
from raison.equations import GameArrays
from raison.equations.play import expected_gains, play
from raison.errors import NotConverged
from raison.game import Game

COSTS, SHOCKS = "its costs", "the shocks"
"""Parts that are no motive; no feature can be called so."""

TOLERANCE = 1e-13
"""Of the linear solves, as a share of what is solved for."""

SAME = 1e-3
"""Most that the parts may miss the values that they split, over max(1, |V|); values are good to less."""


class Reasons:
    """The values of the players of a solved game, split.

    Args:
        game: the game.
        values: of its players, at the equilibrium. Shape `[players, states]`.

    Errors:
        `NotConverged` if the parts do not add up to the values.
    """

    def __init__(self, game: Game, values: PlayerValues) -> None:
        self._game = game
        self._arrays = GameArrays.of(game)
        self._parts = _split(game, self._arrays, np.asarray(values, dtype=np.float64))

    def advantage(self, act: Act, instead: str | None = None) -> Mapping[str, StateVector]:
        """Return the parts of the advantage of an act over waiting, or over another action of the player.

        In every state, in units of the shocks: the sum is the log of how many times likelier the player takes it, where
        both are available. Each of shape `[states]`.
        """
        names = [player.name for player in self._game.players]
        player = names.index(act.who)
        own = self._one(player, act.what)
        if instead is None:
            return own
        other = self._one(player, instead)
        return {part: own[part] - other[part] for part in own}

    def _one(self, player: int, action: str) -> dict[str, StateVector]:
        numbers = self._arrays.players[player]
        a = numbers.actions.index(action)
        parts = {name: expected_gains(self._arrays, values, player)[a] for name, values in self._parts[player].items()}
        parts[COSTS] = parts[COSTS] - np.asarray(numbers.costs[a])
        return parts


def _split(game: Game, arrays: GameArrays, values: PlayerValues) -> list[dict[str, StateVector]]:
    """Return the parts of every player's values."""
    acts = play(arrays, values)
    engine = engine_of(arrays)
    here = engine.look(engine.field(values), 1.0)
    wanted: list[dict[str, StateVector]] = []
    for player, numbers, gains, choice in zip(game.players, arrays.players, acts.gains, acts.choices, strict=True):
        probs, alpha = np.asarray(choice.probs), np.asarray(numbers.decision_rate)
        spent = (probs * np.asarray(numbers.costs)).sum(axis=0)
        expected = (probs * gains).sum(axis=0)
        flows: dict[str, StateVector] = {
            motive.name: np.asarray(motive.weight * motive.feature) for motive in player.motives
        }
        flows[COSTS] = -alpha * spent
        flows[SHOCKS] = alpha * (np.asarray(choice.surplus) - expected + spent + arrays.shock_mean)
        wanted.append(flows)
    nothing = np.zeros(arrays.space.size)
    found: list[dict[str, StateVector]] = [{} for _ in wanted]
    for turn in range(max(len(flows) for flows in wanted)):
        rows = [list(flows.values())[turn] if turn < len(flows) else nothing for flows in wanted]
        solved = engine.by_player(engine.solve_policy(here, engine.field(np.array(rows)), TOLERANCE))
        for flows, parts, row in zip(wanted, found, solved, strict=True):
            if turn < len(flows):
                parts[list(flows)[turn]] = row
    total = np.array([sum(parts.values()) for parts in found])
    off = float(np.abs(total - values).max()) / max(1.0, float(np.abs(values).max()))
    if not off <= SAME:
        raise NotConverged(f"the parts of the values miss their sum by {off:.1e}.")
    return found
