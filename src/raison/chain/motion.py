"""What a solved game is to queries, descriptions and checks of a record: a world that moves.

It can be filtered on what was seen, and forecast.

`ChainMotion` is that of a continuous-time chain; a game in periods, with joint acts of several players, would have its
own. Likelihoods, which need derivatives by the rates, take the chain itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from raison.arrays import StateArray
from raison.chain import filter as filtering
from raison.chain.chain import Chain
from raison.chain.filter import Expected
from raison.chain.filters import Filtered, RowStates
from raison.chain.happening import Event, Race, happened_by
from raison.chain.plan import Act, Plan
from raison.chain.simulation import Simulator
from raison.game import StateSpace

Times = Float[np.ndarray, " times"]
"""A number for each of some times."""


@runtime_checkable
class Motion(Protocol):
    """How the world moves."""

    @property
    def space(self) -> StateSpace: ...

    @property
    def acts(self) -> tuple[Act, ...]:
        """Return the actions of the players and the drifts of nature."""
        ...

    def rate(self, act: Act) -> StateArray:
        """Return the rate of an act, over all its outcomes, per time unit."""
        ...

    def after(self, act: Act, where: StateArray) -> StateArray:
        """Return where the world is after an act that was done somewhere in `where`, a distribution of states.

        It sums to the mean rate of the act.
        """
        ...

    def filter(self, plan: Plan, start: StateArray) -> Filtered:
        """Return what each row of `plan` weighs and where the world then is; rows may be of any length."""
        ...

    def smooth(self, plan: Plan, start: StateArray) -> RowStates:
        """Return where the world was after each row, given all that was seen."""
        ...

    def expected_acts(self, plan: Plan, start: StateArray) -> Expected:
        """Filter, and tell how often each act was to be expected and to be seen in every row."""
        ...

    def remain_silent(self, plan: Plan, row: int, start: StateArray, elapsed: float) -> StateArray:
        """Return where the world is after `elapsed` in which nothing was seen, of what `row` of `plan` would show."""
        ...

    def race(self, event: Event, other: Event | None = None) -> Race:
        """Return what tells how probable it is that an event comes about, and before another if there is one."""
        ...

    def happened_by(
        self, act: Act, start: StateArray, times: Float[np.ndarray, " times"]
    ) -> Float[np.ndarray, " times"]:
        """Return the probability that an act has happened by each of some times, in order."""
        ...

    def distribution(self, start: StateArray, elapsed: float) -> StateArray:
        """Return where the world is after `elapsed`."""
        ...

    def time_average(self, start: StateArray, elapsed: float) -> StateArray:
        """Return the share of the time up to `elapsed` that the world spends in each state."""
        ...

    def simulator(self) -> Simulator:
        """Return what draws paths."""
        ...


@dataclass(frozen=True, eq=False)
class ChainMotion:
    """The motion of a continuous-time chain."""

    chain: Chain

    @property
    def space(self) -> StateSpace:
        return self.chain.space

    @property
    def acts(self) -> tuple[Act, ...]:
        return tuple(dict.fromkeys(Act(kind.who, kind.what) for kind in self.chain.kinds))

    def rate(self, act: Act) -> StateArray:
        return self.chain.act_rate(act.who, act.what)

    def after(self, act: Act, where: StateArray) -> StateArray:
        return filtering.moved_by(self.chain, act, where)

    def filter(self, plan: Plan, start: StateArray) -> Filtered:
        return filtering.run_filter(self.chain, plan, start)

    def smooth(self, plan: Plan, start: StateArray) -> RowStates:
        return filtering.smooth(self.chain, plan, start)

    def expected_acts(self, plan: Plan, start: StateArray) -> Expected:
        return filtering.expected_acts(self.chain, plan, start)

    def remain_silent(self, plan: Plan, row: int, start: StateArray, elapsed: float) -> StateArray:
        return filtering.remain_silent(self.chain, plan, row, start, elapsed)

    def race(self, event: Event, other: Event | None = None) -> Race:
        return Race.of(self.chain, event, other)

    def happened_by(
        self, act: Act, start: StateArray, times: Float[np.ndarray, " times"]
    ) -> Float[np.ndarray, " times"]:
        return happened_by(self.chain, act, start, times)

    def distribution(self, start: StateArray, elapsed: float) -> StateArray:
        return filtering.distribution_at(self.chain, start, elapsed)

    def time_average(self, start: StateArray, elapsed: float) -> StateArray:
        return filtering.time_average(self.chain, start, elapsed)

    def simulator(self) -> Simulator:
        return Simulator(self.chain)
