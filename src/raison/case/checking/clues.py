"""Check the clues of a case."""

from __future__ import annotations

from collections.abc import Iterator

from raison.case.checking.record import check_sources
from raison.case.checking.world import Checking
from raison.case.meaning.clues import read_exponent, shared_of
from raison.case.meaning.entries import read_confidence
from raison.case.meaning.episodes import rows_of
from raison.case.meaning.ranges import Kind, read_judgement, read_number
from raison.case.text.places import Path
from raison.case.text.schema import ClueRow
from raison.errors import Problem, counted, did_you_mean, quote

SHARED = ("date", "says", "group", "source", "confidence")
"""What the rows of all raters of a clue have in common."""


def check_clues(at: Checking) -> Iterator[Problem]:
    """Check every clue, and for how much they count."""
    rows = at.case.clues
    if at.case.clues_count_for is not None:
        yield from _check_exponent(at)
    first = shared_of(rows)
    lines: dict[tuple[str, str], int] = {}
    for index, row in enumerate(rows):
        path: Path = ("clues", index)
        if (row.id, row.rater) in lines:
            other = at.places.at(("clues", lines[row.id, row.rater], "id"))
            line = f"; the first is on line {other.line}" if other else ""
            by = f"by rater `{row.rater}`" if row.rater else "without a rater; name the raters in a column `rater`"
            yield at.places.problem((*path, "id"), f"clue `{row.id}` is judged twice {by}{line}.")
        lines.setdefault((row.id, row.rater), index)
        yield from _check_row(at, path, row, first[row.id])


def _check_exponent(at: Checking) -> Iterator[Problem]:
    text = read_exponent(at.case)
    try:
        low = read_number(text, Kind.NUMBER, at.case.time.unit).value(-10.0)
    except ValueError as error:
        yield at.places.problem(("clues count for",), str(error))
        return
    if low < 0:
        yield at.places.problem(("clues count for",), f"found `{text}`; clues cannot count for less than nothing.")
    if not at.case.clues:
        yield at.places.problem(("clues count for",), "the case has no clues; name them in `clues`.", at_key=True)


def _check_row(at: Checking, path: Path, row: ClueRow, first: ClueRow) -> Iterator[Problem]:
    for column in SHARED:
        mine, shared = getattr(row, column), getattr(first, column)
        if mine and mine != shared:
            message = f"found {quote(str(mine))}; the first row of clue `{row.id}` has {quote(str(shared or ''))}."
            yield at.places.problem((*path, column), message)
    if not first.says and row is first:
        yield at.places.problem(path, f"clue `{row.id}` does not say what was found; fill `says`.")
    try:
        read_confidence(row.confidence)
    except ValueError as error:
        yield at.places.problem((*path, "confidence"), str(error))
    yield from check_sources(at, (*path, "source"), row.source)
    yield from _check_judged(at, path, row)


def _check_judged(at: Checking, path: Path, row: ClueRow) -> Iterator[Problem]:
    known = at.case.explanations
    wanted = at.case.clues[0].judged
    for name, text in row.judged.items():
        if name not in known:
            yield at.places.problem((*path, name), f"no explanation `{name}`.{did_you_mean(name, known)}")
        try:
            read_judgement(text)
        except ValueError as error:
            yield at.places.problem((*path, name), str(error))
    missing = [name for name in wanted if name not in row.judged]
    more = [name for name in row.judged if name not in wanted and name in known]
    for name in missing:
        message = f"clue `{row.id}` is not judged under `{name}`; every row judges the same explanations."
        yield at.places.problem((*path, name), message)
    for name in more:
        message = f"the first clue is not judged under `{name}`; every row judges the same explanations."
        yield at.places.problem((*path, name), message)


def warn_of_clues(at: Checking) -> Iterator[Problem]:
    """Yield what a reader of right clues should know."""
    case = at.case
    if not case.clues:
        return
    left = [name for name in case.explanations if name not in case.clues[0].judged]
    if left:
        listed = ", ".join(f"`{name}`" for name in left)
        message = f"nobody judged the clues under {listed}: the mean of the others stands for it."
        yield at.places.problem(("clues",), message, at_key=True)
    clues = shared_of(case.clues).values()
    last = max(episode.until for episode in at.episodes if episode.until is not None)
    late = [row for row in clues if row.date > last]
    if late:
        message = f"later than the record: {len(late)} of {counted(len(clues), 'clue')}; they count, too."
        yield at.places.problem(("clues",), message, at_key=True)
    items = {(row.date, row.source): row for row in rows_of(case) if row.source}
    for index, row in enumerate(case.clues):
        same = items.get((row.date, row.source))
        if same is not None and row.source:
            message = (
                f"an item of the record has the same date and source (`{same.who}` `{same.what}`): a fact must not "
                "count both as an item and as a clue."
            )
            yield at.places.problem(("clues", index, "source"), message)
