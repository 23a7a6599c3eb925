"""The equations of a game in JAX: for a GPU, or for one game laid over several devices.

What one compiled piece hands to the next is laid down in memory, which keeps each of them small: fused into one,
every use of a choice probability would compute it anew.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from raison.arrays import PlayerValues
from raison.equilibrium.arrays import GameArrays
from raison.equilibrium.generator import Generator
from raison.equilibrium.play import Play, failure_of, generator_of, play

MAX_KRYLOV = 2000
"""Most iterations of one linear solve."""


class Point(NamedTuple):
    """Values, and all that follows from them. Shapes `[players, states]`."""

    values: PlayerValues
    precision: float
    acts: Play
    generator: Generator
    failure: PlayerValues
    diagonal: jax.Array
    residual: float
    error: float


class XlaEngine:
    """The equations of one game; see `raison.equilibrium.engine.Engine`.

    Args:
        arrays: the game in numbers.
        mesh: devices to lay the states over; one axis, `states`, that divides their number. None for one device.
    """

    def __init__(self, arrays: GameArrays, mesh: Mesh | None = None) -> None:
        self._mesh, self._states = mesh, arrays.space.size
        self._arrays = jax.tree.map(self._spread, arrays)

    def field(self, values: PlayerValues) -> PlayerValues:
        return self._spread(jnp.asarray(values))

    def by_player(self, field: PlayerValues) -> PlayerValues:
        return field

    def look(self, values: PlayerValues, precision: float) -> Point:
        acts = _play(self._arrays, values, precision)
        generator = _generator_of(self._arrays, acts.choices)
        failure, diagonal, *sizes = _failure(self._arrays, values, acts, generator)
        residual, error = (float(size) if math.isfinite(size) else math.inf for size in sizes)
        return Point(values, precision, acts, generator, failure, diagonal, residual, error)

    def apply(self, here: Point, direction: PlayerValues) -> PlayerValues:
        return _apply(self._arrays, here.values, here.precision, direction)

    def policy_correction(self, here: Point, tolerance: float) -> PlayerValues:
        return _solve_policy(here.generator, here.diagonal, here.failure, tolerance)

    def newton_correction(self, here: Point, tolerance: float) -> PlayerValues:
        return _solve_newton(self._arrays, here.values, here.precision, here.diagonal, here.failure, tolerance)

    def best_response_change(self, here: Point, direction: PlayerValues, tolerance: float) -> PlayerValues:
        responses = _responses(self._arrays, here.values, here.precision, here.generator, here.diagonal, direction)
        return _solve_policy(here.generator, here.diagonal, responses, tolerance)

    def adjoint_residual(self, here: Point, adjoint: PlayerValues, cotangent: PlayerValues):
        left, size = _adjoint_residual(self._arrays, here.values, here.precision, adjoint, cotangent)
        return left, float(size)

    def adjoint_correction(self, here: Point, left: PlayerValues, tolerance: float) -> PlayerValues:
        return _solve_flow(here.generator, here.diagonal, left, tolerance)

    def whole_adjoint(self, here: Point, cotangent: PlayerValues, tolerance: float) -> PlayerValues:
        return _solve_adjoint(self._arrays, here.values, here.precision, here.diagonal, cotangent, tolerance)

    def _spread(self, array: jax.Array) -> jax.Array:
        """Lay the last axis over the devices, if there are several and it is that of the states."""
        if self._mesh is None:
            return array
        has_states = array.ndim > 0 and array.shape[-1] == self._states
        axes = (*[None] * (array.ndim - 1), "states") if has_states else ()
        return jax.device_put(array, NamedSharding(self._mesh, PartitionSpec(*axes)))


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
def _apply(arrays, values, precision, direction):
    """Return -F'(V) d."""
    return -jax.jvp(_equations(arrays, precision), (values,), (direction,))[1]


@jax.jit
def _solve_newton(arrays, values, precision, diagonal, failure, tolerance):
    """Solve -F'(V) d = F."""
    push = jax.linearize(_equations(arrays, precision), values)[1]
    return _krylov(lambda d: -push(d), failure, diagonal, tolerance)


@jax.jit
def _responses(arrays, values, precision, generator, diagonal, direction):
    """Return what players' responses to a change of the values do to each equation: F'(V) d + (rho - G) d."""
    change = jax.jvp(_equations(arrays, precision), (values,), (direction,))[1]
    return change + (diagonal - generator.exit_rate()) * direction - generator.apply(direction)


@jax.jit
def _adjoint_residual(arrays, values, precision, adjoint, cotangent):
    """Return cotangent + F'(V)' w and its largest entry."""
    left = cotangent + jax.vjp(_equations(arrays, precision), values)[1](adjoint)[0]
    return left, jnp.abs(left).max()


@jax.jit
def _solve_flow(generator, diagonal, cotangent, tolerance):
    """Solve (rho - G') w = cotangent: players' responses held still."""
    flow = generator.transposed()
    discount = diagonal - flow.leaving
    return _krylov(lambda w: discount * w - flow.apply(w), cotangent, diagonal, tolerance)


@jax.jit
def _solve_adjoint(arrays, values, precision, diagonal, cotangent, tolerance):
    """Solve -F'(V)' w = cotangent as a whole."""
    pull = jax.vjp(_equations(arrays, precision), values)[1]
    return _krylov(lambda w: -pull(w)[0], cotangent, diagonal, tolerance)
