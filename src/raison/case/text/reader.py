"""Read a case from a folder or a file: all its files, every problem of form at once."""

from __future__ import annotations

import hashlib
import os
import pathlib
from dataclasses import dataclass, field
from typing import Any

import pydantic

from raison.case.text.csv_text import read_csv
from raison.case.text.files import beside, find_case_file, read_text
from raison.case.text.places import Places, without_repeats
from raison.case.text.schema import CaseText, IndicatorRow, RecordRow
from raison.case.text.wording import is_echo, word_error
from raison.case.text.yaml_text import read_yaml
from raison.errors import CaseError, Problem

ROLES = ("record", "claims", "sources", "indicators")
"""Entries that may stand in a file of their own."""


@dataclass(frozen=True)
class WrittenCase:
    """A case as it was written.

    Attributes:
        name: name of the folder, or of the file without its ending.
        text: what was written, entry by entry.
        places: where each entry stands.
        hash: SHA-256 of the files of the case, in order of their names.
    """

    name: str
    text: CaseText
    places: Places
    hash: str


def read_case(path: str | os.PathLike[str]) -> WrittenCase:
    """Read the case in a folder (its `case.yaml`) or in a YAML file.

    Raises:
        CaseError: with every problem of form in all the files. What the entries mean is checked by `check_case`.
    """
    case_file = find_case_file(pathlib.Path(path))
    reading = _Reading(case_file)
    content = reading.read_all()
    text = reading.validate(content)
    if reading.problems or text is None:
        raise CaseError(without_repeats(reading.problems))
    is_in_folder = case_file.stem == "case"
    name = case_file.resolve().parent.name if is_in_folder else case_file.stem
    return WrittenCase(name, text, reading.places, _hash(reading.texts))


def _hash(texts: dict[str, str]) -> str:
    digest = hashlib.sha256()
    for name in sorted(texts):
        content = texts[name].encode()
        digest.update(f"{name}\n{len(content)}\n".encode() + content)
    return digest.hexdigest()


@dataclass
class _Reading:
    """The reading of one case: its places, texts and problems so far."""

    case_file: pathlib.Path
    places: Places = field(default_factory=Places)
    texts: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)

    def read_all(self) -> dict[str, Any]:
        """Return the content of the case file with the files that it names put in their places."""
        text = self._text(self.case_file)
        content = read_yaml(text, str(self.case_file), self.places)
        if not isinstance(content, dict):
            found = "nothing" if content is None else "a list" if isinstance(content, list) else "a single text"
            message = f"found {found}; a case is a mapping that starts with `title: ...`."
            raise CaseError([Problem(str(self.case_file), 1, 1, "", message)])
        used = {self.case_file.resolve(): "case"}
        for role in ROLES:
            if isinstance(content.get(role), str):
                content[role] = self._read_role(role, content[role], used)
        return content

    def _read_role(self, role: str, name: str, used: dict[pathlib.Path, str]) -> Any:
        """Return the content of the file `name`, or an empty one if it cannot be read."""
        content: Any = None
        try:
            path = beside(name, self.case_file)
            if path.resolve() in used:
                raise ValueError(f"`{name}` is named for `{used[path.resolve()]}` already; give each its own file.")
            used[path.resolve()] = role
            content = self._parse(role, path)
        except ValueError as error:
            self.problems.append(self.places.problem((role,), str(error)))
            self.failed.add(role)
        except CaseError as error:
            self.problems += error.problems
            self.failed.add(role)
        return content if content is not None else {} if role == "sources" else []

    def _parse(self, role: str, path: pathlib.Path) -> Any:
        text = self._text(path)
        if role in ("claims", "sources"):
            if path.suffix not in (".yaml", ".yml"):
                raise ValueError(f"found `{path.name}`; {role} are read from a YAML file.")
            return read_yaml(text, str(path), self.places, (role,))
        if path.suffix != ".csv":
            raise ValueError(f"found `{path.name}`; the {role} is read from a CSV file.")
        row = RecordRow if role == "record" else IndicatorRow
        needed = [name for name, entry in row.model_fields.items() if entry.is_required()]
        return read_csv(text, str(path), self.places, (role,), needed=needed, allowed=list(row.model_fields))

    def _text(self, path: pathlib.Path) -> str:
        text = read_text(path)
        self.texts[path.relative_to(self.case_file.parent).as_posix()] = text
        return text

    def validate(self, content: dict[str, Any]) -> CaseText | None:
        """Return the case, or None after noting what is wrong with its form."""
        try:
            return CaseText.model_validate(content)
        except pydantic.ValidationError as error:
            self.problems += [word_error(each, self.places) for each in error.errors() if not is_echo(each)]
        return None
