"""What became of a question. Data only: computed by `raison.analysis.asking`, shown by `raison.report`."""

from __future__ import annotations

from dataclasses import dataclass, field

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
    unchanged: dict[str, Estimate] = field(default_factory=dict)
    """Of a past that is lived through again, the answer had nothing been changed; else empty."""
    table: dict[str, dict[str, float]] = field(default_factory=dict)
    """Of an answer that is a table, at the most probable numbers: by row, each column; else empty."""

    @property
    def has_answer(self) -> bool:
        return bool(self.parts or self.table)


@dataclass(frozen=True)
class AskedOn:
    """The answer for another day, averaged over the explanations."""

    date: str
    value: float
    low: float
    """5 % point over the draws."""
    high: float
    """95 % point."""
    unchanged: float | None
    """Of a past that is lived through again, the answer had nothing been changed; else null."""


@dataclass(frozen=True)
class LivedAgain:
    """One variable in histories that are lived through again, averaged over the explanations; level numbers from 0."""

    variable: str
    dates: tuple[str, ...]
    was: tuple[float, ...]
    """Mean level in the histories as they were."""
    would_be: tuple[float, ...]
    """Mean level with the change."""
    low: tuple[float, ...]
    """5 % point over the histories with the change."""
    high: tuple[float, ...]
    """95 % point."""


@dataclass(frozen=True)
class Asked:
    """The answer to one question."""

    question: str
    """In canonical form."""
    kind: str
    """`number`, `test` (the number is the probability that it holds), `parts` or `table`."""
    form: str
    """The word that the question begins with, such as `reason`; empty if it is made of several."""
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
    unchanged: dict[str, Estimate] = field(default_factory=dict)
    """Of a past that is lived through again, the average had nothing been changed; else empty."""
    over_time: tuple[AskedOn, ...] = ()
    """The same asked for other days, where it is asked for a day and stands in the case; else empty."""
    lived_again: tuple[LivedAgain, ...] = ()
    """Every variable in the histories, where a past is lived through again and the question stands in the case."""
    in_words: str = ""
    """What is asked, in the words of the case; empty where it has none."""

    @property
    def has_answer(self) -> bool:
        """Return whether it has one under any explanation."""
        return bool(self.parts) or any(each.has_answer for each in self.under)

    def _repr_html_(self) -> str:
        every = [
            ("all, by their posterior", self.parts, ""),
            *((u.label, u.parts, u.why_undefined) for u in self.under),
        ]
        rows = []
        for label, parts, why in every:
            rows += [(label, part, f"{each.value:.3g} ± {each.error:.2g}") for part, each in parts.items()]
            rows += [] if parts or self.kind == "table" else [(label, "", why or "no answer")]
        for under in self.under:
            for row, columns in under.table.items():
                rows.append((under.label, row, ", ".join(f"{name} {each:.3g}" for name, each in columns.items())))
        return html_table(self.question, ("explanation", "part", "answer"), rows, self.assumes)
