"""`tells()`, `tells(VARIABLE)`: what would tell the explanations of a case apart.

What one more reading of a variable would weigh, given the record, and what watching longer would: the mean log Bayes
factor between two of the case's own explanations, as the study found it at the most probable numbers of each.
"""

from __future__ import annotations

from dataclasses import dataclass

from raison.errors import did_you_mean
from raison.query.answers import Answer, Number, Parts, Undefined
from raison.query.syntax import Syntax
from raison.query.tree import Askable, Form, Names

NOTHING_TRIED = "no study looked for it: that takes two explanations of a case at least"


@dataclass(frozen=True)
class Tells(Form):
    """What would tell more: of every variable the best reading, and watching longer; or each reading of a variable."""

    variable: str = ""

    def __str__(self) -> str:
        return f"tells({self.variable})"

    def problems(self, names: Names) -> list[str]:
        known = [variable.name for variable in names.variables]
        if self.variable and self.variable not in known:
            return [f"no variable `{self.variable}`.{did_you_mean(self.variable, known)}"]
        return []

    def answer(self, world: Askable) -> Answer:
        found: dict[str, Number] = {}
        seen: set[tuple[str, str]] = set()
        for each in world.promising:
            is_best = not each.variable or (each.variable, each.of) not in seen
            seen.add((each.variable, each.of))
            is_asked = each.variable == self.variable if self.variable else is_best
            if is_asked:
                found[each.what] = Number(each.expected, each.error)
        return Parts(found) if found else Undefined(NOTHING_TRIED)

    @property
    def speaks_of_explanations(self) -> bool:
        return True


def _build(variable: str = "") -> Tells:
    return Tells(variable)


TELLS = Syntax("tells", "WORD?", _build, "tells")
