"""What would tell more, as rows, and in a sentence."""

from __future__ import annotations

import math
from collections.abc import Iterable

from raison.report.names import episode_note, explanation_label, label
from raison.report.parts import NextRow, NextTable
from raison.report.words import day, hundredths
from raison.study import NextEvidence, Study

MOST_ROWS = 12
"""Variables that are shown, each at its best date."""


def make_next(study: Study) -> NextTable | None:
    """Return what would tell more; None if nothing was tried."""
    if not study.next_evidence:
        return None
    rows = [*_best_readings(study)[:MOST_ROWS], *(each for each in study.next_evidence if not each.variable)]
    rows.sort(key=lambda each: -each.expected)
    return NextTable(
        sentence=next_sentence(study),
        rows=tuple(
            NextRow(
                what=_what(study, each),
                expected=_expected(each),
                pair=f"{explanation_label(study, each.true)} against {explanation_label(study, each.rival)}",
                most=hundredths(each.most),
            )
            for each in rows
        ),
    )


def next_sentence(study: Study) -> str:
    """Return the one reading, and the longer watch, that would tell most, with what each is worth."""
    parts = []
    for reading in _best_readings(study)[:1]:
        parts.append(f"The most that one more reading could add is {_expected(reading)}: {_what(study, reading)}")
    longer = next((each for each in study.next_evidence if not each.variable), None)
    if longer is not None:
        parts.append(f"to go on watching to {day(longer.date)} would add {_expected(longer)}")
    return f"{'; '.join(parts)} (mean log Bayes factor between two explanations; 3 is strong evidence)."


def _best_readings(study: Study) -> list[NextEvidence]:
    """Return the most promising reading of every variable of every record, the best first."""
    best: dict[tuple[str, str], NextEvidence] = {}
    for each in _readings(study.next_evidence):
        best.setdefault((each.record, each.variable), each)
    return list(best.values())


def _readings(every: Iterable[NextEvidence]) -> Iterable[NextEvidence]:
    return (each for each in every if each.variable)


def _what(study: Study, each: NextEvidence) -> str:
    note = episode_note(study, each.record)
    if each.variable:
        return f"{label(study, each.variable)} read about {day(each.date)}{note}"
    return f"the record watched on to {day(each.date)}{note}"


def _expected(each: NextEvidence) -> str:
    if not math.isfinite(each.expected):
        return "∞"
    if 0.0 <= each.expected < 0.005 and not each.error:
        return "less than 0.01"
    error = f" ± {max(each.error, 0.01):.2f}" if each.error else ""
    return f"{each.expected:.2f}{error}".replace("-", "−")
