"""What a player's values are made of: one part for each motive, one for costs, one for the shocks.

Given what everybody does, the value equation is linear in the payoffs, so V_i is the sum of its parts:

    rho_i V_im   = w_im phi_m + G V_im                                   each motive m
    rho_i V_ic   = - alpha_i sum_a sigma_i(a) c_i(a) + G V_ic            what acting will cost
    rho_i V_is   = alpha_i (sum_a -sigma_i(a) log sigma_i(a) + mean) + G V_is     choosing by the shocks of the moment

with G the generator of nature and of all players' choices, waiting among the a of the last. The advantage of an act,
-c_i(a) + E V_i(x after a) - V_i(x), splits in the same way.

What of it works through a variable is what is lost when this variable cannot respond: the same parts in the world in
which nothing moves it, the act included, while everybody goes on choosing in every state as before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from raison.arrays import PlayerValues, StateVector
from raison.chain import Act, Chain
from raison.chain.matrix import discounted
from raison.engine import engine_of
from raison.equations import GameArrays
from raison.equations.play import Play, expected_gains, play
from raison.errors import NotConverged
from raison.game import Game
from raison.game.holding import holding

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

    What is asked of it raises `NotConverged` where the parts of a player's values do not add up to them.
    """

    def __init__(self, game: Game, values: PlayerValues) -> None:
        self._game = game
        self._arrays = GameArrays.of(game)
        self._values = np.asarray(values, dtype=np.float64)
        self._play = play(self._arrays, self._values)
        self._flows = _flows(game, self._arrays, self._play)
        self._parts: dict[int, dict[str, StateVector]] = {}
        self._advantages: dict[Act, dict[str, StateVector]] = {}
        self._held: dict[tuple[str, str, int], tuple[GameArrays, dict[str, StateVector]]] = {}

    def advantage(self, act: Act, instead: str | None = None) -> Mapping[str, StateVector]:
        """Return the parts of the advantage of an act over waiting, or over another action of the player.

        In every state, in units of the shocks: the sum is the log of how many times likelier the player takes it, where
        both are available. Each of shape `[states]`.
        """
        return self._over(act, instead, self._one)

    def through(self, act: Act, variable: str, instead: str | None = None) -> Mapping[str, StateVector]:
        """Return what of each part of the advantage works through a variable: what is lost if nothing moves it.

        As `advantage`; what works through two variables in turn counts in both, so that these do not add up.

        Errors:
            `NotConverged` if a linear solve fails.
            `CaseError` if there is no such variable.
        """
        flows = self._flows[self._place(act.who)]
        whole = self.advantage(act, instead)
        without = self._over(act, instead, lambda one: self._one_held(one, variable, flows))
        return {part: whole[part] - without[part] for part in whole}

    def all_through(self, act: Act, variable: str, instead: str | None = None) -> StateVector:
        """Return what of the whole advantage works through a variable: the sum of `through`, by one solve."""
        flows = {COSTS: np.sum(list(self._flows[self._place(act.who)].values()), axis=0)}
        whole = np.sum(list(self.advantage(act, instead).values()), axis=0)
        return whole - self._over(act, instead, lambda one: self._one_held(one, variable, flows))[COSTS]

    def spreads(self, player: str) -> Mapping[str, StateVector]:
        """Return how far each motive drives the options of a player apart, in every state, in units of the shocks.

        The most that the motive speaks for an option that can be taken, waiting among them, less the least. Each of
        shape `[states]`, at least 0.
        """
        i = self._place(player)
        is_available = np.asarray(self._arrays.players[i].is_available) > 0.0
        found = {}
        for motive in self._game.players[i].motives:
            gains = np.where(is_available, expected_gains(self._arrays, self._parts_of(i)[motive.name], i), 0.0)
            found[motive.name] = gains.max(axis=0, initial=0.0) - gains.min(axis=0, initial=0.0)
        return found

    def _over(
        self, act: Act, instead: str | None, one: Callable[[Act], Mapping[str, StateVector]]
    ) -> Mapping[str, StateVector]:
        own = one(act)
        if instead is None:
            return own
        other = one(Act(act.who, instead))
        return {part: own[part] - other[part] for part in own}

    def _place(self, player: str) -> int:
        return [each.name for each in self._game.players].index(player)

    def _one(self, act: Act) -> dict[str, StateVector]:
        if act not in self._advantages:
            player = self._place(act.who)
            self._advantages[act] = _advantage(self._arrays, self._parts_of(player), player, act.what)
        return self._advantages[act]

    def _parts_of(self, player: int) -> dict[str, StateVector]:
        if player not in self._parts:
            self._parts[player] = _split(self._arrays, self._flows[player], self._values, player)
        return self._parts[player]

    def _one_held(self, act: Act, variable: str, flows: Mapping[str, StateVector]) -> dict[str, StateVector]:
        """Return the parts of the advantage of an act where nothing moves a variable and choices are as before."""
        player = self._place(act.who)
        key = (act.who, variable, len(flows))
        if key not in self._held:
            arrays = GameArrays.of(holding(self._game, variable))
            rates = [
                np.asarray(each.decision_rate * choice.probs)
                for each, choice in zip(self._arrays.players, self._play.choices, strict=True)
            ]
            rate = float(self._arrays.players[player].discount_rate)
            worth = discounted(Chain.of(arrays, rates), list(flows.values()), rate)
            self._held[key] = arrays, dict(zip(flows, worth, strict=True))
        arrays, parts = self._held[key]
        return _advantage(arrays, parts, player, act.what)


def _advantage(
    arrays: GameArrays, parts: Mapping[str, StateVector], player: int, action: str
) -> dict[str, StateVector]:
    """Return the parts of the advantage of an action over waiting, from those of the values of its player."""
    numbers = arrays.players[player]
    a = numbers.actions.index(action)
    found = {name: expected_gains(arrays, values, player)[a] for name, values in parts.items()}
    found[COSTS] = found[COSTS] - np.asarray(numbers.costs[a])
    return found


def _flows(game: Game, arrays: GameArrays, acts: Play) -> list[dict[str, StateVector]]:
    """Return what every player is paid per unit of time, part by part."""
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
    return wanted


def _split(
    arrays: GameArrays, flows: Mapping[str, StateVector], values: PlayerValues, player: int
) -> dict[str, StateVector]:
    """Return the parts of a player's values, from what it is paid."""
    engine = engine_of(arrays)
    here = engine.look(engine.field(values), 1.0)
    found: dict[str, StateVector] = {}
    for name, flow in flows.items():
        paid = np.zeros_like(values)
        paid[player] = flow
        # of nothing comes nothing, without a step
        found[name] = engine.by_player(engine.solve_policy(here, engine.field(paid), TOLERANCE))[player]
    total = np.sum(list(found.values()), axis=0)
    off = float(np.abs(total - values[player]).max()) / max(1.0, float(np.abs(values).max()))
    if not off <= SAME:
        raise NotConverged(f"the parts of the values miss their sum by {off:.1e}.")
    return found
