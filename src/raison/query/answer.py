"""Answers to queries, exactly on the chain, under one explanation at given numbers.

P(C at t | record to s)   filter the record to s, then propagate to t
P(C by t | record to s)   the same with C made absorbing
do(...)                   the history is filtered in the game as it was; the forecast is made in the changed game,
                          solved anew
"""

from __future__ import annotations

import datetime
import functools
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from raison.chain import Chain, distribution_at, hitting_probability
from raison.chain.transient import evolve
from raison.equilibrium import Equilibrium
from raison.errors import QueryError
from raison.game import Game, StateSpace
from raison.query.conditions import mask
from raison.query.grammar import (
    Arithmetic,
    Comparison,
    Constant,
    DoLevel,
    DoNever,
    Expression,
    Given,
    IndicatorValue,
    MoveCount,
    Posterior,
    Probability,
    Test,
)
from raison.query.intervention import intervene, set_levels
from raison.record import Move, Record
from raison.record.filter import Filtered, hidden_world, run_filter
from raison.record.plan import Plan

ARITHMETIC = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
RELATIONS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


@dataclass(frozen=True, eq=False)
class Facts:
    """What is the same under every explanation.

    Attributes:
        space: the state space.
        record: the dated items.
        plan: the record made ready for the filter, with steps short enough for every chain asked about.
        start: distribution on the first day. Shape `[states]`.
        time_of: from a date to time units since the first day.
        until: last day of the record.
        indicators: value of each (name, date).
        posterior: posterior probability of each explanation.
    """

    space: StateSpace
    record: Record
    plan: Plan
    start: np.ndarray
    time_of: Callable[[datetime.date], float]
    until: datetime.date
    indicators: Mapping[tuple[str, datetime.date], float] = field(default_factory=dict)
    posterior: Mapping[str, float] = field(default_factory=dict)


class Moves(NamedTuple):
    """How the world moves.

    Attributes:
        chain: all jumps, with their rates.
        equilibrium: the solved game behind it; None if no game was solved.
    """

    chain: Chain
    equilibrium: Equilibrium | None


ChainMaker = Callable[[Game, Equilibrium | None], Moves]
"""From a game, and the solved game of nearby numbers if there is one, to how the world moves."""


class World:
    """One explanation at one set of numbers, ready to be asked.

    Args:
        facts: what is the same under every explanation.
        game: the game at these numbers.
        chain_of: solves a game, or gives every action its constant rate.
        near: the same explanation at nearby numbers, whose solved games are good places to start from.
    """

    def __init__(self, facts: Facts, game: Game, chain_of: ChainMaker, *, near: World | None = None) -> None:
        self.facts = facts
        self._game = game
        self._chain_of = chain_of
        self._near = near
        self._changed: dict[frozenset[str], tuple[Game, Moves]] = {}
        self._answered: dict[Probability, float] = {}

    def value(self, expression: Expression, posterior: Mapping[str, float] | None = None) -> float:
        """Return the value of an expression; `posterior` replaces that of the facts. A ratio to zero is infinite."""
        match expression:
            case Constant():
                return expression.value
            case Arithmetic():
                left, right = self.value(expression.left, posterior), self.value(expression.right, posterior)
                return _combine(expression.op, left, right)
            case Probability():
                if expression not in self._answered:
                    self._answered[expression] = self._probability(expression)
                return self._answered[expression]
            case Posterior():
                return (posterior or self.facts.posterior)[expression.explanation]
            case IndicatorValue():
                return self.facts.indicators[expression.indicator, expression.date]
            case MoveCount():
                return float(_count(self.facts, expression))

    def holds(self, test: Test, posterior: Mapping[str, float] | None = None) -> bool:
        """Return whether every comparison of a test holds; `posterior` replaces that of the facts."""
        return all(
            RELATIONS[comparison.op](self.value(comparison.left, posterior), self.value(comparison.right, posterior))
            for comparison in test.comparisons
        )

    def _probability(self, query: Probability) -> float:
        begin, distribution = self._known(query.given)
        game, moves = self._forecast_world(query.given.interventions)
        elapsed = self.facts.time_of(query.date) - begin
        if elapsed < 0:
            raise QueryError(
                f"{query}: the day asked about lies before the forecast starts. Condition on less of the record."
            )
        distribution = jnp.asarray(set_levels(game, distribution, query.given.interventions))
        target = jnp.asarray(mask(query.condition, self.facts.space))
        if query.when == "by":
            return float(hitting_probability(moves.chain, distribution, target, elapsed))
        return float(distribution_at(moves.chain, distribution, elapsed) @ target)

    def _forecast_world(self, interventions: tuple[DoLevel | DoNever, ...]) -> tuple[Game, Moves]:
        """Return the game with the interventions made, played anew; the level of a held variable is no part of it."""
        changes = frozenset(change.variable if isinstance(change, DoLevel) else str(change) for change in interventions)
        if changes not in self._changed:
            game = intervene(self._game, interventions)
            near = None if self._near is None else self._near._forecast_world(interventions)[1].equilibrium
            self._changed[changes] = (game, self._chain_of(game, near))
        return self._changed[changes]

    @property
    def chain(self) -> Chain:
        """Return how the world moves if nothing is changed."""
        return self._forecast_world(())[1].chain

    def _known(self, given: Given) -> tuple[float, np.ndarray]:
        """Return when the forecast starts, and the distribution of states then."""
        if given.record is None:
            return 0.0, np.asarray(self.facts.start)
        day = self.facts.until if given.record == "all" else given.record
        time = self.facts.time_of(day)
        plan = self.facts.plan
        passed = np.flatnonzero(plan.time <= time + 1e-9)
        last = int(passed[-1]) if len(passed) else -1
        reached = float(plan.time[last]) if len(passed) else 0.0
        at_last = self.filtered.after[last] if len(passed) else jnp.asarray(self.facts.start)
        hidden = hidden_world(self.chain, plan)
        now = np.asarray(evolve(hidden.generator, hidden.killing, at_last, max(time - reached, 0.0)))
        return time, now / now.sum()

    @functools.cached_property
    def filtered(self) -> Filtered:
        """Return the filtered record."""
        return filter_record(self.facts, self.chain)


def speaks_of_explanations(expression: Expression | Comparison | Test) -> bool:
    """Return whether the posterior of an explanation occurs in an expression or test."""
    match expression:
        case Posterior():
            return True
        case Arithmetic() | Comparison():
            return speaks_of_explanations(expression.left) or speaks_of_explanations(expression.right)
        case Test():
            return any(speaks_of_explanations(comparison) for comparison in expression.comparisons)
    return False


def _combine(op: str, left: float, right: float) -> float:
    if op == "/" and right == 0.0:
        return math.copysign(math.inf, left) if left else math.nan
    return ARITHMETIC[op](left, right)


def filter_record(facts: Facts, chain: Chain) -> Filtered:
    """Run the filter over the record of `facts`, compiled once for chains of one form."""
    return _compiled_filter(facts)(chain)


@functools.lru_cache(maxsize=8)
def _compiled_filter(facts: Facts) -> Callable[[Chain], Filtered]:
    return jax.jit(lambda chain: run_filter(chain, facts.plan, jnp.asarray(facts.start)))


def _count(facts: Facts, query: MoveCount) -> int:
    begin, end = facts.time_of(query.begin), facts.time_of(query.end)
    return sum(
        isinstance(item, Move)
        and (item.who, item.what) == (query.player, query.action)
        and begin - 1e-9 <= item.time <= end + 1e-9
        for item in facts.record.items
    )
