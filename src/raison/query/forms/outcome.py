"""`outcome(EVENT by DATE | record ...)`: a forecast, and what came of it by what the record holds of later days.

The forecast is that of `P(...)`. What came is taken from the record to its end, and from what is held out of it: the
share of histories, drawn given all of it, in which the event came about, which is 0 or 1 where a record leaves no
doubt. With p the forecast and y what came,

    Brier score    y (1 - p)^2 + (1 - y) p^2
    log score      y log p + (1 - y) log (1 - p)

Source: gneiting2007 (docs/reference/references.md)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from raison.query.answers import Answer, Number, Parts, Undefined
from raison.query.forms.probability import BODY, Probability, read_probability
from raison.query.syntax import Syntax
from raison.query.tree import Actions, Askable, Form, Names

FORECAST, CAME, BRIER, LOG = "forecast", "that it came", "Brier score", "log score"
"""Parts of the answer."""


@dataclass(frozen=True)
class Outcome(Form):
    """How a forecast came out."""

    forecast: Probability

    def __str__(self) -> str:
        return f"outcome({self.forecast.body})"

    def resolved(self, actions: Actions) -> Outcome:
        return Outcome(self.forecast.resolved(actions))

    def problems(self, names: Names) -> list[str]:
        given, day = self.forecast.given, self.forecast.moment.date
        wrong = self.forecast.problems(names)
        wrong += [f"`{each}` did not happen, so nothing came of it; leave it out." for each in given.interventions]
        last = names.span(given.episode)[1]
        if names.until is not None and given.episode in ("", next(iter(names.spans))):
            last = max(last, names.until)
        if day > last:
            wrong.append(f"found the date {day}, but what came is known to {last} only.")
        return wrong

    def answer(self, world: Askable) -> Answer:
        forecast = self.forecast.answer(world)
        if not isinstance(forecast, Number):
            return forecast
        watched = world.record(self.forecast.given.episode)
        if world.later is not None and watched is world.record(""):
            watched = world.later
        if watched.plan.has_counts:
            return Undefined("a record in which acts are counted cannot be lived through again")
        came = self.forecast.within(world.history(watched), world)
        p, y = forecast.value, came.value
        with_log = y * _log(p) + (1.0 - y) * _log(1.0 - p)
        found = {
            FORECAST: forecast,
            CAME: came,
            BRIER: Number(y * (1.0 - p) ** 2 + (1.0 - y) * p**2, abs(1.0 - 2.0 * p) * came.error),
            LOG: Number(with_log, abs(_log(p) - _log(1.0 - p)) * came.error),
        }
        return Parts(found)


def _log(p: float) -> float:
    return math.log(max(p, SMALLEST))


SMALLEST = 1e-12
"""Probability below which a forecast is not told from none: it is good to less."""


def _build(*parts: Any) -> Outcome:
    return Outcome(read_probability(*parts))


OUTCOME = Syntax("outcome", BODY, _build, "outcome")
