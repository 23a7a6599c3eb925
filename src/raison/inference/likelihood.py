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
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from raison.arrays import PlayerValues
from raison.chain import Chain
from raison.chain.constant_rates import constant_rates_of
from raison.equations import GameArrays
from raison.equilibrium.solver import Equilibrium, checked, pull_back, solve
from raison.inference.model import GameFunction
from raison.record import Seen

NumberVector = Float[np.ndarray, " parameters"]
"""The numbers of a case, in the order of its parameters."""


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
        start: values from which every solve starts; random play if None. Shape `[players, states]`.
    """

    def __init__(
        self, game: GameFunction, seen: Sequence[Seen], *, tolerance: float = 1e-10, start: PlayerValues | None = None
    ) -> None:
        self._game = game
        self._seen = tuple(seen)
        self._tolerance = tolerance
        self._start = start
        self._arrays = jax.jit(lambda theta: GameArrays.of(game(theta)))
        self._pull = jax.jit(lambda theta, bar: jax.vjp(lambda t: GameArrays.of(game(t)), theta)[1](bar)[0])

    def starting_at(self, numbers: NumberVector) -> GameLikelihood:
        """Return the likelihood whose every solve starts from the equilibrium at `numbers`. Raises `NotConverged`."""
        other = GameLikelihood(self._game, self._seen, tolerance=self._tolerance, start=self.solve(numbers).values)
        other._arrays, other._pull = self._arrays, self._pull
        return other

    def solve(self, numbers: NumberVector) -> Equilibrium:
        """Solve the game at `numbers`. Raises `NotConverged`."""
        return checked(solve(self._arrays(jnp.asarray(numbers)), start=self._start, tolerance=self._tolerance))

    def value(self, numbers: NumberVector) -> float:
        """Return the log likelihood at `numbers`. Raises `NotConverged`."""
        chain = chain_of(self.solve(numbers))
        return sum(seen.log_likelihood(chain) for seen in self._seen)

    def evaluate(self, numbers: NumberVector) -> Evaluation:
        """Return the log likelihood and its gradient at `numbers`. Raises `NotConverged`."""
        equilibrium = self.solve(numbers)
        value, chain_bar = _slope(self._seen, chain_of(equilibrium))
        arrays_bar, values_bar = _pull_chain(equilibrium.arrays, equilibrium.values, chain_bar)
        pulled = pull_back(equilibrium, values_bar)
        total = jax.tree.map(jnp.add, arrays_bar, pulled.numbers)
        return Evaluation(value, np.asarray(self._pull(jnp.asarray(numbers), total)))


class ConstantRateLikelihood:
    """The likelihood when every action has a constant rate wherever it is available: no motives at all.

    The vector holds the numbers of the case, then the log rate of each action, player by player.

    Args:
        game: builds the game from its numbers.
        seen: what was seen of it.
        actions: number of actions of all players.
    """

    def __init__(self, game: GameFunction, seen: Sequence[Seen], actions: int) -> None:
        def chain(numbers: Float[jax.Array, " parameters"]) -> Chain:
            split = numbers.shape[0] - actions
            return constant_rates_of(GameArrays.of(game(numbers[:split])), numbers[split:])

        self._seen = tuple(seen)
        self._chain = jax.jit(chain)
        self._pull_chain = jax.jit(lambda numbers, bar: jax.vjp(chain, numbers)[1](bar)[0])

    def chain(self, numbers: NumberVector) -> Chain:
        """Return the chain at `numbers`."""
        return self._chain(jnp.asarray(numbers))

    def value(self, numbers: NumberVector) -> float:
        """Return the log likelihood at `numbers`."""
        chain = self.chain(numbers)
        return sum(seen.log_likelihood(chain) for seen in self._seen)

    def evaluate(self, numbers: NumberVector) -> Evaluation:
        """Return the log likelihood and its gradient at `numbers`."""
        value, chain_bar = _slope(self._seen, self.chain(numbers))
        return Evaluation(value, np.asarray(self._pull_chain(jnp.asarray(numbers), chain_bar)))


def chain_of(equilibrium: Equilibrium) -> Chain:
    """Return the chain of a solved game."""
    return _chain(equilibrium.arrays, equilibrium.values)


def _slope(seen: Sequence[Seen], chain: Chain) -> tuple[float, Chain]:
    """Return the log likelihood of all that was seen, and its derivatives in the form of the chain."""
    values, slopes = zip(*(each.log_likelihood_slope(chain) for each in seen), strict=True)
    return sum(values), functools.reduce(lambda a, b: jax.tree.map(jnp.add, a, b), slopes)


_chain = jax.jit(Chain.of_values)


@jax.jit
def _pull_chain(arrays: GameArrays, values: PlayerValues, bar: Chain):
    return jax.vjp(Chain.of_values, arrays, values)[1](bar)
