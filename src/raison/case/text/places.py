"""Where in the user's files each entry of a case stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Protocol

from raison.errors import Problem, cut

Path = tuple[str | int, ...]
"""Keys and list positions (from 0) that lead to an entry."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry is written.

    Attributes:
        file: the file as the user named it.
        line: line, from 1.
        column: column, from 1.
        source: the characters as they stand in the file, quotes included; empty if it is no text.
    """

    file: str
    line: int
    column: int
    source: str = ""

    def inside(self, text: str, offset: int) -> Place:
        """Return the place of character `offset` (from 0) of `text`, which was read from here.

        Line breaks and indents that folding changed are passed over by counting the other characters.
        """
        body = self.source
        start = body.find("\n") + 1 if body[:1] in ("|", ">") else int(body[:1] in ("'", '"'))
        left = len("".join(text[:offset].split()))
        position = start
        while position < len(body) and (left or body[position].isspace()):
            left -= not body[position].isspace()
            position += 1
        before = body[:position]
        if "\n" not in before:
            return Place(self.file, self.line, self.column + len(before))
        return Place(self.file, self.line + before.count("\n"), len(before) - before.rfind("\n"))


class Table(Protocol):
    """A table whose cells are so many that each is placed only when somebody asks."""

    def place(self, row: int, column: str) -> Place | None:
        """Return where a cell stands; None if the table has no such column."""
        ...


@dataclass(frozen=True)
class Places:
    """The places of all entries, by path; an entry's key and its value may stand apart.

    Attributes:
        values: where the value of each entry starts, those in cells of tables left out.
        keys: where the key of each entry starts.
        tables: the tables whose rows are entries.
    """

    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)
    tables: dict[Path, Table] = field(default_factory=dict)

    def at(self, path: Path) -> Place | None:
        """Return where the value of an entry starts; None if it stands in no file."""
        match path:
            case (*root, int(row), str(column)) if tuple(root) in self.tables:
                return self.tables[tuple(root)].place(row, column)
        return self.values.get(path)

    def find(self, path: Path) -> Path:
        """Return the nearest entry that is written: `path` less the parts that stand in no file."""
        found: Path = ()
        for part in path:
            if self.at((*found, part)) is not None:
                found = (*found, part)
        return found

    def problem(self, path: Path, message: str, *, at_key: bool = False) -> Problem:
        """Return a problem at the entry `path`, or at the nearest one that is written."""
        found = self.find(path)
        place = (self.keys.get(found) if at_key else None) or self.at(found) or Place("", 0, 0)
        return Problem(place.file, place.line, place.column, _told(path), message)

    def problem_inside(self, path: Path, text: str, offset: int, message: str) -> Problem:
        """Return a problem at character `offset` of the text of an entry."""
        place = (self.at(self.find(path)) or Place("", 0, 0)).inside(text, offset)
        return Problem(place.file, place.line, place.column, _told(path), message)


def dotted(path: Path) -> str:
    """Return a path as people write it: `players.turkey.acts`; list positions count from 1."""
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in path)


def _told(path: Path) -> str:
    """Return a path for a message, long keys cut."""
    return dotted(tuple(part if isinstance(part, int) else cut(part, 120) for part in path))


MOST_PROBLEMS = 1000
"""Most problems that are told at once."""


def first_problems(problems: Iterable[Problem]) -> list[Problem]:
    """Return `problems` without repeats of the same at the same place; after a thousand only that there are more."""
    first: dict[str, Problem] = {}
    for problem in problems:
        if len(first) == MOST_PROBLEMS and str(problem) not in first:
            message = f"there are more than {MOST_PROBLEMS:,} problems; mend the others first."
            return [*first.values(), replace(problem, path="", message=message)]
        first[str(problem)] = problem
    return list(first.values())
