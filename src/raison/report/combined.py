"""What several studies say together, in words."""

from __future__ import annotations

import math

from raison.combined import Combined, CombinedRow
from raison.errors import counted
from raison.inference.evidence import INDISTINCT
from raison.report.words import evidence_word, log_number, percent

ASSUMES = (
    "Only the account is shared: the numbers of the cases, strengths included, count as independent of each other. "
    "Clues are not in it."
)


def combined_sentence(combined: Combined) -> str:
    """Return who leads, by how much, and whether the studies agree."""
    first, second = combined.rows[:2]
    lead = first.together - second.together
    if lead < INDISTINCT:
        near = [row.label for row in combined.rows if first.together - row.together < INDISTINCT]
        told = f"Together the {counted(len(combined.cases), 'study', 'studies')} do not tell apart: {', '.join(near)}."
    else:
        told = (
            f"Together {first.label} leads {second.label} by a log Bayes factor of {log_number(lead)}"
            f"{_error(first, second)} ({evidence_word(lead)}), posterior {percent(first.posterior)}."
        )
    best = [max(combined.rows, key=lambda row: row.each[i]).label for i in range(len(combined.cases))]
    agreed = " and ".join(f"{label} in {case}" for case, label in zip(combined.cases, best, strict=True))
    told += f" Alone, first comes {agreed}."
    if first.is_null:
        told += " The first is a null: no account of motives does better over all of them."
    return f"{told} {ASSUMES}"


def _error(first: CombinedRow, second: CombinedRow) -> str:
    """Return the standard error of the lead of one over another, where it was measured."""
    error = math.hypot(first.error, second.error)
    return "" if math.isnan(error) else f" ± {max(error, 0.01):.2f}"


def combined_warnings(combined: Combined) -> list[str]:
    """Return what a reader must know of the studies."""
    warnings = [
        f"{', '.join(labels)} of {case} left out: not in every study, or without evidence in one."
        for case, labels in zip(combined.cases, combined.left_out, strict=True)
        if labels
    ]
    rough = [row.label for row in combined.rows if not row.is_ok]
    if rough:
        warnings.append(f"the evidence of {', '.join(rough)} is rough in at least one study.")
    if combined.twice:
        some = "; ".join(combined.twice[:3])
        warnings.append(
            f"{counted(len(combined.twice), 'move')} in more than one record, and so counted as often, such as {some}."
        )
    return warnings
