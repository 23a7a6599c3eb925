"""One explanation of a case at one set of numbers, as a world that can be asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

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
from raison.inference.model import Explanation, Parameter
from raison.inference.posterior import free_of
from raison.query.answers import Undefined
from raison.query.course import Played
from raison.query.tree import SetNumber, StateOptions
from raison.query.world import Facts, World
from raison.record import Seen, WatchedRecord

FORECAST_TOLERANCE = 1e-5
"""Residual to which the games behind a forecast are solved; probabilities are then good to about four digits."""


WORTH_TOLERANCE = 1e-9
"""Residual to which a game is solved whose payoffs are asked for: its values are then good to a ten millionth. One of
1e-5 may leave an error of a thousandth of them, and a payoff may hardly differ from another by more."""

SLOPE_TOLERANCE = 1e-8
"""Residual to which a game is solved whose derivatives are asked for."""


def world_of(
    case: BuiltCase,
    likelihood: GameLikelihood | HabitLikelihood,
    facts: Facts,
    numbers: NumberVector,
    near: World | None,
    parameters: tuple[Parameter, ...] = (),
    start: PlayerValues | None = None,
) -> World:
    """Return one explanation at one set of numbers.

    Args:
        case: the case.
        likelihood: of the explanation.
        facts: what is the same under every explanation.
        numbers: of the case.
        near: the same at nearby numbers, if it is known.
        parameters: the numbers with what is believed of them, for questions that move them.
        start: about the values of its players there, if they are known.
    """
    if isinstance(likelihood, HabitLikelihood):
        return World(facts, Habits(case, likelihood, numbers, parameters), near=near)
    return World(facts, Choices(case, numbers, parameters), near=near, start=start)


def worlds_of(
    case: BuiltCase,
    explanation: Explanation,
    likelihood: GameLikelihood | HabitLikelihood,
    records: tuple[WatchedRecord, ...],
) -> Callable[[Float[np.ndarray, " free"], World | None, PlayerValues | None], World]:
    """Return what makes one explanation a world from its free numbers, a world at nearby ones, and values if known.

    Args:
        case: the case.
        explanation: whose numbers they are.
        likelihood: of the explanation.
        records: as the explanation watches them.
    """
    facts = Facts(records[0].space, records, case.indicators, later=_later(case, records[0]))
    free = list(free_of(explanation.parameters))

    def world(numbers: Float[np.ndarray, " free"], near: World | None, start: PlayerValues | None) -> World:
        whole = explanation.centre
        whole[free] = numbers
        return world_of(case, likelihood, facts, whole, near, explanation.parameters, start)

    return world


def _later(case: BuiltCase, watched: WatchedRecord) -> WatchedRecord | None:
    """Return a record with what is held out of it; None if nothing is."""
    if case.held_out is None:
        return None
    items = tuple(sorted((*watched.record.items, *case.held_out.items), key=lambda item: item.time))
    record = replace(watched.record, items=items, until=watched.calendar.end_of(case.held_out.until))
    return replace(watched, record=record)


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


def _moved(parameters: Sequence[Parameter], numbers: NumberVector, name: str, value: float) -> NumberVector:
    """Return the numbers with one of an explanation changed."""
    numbers = numbers.copy()
    numbers[[parameter.name for parameter in parameters].index(name)] = value
    return numbers


def _by_name(case: BuiltCase, gradient: NumberVector) -> dict[str, float]:
    """Return the derivatives by the numbers of a case, by name; what an explanation has besides is left out."""
    names = [parameter.name for parameter in case.own.parameters]
    return dict(zip(names, gradient[: len(names)].tolist(), strict=True))


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
    parameters: tuple[Parameter, ...] = ()

    def number(self, name: str) -> float:
        return float(self.numbers[_place(self.case, name)])

    def with_number(self, name: str, value: float) -> Choices:
        return replace(self, numbers=_moved(self.parameters, self.numbers, name, value))

    def slopes(self, seen: Seen) -> Mapping[str, float]:
        likelihood = GameLikelihood(self.case.game, (seen,), tolerance=SLOPE_TOLERANCE)
        return _by_name(self.case, likelihood.evaluate(self.numbers).gradient)

    def game(self, changes: Sequence[SetNumber]) -> Game | Undefined:
        return _made(self.case.game, _changed(self.case, self.numbers, changes))

    def play(self, game: Game, near: PlayerValues | None) -> Played:
        equilibrium = checked(solve(game, start=near, tolerance=FORECAST_TOLERANCE))

        def sharpen() -> PlayerValues:
            return checked(solve(game, start=equilibrium.values, tolerance=WORTH_TOLERANCE)).values

        return Played(game, ChainMotion(chain_of(equilibrium)), equilibrium.values, sharpen)

    def keep_on(self, game: Game, played: Played) -> ChainMotion:
        arrays = GameArrays.of(game)
        assert played.values is not None
        acts = play(GameArrays.of(played.game), played.values)
        rates = [
            player.decision_rate * choice.probs * np.asarray(player.is_available)
            for player, choice in zip(arrays.players, acts.choices, strict=True)
        ]
        return ChainMotion(Chain.of(arrays, rates))

    def choices(self, played: Played, player: str) -> StateOptions:
        assert played.values is not None
        arrays = GameArrays.of(played.game)
        place = [each.name for each in arrays.players].index(player)
        probs = np.asarray(play(arrays, played.values).choices[place].probs)
        return np.vstack([1.0 - probs.sum(axis=0), probs])


@dataclass(frozen=True, eq=False)
class Habits:
    """Rules of a game in which nobody chooses; see `raison.query.world.Rules`."""

    case: BuiltCase
    likelihood: HabitLikelihood
    numbers: NumberVector
    parameters: tuple[Parameter, ...] = ()

    def number(self, name: str) -> float:
        places = [parameter.name for parameter in self.parameters or self.case.own.parameters]
        return float(self.numbers[places.index(name)])

    def with_number(self, name: str, value: float) -> Habits:
        return replace(self, numbers=_moved(self.parameters, self.numbers, name, value))

    def slopes(self, seen: Seen) -> Mapping[str, float]:
        gradient = self.likelihood.seeing((seen,)).evaluate(self.numbers).gradient
        return _by_name(self.case, gradient)

    def choices(self, played: Played, player: str) -> StateOptions:
        raise AssertionError("nobody chooses")

    def game(self, changes: Sequence[SetNumber]) -> Game | Undefined:
        return _made(self.likelihood.game, _changed(self.case, self.numbers, changes))

    def play(self, game: Game, near: PlayerValues | None) -> Played:
        return Played(game, ChainMotion(self.likelihood.chain(self.numbers, game)), None)

    def keep_on(self, game: Game, played: Played) -> ChainMotion:
        return ChainMotion(self.likelihood.chain(self.numbers, game))
