"""One explanation of a case at one set of numbers, as a world that can be asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from raison.arrays import PlayerValues
from raison.case import BuiltCase
from raison.chain import Chain, ChainMotion
from raison.equations import GameArrays
from raison.equations.play import play
from raison.equilibrium.solver import checked, solve
from raison.errors import CaseError
from raison.game import Game
from raison.inference.game_map import NumberVector
from raison.inference.likelihood import GameLikelihood, HabitLikelihood, chain_of
from raison.inference.model import Explanation
from raison.inference.posterior import free_of
from raison.query.answers import Undefined
from raison.query.tree import SetNumber
from raison.query.world import Facts, Played, World
from raison.record import WatchedRecord

FORECAST_TOLERANCE = 1e-5
"""Residual to which the games behind a forecast are solved; probabilities are then good to about four digits."""


def world_of(
    case: BuiltCase,
    likelihood: GameLikelihood | HabitLikelihood,
    facts: Facts,
    numbers: NumberVector,
    near: World | None,
) -> World:
    """Return one explanation at one set of numbers.

    Args:
        case: the case.
        likelihood: of the explanation.
        facts: what is the same under every explanation.
        numbers: of the case.
        near: the same at nearby numbers, if it is known.
    """
    if isinstance(likelihood, HabitLikelihood):
        return World(facts, Habits(case, likelihood, numbers), near=near)
    return World(facts, Choices(case, numbers), near=near)


def worlds_of(
    case: BuiltCase,
    explanation: Explanation,
    likelihood: GameLikelihood | HabitLikelihood,
    records: tuple[WatchedRecord, ...],
) -> Callable[[Float[np.ndarray, " free"], World | None], World]:
    """Return what makes one explanation a world from its free numbers, and from a world at nearby ones.

    Args:
        case: the case.
        explanation: whose numbers they are.
        likelihood: of the explanation.
        records: as the explanation watches them.
    """
    facts = Facts(records[0].space, records, case.indicators)
    free = list(free_of(explanation.parameters))

    def world(numbers: Float[np.ndarray, " free"], near: World | None) -> World:
        whole = explanation.centre
        whole[free] = numbers
        return world_of(case, likelihood, facts, whole, near)

    return world


def _changed(case: BuiltCase, numbers: NumberVector, changes: Sequence[SetNumber]) -> NumberVector:
    """Return the numbers with some of the case changed."""
    numbers = numbers.copy()
    for each in changes:
        i = _place(case, each.name)
        numbers[i] = each.value * numbers[i] if each.is_ratio else each.value
    return numbers


def _place(case: BuiltCase, name: str) -> int:
    """Return the place of a number of the case."""
    return [parameter.name for parameter in case.own.parameters].index(name)


def _made(game: Callable[[NumberVector], Game], numbers: NumberVector) -> Game | Undefined:
    try:
        return game(numbers)
    except CaseError as error:
        return Undefined(str(error))


@dataclass(frozen=True, eq=False)
class Choices:
    """Rules of a game whose players choose; see `raison.query.world.Rules`."""

    case: BuiltCase
    numbers: NumberVector

    def number(self, name: str) -> float:
        return float(self.numbers[_place(self.case, name)])

    def game(self, changes: Sequence[SetNumber]) -> Game | Undefined:
        return _made(self.case.game, _changed(self.case, self.numbers, changes))

    def play(self, game: Game, near: PlayerValues | None) -> Played:
        equilibrium = checked(solve(game, start=near, tolerance=FORECAST_TOLERANCE))
        return Played(game, ChainMotion(chain_of(equilibrium)), equilibrium.values)

    def keep_on(self, game: Game, played: Played) -> ChainMotion:
        arrays = GameArrays.of(game)
        assert played.values is not None
        acts = play(GameArrays.of(played.game), played.values)
        rates = [
            player.decision_rate * choice.probs * np.asarray(player.is_available)
            for player, choice in zip(arrays.players, acts.choices, strict=True)
        ]
        return ChainMotion(Chain.of(arrays, rates))


@dataclass(frozen=True, eq=False)
class Habits:
    """Rules of a game in which nobody chooses; see `raison.query.world.Rules`."""

    case: BuiltCase
    likelihood: HabitLikelihood
    numbers: NumberVector

    def number(self, name: str) -> float:
        return float(self.numbers[_place(self.case, name)])

    def game(self, changes: Sequence[SetNumber]) -> Game | Undefined:
        return _made(self.likelihood.game, _changed(self.case, self.numbers, changes))

    def play(self, game: Game, near: PlayerValues | None) -> Played:
        return Played(game, ChainMotion(self.likelihood.chain(self.numbers, game)), None)

    def keep_on(self, game: Game, played: Played) -> ChainMotion:
        return ChainMotion(self.likelihood.chain(self.numbers, game))
