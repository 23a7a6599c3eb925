"""Read CSV with a header, and note where each cell stands."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from raison.case.text.places import Path, Place, Places
from raison.errors import CaseError, Problem, did_you_mean, quote

MOST_ROWS = 50_000
"""Most rows of a CSV file."""
LONGEST_ROW = 100_000
"""Most characters of a row."""

_WRITTEN = re.compile(r"[^ \t\n]")
_CELL = re.compile(r'(?P<quoted>[ \t]*+"(?:[^"]++|"")*+"[ \t]*+(?=[,\n]|\Z))|[^,\n]*+')


def read_csv(
    text: str, file: str, places: Places, root: Path, *, needed: Collection[str], allowed: Collection[str]
) -> list[dict[str, str]]:
    """Return the rows as mappings from column to text, empty cells left out, and enter their places under `root`.

    Raise `CaseError` with every problem of the header, or every row that has too many or too few cells.
    """
    rows = _rows(text, file)
    header = next(rows, CsvRow(file, 1, [""]))
    columns = [_content(cell) for cell in header.cells]
    problems = _check_header(header, needed, allowed)
    if problems:
        raise CaseError(problems)
    table = places.tables[root] = CsvTable(columns)
    content = []
    for row in rows:
        if len(row.cells) != len(columns):
            problems.append(row.problem(0, _miscounted(len(row.cells), len(columns))))
            continue
        places.values[(*root, len(content))] = row.place(0)
        table.rows.append(row)
        cells = [_content(cell) for cell in row.cells]
        content.append({column: cell for column, cell in zip(columns, cells, strict=True) if cell})
    if problems:
        raise CaseError(problems)
    return content


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row: the line on which it starts, and its cells as they stand in the file, quotes and blanks included."""

    file: str
    line: int
    cells: list[str]

    def place(self, index: int) -> Place:
        """Return where a cell stands."""
        before = "".join(f"{cell}," for cell in self.cells[:index])
        line = self.line + before.count("\n")
        return Place(self.file, line, len(before) - before.rfind("\n"), self.cells[index])

    def problem(self, index: int, message: str) -> Problem:
        """Return a problem at a cell."""
        place = self.place(index)
        return Problem(place.file, place.line, place.column, "", message)


@dataclass(frozen=True)
class CsvTable:
    """The rows of a file; where a cell stands is worked out when somebody asks."""

    columns: list[str]
    rows: list[CsvRow] = field(default_factory=list)

    def place(self, row: int, column: str) -> Place | None:
        """Return where a cell stands; None if the file has no such column."""
        return self.rows[row].place(self.columns.index(column)) if column in self.columns else None


def _rows(text: str, file: str) -> Iterator[CsvRow]:
    """Yield the rows that are not blank."""
    line, start = 1, 0
    for count in itertools.count():
        written = _WRITTEN.search(text, start)
        if written is None:
            return
        begin = text.rfind("\n", start, written.start()) + 1 or start
        line += text.count("\n", start, begin)
        if count > MOST_ROWS:
            raise CaseError([Problem(file, line, 1, "", f"the file has more than {MOST_ROWS:,} rows.")])
        row, end = _row(text, begin, file, line)
        if len(row.cells) > 1 or _content(row.cells[0]):
            yield row
        line += text.count("\n", begin, end + 1)
        start = end + 1


def _row(text: str, begin: int, file: str, line: int) -> tuple[CsvRow, int]:
    """Return the row that begins at `begin`, and where it ends."""
    end = text.find("\n", begin)
    end = len(text) if end < 0 else end
    if end - begin <= LONGEST_ROW and text.find('"', begin, end) < 0:
        return CsvRow(file, line, text[begin:end].split(",")), end
    row, end = CsvRow(file, line, []), begin - 1
    while not row.cells or text[end : end + 1] == ",":
        match = _CELL.match(text, end + 1)
        if match is None:
            raise AssertionError(end)
        row.cells.append(match.group())
        end = match.end()
        if end - begin > LONGEST_ROW:
            message = f"the row has more than {LONGEST_ROW:,} characters; at most so many are read."
            raise CaseError([row.problem(0, message)])
        if match["quoted"] is None and match.group().lstrip().startswith('"'):
            message = 'the quotes of this cell do not match; write `""` for a quote inside a quoted cell.'
            raise CaseError([row.problem(len(row.cells) - 1, message)])
    return row, end


def _content(cell: str) -> str:
    """Return what a cell says."""
    cell = cell.strip()
    return cell[1:-1].replace('""', '"').strip() if cell.startswith('"') else cell


def _miscounted(found: int, wanted: int) -> str:
    remedy = "Put text with commas in quotes." if found > wanted else "Write a comma for each cell that is left empty."
    return f"found {found} cells; the header has {wanted}. {remedy}"


def _check_header(header: CsvRow, needed: Collection[str], allowed: Collection[str]) -> list[Problem]:
    columns = [_content(cell) for cell in header.cells]
    for index, column in enumerate(columns):
        if ";" in column or "\t" in column:
            return [header.problem(index, "columns must be separated by commas.")]
    if not set(columns) & set(needed):
        optional = ", ".join(column for column in allowed if column not in needed)
        message = (
            f"found {quote(','.join(header.cells))}; the first line must name the columns: "
            f"{', '.join(needed)}, and if wanted {optional}."
        )
        return [header.problem(0, message)]
    problems = []
    for index, column in enumerate(columns[: 2 * len(allowed)]):
        if column not in allowed:
            problems.append(header.problem(index, f"no column {quote(column)}.{did_you_mean(column, allowed)}"))
        elif column in columns[:index]:
            problems.append(header.problem(index, f"column `{column}` stands twice."))
    missing = [column for column in needed if column not in columns]
    return problems + [header.problem(0, f"column `{column}` is missing.") for column in missing]
