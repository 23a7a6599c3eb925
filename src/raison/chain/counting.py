"""How a number of acts is weighed of which nobody said when: the filter carries the state and the acts so far.

For every counted act the space gets a counter with the levels `off`, 0, 1, ... up to the largest number that is
counted, and `over`. While it is off, the act is seen or not as ever. While a span is counted, the counter moves by one
with every act that would be seen, and nothing is seen; where the span ends the counter must stand at its number, and is
off again. With r the rate of the act and s the share of it that is seen, its jumps become

    counted     r s       where the counter is on; moves it
    hidden      r (1 - s) where the counter is on
    itself      r         where it is off
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Array, Float

from raison.arrays import Batch, StateArray, StateMask
from raison.chain.chain import Chain
from raison.chain.filters import ChainFilter, Filtered, Occupied, RowStates, Slope
from raison.chain.plan import Act, CountBegins, CountEnds, Plan
from raison.game import Effect, StateSpace, Variable

OFF, ZERO = 0, 1
"""Levels of a counter: nothing is counted; none so far."""

COUNTER_LEVELS = 3
"""Levels of a counter besides the numbers above zero: off, zero and over."""


@dataclass(frozen=True, eq=False)
class _Counters:
    """The counters of a plan.

    Attributes:
        acts: what is counted.
        variables: the counter of each.
        space: the space with the counters before its own variables.
        inner: the space without them.
    """

    acts: tuple[Act, ...]
    variables: tuple[Variable, ...]
    space: StateSpace
    inner: StateSpace

    @staticmethod
    def of(plan: Plan, space: StateSpace) -> _Counters:
        most: dict[Act, int] = {}
        for jump in plan.jumps:
            if isinstance(jump, CountEnds):
                most[jump.act] = max(jump.number, most.get(jump.act, 0))
        variables = tuple(
            Variable(f"count of {act}", ("off", *map(str, range(number + 1)), "over")) for act, number in most.items()
        )
        return _Counters(tuple(most), variables, StateSpace((*variables, *space.variables)), space)

    def widen(self, numbers: Float[Array | np.ndarray, "*rows states"]) -> Float[np.ndarray, "*rows wide"]:
        """Return numbers over states as they are whatever the counters show."""
        return np.tile(np.asarray(numbers), self.space.size // self.inner.size)

    def narrow(self, weights: Float[Array | np.ndarray, "*rows wide"]) -> Float[np.ndarray, "*rows states"]:
        """Return the sum over what the counters show."""
        shape = np.shape(weights)[:-1]
        return np.asarray(weights).reshape(*shape, -1, self.inner.size).sum(axis=-2)

    def is_on(self, act: Act) -> Float[np.ndarray, " wide"]:
        """Return 1 in the states in which an act is being counted, else 0."""
        return (self.space.levels_of(self._variable(act).name) > OFF).astype(np.float64)

    def moved(self, act: Act) -> Effect:
        """Return what one more act does to its counter."""
        variable = self._variable(act)
        last = len(variable.levels) - 1
        return Effect(((variable.name, (OFF, *(min(level + 1, last) for level in range(ZERO, last + 1)))),))

    def begin(self, act: Act) -> Effect:
        """Return what the beginning of a span does to the counter of an act."""
        return Effect.become(self._variable(act), "0")

    def end(self, seen: CountEnds) -> Effect:
        """Return what the end of a span does: off from the number that was counted, still on from any other."""
        variable = self._variable(seen.act)
        levels = [ZERO] * len(variable.levels)
        levels[ZERO + seen.number] = OFF
        return Effect(((variable.name, tuple(levels)),))

    def is_off(self, act: Act) -> Float[np.ndarray, " wide"]:
        return 1.0 - self.is_on(act)

    def start(self, start: StateArray, counted: frozenset[Act]) -> Float[np.ndarray, " wide"]:
        """Return a distribution of states with the counters of some acts at zero and all others off."""
        wide = self.widen(start)
        for variable, act in zip(self.variables, self.acts, strict=True):
            wide = wide * (self.space.levels_of(variable.name) == (ZERO if act in counted else OFF))
        return wide

    def _variable(self, act: Act) -> Variable:
        return self.variables[self.acts.index(act)]


@dataclass(frozen=True, eq=False)
class _Widened:
    """A chain and a plan with counters.

    Attributes:
        counters: the counters.
        narrow: the chain without them.
        chain: the chain with them.
        plan: the plan of what is seen, with their beginnings and ends as changes from outside and sights.
        kinds: for each kind of jump of the narrow chain, its place in the wide one; a counted act is followed there by
            its counted and its hidden jumps.
    """

    counters: _Counters
    narrow: Chain
    chain: Chain
    plan: Plan
    kinds: tuple[int, ...]

    @staticmethod
    def of(chain: Chain, plan: Plan) -> _Widened:
        counters = _Counters.of(plan, chain.space)
        whole = chain.within(counters.space)
        rates, seen, kinds, places = [], [], [], []
        for kind, wide, share in zip(whole.kinds, whole.rates, whole.seen, strict=True):
            places.append(len(kinds))
            act = Act(kind.who, kind.what)
            if act not in counters.acts:
                rates.append(wide)
                seen.append(share)
                kinds.append(kind)
                continue
            first, never = float(np.asarray(share)[0]), np.zeros(len(np.asarray(share)))
            on = counters.is_on(act)
            hidden = dataclasses.replace(kind, always_seen=False)
            rates += [wide * (1.0 - on), first * wide * on, (1.0 - first) * wide * on]
            seen += [share, never, never]
            kinds += [kind, dataclasses.replace(hidden, effect=kind.effect.and_(counters.moved(act))), hidden]
        wide_chain = dataclasses.replace(whole, rates=tuple(rates), seen=tuple(seen), kinds=tuple(kinds))
        return _Widened(counters, chain, wide_chain, _widened_plan(plan, counters), tuple(places))

    def pulled(self, by: Chain) -> Chain:
        """Return derivatives by the narrow chain, from those by the wide one."""
        rates, seen = [], []
        for kind, rate, share, place in zip(
            self.narrow.kinds, self.narrow.rates, self.narrow.seen, self.kinds, strict=True
        ):
            act, by_share = Act(kind.who, kind.what), np.array(by.seen[place], dtype=np.float64)
            by_rate = np.asarray(by.rates[place])
            if act in self.counters.acts:
                first, on = float(np.asarray(share)[0]), self.counters.is_on(act)
                counted, hidden = (np.asarray(by.rates[place + each]) * on for each in (1, 2))
                by_share[0] += float(counted @ self.counters.widen(rate) - hidden @ self.counters.widen(rate))
                by_rate = by_rate * (1.0 - on) + first * counted + (1.0 - first) * hidden
            rates.append(self.counters.narrow(by_rate))
            seen.append(by_share)
        decisions = tuple(self.counters.narrow(each) for each in by.decisions)
        return dataclasses.replace(self.narrow, rates=tuple(rates), seen=tuple(seen), decisions=decisions)


def _widened_plan(plan: Plan, counters: _Counters) -> Plan:
    """Return the plan in the space with counters: a count that ends is a change from outside, and a sight of it."""
    weights, jumps = list(counters.widen(plan.weights)), []
    weighing = np.array(plan.weighing)
    for number, jump in enumerate(plan.jumps):
        if isinstance(jump, CountBegins):
            jumps.append(counters.begin(jump.act))
        elif isinstance(jump, CountEnds):
            weighing[np.asarray(plan.jump) == number] = len(weights)
            weights.append(counters.is_off(jump.act))
            jumps.append(counters.end(jump))
        else:
            jumps.append(jump)
    most = max(len(variable.levels) - COUNTER_LEVELS for variable in counters.variables)
    return dataclasses.replace(
        plan, weights=np.stack(weights), weighing=weighing, jumps=tuple(jumps), most_counted=max(most, 1)
    )


class CountingFilter:
    """A filter that understands counts, made of one that does not. See `raison.chain.filters.ChainFilter`.

    Args:
        machine: filters chains on plans without counts.
    """

    def __init__(self, machine: ChainFilter) -> None:
        self._machine = machine

    def run(self, chain: Chain, plan: Plan, start: StateArray) -> Filtered:
        if not plan.has_counts:
            return self._machine.run(chain, plan, start)
        wide = _Widened.of(chain, plan)
        return _narrowed(self._machine.run(wide.chain, wide.plan, _start(wide, start)), wide.counters.narrow)

    def log_likelihood(self, chain: Chain, plan: Plan, start: StateArray) -> float:
        if not plan.has_counts:
            return self._machine.log_likelihood(chain, plan, start)
        wide = _Widened.of(chain, plan)
        return self._machine.log_likelihood(wide.chain, wide.plan, _start(wide, start))

    def slope(self, chain: Chain, plan: Plan, start: StateArray) -> Slope:
        if not plan.has_counts:
            return self._machine.slope(chain, plan, start)
        wide = _Widened.of(chain, plan)
        value, by_chain = self._machine.slope(wide.chain, wide.plan, _start(wide, start))
        return Slope(value, wide.pulled(by_chain))

    def smooth(self, chain: Chain, plan: Plan, start: StateArray) -> RowStates:
        if not plan.has_counts:
            return self._machine.smooth(chain, plan, start)
        wide = _Widened.of(chain, plan)
        return wide.counters.narrow(self._machine.smooth(wide.chain, wide.plan, _start(wide, start)))

    def occupy(self, chain: Chain, plan: Plan, start: StateArray) -> Occupied:
        if not plan.has_counts:
            return self._machine.occupy(chain, plan, start)
        wide = _Widened.of(chain, plan)
        filtered, stays = self._machine.occupy(wide.chain, wide.plan, _start(wide, start))
        return Occupied(_narrowed(filtered, wide.counters.narrow), wide.counters.narrow(stays))

    def remain_silent(self, chain: Chain, plan: Plan, row: int, start: StateArray, elapsed: float) -> StateArray:
        if not plan.has_counts:
            return self._machine.remain_silent(chain, plan, row, start, elapsed)
        wide = _Widened.of(chain, plan)
        begin = wide.counters.start(start, plan.counted(row))
        return wide.counters.narrow(self._machine.remain_silent(wide.chain, wide.plan, row, begin, elapsed))

    def distribution_at(self, chain: Chain, start: Batch, elapsed: float) -> Batch:
        return self._machine.distribution_at(chain, start, elapsed)

    def time_spent(self, chain: Chain, start: StateArray, elapsed: float) -> StateArray:
        return self._machine.time_spent(chain, start, elapsed)

    def distribution_slope(self, chain: Chain, start: Batch, elapsed: float, bar: Batch) -> Chain:
        return self._machine.distribution_slope(chain, start, elapsed, bar)

    def stopped_at(self, chain: Chain, start: Batch, stopping: StateMask, elapsed: float) -> Batch:
        return self._machine.stopped_at(chain, start, stopping, elapsed)


def _start(wide: _Widened, start: StateArray) -> Float[np.ndarray, " wide"]:
    return wide.counters.start(start, frozenset())


def _narrowed(filtered: Filtered, narrow: Callable[[RowStates], RowStates]) -> Filtered:
    return filtered._replace(before=narrow(filtered.before), after=narrow(filtered.after))
