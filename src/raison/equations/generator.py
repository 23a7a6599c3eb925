"""The generator of a continuous-time Markov chain, applied without a matrix.

For jumps m with rate r_m(x) and index map x -> t_m(x),

    (G v)(x)  = sum_m r_m(x) [v(t_m(x)) - v(x)]                                  on values
    (G'p)(y)  = sum_m [ sum over x with t_m(x) = y of r_m(x) p(x) ] - r_m(y) p(y)   on distributions

Both are sums of gathers along the last axis, which the compiler fuses into one pass over the states.
A gather would be transposed by JAX into a scatter, ten times slower; `difference` and `spread` are
therefore primitives, each the other's transpose.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import ShapedArray
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir
from jaxtyping import Array, Bool, Int32

from raison.arrays import Batch, StateArray
from raison.game import Effect, StateSpace


@dataclass(frozen=True, eq=False)
class IndexMap:
    """Where a jump leads from each state and which states lead to each, told by the levels of what it touches.

    No array over states is kept: states are numbered row-major, so that what a jump adds to a state's number depends
    only on the levels of the variables it touches. The tables have an entry for every combination of these.

    Attributes:
        states: number of states.
        touched: stride and number of levels of each variable that the jump touches.
        ahead: what is to be added to a state to get the one that follows. Shape `[combinations]`, int32.
        back: pairs of what is to be added to get a state that leads here and whether there is one, staying put left
            out; as many pairs as the most that lead to any state. Shapes `[combinations]`.
    """

    states: int
    touched: tuple[tuple[int, int], ...]
    ahead: Int32[np.ndarray, " combinations"]
    back: tuple[tuple[Int32[np.ndarray, " combinations"], Bool[np.ndarray, " combinations"]], ...]

    def targets(self) -> Int32[Array, " states"]:
        """Return the state that follows each. Shape `[states]`."""
        state, row = self._rows()
        return state + _look_up(self.ahead, row)

    def moves(self) -> Bool[Array, " states"]:
        """Return whether the jump leaves each state. Shape `[states]`, bool."""
        return _look_up(self.ahead != 0, self._rows()[1])

    def sources(self) -> list[tuple[Int32[Array, " states"], Bool[Array, " states"]]]:
        """Return pairs of a state that leads to each, or any other, and whether there is one. Shapes `[states]`."""
        state, row = self._rows()
        return [(state + _look_up(back, row), _look_up(is_there, row)) for back, is_there in self.back]

    def _rows(self) -> tuple[jax.Array, jax.Array]:
        """Return the number of each state, and its row in the tables."""
        state = jnp.arange(self.states, dtype=jnp.int32)
        row = jnp.zeros_like(state)
        for stride, levels in self.touched:
            level = jax.lax.rem(jax.lax.div(state, jnp.int32(stride)), jnp.int32(levels))
            row = row * levels + level
        return state, row


@functools.lru_cache(maxsize=1024)
def index_map(space: StateSpace, effect: Effect) -> IndexMap:
    """Return the index map of `effect` on `space`; the same object for equal arguments."""
    names = [name for name, _ in effect.maps] or space.names[:1]
    part = StateSpace(tuple(space.variable(name) for name in names))
    strides = [math.prod(space.shape[space.axis(name) + 1 :]) for name in names]
    number = np.sum([stride * part.levels_of(name) for name, stride in zip(names, strides, strict=True)], axis=0)
    targets = effect.targets(part)
    here = np.flatnonzero(targets != np.arange(part.size))
    order = here[np.argsort(targets[here], kind="stable")]
    count = np.bincount(targets[here], minlength=part.size)
    first = np.cumsum(count) - count
    back = []
    for rank in range(int(count.max(initial=0))):
        is_there = count > rank
        source = order[np.minimum(first + rank, len(order) - 1)]
        back.append((np.where(is_there, number[source] - number, 0).astype(np.int32), is_there))
    ahead = (number[targets] - number).astype(np.int32)
    return IndexMap(space.size, tuple(zip(strides, part.shape, strict=True)), ahead, tuple(back))


def _gather(values: StateArray | Batch, states: jax.Array) -> jax.Array:
    """Return values[..., states]; the states are known to be in range, so nothing is checked or wrapped."""
    return jnp.asarray(values).at[..., states].get(mode="promise_in_bounds", wrap_negative_indices=False)


def _look_up(table: np.ndarray, row: jax.Array) -> jax.Array:
    return _gather(jnp.asarray(table), row)


def _difference(values: jax.Array, *, index: IndexMap) -> jax.Array:
    return _gather(values, index.targets()) - values


def _spread(weights: jax.Array, *, index: IndexMap) -> jax.Array:
    arriving = jnp.where(index.moves(), -weights, 0.0)
    for source, is_there in index.sources():
        arriving = arriving + jnp.where(is_there, _gather(weights, source), 0.0)
    return arriving


def _linear_primitive(name: str, function) -> Primitive:
    primitive = Primitive(name)
    primitive.def_impl(jax.jit(function, static_argnames="index"))
    primitive.def_abstract_eval(lambda operand, *, index: ShapedArray(operand.shape, operand.dtype))
    mlir.register_lowering(primitive, mlir.lower_fun(function, multiple_results=False))

    def batch(operands, dims, *, index):
        return primitive.bind(jnp.moveaxis(operands[0], dims[0], 0), index=index), 0

    batching.primitive_batchers[primitive] = batch
    return primitive


_difference_p = _linear_primitive("raison_difference", _difference)
_spread_p = _linear_primitive("raison_spread", _spread)
ad.deflinear2(_difference_p, lambda ct, _, *, index: [_spread_p.bind(ct, index=index)])
ad.deflinear2(_spread_p, lambda ct, _, *, index: [_difference_p.bind(ct, index=index)])


def difference(values: Batch, index: IndexMap) -> Batch:
    """Return v(t(x)) - v(x). Shape `[..., states]`."""
    return _difference_p.bind(values, index=index)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Generator:
    """G as one rate per state for each distinct index map.

    Attributes:
        rates: r_m(x), per unit time, at least 0. Each of shape `[states]`.
        maps: the index map of each.
    """

    rates: tuple[StateArray, ...]
    maps: tuple[IndexMap, ...] = field(metadata={"static": True})

    @staticmethod
    def of(space: StateSpace, jumps: Sequence[tuple[Effect, StateArray]]) -> Generator:
        """Return the generator of jumps given by effect and rate; equal effects are added up."""
        total: dict[Effect, StateArray] = {}
        for effect, rate in jumps:
            total[effect] = total[effect] + rate if effect in total else rate
        maps = tuple(index_map(space, effect) for effect in total)
        return Generator(tuple(total.values()), maps)

    def apply(self, values: Batch) -> Batch:
        """Return G v, the expected change of `values` per unit time. Shape `[..., states]`."""
        change = jnp.zeros_like(values)
        for rate, index in zip(self.rates, self.maps, strict=True):
            change = change + rate * difference(values, index)
        return change

    def apply_transposed(self, weights: Batch) -> Batch:
        """Return G'p, the flow of probability per unit time. Shape `[..., states]`."""
        return self.transposed().apply(weights)

    def transposed(self) -> Flow:
        """Return G' made ready to be applied many times."""
        arriving = tuple(
            jnp.where(is_there, _gather(rate, source), 0.0)
            for rate, index in zip(self.rates, self.maps, strict=True)
            for source, is_there in index.sources()
        )
        return Flow(arriving, self.exit_rate(), self.maps)

    def exit_rate(self) -> StateArray:
        """Return the total rate at which each state is left. Shape `[states]`."""
        leaving = jnp.zeros_like(self.rates[0])
        for rate, index in zip(self.rates, self.maps, strict=True):
            leaving = leaving + jnp.where(index.moves(), rate, 0.0)
        return leaving


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Flow:
    """G', the generator as it acts on distributions, with its rates gathered where they arrive.

    Attributes:
        arriving: rate of each arc at the state it leads to. Each of shape `[states]`.
        leaving: total rate out of each state. Shape `[states]`.
        maps: the index maps of the generator.
    """

    arriving: tuple[StateArray, ...]
    leaving: StateArray
    maps: tuple[IndexMap, ...] = field(metadata={"static": True})

    def apply(self, weights: Batch) -> Batch:
        """Return G'p. Shape `[..., states]`."""
        change = -self.leaving * weights
        sources = (source for index in self.maps for source, _ in index.sources())
        for rate, source in zip(self.arriving, sources, strict=True):
            change = change + rate * _gather(weights, source)
        return change
