"""Read CSV with a header, and note where each cell stands."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from raison.case.text.places import Path, Place, Places
from raison.errors import CaseError, Problem, did_you_mean

_CELL = re.compile(r'[ \t]*"((?:[^"]|"")*)"[ \t]*(?=[,\n]|\Z)|([^,\n]*)')


def read_csv(
    text: str, file: str, places: Places, root: Path, *, needed: Collection[str], allowed: Collection[str]
) -> list[dict[str, str]]:
    """Return the rows as mappings from column to text, empty cells left out, and enter their places under `root`.

    Raise `CaseError` with every problem of the header, or every row that has too many or too few cells.
    """
    rows = _rows(text, file)
    _, header = next(rows)
    columns = [cell for cell, _ in header]
    problems = _check_header(header, needed, allowed)
    if problems:
        raise CaseError(problems)
    content = []
    for place, cells in rows:
        if len(cells) != len(columns):
            message = f"found {len(cells)} cells; the header has {len(columns)}. Put text with commas in quotes."
            problems.append(Problem(file, place.line, place.column, "", message))
            continue
        path = (*root, len(content))
        places.values[path] = place
        for column, (_, cell_place) in zip(columns, cells, strict=True):
            places.values[(*path, column)] = cell_place
        content.append({column: cell for column, (cell, _) in zip(columns, cells, strict=True) if cell})
    if problems:
        raise CaseError(problems)
    return content


def _rows(text: str, file: str) -> Iterator[tuple[Place, list[tuple[str, Place]]]]:
    """Yield the place and the cells of each row that is not blank."""
    line, line_start, position = 1, 0, 0
    row: list[tuple[str, Place]] = []
    while position <= len(text):
        match = _CELL.match(text, position)
        if match is None:
            raise AssertionError(position)
        place = Place(file, line, match.start() - line_start + 1, match.group())
        row.append((_cell(match, place), place))
        line += match.group().count("\n")
        if "\n" in match.group():
            line_start = match.start() + match.group().rfind("\n") + 1
        position = match.end() + 1
        if match.end() == len(text) or text[match.end()] == "\n":
            if len(row) > 1 or row[0][0]:
                yield row[0][1], row
            row, line, line_start = [], line + 1, position


def _cell(match: re.Match[str], place: Place) -> str:
    quoted, plain = match.groups()
    if quoted is not None:
        return quoted.replace('""', '"').strip()
    if plain.lstrip().startswith('"'):
        message = 'the quotes of this cell do not match; write `""` for a quote inside a quoted cell.'
        raise CaseError([Problem(place.file, place.line, place.column, "", message)])
    return plain.strip()


def _check_header(header: list[tuple[str, Place]], needed: Collection[str], allowed: Collection[str]) -> list[Problem]:
    columns = [cell for cell, _ in header]
    first = header[0][1]
    problems = []
    for index, (column, place) in enumerate(header):
        if ";" in column or "\t" in column:
            return [Problem(place.file, place.line, place.column, "", "columns must be separated by commas.")]
        if column not in allowed:
            message = f"no column `{column}`.{did_you_mean(column, allowed)}"
        elif column in columns[:index]:
            message = f"column `{column}` stands twice."
        else:
            continue
        problems.append(Problem(place.file, place.line, place.column, "", message))
    problems += [
        Problem(first.file, first.line, first.column, "", f"column `{column}` is missing.")
        for column in needed
        if column not in columns
    ]
    return problems
