"""`P(EVENT by DATE | ...)`: the probability that a condition holds, or that something has come about, by a day's end.

P(C at t | record to s)          filter the record to s, then propagate to t
P(C by t | record to s)          the same with C made absorbing
P(PLAYER ACTION by t | ...)      the same, with the act as part of the state: it happens after s
P(A before B by t | ...)         both made absorbing; A has come about by t, and B had not
do(...)                          the history is filtered in the game as it was; the forecast is made in the changed
                                 game, solved anew
surprise(...)                    the same, but players go on choosing as in the game as it was
had(...)                         the share of the record's histories, lived through again with the same luck
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from typing import Any, Literal

from raison.chain import Act
from raison.chain.happening import Event
from raison.query.answers import Answer
from raison.query.conditions import (
    check_action,
    check_condition,
    check_forecast,
    check_given,
    end_of,
    mask,
    resolve_action,
    resolve_given,
)
from raison.query.syntax import Syntax
from raison.query.tree import NOTHING, Actions, Askable, Condition, Conditioned, Given, Happens, Names

When = Literal["at", "by"]
"""Whether something is asked for at a time, or for any time up to it."""


@dataclass(frozen=True)
class Probability(Conditioned):
    """Probability that something is so at a day, or has come about by a day, perhaps before something else."""

    event: Condition | Happens
    when: When
    date: datetime.date
    given: Given = NOTHING
    other: Condition | Happens | None = None

    def __str__(self) -> str:
        given = str(self.given)
        before = "" if self.other is None else f" before {self.other}"
        return f"P({self.event}{before} {self.when} {self.date}{' | ' if given else ''}{given})"

    def resolved(self, actions: Actions) -> Probability:
        event, other = resolve_event(self.event, actions), self.other and resolve_event(self.other, actions)
        return replace(self, event=event, other=other, given=resolve_given(self.given, actions))

    def problems(self, names: Names) -> list[str]:
        wrong = check_event(self.event, names) + ([] if self.other is None else check_event(self.other, names))
        if self.when == "at" and (self.other is not None or isinstance(self.event, Happens)):
            what = f"`{self.event}{'' if self.other is None else f' before {self.other}'}`"
            wrong.append(f"found `at {self.date}`, but {what} comes about some day; write `by {self.date}`.")
        return wrong + check_given(self.given, names) + check_forecast(self.given, self.date, names)

    def answer(self, world: Askable) -> Answer:
        course, time = world.course(self.given), end_of(self.date, self.given, world)
        if self.when == "at" and not isinstance(self.event, Happens):
            return course.at(mask(self.event, world.space), time)
        event, other = event_in(self.event, world), None if self.other is None else event_in(self.other, world)
        return course.first(event, other, time)


def resolve_event(event: Condition | Happens, actions: Actions) -> Condition | Happens:
    """Return what may come about with every action under its exact name."""
    if isinstance(event, Happens):
        return replace(event, action=resolve_action(event.player, event.action, actions))
    return event


def check_event(event: Condition | Happens, names: Names) -> list[str]:
    """Return what is wrong with what may come about; empty if nothing is."""
    if isinstance(event, Happens):
        return check_action(event.player, event.action, names.actions)
    return check_condition(event, names.variables)


def event_in(event: Condition | Happens, world: Askable) -> Event:
    """Return what may come about as the chain knows it."""
    return Act(event.player, event.action) if isinstance(event, Happens) else mask(event, world.space)


def _build(event: Condition | Happens, *rest: Any) -> Probability:
    *other, when, date = [part for part in rest if not isinstance(part, Given)]
    given = rest[-1] if isinstance(rest[-1], Given) else NOTHING
    return Probability(event, when, date, given, *other)


PROBABILITY = Syntax("probability", "event (_BEFORE event)? when DATE given?", _build, "P")
