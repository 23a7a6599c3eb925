"""Counted transitions: many units of one fully observed chain, seen at regular times.

log L = sum over rows of count * log P(before -> after),   P = exp(G elapsed)

What the players do between two looks stays hidden.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Num

from raison.chain import Chain
from raison.chain.filter import distribution_at, distribution_slope
from raison.chain.filters import Slope
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
        starts, rows = self._starts(chain)
        ends = np.asarray(distribution_at(chain, starts, self.elapsed))
        return self._total(ends, rows)

    def log_likelihood_slope(self, chain: Chain) -> Slope:
        """Return the log likelihood and its derivatives by the rates, in the form of the chain."""
        starts, rows = self._starts(chain)
        ends = np.asarray(distribution_at(chain, starts, self.elapsed))
        bar = np.zeros_like(ends)
        is_seen = np.asarray(self.count) > 0
        at = rows[is_seen], self.after[is_seen]
        np.add.at(bar, at, np.asarray(self.count)[is_seen] / ends[at])
        return Slope(self._total(ends, rows), distribution_slope(chain, starts, self.elapsed, bar))

    def _starts(self, chain: Chain) -> tuple[Float[np.ndarray, "starts states"], Int[np.ndarray, " rows"]]:
        """Return certainty of each distinct state at the earlier look, and which of them each row has."""
        states, rows = np.unique(self.before, return_inverse=True)
        return np.eye(chain.space.size)[states], rows

    def _total(self, ends: Float[np.ndarray, "starts states"], rows: Int[np.ndarray, " rows"]) -> float:
        is_seen = np.asarray(self.count) > 0
        with np.errstate(divide="ignore"):  # what cannot happen has the log likelihood minus infinity
            return float(np.asarray(self.count)[is_seen] @ np.log(ends[rows, self.after][is_seen]))
