"""The clues of a case, from rows to what was judged: one row for each clue and rater."""

from __future__ import annotations

import math

import numpy as np

from raison.case.meaning.entries import read_confidence
from raison.case.meaning.ranges import Kind, read_judgement, read_number
from raison.case.text.schema import CaseText, ClueRow
from raison.inference.clues import Clue, Clues

EXPONENT = "0.3 to 1"
"""What clues count for where the case does not say."""


def read_exponent(case: CaseText) -> str:
    """Return for how much of their weight clues count, as it is written or taken to be."""
    return EXPONENT if case.clues_count_for is None else case.clues_count_for


def shared_of(rows: tuple[ClueRow, ...]) -> dict[str, ClueRow]:
    """Return by id the first row of every clue, which says what all raters judge."""
    first: dict[str, ClueRow] = {}
    for row in rows:
        first.setdefault(row.id, row)
    return first


def clues_of(case: CaseText) -> Clues | None:
    """Return the clues of a case in which nothing is wrong; None if it has none."""
    if not case.clues:
        return None
    first = shared_of(case.clues)
    raters = tuple(dict.fromkeys(row.rater for row in case.clues))
    explanations = tuple(name for name in case.explanations if name in case.clues[0].judged)
    places = {name: place for place, name in enumerate(first)}
    judged = np.full((len(raters), len(first), len(explanations), 2), math.nan)
    for row in case.clues:
        ends = [read_judgement(row.judged[name]) for name in explanations]
        judged[raters.index(row.rater), places[row.id]] = np.log(ends)
    return Clues(
        clues=tuple(
            Clue(row.id, str(row.date), row.says, row.group or row.id, row.source, read_confidence(row.confidence))
            for row in first.values()
        ),
        explanations=explanations,
        raters=raters,
        judged=judged,
        exponent=read_number(read_exponent(case), Kind.NUMBER, case.time.unit),
    )
