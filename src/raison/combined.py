"""What several studies say together of the explanations that they share by name.

    log evidence together(e) = sum over studies of log evidence(e)
    posterior(e) = weight(e) evidence together(e) / sum over the explanations that all studies have

The games may be altogether different. Nothing is shared but the account: the numbers of the cases, strengths included,
are independent of each other given the explanation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from raison.errors import CaseError
from raison.inference.evidence import posterior_probabilities
from raison.study import ExplanationResult, Study

EVEN = 1e-6
"""How far log prior weights may lie apart that count as the same."""


@dataclass(frozen=True)
class CombinedRow:
    """One explanation, or null, that every study has."""

    name: str
    label: str
    is_null: bool
    each: tuple[float, ...]
    """By study, its log evidence less that of the best explanation of all that are shared, in that study."""
    together: float
    """Their sum, less that of the best."""
    error: float
    """Standard error of the sum of log evidences; nan if one was not measured."""
    posterior: float
    is_ok: bool
    """Whether the evidence of every study may be trusted."""


@dataclass(frozen=True)
class Combined:
    """Several studies together; the best explanation first."""

    cases: tuple[str, ...]
    rows: tuple[CombinedRow, ...]
    left_out: tuple[tuple[str, ...], ...]
    """By case, the labels of explanations that not all studies have, or whose evidence is not known in one."""
    twice: tuple[str, ...]
    """Moves that stand in the records of more than one study, and so are counted as often."""


def combine(studies: Sequence[Study]) -> Combined:
    """Return what studies of different cases say together of the explanations that they share by name.

    Errors:
        `CaseError` for fewer than two studies, for two of one case, for fewer than two explanations in common, and for
        explanations that weigh differently before the records.
    """
    cases = [study.case.name for study in studies]
    if len(studies) < 2:
        raise CaseError("one study alone cannot be combined; name two or more.")
    if len({study.case.hash for study in studies}) < len(studies):
        raise CaseError(f"two of these studies are of the same case: {', '.join(cases)}. Its record would count twice.")
    by_name = [
        {each.name: each for each in study.explanations if math.isfinite(each.log_evidence)} for study in studies
    ]
    shared = [name for name in by_name[0] if all(name in known for known in by_name)]
    if sum(not by_name[0][name].is_null for name in shared) < 2:
        raise CaseError(f"these studies share fewer than two explanations by name: {', '.join(cases)}.")
    table = [[known[name] for name in shared] for known in by_name]
    log_weights = _log_weights(table, cases)
    evidence = np.array([[each.log_evidence for each in row] for row in table])
    total = evidence.sum(axis=0)
    posterior = posterior_probabilities(total, np.exp(log_weights).tolist())
    relative = evidence - evidence.max(axis=1, keepdims=True)
    rows = [
        CombinedRow(
            name=name,
            label=table[0][i].label,
            is_null=table[0][i].is_null,
            each=tuple(relative[:, i].tolist()),
            together=float(total[i] - total.max()),
            error=math.hypot(*(row[i].log_evidence_error for row in table)),
            posterior=float(posterior[i]),
            is_ok=all(row[i].is_ok for row in table),
        )
        for i, name in enumerate(shared)
    ]
    return Combined(
        cases=tuple(cases),
        rows=tuple(sorted(rows, key=lambda row: -row.together)),
        left_out=tuple(
            (
                *(each.label for each in study.explanations if each.name not in shared),
                *(each.label for each in study.failed),
            )
            for study in studies
        ),
        twice=_twice(studies),
    )


def _log_weights(table: Sequence[Sequence[ExplanationResult]], cases: Sequence[str]) -> np.ndarray:
    """Return the log prior weights that posterior and evidence of every study imply, relative to their mean."""
    with np.errstate(divide="ignore"):
        implied = np.array([[np.log(each.posterior) - each.log_evidence for each in row] for row in table])
    known = np.isfinite(implied).all(axis=0)
    implied = np.where(known, implied - implied[:, known].mean(axis=1, keepdims=True), 0.0)
    if np.ptp(implied, axis=0).max() > EVEN:
        raise CaseError(
            f"the studies of {', '.join(cases)} give the same explanations different weights before their records "
            "(`prior`); give them the same and run the cases again."
        )
    return implied[0]


def _twice(studies: Sequence[Study]) -> tuple[str, ...]:
    """Return the moves that stand in more than one record."""
    seen: set[tuple[str, str, str]] = set()
    twice: dict[str, None] = {}
    for study in studies:
        own = {(item.date, item.who, item.what) for item in study.items if item.kind == "move"}
        twice.update((f"{who} {what} on {date}", None) for date, who, what in sorted(own & seen))
        seen |= own
    return tuple(twice)
