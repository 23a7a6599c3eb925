"""`payoff(PLAYER | ...)`: what a player may expect from then on, in units of the shocks of its choices.

The expected value of its motives, costs and choices, discounted by its horizon, where the world is at the start of the
forecast, or at the end of a day. Weights have no scale between players: two players' payoffs cannot be compared.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from raison.errors import did_you_mean
from raison.query.answers import Answer
from raison.query.conditions import check_forecast, check_given, check_no_replay, end_of, resolve_given, start_of
from raison.query.syntax import Syntax
from raison.query.tree import NOTHING, Actions, Askable, Conditioned, Given, Names


@dataclass(frozen=True)
class OfPlayer(Conditioned):
    """A question about a player, from the start of a forecast on, or from the end of a day on."""

    keyword: ClassVar[str]

    player: str
    date: datetime.date | None = None
    given: Given = NOTHING

    def __str__(self) -> str:
        at, given = f" at {self.date}" if self.date else "", str(self.given)
        return f"{self.keyword}({self.player}{at}{' | ' if given else ''}{given})"

    def resolved(self, actions: Actions) -> Self:
        return replace(self, given=resolve_given(self.given, actions))

    def problems(self, names: Names) -> list[str]:
        wrong = check_given(self.given, names) + check_no_replay(self.given)
        if self.player not in names.actions:
            wrong.append(f"no player `{self.player}`.{did_you_mean(self.player, names.actions)}")
        if self.date is not None:
            wrong += check_forecast(self.given, self.date, names)
        return wrong

    @property
    def scale(self) -> str:
        return self.player

    def time(self, world: Askable) -> float:
        """Return the time from which on it is asked."""
        return start_of(self.given, world) if self.date is None else end_of(self.date, self.given, world)

    @classmethod
    def syntax(cls) -> Syntax:
        """Return how it is written."""

        def build(player: str, *rest: Any) -> OfPlayer:
            date = next((each for each in rest if isinstance(each, datetime.date)), None)
            return cls(player, date, next((each for each in rest if isinstance(each, Given)), NOTHING))

        return Syntax(cls.keyword, "WORD (AT DATE)? given?", build, cls.keyword)


class Payoff(OfPlayer):
    """What a player may expect."""

    keyword = "payoff"

    def answer(self, world: Askable) -> Answer:
        return world.course(self.given).worth(self.player, self.time(world))


PAYOFF = Payoff.syntax()
