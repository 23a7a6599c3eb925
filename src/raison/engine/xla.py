"""The equations of a game in JAX: for a GPU, or for one game laid over several devices.

What one compiled piece hands to the next is laid down in memory, which keeps each of them small: fused into one,
every use of a choice probability would compute it anew.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array, Float

from raison.arrays import PlayerValues
from raison.engine.protocol import MAX_KRYLOV, Devices
from raison.equations.game_arrays import GameArrays
from raison.equations.generator import Generator
from raison.equations.play import Play, failure_of, generator_of, play

Field = Float[Array | np.ndarray, "players states"]
"""One number per state and player."""


class Point(NamedTuple):
    """Values, and all that follows from them. Shapes `[players, states]`."""

    values: Field
    precision: float
    acts: Play
    generator: Generator
    failure: PlayerValues
    diagonal: PlayerValues
    residual: float
    error: float


class XlaEngine:
    """The equations of one game; see `raison.engine.protocol.Engine`.

    Args:
        arrays: the game in numbers.
        devices: to lay the states over, as many of them as divide the number of states; None for where JAX runs.
    """

    def __init__(self, arrays: GameArrays, devices: Devices | None = None) -> None:
        self._states = arrays.space.size
        self._mesh = None if devices is None else _mesh(devices, self._states)
        self._arrays = jax.tree.map(self._spread, arrays)

    def field(self, values: PlayerValues) -> Field:
        return self._spread(values)

    def by_player(self, field: Field) -> PlayerValues:
        return jnp.asarray(field)

    def look(self, values: Field, precision: float) -> Point:
        acts = _play(self._arrays, values, precision)
        generator = _generator_of(self._arrays, acts.choices)
        failure, diagonal, *sizes = _failure(self._arrays, values, acts, generator)
        residual, error = (float(size) if math.isfinite(size) else math.inf for size in sizes)
        return Point(values, precision, acts, generator, failure, diagonal, residual, error)

    def release(self, point: Point) -> None:
        pass

    def solve_policy(self, here: Point, right: Field, tolerance: float) -> Field:
        return _solve_policy(here.generator, here.diagonal, self._spread(right), tolerance)

    def solve_flow(self, here: Point, right: Field, tolerance: float) -> Field:
        return _solve_flow(here.generator, here.diagonal, self._spread(right), tolerance)

    def respond(self, here: Point, direction: Field) -> Field:
        return _respond(self._arrays, here.values, here.precision, here.generator, here.diagonal, direction)

    def respond_transposed(self, here: Point, weights: Field) -> Field:
        return _respond_transposed(self._arrays, here.values, here.precision, here.generator, here.diagonal, weights)

    def transposed_left(self, here: Point, weights: Field, right: Field) -> Field:
        return right + _transposed(self._arrays, here.values, here.precision, weights)

    def _spread(self, array: jax.Array | np.ndarray) -> jax.Array:
        """Lay the last axis over the devices, if there are several and it is that of the states."""
        array = jnp.asarray(array)
        if self._mesh is None:
            return array
        has_states = array.ndim > 0 and array.shape[-1] == self._states
        axes = (*[None] * (array.ndim - 1), "states") if has_states else ()
        return jax.device_put(array, NamedSharding(self._mesh, PartitionSpec(*axes)))


def _mesh(devices: Devices, states: int) -> Mesh:
    """Return as many devices as divide the number of states."""
    count = max(count for count in range(1, len(devices) + 1) if states % count == 0)
    return Mesh(np.array(devices[:count]), ("states",))


_play = jax.jit(play)
_generator_of = jax.jit(generator_of)


@jax.jit
def _failure(arrays, values, acts, generator):
    """Return F(V), the diagonal of rho - G, residual and error; see `Point` of the native engine."""
    failure = failure_of(arrays, values, acts, generator)
    leaving = generator.exit_rate()
    peak = jnp.maximum(1.0, jnp.abs(values).max())
    change = jnp.abs(failure) / (arrays.discount_rates + leaving.max())
    error = jnp.abs(failure) / arrays.discount_rates
    return failure, arrays.discount_rates + leaving, change.max() / peak, error.max() / peak


def _krylov(apply, right, diagonal, tolerance) -> jax.Array:
    """Solve apply(d) = right by BiCGSTAB, preconditioned with the diagonal."""
    return jax.scipy.sparse.linalg.bicgstab(apply, right, tol=tolerance, maxiter=MAX_KRYLOV, M=lambda d: d / diagonal)[
        0
    ]


@jax.jit
def _solve_policy(generator, diagonal, right, tolerance):
    """Solve (rho - G) d = right: players' responses held still."""
    discount = diagonal - generator.exit_rate()
    return _krylov(lambda d: discount * d - generator.apply(d), right, diagonal, tolerance)


def _equations(arrays, precision):
    """Return the map V -> F(V)."""

    def failure(values):
        acts = play(arrays, values, precision)
        return failure_of(arrays, values, acts, generator_of(arrays, acts.choices))

    return failure


@jax.jit
def _respond(arrays, values, precision, generator, diagonal, direction):
    """Return F'(V) d + (rho - G) d."""
    change = jax.jvp(_equations(arrays, precision), (values,), (direction,))[1]
    return change + (diagonal - generator.exit_rate()) * direction - generator.apply(direction)


@jax.jit
def _transposed(arrays, values, precision, weights):
    """Return F'(V)' w."""
    return jax.vjp(_equations(arrays, precision), values)[1](weights)[0]


@jax.jit
def _respond_transposed(arrays, values, precision, generator, diagonal, weights):
    """Return F'(V)' w + (rho - G') w."""
    flow = generator.transposed()
    return _transposed(arrays, values, precision, weights) + (diagonal - flow.leaving) * weights - flow.apply(weights)


@jax.jit
def _solve_flow(generator, diagonal, cotangent, tolerance):
    """Solve (rho - G') w = cotangent: players' responses held still."""
    flow = generator.transposed()
    discount = diagonal - flow.leaving
    return _krylov(lambda w: discount * w - flow.apply(w), cotangent, diagonal, tolerance)
