"""What can be asked of a chain, whoever computes it.

Two filters answer: `native`, compiled loops for the CPU, and `xla`, the same in JAX, for a GPU or for several devices.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Array, Float

from raison.arrays import Batch, StateArray, StateMask
from raison.chain.chain import Chain
from raison.chain.plan import Plan

Row = Float[Array | np.ndarray, " rows"]
RowStates = Float[Array | np.ndarray, "rows states"]


class Filtered(NamedTuple):
    """What the filter gives, one row per row of the plan.

    Attributes:
        silence: log probability that nothing was seen during the row. Shape `[rows]`.
        act: log probability (density, for an act) of what was seen at its end; minus infinity for what cannot happen,
            and nan after it. Shape `[rows]`.
        before: distribution of states at the end of the row, before what is seen. Shape `[rows, states]`.
        after: the same after it. Shape `[rows, states]`.
    """

    silence: Row
    act: Row
    before: RowStates
    after: RowStates


class Occupied(NamedTuple):
    """What the filter gives, and where the world was meanwhile.

    Attributes:
        filtered: what the filter gives.
        stays: time spent in each state in every row, given at each moment the record so far. Shape `[rows, states]`.
    """

    filtered: Filtered
    stays: RowStates


class Slope(NamedTuple):
    """A log likelihood and its derivatives by the rates, in the form of the chain."""

    value: float
    by_chain: Chain


@runtime_checkable
class ChainFilter(Protocol):
    """How a distribution of states moves with a chain. Rows and times may be of any length."""

    def run(self, chain: Chain, plan: Plan, start: StateArray) -> Filtered:
        """Run the filter over the rows of `plan`, from the distribution `start` at time 0, which sums to 1."""
        ...

    def log_likelihood(self, chain: Chain, plan: Plan, start: StateArray) -> float:
        """Return the log likelihood of what was seen; minus infinity where it cannot happen."""
        ...

    def slope(self, chain: Chain, plan: Plan, start: StateArray) -> Slope:
        """Return the log likelihood and its derivatives by the rates."""
        ...

    def smooth(self, chain: Chain, plan: Plan, start: StateArray) -> RowStates:
        """Return the distribution of states after each row, given all that was seen. Shape `[rows, states]`."""
        ...

    def occupy(self, chain: Chain, plan: Plan, start: StateArray) -> Occupied:
        """Run the filter, and add up the time spent in each state in every row."""
        ...

    def remain_silent(self, chain: Chain, plan: Plan, row: int, start: StateArray, elapsed: float) -> StateArray:
        """Return the distribution after `elapsed` in which nothing was seen, of what `row` of `plan` would show."""
        ...

    def distribution_at(self, chain: Chain, start: Batch, elapsed: float) -> Batch:
        """Return the distribution after `elapsed`, whatever was seen, from each of `start`. Shape `[..., states]`."""
        ...

    def time_spent(self, chain: Chain, start: StateArray, elapsed: float) -> StateArray:
        """Return the time spent in each state up to `elapsed`, whatever is seen. Of shape `[states]`."""
        ...

    def distribution_slope(self, chain: Chain, start: Batch, elapsed: float, bar: Batch) -> Chain:
        """Return the derivatives by the rates of the sum of `bar` times `distribution_at`, in the form of the chain."""
        ...

    def stopped_at(self, chain: Chain, start: Batch, stopping: StateMask, elapsed: float) -> Batch:
        """Return the distribution after `elapsed` of a world that stays where it first comes to `stopping`.

        Of shape `[..., states]`.
        """
        ...
