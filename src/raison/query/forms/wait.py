"""`E(months until EVENT | ...)`: how long it is to be expected to take until a condition holds or an act happens.

The time from the start of the forecast until what is asked for has come about, with the chain made to stop there. It is
infinite where it may never come about. The unit is that of the question: days, weeks, months or years.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from raison.query.answers import Answer, Number, Undefined
from raison.query.conditions import check_given, check_no_replay, resolve_given
from raison.query.forms.probability import check_event, event_in, resolve_event
from raison.query.syntax import Syntax
from raison.query.tree import NOTHING, Actions, Askable, Conditioned, Eventual, Given, Names

DAYS = {"days": 1.0, "weeks": 7.0, "months": 365.25 / 12, "years": 365.25}
"""Days in a unit of the answer."""


@dataclass(frozen=True)
class ExpectedWait(Conditioned):
    """How long it takes until something comes about, on average."""

    unit: str
    event: Eventual
    given: Given = NOTHING

    def __str__(self) -> str:
        given = str(self.given)
        return f"E({self.unit} until {self.event}{' | ' if given else ''}{given})"

    def resolved(self, actions: Actions) -> ExpectedWait:
        return replace(self, event=resolve_event(self.event, actions), given=resolve_given(self.given, actions))

    def problems(self, names: Names) -> list[str]:
        return check_event(self.event, names) + check_given(self.given, names) + check_no_replay(self.given)

    def answer(self, world: Askable) -> Answer:
        found = world.course(self.given).wait(event_in(self.event, world))
        if isinstance(found, Undefined):
            return found
        days = world.record(self.given.episode).calendar.days / DAYS[self.unit]
        return Number(found.value * days, found.error * days)


def _build(unit: str, event: Eventual, given: Given = NOTHING) -> ExpectedWait:
    return ExpectedWait(str(unit), event, given)


EXPECTED_WAIT = Syntax("expected_wait", "UNIT _UNTIL event given?", _build, "E")
