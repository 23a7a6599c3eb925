"""Whether acts have happened, as part of the state: what may be asked of a state may then be asked of an act.

Which of two events comes about first is told by a chain that stops at either.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse
import scipy.sparse.linalg
from jaxtyping import Float

from raison.arrays import StateArray, StateMask, StateNumbers, StateVector
from raison.chain.chain import Chain
from raison.chain.filter import run_filter, stopped_at
from raison.chain.matrix import generator_matrix, nearly_solved
from raison.chain.plan import Act, Sight, make_plan
from raison.errors import NotConverged
from raison.game import Effect, StateSpace, Variable
from raison.once import once


@dataclass(frozen=True)
class Acts:
    """Several acts: that all of them have happened, in any order, or that one of them has.

    Attributes:
        each: the acts.
        is_all: whether all have to happen; else one is enough.
    """

    each: tuple[Act, ...]
    is_all: bool


Event = StateMask | Act | Acts
"""What may come about: that a condition holds, that an act happens, or several."""


def acts_of(event: Event) -> tuple[Act, ...]:
    """Return the acts that an event speaks of."""
    if isinstance(event, Act):
        return (event,)
    return event.each if isinstance(event, Acts) else ()


Wide = Float[np.ndarray, " wide"]
"""Weights of the states of a chain that also tells whether acts have happened."""

DROPPED, FILL = 1e-4, 10.0
"""Entries that the preconditioner of a mean time drops, as a share of their column, and how much it may fill in."""

CLOSE, WORST = 1e-11, 1e-8
"""What the linear solve of a mean time may leave, as a share of its right-hand side: as asked for, and at worst."""

RARE = 1e-12
"""Weight of states that counts as none."""

HAPPENED = ("no", "yes")
"""Levels of the variable that tells whether an act has happened."""


def with_happening(chain: Chain, acts: Sequence[Act]) -> tuple[Chain, tuple[StateMask, ...]]:
    """Return a chain whose state tells whether each of some acts has happened, and where it does.

    Its space has a variable for each act before its own ones; all are at `no` in its first states. After an act has
    happened it may happen again, which changes nothing. Shapes of the masks `[states]`.

    Errors:
        `CaseError` if there is no such act.
    """
    for act in acts:
        chain.find(act.who, act.what)
    variables = tuple(Variable(f"{act} has happened", HAPPENED) for act in acts)
    space = StateSpace((*variables, *chain.space.variables))
    marks = {act: Effect.become(variable, "yes") for act, variable in zip(acts, variables, strict=True)}
    kinds = []
    for kind in chain.kinds:
        mark = marks.get(Act(kind.who, kind.what))
        kinds.append(kind if mark is None else dataclasses.replace(kind, effect=kind.effect.and_(mark)))
    wide = dataclasses.replace(chain.within(space), kinds=tuple(kinds))
    return wide, tuple(space.levels_of(variable.name) == 1 for variable in variables)


@dataclass(frozen=True, eq=False)
class Race:
    """A chain that stops where one of two events has come about.

    A condition that holds at the start has come about; an act has to happen after it. Where both come about at once,
    the other was first.

    Attributes:
        chain: in the space that tells whether acts have happened.
        reached: where the event has come about, and the other has not. Shape `[wide]`, bool.
        stopping: where one of the two has. Shape `[wide]`, bool.
    """

    chain: Chain
    reached: StateMask
    stopping: StateMask

    @staticmethod
    def of(chain: Chain, event: Event, other: Event | None = None) -> Race:
        """Return the race between two events; of one event alone if there is no other."""
        events = [event] if other is None else [event, other]
        acts = list(dict.fromkeys(act for each in events for act in acts_of(each)))
        wide, happened = with_happening(chain, acts) if acts else (chain, ())
        masks = dict(zip(acts, happened, strict=True))
        copies = wide.space.size // chain.space.size

        def reached_by(each: Event) -> StateMask:
            if isinstance(each, Acts):
                return (np.logical_and if each.is_all else np.logical_or).reduce([masks[act] for act in each.each])
            return masks[each] if isinstance(each, Act) else np.tile(np.asarray(each), copies)

        where = [reached_by(each) for each in events]
        barred = where[1] if len(where) > 1 else np.zeros(wide.space.size, dtype=bool)
        return Race(wide, where[0] & ~barred, where[0] | barred)

    def begin(self, where: StateArray) -> Wide:
        """Return a distribution of the states of the world in which nothing has happened yet."""
        where = np.asarray(where, dtype=np.float64)
        return np.concatenate([where, np.zeros(self.chain.space.size - len(where))])

    def run(self, weights: Wide, elapsed: float) -> Wide:
        """Return the weights after `elapsed`."""
        return np.asarray(stopped_at(self.chain, weights, self.stopping, elapsed))

    @once
    def stopped(self) -> Chain:
        """Return the chain that stops."""
        free = ~np.asarray(self.stopping)
        return dataclasses.replace(self.chain, rates=tuple(np.asarray(rate) * free for rate in self.chain.rates))

    def mean_time(self, weights: Wide) -> float:
        """Return the mean time until one of the two events comes about; infinite if neither may ever.

        With Q the generator of the states in which neither has, and p the weights, it is the sum of t with -Q' t = p.

        Errors:
            `NotConverged` if the linear solve fails.
        """
        matrix = generator_matrix(self.stopped)
        lost = _lost(matrix, self.stopping)
        if np.asarray(weights)[lost].sum() > RARE:
            return math.inf
        free = ~(np.asarray(self.stopping) | lost)
        inside = scipy.sparse.csc_array(-matrix[free][:, free].T)
        start = np.asarray(weights)[free]
        if not start.any():
            return 0.0

        def left_by(times: StateVector) -> float:
            return float(np.abs(inside @ times - start).sum()) / float(start.sum())

        times, _ = nearly_solved(inside, start, CLOSE)
        if not left_by(times) <= WORST:  # what follows takes much longer, and is for slow worlds
            near = _by_factors(inside)
            times, _ = scipy.sparse.linalg.gmres(inside, start, rtol=CLOSE, restart=80, maxiter=20, M=near)
        left = left_by(times)
        if left <= WORST:
            return float(times.sum())
        raise NotConverged(f"the mean time was not found: {left:.1e} is left, {WORST:.0e} needed.")

    def moved(self, weights: Wide, target: StateNumbers) -> Wide:
        """Return the weights after a change from outside that leads every state of the world to another."""
        copies = len(weights) // len(target)
        into = np.tile(target, copies) + np.repeat(np.arange(copies) * len(target), len(target))
        into = np.where(self.stopping, np.arange(len(weights)), into)
        return np.bincount(into, weights=weights, minlength=len(weights))

    def hazard(self, weights: Wide) -> float:
        """Return the rate at which one of the two comes about where neither has; nan where one surely has."""
        left = np.where(self.stopping, 0.0, weights)
        if not left.sum() > RARE:
            return math.nan
        leaving = np.zeros(len(left))
        for kind, rate in zip(self.chain.kinds, self.chain.rates, strict=True):
            leaving += np.asarray(rate) * self.stopping[kind.effect.targets(self.chain.space)]
        return float(left @ leaving) / float(left.sum())

    def won(self, weights: Wide) -> float:
        """Return the probability that the event has come about, and before the other."""
        return float(weights[self.reached].sum())


def happened_by(
    chain: Chain, act: Act, start: StateArray, times: Float[np.ndarray, " times"]
) -> Float[np.ndarray, " times"]:
    """Return the probability that an act has happened by each of some times, in order, from a start at time 0.

    It is what a filter misses that would see this act and nothing else.
    """
    mine = set(chain.find(act.who, act.what))
    seen = tuple(np.full_like(each, float(i in mine)) for i, each in enumerate(chain.seen))
    kinds = tuple(dataclasses.replace(kind, always_seen=False) for kind in chain.kinds)
    plan = make_plan([(i, Sight(time)) for i, time in enumerate(times)], float(times[-1]), chain.space.size)
    silence = run_filter(dataclasses.replace(chain, seen=seen, kinds=kinds), plan, start).silence
    return -np.expm1(np.cumsum(silence)[: len(times)])


def _by_factors(matrix: scipy.sparse.csc_array) -> scipy.sparse.linalg.LinearOperator:
    try:
        parts = scipy.sparse.linalg.spilu(matrix, drop_tol=DROPPED, fill_factor=FILL)
    except RuntimeError:  # it is singular, as far as doubles go
        raise NotConverged("the mean time is too long for 64 bits: it hardly ever comes about.") from None
    return scipy.sparse.linalg.LinearOperator(matrix.shape, parts.solve)


def _lost(matrix: scipy.sparse.csr_array, stopping: StateMask) -> StateMask:
    """Return the states from which the world may come to where it never gets to `stopping`, which nothing leaves."""
    links = scipy.sparse.csr_array(matrix > 0.0, dtype=np.float64)
    return _reaching(links, ~_reaching(links, np.asarray(stopping)))


def _reaching(links: scipy.sparse.csr_array, there: StateMask) -> StateMask:
    """Return the states from which some of `there` can be reached, these among them."""
    found = edge = there.copy()
    while edge.any():
        following = (links @ edge.astype(np.float64)) > 0.0
        edge = following & ~found
        found = found | edge
    return found
