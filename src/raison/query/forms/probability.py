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
from raison.query.answers import Answer, Number
from raison.query.conditions import check_condition, check_forecast, check_given, elapsed_until, mask, resolve_given
from raison.query.syntax import Syntax
from raison.query.tree import NOTHING, Actions, Askable, Condition, Conditioned, Given, Names


@dataclass(frozen=True)
class Probability(Conditioned):
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
        return wrong + check_given(self.given, names) + check_forecast(self.given, self.date, names)

    def answer(self, world: Askable) -> Answer:
        begin, distribution = world.known(self.given)
        elapsed = elapsed_until(self, self.date, self.given, begin, world)
        target = mask(self.condition, world.space)
        return Number(world.moving(self.given).forecast(distribution, elapsed, target, self.when))


def _build(condition: Condition, when: When, date: datetime.date, given: Given | None = None) -> Probability:
    return Probability(condition, when, date, given or NOTHING)


PROBABILITY = Syntax("probability", "condition when DATE given?", _build, "P")
