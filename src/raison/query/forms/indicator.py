"""`value(NAME at DATE)`: an indicator, looked up."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from raison.errors import did_you_mean
from raison.query.answers import Answer, Number
from raison.query.syntax import Syntax
from raison.query.tree import LOOKED_UP, Askable, Form, Names


@dataclass(frozen=True)
class IndicatorValue(Form):
    """Value of an indicator on a date."""

    indicator: str
    date: datetime.date

    def __str__(self) -> str:
        return f"value({self.indicator} at {self.date})"

    def problems(self, names: Names) -> list[str]:
        known = {name for name, _ in names.indicators}
        if self.indicator not in known:
            return [f"no indicator `{self.indicator}`.{did_you_mean(self.indicator, sorted(known))}"]
        if (self.indicator, self.date) not in names.indicators:
            dates = sorted(str(day) for name, day in names.indicators if name == self.indicator)
            near = did_you_mean(str(self.date), dates)
            return [f"indicator `{self.indicator}` has no value at {self.date}.{near}"]
        return []

    def answer(self, world: Askable) -> Answer:
        return Number(world.indicators[self.indicator, self.date])

    @property
    def rests_on(self) -> str:
        return LOOKED_UP


def _build(indicator: str, _: str, date: datetime.date) -> IndicatorValue:
    return IndicatorValue(indicator, date)


INDICATOR = Syntax("indicator", "WORD AT DATE", _build, "value")
