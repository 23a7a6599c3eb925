"""`posterior(NAME)`: how probable an explanation is by the record, and by the clues if one says so."""

from __future__ import annotations

from dataclasses import dataclass

from raison.errors import did_you_mean
from raison.inference.model import HABIT, NO_MOTIVES, SHARED_MOTIVES
from raison.query.answers import Answer, Number, Undefined
from raison.query.syntax import Syntax
from raison.query.tree import BOTH, CLUES, RECORD, Askable, Form, Names


@dataclass(frozen=True)
class ExplanationProbability(Form):
    """Posterior probability of an explanation; `basis` is what it rests on."""

    explanation: str
    basis: str = RECORD

    def __str__(self) -> str:
        return f"posterior({self.explanation}{'' if self.basis == RECORD else f' | {self.basis}'})"

    def problems(self, names: Names) -> list[str]:
        problems = []
        known = (*names.explanations, NO_MOTIVES, SHARED_MOTIVES, HABIT)
        if self.explanation not in known:
            problems.append(f"no explanation `{self.explanation}`.{did_you_mean(self.explanation, known)}")
        if self.basis != RECORD and not names.has_clues:
            problems.append(f"`{self}` asks for clues, and the case has none.")
        return problems

    def answer(self, world: Askable) -> Answer:
        known = world.probabilities[self.basis]
        if self.explanation not in known:
            return Undefined(f"`{self.explanation}` is no rival here")
        return Number(known[self.explanation])

    @property
    def speaks_of_explanations(self) -> bool:
        return True


def _build(*words: str) -> ExplanationProbability:
    *name, last = words
    if last in (RECORD, CLUES, BOTH) and name:
        return ExplanationProbability(" ".join(name), last)
    return ExplanationProbability(" ".join(words))


EXPLANATION = Syntax("explanation", "WORD+ basis?", _build, "posterior")
