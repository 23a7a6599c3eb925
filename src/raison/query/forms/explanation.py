"""`posterior(NAME)`: how probable an explanation is by the record, and by the clues if one says so."""

from __future__ import annotations

from dataclasses import dataclass

from raison.errors import did_you_mean
from raison.query.answers import Answer, Number
from raison.query.syntax import Syntax
from raison.query.tree import RECORD, Askable, Form, Names


@dataclass(frozen=True)
class ExplanationProbability(Form):
    """Posterior probability of an explanation; `basis` is what it rests on."""

    explanation: str
    basis: str = RECORD

    def __str__(self) -> str:
        return f"posterior({self.explanation}{'' if self.basis == RECORD else f' | {self.basis}'})"

    def problems(self, names: Names) -> list[str]:
        problems = []
        if self.explanation not in names.explanations:
            problems.append(f"no explanation `{self.explanation}`.{did_you_mean(self.explanation, names.explanations)}")
        if self.basis != RECORD and not names.has_clues:
            problems.append(f"`{self}` asks for clues, and the case has none.")
        return problems

    def answer(self, world: Askable) -> Answer:
        return Number(world.probabilities[self.basis][self.explanation])

    @property
    def speaks_of_explanations(self) -> bool:
        return True


EXPLANATION = Syntax("explanation", "WORD basis?", ExplanationProbability, "posterior")
