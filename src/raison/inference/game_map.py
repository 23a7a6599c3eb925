"""From the numbers of a model to its game, and back from derivatives by the game to those by the numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from raison.game import Game

NumberVector = Float[np.ndarray, " parameters"]
"""The numbers of a model, in the order of its parameters."""

GameFunction = Callable[[Float[Array | np.ndarray, " parameters"]], Game]
"""Builds the game from the vector of its numbers, shape `[parameters]`."""


@runtime_checkable
class GameMap(Protocol):
    """A game as a function of its numbers, with its derivative."""

    def __call__(self, numbers: NumberVector) -> Game:
        """Return the game, its numbers floats or arrays of NumPy."""
        ...

    def pull(self, numbers: NumberVector, by_game: Game) -> NumberVector:
        """Return the derivative by the numbers of a scalar, from that by the game at `numbers`, in its form."""
        ...


class Traced:
    """A game written as a Python function that JAX can trace; it is compiled once.

    Args:
        game: builds the game from its numbers.
    """

    def __init__(self, game: GameFunction) -> None:
        self._game = jax.jit(game)
        self._pull = jax.jit(lambda numbers, by: jax.vjp(lambda n: _floats(game(n)), numbers)[1](by)[0])

    def __call__(self, numbers: NumberVector) -> Game:
        return jax.tree.map(np.asarray, self._game(jnp.asarray(numbers)))

    def pull(self, numbers: NumberVector, by_game: Game) -> NumberVector:
        by = [jnp.asarray(leaf, dtype=jnp.float64) for leaf in _floats(by_game)]
        return np.asarray(self._pull(jnp.asarray(numbers), by))


def _floats(game: Game) -> list[Array]:
    """Return the numbers of a game, its masks left out."""
    return [leaf for leaf in jax.tree.leaves(game) if jnp.issubdtype(jnp.result_type(leaf), jnp.floating)]


def game_map(game: GameFunction | GameMap) -> GameMap:
    """Return the map of a game, traced where it does not bring its own derivative."""
    return game if isinstance(game, GameMap) else Traced(game)
