"""Where in the user's files each entry of a case stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from raison.errors import Problem

Path = tuple[str | int, ...]
"""Keys and list positions (from 0) that lead to an entry."""


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Places:
    """The places of all entries, by path; an entry's key and its value may stand apart.

    Attributes:
        values: where the value of each entry starts.
        keys: where the key of each entry starts.
    """

    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)

    def find(self, path: Path) -> Path:
        """Return the nearest entry that is written: `path` less the parts that stand in no file."""
        found: Path = ()
        for part in path:
            if (*found, part) in self.values:
                found = (*found, part)
        return found

    def problem(self, path: Path, message: str, *, at_key: bool = False) -> Problem:
        """Return a problem at the entry `path`, or at the nearest one that is written."""
        found = self.find(path)
        places: Mapping[Path, Place] = self.keys if at_key and found in self.keys else self.values
        place = places.get(found, Place("", 0, 0))
        return Problem(place.file, place.line, place.column, dotted(path), message)

    def problem_inside(self, path: Path, text: str, offset: int, message: str) -> Problem:
        """Return a problem at character `offset` of the text of an entry."""
        place = self.values.get(self.find(path), Place("", 0, 0)).inside(text, offset)
        return Problem(place.file, place.line, place.column, dotted(path), message)


def dotted(path: Path) -> str:
    """Return a path as people write it: `players.turkey.acts`; list positions count from 1."""
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in path)


def without_repeats(problems: Iterable[Problem]) -> list[Problem]:
    """Return `problems` without those that say the same of the same place."""
    return list({str(problem): problem for problem in problems}.values())
