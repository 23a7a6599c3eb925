"""Paths of a chain, drawn one jump at a time: the time to the next is exponential, its kind is drawn by the rates.

Source: gillespie1977 (docs/reference/references.md)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Int32

from raison.chain.chain import Chain
from raison.engine.compiling import compiled
from raison.errors import TooFast

BUFFER, MOST_BUFFER = 256, 2**20
"""Jumps for which room is made at first; twice as many each time it was too little, up to the second number."""

MOST_JUMPS = 10_000_000
"""Most jumps of one path."""


@dataclass(frozen=True, eq=False)
class Path:
    """One path: its jumps in order of time.

    Attributes:
        time: of each jump. Shape `[jumps]`.
        kind: index into the kinds of the chain. Shape `[jumps]`.
        state: after each jump. Shape `[jumps]`.
        end: state at the end.
    """

    time: Float[np.ndarray, " jumps"]
    kind: Int[np.ndarray, " jumps"]
    state: Int[np.ndarray, " jumps"]
    end: int


class Simulator:
    """Draws paths of one chain.

    Args:
        chain: the chain.
    """

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self._cumulative: Float[np.ndarray, "states kinds"] = np.cumsum(np.stack(chain.rates, axis=1), axis=1)
        self._targets: Int32[np.ndarray, "states kinds"] = np.stack(
            [kind.effect.targets(chain.space) for kind in chain.kinds], axis=1
        )

    def path(self, state: int, begin: float, end: float, rng: np.random.Generator) -> Path:
        """Return a path from `state` at time `begin` up to `end`.

        Errors:
            `TooFast` if it has more than ten million jumps.
        """
        nothing = np.empty(0, dtype=np.int64)
        parts, now, room, jumps = [(np.empty(0), nothing, nothing)], begin, BUFFER, 0
        while now < end:
            times, (kinds, states) = np.empty(room), np.empty((2, room), dtype=np.int64)
            count, state, now = _jump(rng, self._cumulative, self._targets, state, now, end, times, kinds, states)
            parts.append((times[:count], kinds[:count], states[:count]))
            jumps, room = jumps + count, min(2 * room, MOST_BUFFER)
            if jumps > MOST_JUMPS:
                raise TooFast(
                    f"a path has more than {MOST_JUMPS:,} jumps before time {now:.3g} of {end:.3g}: shorten the time "
                    "or slow the fastest rates."
                )
        time, kind, after = (np.concatenate(column) for column in zip(*parts, strict=True))
        return Path(time, kind, after, int(state))


@compiled
def _jump(rng, cumulative, targets, state, time, end, times, kinds, states):
    """Draw jumps until the end, or until there is no more room; return their number, the state and the time then."""
    last = cumulative.shape[1] - 1
    count = 0
    while count < len(times):
        total = cumulative[state, last]
        time = time + rng.standard_exponential() / total if total > 0.0 else math.inf
        if not time < end:
            return count, state, end
        share, low, high = rng.random() * total, 0, last
        while low < high:
            middle = (low + high) // 2
            if cumulative[state, middle] > share:
                high = middle
            else:
                low = middle + 1
        state = targets[state, low]
        times[count], kinds[count], states[count] = time, low, state
        count += 1
    return count, state, time
