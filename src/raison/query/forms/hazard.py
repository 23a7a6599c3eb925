"""`hazard(EVENT at DATE | ...)`: how often something would come about on a day, had it not by then.

The rate at which a condition comes to hold, or an act happens, at the end of that day, among the worlds in which it has
not since the start of the forecast, per unit of time: whether what has lasted so far goes on lasting.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace

from raison.query.answers import Answer
from raison.query.conditions import check_forecast, check_given, check_no_replay, end_of, resolve_given
from raison.query.forms.probability import check_event, event_in, resolve_event
from raison.query.syntax import Syntax
from raison.query.tree import NOTHING, Actions, Askable, Conditioned, Eventual, Given, Names


@dataclass(frozen=True)
class Hazard(Conditioned):
    """How often something comes about on a day, where it has not before."""

    event: Eventual
    date: datetime.date
    given: Given = NOTHING

    def __str__(self) -> str:
        given = str(self.given)
        return f"hazard({self.event} at {self.date}{' | ' if given else ''}{given})"

    def resolved(self, actions: Actions) -> Hazard:
        return replace(self, event=resolve_event(self.event, actions), given=resolve_given(self.given, actions))

    def problems(self, names: Names) -> list[str]:
        wrong = check_event(self.event, names) + check_given(self.given, names) + check_no_replay(self.given)
        return wrong + check_forecast(self.given, self.date, names)

    @property
    def day(self) -> datetime.date | None:
        return self.date

    def on(self, day: datetime.date) -> Hazard:
        return replace(self, date=day)

    def answer(self, world: Askable) -> Answer:
        return world.course(self.given).hazard(event_in(self.event, world), end_of(self.date, self.given, world))


def _build(event: Eventual, _: str, date: datetime.date, given: Given = NOTHING) -> Hazard:
    return Hazard(event, date, given)


HAZARD = Syntax("hazard", "event AT DATE given?", _build, "hazard")
