"""`P(EVENT by DATE | ...)`: the probability that a condition holds, or that something has come about, by a day's end.

P(C at t | record to s)          filter the record to s, then propagate to t
P(C by t | record to s)          the same with C made absorbing
P(C between t and u | ...)       the same, from where the world is at the beginning of day t
P(PLAYER ACTION by t | ...)      the same, with the act as part of the state: it happens after s
P(A and B by t | ...)            both acts have happened, in any order; with `or`, one of them
P(A before B by t | ...)         both made absorbing; A has come about by t, and B had not
do(...)                          the history is filtered in the game as it was; the forecast is made in the changed
                                 game, solved anew
surprise(...)                    the same, but players go on choosing as in the game as it was
had(...)                         the share of the record's histories, lived through again with the same luck
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from raison.chain import Act
from raison.chain.happening import Acts, Event
from raison.inference.outcome import Foreseen
from raison.query.answers import Answer, Number
from raison.query.conditions import (
    check_action,
    check_condition,
    check_forecast,
    check_given,
    end_of,
    forecast_start,
    mask,
    resolve_action,
    resolve_given,
    start_of,
)
from raison.query.syntax import Syntax
from raison.query.tree import (
    NOTHING,
    Actions,
    Askable,
    Course,
    Eventual,
    Foreseeable,
    Given,
    Happenings,
    Happens,
    Names,
)

SURE = 0.99
"""Probability from which a condition counts as so."""

MOST_ACTS = 4
"""Acts that one event may speak of: each doubles the states."""


class Moment(NamedTuple):
    """When something is asked for.

    Attributes:
        when: `at` the end of a day, `by` it, or `between` two days, both included.
        date: that day, or the second.
        begin: the first of two.
    """

    when: str
    date: datetime.date
    begin: datetime.date | None = None

    def __str__(self) -> str:
        return f"{self.when} {self.date}" if self.begin is None else f"{self.when} {self.begin} and {self.date}"


@dataclass(frozen=True)
class Probability(Foreseeable):
    """Probability that something is so at a day, or has come about by a day, perhaps before something else."""

    event: Eventual
    moment: Moment
    given: Given = NOTHING
    other: Eventual | None = None

    def __str__(self) -> str:
        return f"P({self.body})"

    @property
    def body(self) -> str:
        """Return what stands between the brackets."""
        given = str(self.given)
        before = "" if self.other is None else f" before {self.other}"
        return f"{self.event}{before} {self.moment}{' | ' if given else ''}{given}"

    def resolved(self, actions: Actions) -> Probability:
        event, other = resolve_event(self.event, actions), self.other and resolve_event(self.other, actions)
        return replace(self, event=event, other=other, given=resolve_given(self.given, actions))

    def problems(self, names: Names) -> list[str]:
        wrong = check_event(self.event, names) + ([] if self.other is None else check_event(self.other, names))
        day = self.moment.date
        if self.moment.when == "at" and (self.other is not None or isinstance(self.event, Happens | Happenings)):
            what = f"`{self.event}{'' if self.other is None else f' before {self.other}'}`"
            wrong.append(f"found `at {day}`, but {what} comes about some day; write `by {day}`.")
        wrong += check_given(self.given, names) + check_forecast(self.given, day, names)
        if self.moment.begin is not None:
            wrong += _check_begin(self.moment.begin, day, self.given, names)
        elif isinstance(self.event, Happens | Happenings) and _is_over(day, self.given, names):
            wrong.append(
                f"found `by {day}`, the day on which the forecast starts: no time is left in which anybody could act. "
                "Ask for a later day, know less (`record to DATE`), or ask what was: `| record, had(nothing)`."
            )
        return wrong

    def answer(self, world: Askable) -> Answer:
        return self.within(world.course(self.given), world)

    @property
    def day(self) -> datetime.date | None:
        return None if self.moment.begin else self.moment.date

    def on(self, day: datetime.date) -> Probability:
        return replace(self, moment=self.moment._replace(date=day))

    def within(self, course: Course, world: Askable) -> Number:
        """Return the probability as a course of a world has it."""
        event, other, begin, end = self._asked_in(world)
        if self.moment.when == "at" and not isinstance(event, Act | Acts):
            return course.at(event, end)
        return course.first(event, other, begin, end)

    def is_already(self, world: Askable) -> bool:
        """Return whether a condition that is to come about holds from the first, so that nothing is asked of time."""
        event, other, begin, _ = self._asked_in(world)
        if self.moment.when == "at" or other is not None or isinstance(event, Act | Acts):
            return False
        return world.course(self.given).at(event, begin).value > SURE

    def foreseen(self, world: Askable) -> Foreseen:
        known = None if self.given.record is None else start_of(self.given, world)
        event, other, begin, end = self._asked_in(world)
        begin = end if self.moment.when == "at" else begin
        return Foreseen(world.record(self.given.episode), known, event, other, begin, end)

    def _asked_in(self, world: Askable) -> tuple[Event, Event | None, float, float]:
        """Return the event, the one before which it is to come about, and from when to when."""
        begin = 0.0 if self.given.is_replay else start_of(self.given, world)
        if self.moment.begin is not None:
            begin = max(begin, world.record(self.given.episode).calendar.time_of(self.moment.begin))
        other = None if self.other is None else event_in(self.other, world)
        return event_in(self.event, world), other, begin, end_of(self.moment.date, self.given, world)


def _is_over(day: datetime.date, given: Given, names: Names) -> bool:
    """Return whether a forecast has ended as soon as it starts."""
    return given.record is not None and not given.is_replay and day == forecast_start(given, names)


def _check_begin(begin: datetime.date, end: datetime.date, given: Given, names: Names) -> list[str]:
    """Return what is wrong with the first of two days."""
    if begin > end:
        return [f"found `between {begin} and {end}`; the first date must not be after the second."]
    if given.record is not None and not given.is_replay and begin == forecast_start(given, names):
        return [f"found `between {begin}`, a day that the record is known to; begin on the day after it."]
    return check_forecast(given, begin, names)


def resolve_event(event: Eventual, actions: Actions) -> Eventual:
    """Return what may come about with every action under its exact name."""
    match event:
        case Happens():
            return _resolved(event, actions)
        case Happenings():
            return replace(event, parts=tuple(_resolved(part, actions) for part in event.parts))
    return event


def _resolved(act: Happens, actions: Actions) -> Happens:
    return replace(act, action=resolve_action(act.player, act.action, actions))


def check_event(event: Eventual, names: Names) -> list[str]:
    """Return what is wrong with what may come about; empty if nothing is."""
    match event:
        case Happens():
            return check_action(event.player, event.action, names.actions)
        case Happenings():
            wrong = [each for part in event.parts for each in check_action(part.player, part.action, names.actions)]
            if len(event.parts) > MOST_ACTS:
                wrong.append(f"`{event}` names {len(event.parts)} acts; at most {MOST_ACTS} can be asked for together.")
            return wrong
    return check_condition(event, names.variables)


def event_in(event: Eventual, world: Askable) -> Event:
    """Return what may come about as the chain knows it."""
    match event:
        case Happens():
            return Act(event.player, event.action)
        case Happenings():
            return Acts(tuple(Act(part.player, part.action) for part in event.parts), event.op == "and")
    return mask(event, world.space)


def read_probability(event: Eventual, *rest: Any) -> Probability:
    """Return a probability from the parts that stand between the brackets."""
    *other, moment = [part for part in rest if not isinstance(part, Given)]
    given = rest[-1] if isinstance(rest[-1], Given) else NOTHING
    return Probability(event, moment, given, *other)


BODY = "event (_BEFORE event)? when given?"
"""What stands between the brackets of a probability."""

PROBABILITY = Syntax("probability", BODY, read_probability, "P")
