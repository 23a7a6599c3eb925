"""`sensitivity(EVENT by DATE | ...)`, `pivots(EVENT by DATE | ...)`: on which numbers of the case an outcome hangs.

sensitivity    d log odds of the outcome / d log number, for every number: all from one adjoint solve of the game; of
               every shock of the record that is known, the change of the log odds if it came a day later
pivots         where each number, moved alone, makes the outcome as likely as not; of every such shock, how many days
               later (below 0, earlier) it would

Both are asked of the game as it is: a number is other from the first day on, the record is weighed anew with it, and
all know it. `pivots` is asked at the most probable numbers of each explanation alone: it solves the game some dozens
of times.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from raison.query.answers import Answer, Number, Parts, Table, Undefined
from raison.query.conditions import check_unchanged
from raison.query.forms.probability import BODY, Probability, read_probability
from raison.query.syntax import Syntax
from raison.query.tree import Actions, Askable, Form, Names


@dataclass(frozen=True)
class _OfOutcome(Form):
    """A question about the numbers on which an outcome hangs."""

    keyword: ClassVar[str]

    outcome: Probability

    def __str__(self) -> str:
        return f"{self.keyword}({self.outcome.body})"

    def resolved(self, actions: Actions) -> Form:
        return type(self)(self.outcome.resolved(actions))

    def problems(self, names: Names) -> list[str]:
        return self.outcome.problems(names) + check_unchanged(self.outcome.given, self.keyword)

    @classmethod
    def syntax(cls) -> Syntax:
        """Return how it is written."""

        def build(*parts: Any) -> Form:
            return cls(read_probability(*parts))

        return Syntax(cls.keyword, BODY, build, cls.keyword)


class Sensitivity(_OfOutcome):
    """How much each number moves the odds of an outcome."""

    keyword = "sensitivity"

    def answer(self, world: Askable) -> Answer:
        found = world.slopes(self.outcome)
        if isinstance(found, Undefined):
            return found
        return Parts({name: Number(each) for name, each in found.items()})


class Pivots(_OfOutcome):
    """Where each number turns an outcome."""

    keyword = "pivots"

    @property
    def is_at_mode(self) -> bool:
        return True

    def answer(self, world: Askable) -> Answer:
        found = world.turns(self.outcome)
        if isinstance(found, Undefined):
            return found
        if not found:
            return Undefined("no number, moved alone and not much beyond its range, makes it as likely as not")
        return Table(COLUMNS, {name: tuple(Number(value) for value in turn) for name, turn in found.items()})


COLUMNS = ("now", "turns at", "range from", "to")
"""Of what is told of a number that turns an outcome."""

SENSITIVITY = Sensitivity.syntax()
PIVOTS = Pivots.syntax()
