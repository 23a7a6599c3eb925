"""One explanation at one set of numbers, ready to be asked; questions are answered by their forms."""

from __future__ import annotations

import datetime
import functools
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, runtime_checkable

import numpy as np
from scipy.optimize import brentq

from raison.arrays import PlayerValues, StateNumbers, StateVector
from raison.chain import Motion
from raison.chain.filters import Filtered
from raison.errors import NotConverged
from raison.game import Game, StateSpace
from raison.inference.model import Parameter
from raison.inference.prior import Q95, Prior
from raison.inference.reasons import Reasons
from raison.once import once
from raison.query.answers import Answer, Number, Undefined
from raison.query.conditions import forms_in, start_of
from raison.query.course import NOBODY, Forecast, Phase, Played
from raison.query.intervention import intervene, setting
from raison.query.replays import Lived, Replays, live
from raison.query.tree import (
    ASSUMED,
    INFERRED,
    LOOKED_UP,
    NOTHING,
    SURPRISE,
    Arithmetic,
    Change,
    Constant,
    Course,
    Expression,
    Foreseeable,
    Form,
    Given,
    Intervention,
    Options,
    Promising,
    Query,
    SetLevel,
    SetNumber,
    StateOptions,
    Test,
    Turn,
    Unchanged,
)
from raison.record import Seen, Shock, WatchedRecord
from raison.record.watched import SAME_TIME, occupied

ARITHMETIC = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
INFINITE = "both sides are infinite: something is divided by 0"
UNCOMPARED = "a comparison takes numbers, not tables or shares"

FAR = 5.0
"""How far beyond the middle of its range a number is moved, in standard deviations; the ends lie at 1.64."""

MOST_TURNS = 8
"""Numbers of which it is looked for where they turn an outcome: those that would have to be moved the least."""

EVEN = 0.01
"""Log odds from which one more step along the chord leads to where they are even: its error is of second order."""

MOST_CHORDS = 20
"""Steps along chords, at most."""

THE_OUTCOME = "its probability"
"""The first row of what turns an outcome."""

DAYS_TRIED = (15.0, 45.0, 90.0, 180.0)
"""Days by which a shock is moved to find where it turns an outcome."""

MOST_DAYS = DAYS_TRIED[-1]

FLAT = 1e-6
"""Elasticity that is rounding."""

SURE = 1e-9
"""Probability that is not told from 0."""

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
        later: the first record with what is held out of it; None if nothing is.
        promising: what would tell the explanations apart, the best first.
    """

    space: StateSpace
    records: tuple[WatchedRecord, ...]
    indicators: Mapping[tuple[str, datetime.date], float] = field(default_factory=dict)
    probabilities: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    later: WatchedRecord | None = None
    promising: Sequence[Promising] = ()


class _NoAnswerError(Exception):
    """A question has no answer here."""


@runtime_checkable
class Rules(Protocol):
    """How a game is made from its numbers, and played."""

    def number(self, name: str) -> float:
        """Return a number of the case."""
        ...

    def game(self, changes: Sequence[SetNumber]) -> Game | Undefined:
        """Return the game with some numbers changed; undefined where they make no game."""
        ...

    def play(self, game: Game, near: PlayerValues | None) -> Played:
        """Solve a game, from the values of a similar one if they are given. Raises `NotConverged`."""
        ...

    def keep_on(self, game: Game, played: Played) -> Motion:
        """Return how the world moves in a game whose players go on choosing as in another of the same actions."""
        ...

    def choices(self, played: Played, player: str) -> StateOptions:
        """Return how likely each option of a player is, waiting first. Shape `[1 + actions, states]`."""
        ...

    def slopes(self, seen: Seen) -> Mapping[str, float]:
        """Return d log likelihood / d number of something that may be seen, for the numbers of the case.

        Raises `NotConverged`.
        """
        ...

    @property
    def parameters(self) -> Sequence[Parameter]:
        """Return the numbers with what is believed of them."""
        ...

    def with_number(self, name: str, value: float) -> Rules:
        """Return the rules at another value of a number."""
        ...


class World:
    """One explanation at one set of numbers.

    Args:
        facts: what is the same under every explanation.
        rules: how its game is made and played.
        near: the same explanation at nearby numbers, whose solved games are good places to start from.
        start: about the values of its players, if they are known.
    """

    def __init__(
        self, facts: Facts, rules: Rules, *, near: World | None = None, start: PlayerValues | None = None
    ) -> None:
        self._facts = facts
        self._rules = rules
        self._near = near
        self._start = start
        self._changed: dict[frozenset[str], Played] = {}
        self._answered: dict[Form, Answer] = {}
        self._courses: dict[Given, Course] = {}
        self._lived: dict[tuple[str, float], Lived] = {}
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

    @property
    def promising(self) -> Sequence[Promising]:
        return self._facts.promising

    def believing(self, probabilities: Mapping[str, Mapping[str, float]]) -> World:
        """Return the same world with other probabilities of the explanations; what was answered is kept."""
        facts = replace(self._facts, probabilities=probabilities)
        other = World(facts, self._rules, near=self._near, start=self._start)
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
                    try:
                        self._answered[expression] = expression.answer(self)
                    except _NoAnswerError as error:
                        self._answered[expression] = Undefined(str(error))
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

    def course(self, given: Given) -> Course:
        """Return what may come from what is known, or what would have been.

        Errors:
            `NotConverged` if a game is not solved.
        """
        if given not in self._courses:
            self._courses[given] = self._replays(given) if given.is_replay else self.forecast(given)
        return self._courses[given]

    def forecast(self, given: Given) -> Forecast:
        """Return what may come from what is known. Raises as `course`."""
        begin, where = self._known_at(given)
        return Forecast(where, self._phases(given, begin))

    def _replays(self, given: Given) -> Replays:
        watched = self.record(given.episode)
        if watched.plan.has_counts:
            raise _NoAnswerError("a record in which acts are counted cannot be lived through again")
        end, _ = self._known_at(given)
        return self._replayed(watched, end, self._phases(given, 0.0))

    def _replayed(self, watched: WatchedRecord, end: float, phases: Sequence[Phase]) -> Replays:
        key = (watched.name, end)
        if key not in self._lived:
            self._lived[key] = live(watched, self.motion, end)
        has_choices = self._played(()).values is not None
        return Replays(self._lived[key], phases, has_choices=has_choices)

    def lived(self, given: Given) -> Replays | Undefined:
        """Return the record's histories, lived through again; undefined where they cannot be. Raises as `course`."""
        try:
            course = self.course(given)
        except _NoAnswerError as error:
            return Undefined(str(error))
        assert isinstance(course, Replays)
        return course

    def history(self, watched: WatchedRecord) -> Replays:
        """Return a record as it was, up to its end."""
        return self._replayed(watched, watched.record.until, self._phases(NOTHING, 0.0))

    @property
    def later(self) -> WatchedRecord | None:
        return self._facts.later

    def whereabouts(self, given: Given, time: float) -> StateVector:
        """Return where the world is at a time, from the start of a forecast on."""
        return self.forecast(given).distribution(time)

    def options(self, player: str, changes: Sequence[Change]) -> Options | Undefined:
        """Return what a player chooses between if some things are changed, and how likely each option is."""
        played = self._played([each for each in changes if not isinstance(each, Unchanged)])
        if played.values is None:
            return Undefined(NOBODY)
        target = setting(self.space, changes)
        names = next(each for each in played.game.players if each.name == player).actions
        return Options(
            tuple(action.name for action in names),
            self._rules.choices(played, player),
            np.arange(self.space.size) if target is None else target,
        )

    def slopes(self, outcome: Foreseeable) -> Mapping[str, float] | Undefined:
        """Return d log odds / d log number of an outcome, for every number of the case."""
        probability = self._uncertain(outcome)
        if isinstance(probability, Undefined):
            return probability
        known = self._elasticities(outcome, probability)
        for name, shift in self._shocks(outcome).items():
            known[name] = _by_day(shift, _log_odds(probability))
        return known

    def _elasticities(self, outcome: Foreseeable, probability: float) -> dict[str, float]:
        """Return d log odds / d log number of an outcome of this probability, for every number of the case."""
        found = self._rules.slopes(outcome.foreseen(self))
        return {name: each * self._rules.number(name) / (1.0 - probability) for name, each in found.items()}

    def _shocks(self, outcome: Foreseeable) -> Mapping[str, Callable[[float], float]]:
        """Return for every shock that is known what the log odds of an outcome are if it came so many days later."""
        given = outcome.given
        watched = self.record(given.episode)
        if given.record is None:
            return {}
        known, days, found = start_of(given, self), watched.calendar.days, {}
        for item in watched.record.items:
            if not isinstance(item, Shock) or item.time >= known - SAME_TIME:
                continue

            def shift(later: float, item: Shock = item) -> float:
                time = item.time + later / days
                if not 0.0 <= time < known - SAME_TIME:
                    return math.nan
                others = [each for each in watched.record.items if each is not item]
                items = tuple(sorted([*others, replace(item, time=time)], key=lambda each: each.time))
                moved = replace(watched, record=replace(watched.record, items=items))
                records = tuple(moved if each is watched else each for each in self._facts.records)
                other = World(replace(self._facts, records=records), self._rules)
                other._changed = self._changed
                answer = other.answer(outcome)
                assert isinstance(answer, Number)
                return _log_odds(answer.value)

            day = watched.calendar.date_of(item.time)
            found[f"days by which {item.who} {item.what} comes later than {day}"] = shift
        return found

    def turns(self, outcome: Foreseeable) -> Mapping[str, Turn] | Undefined:
        """Return where each number, moved alone, makes an outcome as likely as not; see `Askable`."""
        probability = self._uncertain(outcome)
        if isinstance(probability, Undefined):
            return probability
        slopes = self._elasticities(outcome, probability)
        priors = {each.name: each.prior for each in self._rules.parameters if each.prior.is_free}
        guesses: list[tuple[float, str, float]] = []
        for name in slopes.keys() & priors.keys():
            if abs(slopes[name]) <= FLAT:
                continue
            now, prior = self._rules.number(name), priors[name]
            by_z = slopes[name] / now * prior.slope(prior.standardised(now))
            step = -_log_odds(probability) / by_z
            if abs(step) <= FAR:
                guesses.append((abs(step), name, step))
        found = {}
        for _, name, step in sorted(guesses)[:MOST_TURNS]:
            prior, now = priors[name], self._rules.number(name)
            value = self._turn(outcome, name, prior, step, probability)
            if value is not None:
                found[name] = Turn(now, value, prior.value(-Q95), prior.value(Q95))
        for name, shift in self._shocks(outcome).items():
            turn = _turning_day(shift, _log_odds(probability))
            if turn is not None:
                found[name] = Turn(0.0, turn, -MOST_DAYS, MOST_DAYS)
        return {THE_OUTCOME: Turn(probability, 0.5, 0.0, 1.0), **found} if found else {}

    def _turn(self, outcome: Foreseeable, name: str, prior: Prior, step: float, probability: float) -> float | None:
        """Return where a number makes an outcome as likely as not, about a step away; None if it does nowhere near."""
        here = prior.standardised(self._rules.number(name))
        near = self

        @functools.cache
        def odds(z: float) -> float:
            nonlocal near
            if z == here:
                return _log_odds(probability)
            near = World(self._facts, self._rules.with_number(name, prior.value(z)), near=near)
            answer = near.answer(outcome)
            near._near = None  # what it began from need not be kept
            if not isinstance(answer, Number):
                raise NotConverged("the outcome has no probability there.")
            return _log_odds(answer.value)

        try:
            for reach in (1.0, 1.6, 2.6):
                there = min(max(here + reach * step, -FAR), FAR)
                if odds(there) * odds(here) <= 0.0:
                    return prior.value(_even(odds, here, there))
        except NotConverged:
            return None
        return None

    def _uncertain(self, outcome: Foreseeable) -> float | Undefined:
        """Return the probability of an outcome that may come or not."""
        answer = self.answer(outcome)
        if not isinstance(answer, Number):
            return answer if isinstance(answer, Undefined) else Undefined("it is no probability")
        if not SURE < answer.value < 1.0 - SURE:
            return Undefined(f"it is certain here: its probability is {answer.value:.3g}")
        return answer.value

    def _phases(self, given: Given, begin: float) -> list[Phase]:
        """Return how the world moves from a time on, phase by phase."""
        calendar = self.record(given.episode).calendar
        spans = [
            (
                begin if each.begin is None else calendar.time_of(each.begin),
                math.inf if each.end is None else calendar.end_of(each.end),
            )
            for each in given.interventions
        ]
        cuts = sorted({begin, *(time for span in spans for time in span if begin < time < math.inf)})
        dated = [
            (each, span)
            for each, span in zip(given.interventions, spans, strict=True)
            if not isinstance(each.change, Unchanged)
        ]
        phases = []
        for cut in cuts:
            here = [each for each, (since, until) in dated if since <= cut < until]
            new = [each.change for each, (since, _) in dated if since == cut]
            phases.append(self._phase(cut, here, setting(self.space, new)))
        return phases

    def _phase(self, begin: float, interventions: Sequence[Intervention], target: StateNumbers | None) -> Phase:
        foreseen = [each.change for each in interventions if each.how != SURPRISE]
        unforeseen = [each.change for each in interventions if each.how == SURPRISE]
        played = self._played(foreseen)
        motion = played.motion
        if unforeseen:
            motion = self._rules.keep_on(self._game([*foreseen, *unforeseen]), played)
        held = tuple(each.change.variable for each in interventions if isinstance(each.change, SetLevel))
        return Phase(begin, motion, played, target, held)

    def _game(self, changes: Sequence[Change]) -> Game:
        """Return the game with all changes made. Raises `_NoAnswerError`."""
        game = self._rules.game([each for each in changes if isinstance(each, SetNumber)])
        if isinstance(game, Undefined):
            raise _NoAnswerError(game.why)
        return intervene(game, changes)

    def _played(self, changes: Sequence[Change]) -> Played:
        """Return the changed game as it is played; the level at which a variable is held is no part of it."""
        key = frozenset(each.variable if isinstance(each, SetLevel) else str(each) for each in changes)
        if key not in self._changed:
            self._changed[key] = self._rules.play(self._game(changes), self._guess(changes))
        return self._changed[key]

    def parameter(self, name: str) -> float:
        """Return a number of the case."""
        return self._rules.number(name)

    def reasons(self) -> Reasons | Undefined:
        """Return what these values are made of, if nothing is changed."""
        return self._reasons

    @once
    def _reasons(self) -> Reasons | Undefined:
        played = self._played(())
        return Undefined(NOBODY) if played.values is None else Reasons(played.game, played.values)

    def _guess(self, changes: Sequence[Change]) -> PlayerValues | None:
        """Return about what the values of the changed game are: those nearby, moved as without the change."""
        if not changes and self._start is not None:
            return self._start
        if self._near is None:
            return None
        near = self._near._played(changes).values
        if near is None or not changes:
            return near
        here, there = self._played(()).values, self._near._played(()).values
        return near if here is None or there is None else near + here - there

    @property
    def motion(self) -> Motion:
        """Return how the world moves if nothing is changed."""
        return self._played(()).motion

    @property
    def values(self) -> PlayerValues | None:
        """Return the values of the players if nothing is changed; None where nobody weighs anything."""
        return self._played(()).values

    @property
    def occupied(self) -> StateVector:
        """Return the share of the record's time that the world spends in each state, before anything is seen."""
        return self._occupied

    @once
    def _occupied(self) -> StateVector:
        return occupied(self.motion, self._facts.records)

    def _known_at(self, given: Given) -> tuple[float, StateVector]:
        """Return when a forecast starts, and where the world is then."""
        key = (given.record, given.episode)
        if key not in self._known:
            self._known[key] = self._seen(given)
        return self._known[key]

    def _seen(self, given: Given) -> tuple[float, StateVector]:
        watched = self.record(given.episode)
        time = start_of(given, self)
        if given.record is None:
            return time, watched.start
        return time, watched.whereabouts(self.motion, lambda: self.filtered(watched), time)

    def filtered(self, watched: WatchedRecord) -> Filtered:
        """Return a record, filtered."""
        if watched.name not in self._filtered:
            self._filtered[watched.name] = self.motion.filter(watched.plan, watched.start)
        return self._filtered[watched.name]


def _even(odds: Callable[[float], float], one: float, other: float) -> float:
    """Return where log odds of opposite signs at two points are even, by chords (the Illinois method).

    Errors:
        `NotConverged` if they do not get there.
    """
    a, b, at_a, at_b = one, other, odds(one), odds(other)
    last, at_last = a, at_a
    for _ in range(MOST_CHORDS):
        if abs(at_b) <= EVEN:
            return b - at_b * (b - last) / (at_b - at_last) if at_b != at_last else b
        z = b - at_b * (b - a) / (at_b - at_a)
        here = odds(z)
        last, at_last = b, at_b
        a, at_a = (b, at_b) if here * at_b < 0.0 else (a, 0.5 * at_a)
        b, at_b = z, here
    raise NotConverged("it was not found where the outcome is as likely as not.")


def _by_day(shift: Callable[[float], float], now: float) -> float:
    """Return by how much log odds rise if something comes a day later; from one side where the other has no room."""
    later, earlier = shift(1.0) - now, now - shift(-1.0)
    both = [each for each in (later, earlier) if math.isfinite(each)]
    return math.fsum(both) / len(both) if both else 0.0


def _turning_day(shift: Callable[[float], float], now: float) -> float | None:
    """Return by how many days later (below 0, earlier) something makes the log odds 0; None if nowhere near."""
    turns = []
    for side in (1.0, -1.0):
        before = 0.0
        for days in DAYS_TRIED:
            there = shift(side * days)
            if not math.isfinite(there):
                break
            if there * now <= 0.0:
                turns.append(float(brentq(shift, side * before, side * days, xtol=0.5)))  # pyright: ignore
                break
            before = days
    return min(turns, key=abs, default=None)


def _log_odds(probability: float) -> float:
    inside = min(max(probability, SURE), 1.0 - SURE)
    return math.log(inside / (1.0 - inside))


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
