"""The log likelihood of what was seen, as a function of the numbers of a case, with its gradient.

For a game the value goes through its equilibrium:  numbers -> V (solve) -> chain -> log likelihood,
and the gradient comes back the same way, through the equilibrium by implicit differentiation. Every solve starts from
the same values, so that the answer at a point does not depend on the points that were asked about before.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import jax
import numpy as np

from raison.arrays import PlayerValues
from raison.chain import Chain
from raison.chain.chain_slope import chain_slope
from raison.chain.habit import habit_chain, habit_slope
from raison.equations import GameArrays
from raison.equations.game_slope import add_slopes, game_slope
from raison.equilibrium.solver import ADJOINT_TOLERANCE, Equilibrium, checked, pull_back, solve
from raison.game import Game
from raison.game.last_to_act import forgotten, remembering
from raison.inference.game_map import GameFunction, GameMap, NumberVector, game_map
from raison.once import once
from raison.record import Seen


@dataclass(frozen=True)
class Evaluation:
    """The log likelihood at one point.

    Attributes:
        log_likelihood: natural logarithm.
        gradient: by the numbers of the case.
    """

    log_likelihood: float
    gradient: NumberVector


@runtime_checkable
class Likelihood(Protocol):
    """A log likelihood as a function of a vector of numbers, with and without its gradient."""

    def starting_at(self, numbers: NumberVector, *, tolerance: float | None = None) -> Likelihood:
        """Return the same likelihood, quick to compute near `numbers`, its games solved to `tolerance`.

        Raises `NotConverged`.
        """
        ...

    def value(self, numbers: NumberVector) -> float:
        """Return the log likelihood. Raises `NotConverged`."""
        ...

    def evaluate(self, numbers: NumberVector) -> Evaluation:
        """Return the log likelihood and its gradient. Raises `NotConverged`."""
        ...


class GameLikelihood:
    """The likelihood under players who choose as the equilibrium says.

    Args:
        game: builds the game from its numbers.
        seen: what was seen of it; the likelihoods multiply.
        tolerance: residual to which each equilibrium is solved.
        start: solved game from which every solve starts; random play if None.
    """

    def __init__(
        self,
        game: GameFunction | GameMap,
        seen: Sequence[Seen],
        *,
        tolerance: float = 1e-10,
        start: Equilibrium | None = None,
    ) -> None:
        self._game = game_map(game)
        self._seen = tuple(seen)
        self._tolerance = tolerance
        self._start = start

    def starting_at(self, numbers: NumberVector, *, tolerance: float | None = None) -> GameLikelihood:
        """Return the likelihood whose every solve starts from the equilibrium at `numbers`. Raises `NotConverged`."""
        tolerance = self._tolerance if tolerance is None else tolerance
        return GameLikelihood(self._game, self._seen, tolerance=tolerance, start=self.solve(numbers))

    def seeing(self, seen: Sequence[Seen]) -> GameLikelihood:
        """Return the likelihood of something else that was seen of the same game."""
        return GameLikelihood(self._game, seen, tolerance=self._tolerance, start=self._start)

    def solve(self, numbers: NumberVector) -> Equilibrium:
        """Solve the game at `numbers`. Raises `NotConverged`."""
        return self._solved(self._game(numbers))

    def _solved(self, game: Game) -> Equilibrium:
        return checked(solve(game, start=self._start and self._start.values, tolerance=self._tolerance))

    def value(self, numbers: NumberVector) -> float:
        """Return the log likelihood at `numbers`. Raises `NotConverged`."""
        chain = chain_of(self.solve(numbers))
        return sum(seen.log_likelihood(chain) for seen in self._seen)

    def evaluate(self, numbers: NumberVector) -> Evaluation:
        """Return the log likelihood and its gradient at `numbers`. Raises `NotConverged`."""
        game = self._game(numbers)
        equilibrium = self._solved(game)
        value, by_arrays, by_values = _through(equilibrium, self._seen)
        pulled = pull_back(equilibrium, by_values, start=self._adjoint, tolerance=self._adjoint_tolerance)
        total = add_slopes(by_arrays, pulled.numbers)
        return Evaluation(value, self._game.pull(numbers, game_slope(game, total)))

    @property
    def _adjoint_tolerance(self) -> float:
        return max(ADJOINT_TOLERANCE, self._tolerance)

    @once
    def _adjoint(self) -> PlayerValues | None:
        """Return the adjoint of the game from which solves start: where that of a nearby game starts."""
        if self._start is None:
            return None
        by_values = _through(self._start, self._seen)[2]
        return pull_back(self._start, by_values, tolerance=self._adjoint_tolerance).adjoint


class HabitLikelihood:
    """The likelihood when nobody chooses: every action has a constant share of the chances to act, and a reply factor.

    The vector holds the numbers of the case, then the log share of each action, player by player, then the log of the
    factor of each after an act of a rival.

    Args:
        game: builds the game from its numbers.
        seen: what was seen of it, in the space of `habit_game`.
        actions: number of actions of all players.
    """

    def __init__(self, game: GameFunction | GameMap, seen: Sequence[Seen], actions: int) -> None:
        self._game = game_map(game)
        self._seen = tuple(seen)
        self._actions = actions

    def starting_at(self, numbers: NumberVector, *, tolerance: float | None = None) -> HabitLikelihood:
        """Return the likelihood itself: there is no game to solve."""
        return self

    def seeing(self, seen: Sequence[Seen]) -> HabitLikelihood:
        """Return the likelihood of something else that was seen of the same players."""
        return HabitLikelihood(self._game, seen, self._actions)

    def game(self, numbers: NumberVector) -> Game:
        """Return the game at `numbers`, with the memory that replies need."""
        return habit_game(self._game(self._split(numbers)[0]))

    def chain(self, numbers: NumberVector, game: Game | None = None) -> Chain:
        """Return the chain at `numbers`, of another game if one is given."""
        _, shares, replies = self._split(numbers)
        return habit_chain(GameArrays.of(game or self.game(numbers)), shares, replies)

    def value(self, numbers: NumberVector) -> float:
        """Return the log likelihood at `numbers`."""
        chain = self.chain(numbers)
        return sum(seen.log_likelihood(chain) for seen in self._seen)

    def evaluate(self, numbers: NumberVector) -> Evaluation:
        """Return the log likelihood and its gradient at `numbers`."""
        own, shares, replies = self._split(numbers)
        plain = self._game(own)
        game = habit_game(plain)
        arrays = GameArrays.of(game)
        value, by_chain = _slope(self._seen, habit_chain(arrays, shares, replies))
        by_arrays, by_shares, by_replies = habit_slope(arrays, shares, replies, by_chain)
        by_game = forgotten(game_slope(game, by_arrays), plain.space.size)
        by_numbers = self._game.pull(own, by_game)
        return Evaluation(value, np.concatenate([by_numbers, by_shares, by_replies]))

    def _split(self, numbers: NumberVector) -> tuple[NumberVector, NumberVector, NumberVector]:
        """Return the numbers of the case, the log shares and the log replies."""
        shares, replies = len(numbers) - 2 * self._actions, len(numbers) - self._actions
        return numbers[:shares], numbers[shares:replies], numbers[replies:]


def habit_game(game: Game) -> Game:
    """Return the game with the memory that replies need: who acted last, where there is more than one player."""
    return remembering(game) if len(game.players) > 1 else game


def chain_of(equilibrium: Equilibrium) -> Chain:
    """Return the chain of a solved game."""
    return Chain.of_play(equilibrium.arrays, equilibrium.play)


def _through(equilibrium: Equilibrium, seen: Sequence[Seen]) -> tuple[float, GameArrays, PlayerValues]:
    """Return the log likelihood, and its derivatives by the numbers of the game and by its values."""
    value, by_chain = _slope(seen, chain_of(equilibrium))
    return value, *chain_slope(equilibrium.arrays, equilibrium.values, equilibrium.play, by_chain)


def _slope(seen: Sequence[Seen], chain: Chain) -> tuple[float, Chain]:
    """Return the log likelihood of all that was seen, and its derivatives in the form of the chain."""
    values, slopes = zip(*(each.log_likelihood_slope(chain) for each in seen), strict=True)
    return sum(values), functools.reduce(lambda one, other: jax.tree.map(np.add, one, other), slopes)
