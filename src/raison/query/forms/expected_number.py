"""`E(number of PLAYER ACTION from DATE to DATE | ...)`: how many such acts are to be expected, seen or not.

The rate of the act, integrated over the time from the beginning of the first day to the end of the last, over where
the world may then be.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace

from raison.chain import Act
from raison.query.answers import Answer
from raison.query.conditions import (
    check_action,
    check_forecast,
    check_given,
    end_of,
    forecast_start,
    resolve_action,
    resolve_given,
    start_of,
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
        if (
            self.given.record is not None
            and not self.given.is_replay
            and self.begin == forecast_start(self.given, names)
        ):
            wrong.append(f"found `from {self.begin}`, a day that the record is known to; begin on the day after it.")
        wrong += check_forecast(self.given, self.begin, names)
        return wrong + (check_forecast(self.given, self.end, names) if self.given.is_replay else [])

    def answer(self, world: Askable) -> Answer:
        begin = world.record(self.given.episode).calendar.time_of(self.begin)
        if not self.given.is_replay:
            begin = max(begin, start_of(self.given, world))  # below it by rounding only
        end = end_of(self.end, self.given, world)
        return world.course(self.given).number(Act(self.player, self.action), begin, end)


def _build(
    player: str, action: str, begin: datetime.date, end: datetime.date, given: Given | None = None
) -> ExpectedNumber:
    return ExpectedNumber(player, action, begin, end, given or NOTHING)


EXPECTED_NUMBER = Syntax("expected_number", "_NUMBER_OF WORD WORD _FROM DATE _TO DATE given?", _build, "E")
