"""What became of a question. Data only: computed by `raison.analysis.asking`, shown by `raison.report`."""

from __future__ import annotations

from dataclasses import dataclass

from raison.notebook import html_table

WHOLE = ""
"""Name of the only part of an answer that is one number."""


@dataclass(frozen=True)
class Estimate:
    """One number of an answer, over draws of the numbers of the case from their posterior."""

    value: float
    """Mean over the draws."""
    error: float
    """Standard error of that mean, as it was measured; nan if it was not. Of how probable explanations are, the error
    that the log evidences leave it."""
    low: float
    """5 % point of the number over the draws: what is not known of the case. nan for a test."""
    high: float
    """95 % point."""


@dataclass(frozen=True)
class Under:
    """The answer under one explanation."""

    explanation: str
    label: str
    posterior: float
    """Of the explanation, by the record alone."""
    parts: dict[str, Estimate]
    """By part; empty where nothing is defined."""
    draws: int
    """Draws in which the answer is defined."""
    undefined: int
    """Draws in which it is not."""
    unconverged: int
    """Draws whose game did not converge."""
    why_undefined: str
    """Why, in one of them."""


@dataclass(frozen=True)
class Asked:
    """The answer to one question."""

    question: str
    """In canonical form."""
    kind: str
    """`number`, `test` (the number is the probability that it holds) or `parts`."""
    is_about_explanations: bool
    """Whether the answer hangs on how probable the explanations are."""
    parts: dict[str, Estimate]
    """Averaged over the explanations in which it is defined, by their posterior; empty where it is in none."""
    defined: float
    """Posterior probability of these explanations together."""
    under: tuple[Under, ...]
    method: str
    """How it was computed."""
    assumes: str
    """What everybody in the model knows of what is changed; empty if nothing is."""

    def _repr_html_(self) -> str:
        every = [
            ("all, by their posterior", self.parts, ""),
            *((u.label, u.parts, u.why_undefined) for u in self.under),
        ]
        rows = []
        for label, parts, why in every:
            rows += [(label, part, f"{each.value:.3g} ± {each.error:.2g}") for part, each in parts.items()]
            rows += [] if parts else [(label, "", why or "no answer")]
        return html_table(self.question, ("explanation", "part", "answer"), rows, self.assumes)
