"""`P(CONDITION at DATE | ...)`: the probability that a condition holds at the end of a day, or has held by then.

P(C at t | record to s)   filter the record to s, then propagate to t
P(C by t | record to s)   the same with C made absorbing
do(...)                   the history is filtered in the game as it was; the forecast is made in the changed game,
                          solved anew
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace

from raison.chain.motion import When
from raison.errors import QueryError
from raison.query.answers import Answer, Number
from raison.query.conditions import check_condition, check_given, forecast_start, mask, resolve_given
from raison.query.syntax import Syntax
from raison.query.tree import NOTHING, Actions, Askable, Condition, Form, Given, Names


@dataclass(frozen=True)
class Probability(Form):
    """Probability that a condition holds at a day, or has held by a day."""

    condition: Condition
    when: When
    date: datetime.date
    given: Given = NOTHING

    def __str__(self) -> str:
        given = str(self.given)
        return f"P({self.condition} {self.when} {self.date}{' | ' if given else ''}{given})"

    def resolved(self, actions: Actions) -> Probability:
        return replace(self, given=resolve_given(self.given, actions))

    def problems(self, names: Names) -> list[str]:
        wrong = check_condition(self.condition, names.variables)
        return wrong + check_given(self.given, names) + self._check_date(names)

    def _check_date(self, names: Names) -> list[str]:
        """Dates must be in order: the first day of the case, the start of the forecast, the date asked for."""
        start = forecast_start(self.given, names)
        if not names.begin <= start <= names.until:
            return [f"`record to {start}`: the record runs from {names.begin} to {names.until}."]
        if self.date < start:
            return [f"found the date {self.date}, but the forecast starts on {start}; ask for a later day."]
        return []

    def answer(self, world: Askable) -> Answer:
        begin, distribution = world.known(self.given)
        elapsed = world.record.calendar.end_of(self.date) - begin
        if elapsed < 0:
            raise QueryError(
                f"{self}: the day asked about lies before the forecast starts. Condition on less of the record."
            )
        target = mask(self.condition, world.space)
        return Number(world.moving(self.given).forecast(distribution, elapsed, target, self.when))


def _build(condition: Condition, when: When, date: datetime.date, given: Given | None = None) -> Probability:
    return Probability(condition, when, date, given or NOTHING)


PROBABILITY = Syntax("probability", "condition when DATE given?", _build, "P")
