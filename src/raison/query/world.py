"""One explanation at one set of numbers, ready to be asked; questions are answered by their forms."""

from __future__ import annotations

import datetime
import functools
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from raison.arrays import PlayerValues, StateVector
from raison.chain import Motion
from raison.chain.filters import Filtered
from raison.game import Game, StateSpace
from raison.inference.reasons import Reasons
from raison.query.answers import Answer, Number, Undefined
from raison.query.conditions import forms_in
from raison.query.intervention import intervene, set_levels
from raison.query.tree import (
    ASSUMED,
    INFERRED,
    LOOKED_UP,
    Arithmetic,
    Constant,
    DoLevel,
    Expression,
    Form,
    Given,
    Query,
    Test,
)
from raison.record import WatchedRecord
from raison.record.watched import occupied

ARITHMETIC = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
NOBODY = "nobody weighs anything here: acts follow habit and reply"
"""Why there is neither a value nor a reason."""

INFINITE = "both sides are infinite: something is divided by 0"
UNCOMPARED = "a comparison takes numbers, not tables or shares"

RELATIONS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


Believed = Mapping[str, Mapping[str, float]]
"""How probable each explanation is, by what that rests on: `RECORD`, `CLUES`, `BOTH`."""


@dataclass(frozen=True, eq=False)
class Facts:
    """What is the same under every explanation.

    Attributes:
        space: the state space.
        records: what was seen; questions that name no episode are about the first.
        indicators: value of each (name, date).
        probabilities: posterior probability of each explanation, by what it rests on.
    """

    space: StateSpace
    records: tuple[WatchedRecord, ...]
    indicators: Mapping[tuple[str, datetime.date], float] = field(default_factory=dict)
    probabilities: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Played:
    """A game as it is played.

    Attributes:
        game: the game.
        motion: how the world moves in it.
        values: of its players, good to start a similar game from; None if no game was solved.
    """

    game: Game
    motion: Motion
    values: PlayerValues | None


Play = Callable[[Game, PlayerValues | None], Played]
"""From a game, and the values of a similar one if there is one, to how it is played."""


class World:
    """One explanation at one set of numbers.

    Args:
        facts: what is the same under every explanation.
        game: the game at these numbers.
        play: solves a game, or gives every action its constant rate.
        near: the same explanation at nearby numbers, whose solved games are good places to start from.
    """

    def __init__(self, facts: Facts, game: Game, play: Play, *, near: World | None = None) -> None:
        self._facts = facts
        self._game = game
        self._play = play
        self._near = near
        self._changed: dict[frozenset[str], Played] = {}
        self._answered: dict[Form, Answer] = {}
        self._known: dict[tuple[datetime.date | str | None, str], tuple[float, StateVector]] = {}
        self._filtered: dict[str, Filtered] = {}

    @property
    def space(self) -> StateSpace:
        return self._facts.space

    def record(self, episode: str = "") -> WatchedRecord:
        """Return the record of an episode; the first if none is named."""
        if not episode:
            return self._facts.records[0]
        return next(watched for watched in self._facts.records if watched.name == episode)

    @property
    def indicators(self) -> Mapping[tuple[str, datetime.date], float]:
        return self._facts.indicators

    @property
    def probabilities(self) -> Mapping[str, Mapping[str, float]]:
        return self._facts.probabilities

    def believing(self, probabilities: Mapping[str, Mapping[str, float]]) -> World:
        """Return the same world with other probabilities of the explanations; what was answered is kept."""
        facts = Facts(self._facts.space, self._facts.records, self._facts.indicators, probabilities)
        other = World(facts, self._game, self._play, near=self._near)
        other._changed = self._changed
        other._answered = {form: each for form, each in self._answered.items() if not form.speaks_of_explanations}
        return other

    def answer(self, expression: Expression) -> Answer:
        """Return the answer to an expression. A ratio to zero is infinite; one of zero to zero is undefined."""
        match expression:
            case Constant():
                return Number(expression.value)
            case Arithmetic():
                return _combine(expression.op, self.answer(expression.left), self.answer(expression.right))
            case _:
                if expression not in self._answered:
                    self._answered[expression] = expression.answer(self)
                return self._answered[expression]

    def holds(self, test: Test) -> bool | Undefined:
        """Return whether every comparison of a test holds; undefined if none fails and a side of one is undefined."""
        why: Undefined | None = None
        for each in test.comparisons:
            held = _compare(each.op, self.answer(each.left), self.answer(each.right))
            if held is False:
                return False
            why = why or (held if isinstance(held, Undefined) else None)
        return True if why is None else why

    def known(self, given: Given) -> tuple[float, StateVector]:
        """Return when a forecast starts, and the distribution of states then, with the levels of every `do` set."""
        key = (given.record, given.episode)
        if key not in self._known:
            self._known[key] = self._seen(given)
        time, distribution = self._known[key]
        return time, set_levels(self._game, np.asarray(distribution), given.interventions)

    def moving(self, given: Given) -> Motion:
        """Return how the world moves when the interventions are made and the game is played anew."""
        return self._played(given).motion

    def _played(self, given: Given) -> Played:
        """Return the changed game as it is played; the level at which a variable is held is no part of it."""
        changes = frozenset(
            change.variable if isinstance(change, DoLevel) else str(change) for change in given.interventions
        )
        if changes not in self._changed:
            self._changed[changes] = self._play(intervene(self._game, given.interventions), self._guess(given))
        return self._changed[changes]

    def values(self, given: Given) -> Mapping[str, StateVector] | Undefined:
        """Return the values of every player in the game that is played from there. Each of shape `[states]`."""
        played = self._played(given)
        if played.values is None:
            return Undefined(NOBODY)
        return {player.name: played.values[i] for i, player in enumerate(played.game.players)}

    def reasons(self) -> Reasons | Undefined:
        """Return what these values are made of, if nothing is changed."""
        return self._reasons

    @functools.cached_property
    def _reasons(self) -> Reasons | Undefined:
        played = self._played(Given())
        return Undefined(NOBODY) if played.values is None else Reasons(played.game, played.values)

    def _guess(self, given: Given) -> PlayerValues | None:
        """Return about what the values of the changed game are: those nearby, moved as without the change."""
        near = None if self._near is None else self._near._played(given).values
        if self._near is None or near is None or not given.interventions:
            return near
        here, there = self._played(Given()).values, self._near._played(Given()).values
        return near if here is None or there is None else near + here - there

    @property
    def motion(self) -> Motion:
        """Return how the world moves if nothing is changed."""
        return self._played(Given()).motion

    @property
    def occupied(self) -> StateVector:
        """Return the share of the record's time that the world spends in each state, before anything is seen."""
        return self._occupied

    @functools.cached_property
    def _occupied(self) -> StateVector:
        return occupied(self.motion, self._facts.records)

    def _seen(self, given: Given) -> tuple[float, StateVector]:
        watched = self.record(given.episode)
        if given.record is None:
            return 0.0, watched.start
        time = watched.record.until if given.record == "all" else watched.calendar.end_of(given.record)
        return time, watched.whereabouts(self.motion, lambda: self.filtered(watched), time)

    def filtered(self, watched: WatchedRecord) -> Filtered:
        """Return a record, filtered."""
        if watched.name not in self._filtered:
            self._filtered[watched.name] = self.motion.filter(watched.plan, watched.start)
        return self._filtered[watched.name]


def rests_on(query: Query) -> str:
    """Return on what the answer to a query rests: what is inferred in it outweighs what is assumed, and that what is
    looked up."""
    found = {form.rests_on for form in forms_in(query)}
    return next((each for each in (INFERRED, ASSUMED, LOOKED_UP) if each in found), ASSUMED)


def _compare(op: str, left: Answer, right: Answer) -> bool | Undefined:
    """Return whether a comparison holds; undefined unless both sides are numbers and not the same infinity."""
    for side in (left, right):
        if isinstance(side, Undefined):
            return side
        if not isinstance(side, Number):
            return Undefined(UNCOMPARED)
    assert isinstance(left, Number)
    assert isinstance(right, Number)
    if left.value == right.value and math.isinf(left.value):
        return Undefined(INFINITE)
    return RELATIONS[op](left.value, right.value)


def _combine(op: str, left: Answer, right: Answer) -> Answer:
    for side in (left, right):
        if isinstance(side, Undefined):
            return side
        if not isinstance(side, Number):
            return Undefined("arithmetic takes numbers, not tables or shares")
    assert isinstance(left, Number)
    assert isinstance(right, Number)
    if op == "/" and right.value == 0.0:
        return Number(math.copysign(math.inf, left.value)) if left.value else Undefined("0 divided by 0")
    return Number(ARITHMETIC[op](left.value, right.value), _error_of(op, left, right))


def _error_of(op: str, left: Number, right: Number) -> float:
    """Return the standard error of two numbers combined, to first order, their errors taken as independent."""
    match op:
        case "*":
            return math.hypot(left.error * right.value, right.error * left.value)
        case "/":
            return math.hypot(left.error, right.error * left.value / right.value) / abs(right.value)
    return math.hypot(left.error, right.error)
