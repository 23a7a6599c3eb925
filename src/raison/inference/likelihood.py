"""The log likelihood of what was seen, as a function of the numbers of a case, with its gradient.

For a game the value goes through its equilibrium:  numbers -> V (solve) -> chain -> log likelihood,
and the gradient comes back the same way, through the equilibrium by implicit differentiation.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import jax
import jax.numpy as jnp
import numpy as np

from raison.arrays import PlayerValues
from raison.chain.chain import Chain
from raison.chain.transient import MAX_LOAD
from raison.equations.game_arrays import GameArrays
from raison.equilibrium.solver import Equilibrium, checked, pull_back, solve
from raison.game import Game, StateSpace
from raison.inference.model import GameFunction
from raison.record.filter import log_likelihood, longest_step
from raison.record.plan import Plan, make_plan
from raison.record.record import Record
from raison.record.transitions import Transitions, transitions_load, transitions_log_likelihood

ROOM = 1.5
"""How much faster than at the first evaluation the world may move before the record is cut anew."""


class Seen(Protocol):
    """What was seen, as a log likelihood of a chain."""

    def log_likelihood(self, chain: Chain) -> jax.Array:
        """Return the log likelihood; traceable by JAX."""
        ...

    def load(self, chain: Chain) -> jax.Array:
        """Return how full the longest step is: above 1 the steps are too long for this chain. Traceable."""
        ...

    def cut_for(self, load: float) -> Seen:
        """Return the same with steps short enough for a chain with this load."""
        ...


@dataclass(frozen=True, eq=False)
class SeenRecord:
    """A record and where the world stood when it began.

    Attributes:
        record: the dated items.
        space: the state space.
        start: distribution at time 0. Shape `[states]`.
        longest: longest step of the filter, in time units.
    """

    record: Record
    space: StateSpace
    start: np.ndarray
    longest: float = math.inf

    @functools.cached_property
    def plan(self) -> Plan:
        return make_plan(self.record, self.space, longest=self.longest)

    def log_likelihood(self, chain: Chain) -> jax.Array:
        return log_likelihood(chain, self.plan, jnp.asarray(self.start))

    def load(self, chain: Chain) -> jax.Array:
        return longest_step(chain, self.plan) * self.plan.longest / MAX_LOAD

    def cut_for(self, load: float) -> SeenRecord:
        return SeenRecord(self.record, self.space, self.start, self.plan.longest / (load * ROOM))


@dataclass(frozen=True, eq=False)
class SeenTransitions:
    """Fully observed transitions, its time between looks cut into `steps`."""

    transitions: Transitions
    steps: int = 1

    def log_likelihood(self, chain: Chain) -> jax.Array:
        return transitions_log_likelihood(chain, self.transitions, self.steps)

    def load(self, chain: Chain) -> jax.Array:
        return transitions_load(chain, self.transitions) / self.steps

    def cut_for(self, load: float) -> SeenTransitions:
        return SeenTransitions(self.transitions, math.ceil(self.steps * load * ROOM))


@dataclass(frozen=True)
class Evaluation:
    """The log likelihood at one point.

    Attributes:
        log_likelihood: natural logarithm.
        gradient: by the numbers of the case. Shape `[parameters]`.
        equilibrium: the solved game; None if no game was solved.
        adjoint: of the gradient's linear solve, to start the next from. Shape `[players, states]`.
    """

    log_likelihood: float
    gradient: np.ndarray
    equilibrium: Equilibrium | None = None
    adjoint: PlayerValues | None = None


class Likelihood(Protocol):
    """A log likelihood with a gradient, as a function of a vector of numbers."""

    def evaluate(self, numbers: np.ndarray, *, near: Evaluation | None = None) -> Evaluation:
        """Return value and gradient; `near` is an evaluation at nearby numbers to start from."""
        ...


class _ChainLikelihood:
    """The log likelihood of a chain and its gradient, compiled; cut finer whenever a chain moves too fast."""

    def __init__(self, seen: Seen) -> None:
        self.seen = seen
        self._compiled = jax.jit(jax.value_and_grad(self._value, has_aux=True))

    def _value(self, chain: Chain) -> tuple[jax.Array, jax.Array]:
        return self.seen.log_likelihood(chain), self.seen.load(chain)

    def value_and_gradient(self, chain: Chain) -> tuple[float, Chain]:
        """Return the log likelihood and its derivatives by the rates, in the form of the chain."""
        (value, load), gradient = self._compiled(chain)
        while float(load) > 1.0:
            self.__init__(self.seen.cut_for(float(load)))
            (value, load), gradient = self._compiled(chain)
        return float(value), gradient


class GameLikelihood:
    """The likelihood under players who choose as the equilibrium says.

    Args:
        game: builds the game from its numbers.
        seen: the record or transitions.
        tolerance: residual to which each equilibrium is solved.
    """

    def __init__(self, game: GameFunction, seen: Seen, *, tolerance: float = 1e-10) -> None:
        self._tolerance = tolerance
        self._numbers = jax.jit(lambda theta: GameArrays.of(game(theta)))
        self._pull = jax.jit(lambda theta, bar: jax.vjp(lambda t: GameArrays.of(game(t)), theta)[1](bar)[0])
        self._chain = jax.jit(Chain.of_values)
        self._pull_chain = jax.jit(lambda arrays, values, bar: jax.vjp(Chain.of_values, arrays, values)[1](bar))
        self._of_chain = _ChainLikelihood(seen)

    @property
    def seen(self) -> Seen:
        """Return what was seen, cut as finely as the fastest chain so far needed."""
        return self._of_chain.seen

    def chain(self, equilibrium: Equilibrium) -> Chain:
        """Return the chain of a solved game."""
        return self._chain(equilibrium.arrays, equilibrium.values)

    def solve(self, numbers: np.ndarray, *, near: Equilibrium | None = None) -> Equilibrium:
        """Solve the game at `numbers`; raises `NotConverged`."""
        start = None if near is None else near.values
        return checked(solve(self._numbers(jnp.asarray(numbers)), start=start, tolerance=self._tolerance))

    def evaluate(self, numbers: np.ndarray, *, near: Evaluation | None = None) -> Evaluation:
        """Return the log likelihood and its gradient at `numbers`. Raises `NotConverged`."""
        equilibrium = self.solve(numbers, near=None if near is None else near.equilibrium)
        arrays, values = equilibrium.arrays, equilibrium.values
        value, chain_bar = self._of_chain.value_and_gradient(self.chain(equilibrium))
        arrays_bar, values_bar = self._pull_chain(arrays, values, chain_bar)
        pulled = pull_back(equilibrium, values_bar, start=None if near is None else near.adjoint)
        total = jax.tree.map(jnp.add, arrays_bar, pulled.numbers)
        gradient = np.asarray(self._pull(jnp.asarray(numbers), total))
        return Evaluation(value, gradient, equilibrium, pulled.adjoint)


class ConstantRateLikelihood:
    """The likelihood when every action has a constant rate wherever it is available: no motives at all.

    The vector holds the numbers of the case, then the log rate of each action, player by player.
    """

    def __init__(self, game: GameFunction, seen: Seen, actions: Sequence[int]) -> None:
        chain = constant_rate_chain(game, actions)
        self._chain = jax.jit(chain)
        self._pull_chain = jax.jit(lambda numbers, bar: jax.vjp(chain, numbers)[1](bar)[0])
        self._of_chain = _ChainLikelihood(seen)

    def chain(self, numbers: np.ndarray) -> Chain:
        """Return the chain at `numbers`."""
        return self._chain(jnp.asarray(numbers))

    def evaluate(self, numbers: np.ndarray, *, near: Evaluation | None = None) -> Evaluation:
        """Return the log likelihood and its gradient at `numbers`."""
        value, chain_bar = self._of_chain.value_and_gradient(self.chain(numbers))
        return Evaluation(value, np.asarray(self._pull_chain(jnp.asarray(numbers), chain_bar)))


def constant_rate_chain(game: GameFunction, actions: Sequence[int]) -> Callable[[jax.Array], Chain]:
    """Return the function from numbers to the chain in which each action has a constant rate.

    Args:
        game: builds the game from its numbers.
        actions: number of actions of each player.
    """
    total = int(sum(actions))

    def chain(numbers: jax.Array) -> Chain:
        split = numbers.shape[0] - total
        return constant_rates_of(game(numbers[:split]), numbers[split:])

    return chain


def constant_rates_of(game: Game, log_rates: jax.Array | np.ndarray) -> Chain:
    """Return the chain of `game` in which every action has a constant rate wherever it is available.

    Args:
        game: the game.
        log_rates: log rate of each action, player by player. Shape `[actions of all players]`.
    """
    arrays = GameArrays.of(game)
    rates, first = [], 0
    for player in arrays.players:
        last = first + len(player.actions)
        rates.append(player.is_available * jnp.exp(jnp.asarray(log_rates[first:last]))[:, None])
        first = last
    return Chain.of(arrays, rates)
