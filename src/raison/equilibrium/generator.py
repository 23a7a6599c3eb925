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
from collections.abc import Sequence
from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import ShapedArray
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

from raison.arrays import Batch, StateArray
from raison.game import Effect, StateSpace


@dataclass(frozen=True, eq=False)
class IndexMap:
    """Where a jump leads from each state, and which states lead to each.

    Attributes:
        targets: the state that follows. Shape `[states]`, int32.
        sources: pairs of a state that leads here and whether there is one, staying put left out;
            as many pairs as the most that lead to any state. Shapes `[states]`.
        moves: whether the jump leaves the state. Shape `[states]`, bool.
    """

    targets: np.ndarray
    sources: tuple[tuple[np.ndarray, np.ndarray], ...]
    moves: np.ndarray


@functools.lru_cache(maxsize=1024)
def index_map(space: StateSpace, effect: Effect) -> IndexMap:
    """Return the index map of `effect` on `space`; the same object for equal arguments."""
    targets = effect.targets(space)
    here = np.arange(space.size, dtype=np.int32)
    moves = targets != here
    leaving = here[moves]
    order = leaving[np.argsort(targets[moves], kind="stable")]
    count = np.bincount(targets[moves], minlength=space.size)
    first = np.concatenate([[0], np.cumsum(count)[:-1]])
    sources = []
    for rank in range(int(count.max(initial=0))):
        has_source = count > rank
        position = np.minimum(first + rank, max(len(order) - 1, 0))
        sources.append((np.where(has_source, order[position], 0).astype(np.int32), has_source))
    return IndexMap(targets, tuple(sources), moves)


def _gather(values: jax.Array, states: np.ndarray) -> jax.Array:
    """Return values[..., states]; the states are known to be in range, so nothing is checked or wrapped."""
    return values.at[..., states].get(mode="promise_in_bounds", wrap_negative_indices=False)


def _difference(values: jax.Array, *, index: IndexMap) -> jax.Array:
    return _gather(values, index.targets) - values


def _spread(weights: jax.Array, *, index: IndexMap) -> jax.Array:
    arriving = jnp.where(index.moves, -weights, 0.0)
    for source, has_source in index.sources:
        arriving = arriving + jnp.where(has_source, _gather(weights, source), 0.0)
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
        arcs = [
            (source, jnp.where(has_source, _gather(rate, source), 0.0))
            for rate, index in zip(self.rates, self.maps, strict=True)
            for source, has_source in index.sources
        ]
        return Flow(tuple(rate for _, rate in arcs), self.exit_rate(), _sources_of(self.maps))

    def exit_rate(self) -> StateArray:
        """Return the total rate at which each state is left. Shape `[states]`."""
        leaving = jnp.zeros_like(self.rates[0])
        for rate, index in zip(self.rates, self.maps, strict=True):
            leaving = leaving + jnp.where(index.moves, rate, 0.0)
        return leaving


@dataclass(frozen=True, eq=False)
class _Sources:
    """The states from which each arc of a flow comes. Each of shape `[states]`, int."""

    arrays: tuple[np.ndarray, ...]


@functools.lru_cache(maxsize=256)
def _sources_of(maps: tuple[IndexMap, ...]) -> _Sources:
    return _Sources(tuple(source for index in maps for source, _ in index.sources))


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Flow:
    """G', the generator as it acts on distributions, with its rates gathered where they arrive.

    Attributes:
        arriving: rate of each arc at the state it leads to. Each of shape `[states]`.
        leaving: total rate out of each state. Shape `[states]`.
        sources: where each arc comes from.
    """

    arriving: tuple[StateArray, ...]
    leaving: StateArray
    sources: _Sources = field(metadata={"static": True})

    def apply(self, weights: Batch) -> Batch:
        """Return G'p. Shape `[..., states]`."""
        change = -self.leaving * weights
        for rate, source in zip(self.arriving, self.sources.arrays, strict=True):
            change = change + rate * _gather(weights, source)
        return change
