"""`E(number of PLAYER ACTION from DATE to DATE | ...)`: how many such acts are to be expected, seen or not.

The rate of the act, integrated over the time from the beginning of the first day to the end of the last, over where
the world may then be.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace

import numpy as np

from raison.chain import Act
from raison.query.answers import Answer, Number
from raison.query.conditions import (
    check_action,
    check_forecast,
    check_given,
    elapsed_until,
    forecast_start,
    resolve_action,
    resolve_given,
)
from raison.query.syntax import Syntax
from raison.query.tree import NOTHING, Actions, Askable, Conditioned, Given, Names


@dataclass(frozen=True)
class ExpectedNumber(Conditioned):
    """How many acts of a kind are to be expected from one day to another, both included."""

    player: str
    action: str
    begin: datetime.date
    end: datetime.date
    given: Given = NOTHING

    def __str__(self) -> str:
        given = str(self.given)
        span = f"from {self.begin} to {self.end}"
        return f"E(number of {self.player} {self.action} {span}{' | ' if given else ''}{given})"

    def resolved(self, actions: Actions) -> ExpectedNumber:
        action = resolve_action(self.player, self.action, actions)
        return replace(self, action=action, given=resolve_given(self.given, actions))

    def problems(self, names: Names) -> list[str]:
        wrong = check_action(self.player, self.action, names.actions) + check_given(self.given, names)
        if self.begin > self.end:
            wrong.append(f"found `from {self.begin} to {self.end}`; the first date must not be after the second.")
        if self.given.record is not None and self.begin == forecast_start(self.given, names):
            wrong.append(f"found `from {self.begin}`, a day that the record is known to; begin on the day after it.")
        return wrong + check_forecast(self.given, self.begin, names)

    def answer(self, world: Askable) -> Answer:
        start, where = world.known(self.given)
        motion, calendar = world.moving(self.given), world.record(self.given.episode).calendar
        waiting = max(calendar.time_of(self.begin) - start, 0.0)  # below it by rounding only
        until = elapsed_until(self, self.end, self.given, start, world)
        rate = np.asarray(motion.rate(Act(self.player, self.action)))
        there = motion.distribution(where, waiting) if waiting else where
        return Number(float(np.asarray(motion.time_average(there, until - waiting)) @ rate) * (until - waiting))


def _build(
    player: str, action: str, begin: datetime.date, end: datetime.date, given: Given | None = None
) -> ExpectedNumber:
    return ExpectedNumber(player, action, begin, end, given or NOTHING)


EXPECTED_NUMBER = Syntax("expected_number", "_NUMBER_OF WORD WORD _FROM DATE _TO DATE given?", _build, "E")
