"""Counted transitions: many units of one fully observed chain, seen at regular times.

log L = sum over rows of count * log P(before -> after),   P = exp(G elapsed)

What the players do between two looks stays hidden.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Int, Num

from raison.arrays import Scalar
from raison.chain import Chain
from raison.chain.transient import MAX_LOAD, MOST_PIECES, advance, fastest_rate
from raison.errors import CaseError


@dataclass(frozen=True, eq=False)
class Transitions:
    """How often each pair of states was seen.

    Attributes:
        before: state at the earlier look. Shape `[rows]`.
        after: state at the later look. Shape `[rows]`.
        count: how often this pair was seen. Shape `[rows]`, at least 0.
        elapsed: time between looks, in time units; above 0.
    """

    before: Int[np.ndarray, " rows"]
    after: Int[np.ndarray, " rows"]
    count: Num[np.ndarray, " rows"]
    elapsed: float

    def __post_init__(self) -> None:
        lengths = {len(self.before), len(self.after), len(self.count)}
        if len(lengths) != 1 or not lengths.pop():
            raise CaseError("transitions need equally many `before`, `after` and `count`, and at least one row.")
        if not self.elapsed > 0 or np.any(np.asarray(self.count) < 0):
            raise CaseError("transitions need a time between looks above 0 and counts of at least 0.")

    def log_likelihood(self, chain: Chain) -> float:
        """Return the log likelihood of the counts."""
        return float(_value(chain, *self._numbers(), steps=self._steps(chain)))

    def log_likelihood_slope(self, chain: Chain) -> tuple[float, Chain]:
        """Return the log likelihood and its derivatives by the rates, in the form of the chain."""
        value, slope = _slope(chain, *self._numbers(), steps=self._steps(chain))
        return float(value), slope

    def _numbers(self):
        states, rows = np.unique(self.before, return_inverse=True)
        return states, rows, self.after, np.asarray(self.count, dtype=np.float64), self.elapsed

    def _steps(self, chain: Chain) -> int:
        """Return into how many steps the time between looks is cut for the way back: a power of two."""
        load = float(_fastest(chain)) * self.elapsed / (MOST_PIECES * MAX_LOAD)
        return 2 ** max(0, math.ceil(math.log2(load)))


def _total(chain: Chain, states, rows, after, count, elapsed, steps: int) -> Scalar:
    generator, killing = chain.generator(), jnp.zeros(chain.space.size)

    def step(weights, _):
        return jax.vmap(lambda row: advance(generator, killing, row, elapsed / steps)[1])(weights), None

    ends, _ = jax.lax.scan(step, jnp.eye(chain.space.size)[states], None, length=steps)
    return jnp.dot(count, jnp.log(jnp.where(count > 0, ends[rows, after], 1.0)))


_value = jax.jit(_total, static_argnames="steps")
_slope = jax.jit(jax.value_and_grad(_total), static_argnames="steps")
_fastest = jax.jit(lambda chain: fastest_rate(chain.generator(), jnp.zeros(chain.space.size)))
