"""`options(PLAYER at DATE | ...)`: what each of a player's actions would be worth to it, over waiting.

The value expected after the act, less that of waiting and less what it costs, in units of the player's shocks, where
the world is at the start of the forecast or at the end of a day and the action can be taken: the log of how many times
likelier the player is to take it than to wait, had it the chance.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from typing import Any

from raison.errors import did_you_mean
from raison.query.answers import Answer, Number, Parts, Undefined
from raison.query.conditions import check_forecast, check_given, check_no_replay, end_of, resolve_given, start_of
from raison.query.syntax import Syntax
from raison.query.tree import NOTHING, Actions, Askable, Conditioned, Given, Names


@dataclass(frozen=True)
class Options(Conditioned):
    """What each action of a player would be worth to it at the start of a forecast, or at the end of a day."""

    player: str
    date: datetime.date | None = None
    given: Given = NOTHING

    def __str__(self) -> str:
        at, given = f" at {self.date}" if self.date else "", str(self.given)
        return f"options({self.player}{at}{' | ' if given else ''}{given})"

    def resolved(self, actions: Actions) -> Options:
        return replace(self, given=resolve_given(self.given, actions))

    def problems(self, names: Names) -> list[str]:
        wrong = check_given(self.given, names) + check_no_replay(self.given)
        if self.player not in names.actions:
            wrong.append(f"no player `{self.player}`.{did_you_mean(self.player, names.actions)}")
        if self.date is not None:
            wrong += check_forecast(self.given, self.date, names)
        return wrong

    def answer(self, world: Askable) -> Answer:
        time = start_of(self.given, world) if self.date is None else end_of(self.date, self.given, world)
        found = world.course(self.given).options(self.player, time)
        if isinstance(found, Undefined):
            return found
        return Parts({action: Number(each) for action, each in found.items()})


def _build(player: str, *rest: Any) -> Options:
    date = next((each for each in rest if isinstance(each, datetime.date)), None)
    return Options(player, date, next((each for each in rest if isinstance(each, Given)), NOTHING))


OPTIONS = Syntax("options", "WORD (AT DATE)? given?", _build, "options")
