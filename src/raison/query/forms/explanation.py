"""`posterior(NAME)`: how probable an explanation is, given the record and the list of rivals."""

from __future__ import annotations

from dataclasses import dataclass

from raison.errors import did_you_mean
from raison.query.answers import Answer, Number
from raison.query.syntax import Syntax
from raison.query.tree import Askable, Form, Names


@dataclass(frozen=True)
class ExplanationProbability(Form):
    """Posterior probability of an explanation."""

    explanation: str

    def __str__(self) -> str:
        return f"posterior({self.explanation})"

    def problems(self, names: Names) -> list[str]:
        if self.explanation in names.explanations:
            return []
        return [f"no explanation `{self.explanation}`.{did_you_mean(self.explanation, names.explanations)}"]

    def answer(self, world: Askable) -> Answer:
        return Number(world.probabilities[self.explanation])

    @property
    def speaks_of_explanations(self) -> bool:
        return True


EXPLANATION = Syntax("explanation", "WORD", ExplanationProbability, "posterior")
