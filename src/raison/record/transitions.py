"""Counted transitions: many units of one fully observed chain, seen at regular times.

log L = sum over rows of count * log P(before -> after),   P = exp(G elapsed)

What the players do between two looks stays hidden.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from raison.chain.chain import Chain
from raison.chain.transient import MAX_LOAD, advance, fastest_rate
from raison.errors import CaseError


@dataclass(frozen=True, eq=False)
class Transitions:
    """Counted transitions.

    Attributes:
        before: state at the earlier look. Shape `[rows]`, int.
        after: state at the later look. Shape `[rows]`, int.
        count: how often this pair was seen. Shape `[rows]`, at least 0.
        elapsed: time between looks, in time units; above 0.
    """

    before: np.ndarray
    after: np.ndarray
    count: np.ndarray
    elapsed: float

    def __post_init__(self) -> None:
        lengths = {len(self.before), len(self.after), len(self.count)}
        if len(lengths) != 1 or not lengths.pop():
            raise CaseError("transitions need equally many `before`, `after` and `count`, and at least one row.")
        if not self.elapsed > 0 or np.any(np.asarray(self.count) < 0):
            raise CaseError("transitions need a time between looks above 0 and counts of at least 0.")


def transitions_log_likelihood(chain: Chain, transitions: Transitions, steps: int = 1) -> jax.Array:
    """Return the log likelihood of `transitions`, differentiable by the chain's rates. Shape `[]`.

    `steps` cuts the time between looks so that each step can be uniformized.
    """
    states, rows = np.unique(transitions.before, return_inverse=True)
    generator, killing = chain.generator(), jnp.zeros(chain.space.size)
    starts = jnp.eye(chain.space.size)[states]
    elapsed = jnp.asarray(transitions.elapsed / steps)

    def step(weights, _):
        return jax.vmap(lambda row: advance(generator, killing, row, elapsed))(weights), None

    ends, _ = jax.lax.scan(step, starts, None, length=steps)
    count = jnp.asarray(transitions.count, dtype=jnp.float64)
    return jnp.dot(count, jnp.log(jnp.where(count > 0, ends[rows, transitions.after], 1.0)))


def transitions_load(chain: Chain, transitions: Transitions) -> jax.Array:
    """Return how many uniformization steps the time between looks fills; may be below 1. Shape `[]`."""
    speed = fastest_rate(chain.generator(), jnp.zeros(chain.space.size))
    return speed * transitions.elapsed / MAX_LOAD
