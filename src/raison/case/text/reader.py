"""Read a case from a folder, a file or texts in memory: all its files, every problem of form at once."""

from __future__ import annotations

import hashlib
import itertools
import os
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pydantic

from raison.case.text.csv_text import read_csv
from raison.case.text.files import CaseFile, Files, FilesOnDisk, TextsInMemory, find_case_file
from raison.case.text.places import MOST_PROBLEMS, Path, Places, dotted, first_problems
from raison.case.text.schema import CaseText, ClueRow, Entry, IndicatorRow, RecordRow
from raison.case.text.variants import apply, places_of, told
from raison.case.text.wording import is_echo, word_error
from raison.case.text.yaml_text import read_yaml
from raison.errors import CaseError, Problem, quote

ROLES = ("record", "claims", "sources", "indicators", "clues")
"""Entries that may stand in a file of their own."""


JUDGED = "judged"
"""An entry of a clue that has a column for every explanation in a table."""

ROWS: dict[str, type[Entry]] = {"record": RecordRow, "clues": ClueRow, "indicators": IndicatorRow}
"""What a row is, of what is read from CSV."""


@dataclass(frozen=True)
class WrittenCase:
    """A case as it was written.

    Attributes:
        name: name of the folder, or of the file without its ending.
        text: what was written, entry by entry.
        places: where each entry stands.
        hash: SHA-256 of the files of the case, in order of their names.
        files: texts of the files of the case, by name; the first is that in which it starts.
        variants: the same case with some entries replaced, by name; these have none of their own.
    """

    name: str
    text: CaseText
    places: Places
    hash: str
    files: Mapping[str, str]
    variants: Mapping[str, WrittenCase] = field(default_factory=dict)


def read_case(path: str | os.PathLike[str]) -> WrittenCase:
    """Read the case in a folder (its `case.yaml`) or in a YAML file.

    Raises:
        CaseError: with every problem of form in all the files. What the entries mean is checked by `check_case`.
    """
    case_file = find_case_file(pathlib.Path(path))
    folder = os.path.basename(os.path.dirname(os.path.realpath(case_file)))
    name = folder if case_file.stem == "case" else case_file.stem
    return _read(FilesOnDisk(case_file), os.fsencode(name).decode(errors="replace"))


def read_case_texts(texts: Mapping[str, str], *, name: str = "case") -> WrittenCase:
    """Read a case from the texts of its files, by file name; it starts in `case.yaml`.

    Raises:
        CaseError: as `read_case` does.
    """
    return _read(TextsInMemory(texts), name)


def _read(files: Files, name: str) -> WrittenCase:
    reading = _Reading(files)
    content = reading.read_all()
    text = reading.validate(content)
    if reading.problems or text is None:
        raise CaseError(first_problems(reading.problems))
    known = _hash(reading.read)
    texts = {file.name: file.text for file in reading.read}
    variants = {
        each: WrittenCase(f"{name}: {each}", changed, places_of(reading.places, each, changes), known, texts)
        for each, changes in text.variants.items()
        if (changed := reading.validate_variant(each, changes, content)) is not None
    }
    if reading.problems:
        raise CaseError(first_problems(reading.problems))
    return WrittenCase(name, text, reading.places, known, texts, variants)


def _hash(files: Iterable[CaseFile]) -> str:
    digest = hashlib.sha256()
    for file in sorted(files, key=lambda file: file.name):
        content = file.text.encode()
        digest.update(f"{file.name}\n{len(content)}\n".encode() + content)
    return digest.hexdigest()


def _names(explanations: Any) -> list[str]:
    """Return the names of explanations as they are written; none if they are not a mapping."""
    return [name for name in explanations if isinstance(name, str)] if isinstance(explanations, dict) else []


def _judged(row: dict[str, str], explanations: Sequence[str]) -> dict[str, Any]:
    """Return the row of a clue with what is judged under every explanation as one entry."""
    rest = {column: cell for column, cell in row.items() if column not in explanations}
    return rest | {JUDGED: {name: row[name] for name in explanations if name in row}}


@dataclass
class _Reading:
    """The reading of one case: its places, problems and the files read so far."""

    files: Files
    places: Places = field(default_factory=Places)
    problems: list[Problem] = field(default_factory=list)
    read: list[CaseFile] = field(default_factory=list)
    roles: dict[str, str] = field(default_factory=dict)
    """What each file that was read is named for, by its identity."""

    def read_all(self) -> dict[str, Any]:
        """Return the content of the case file with the files that it names put in their places."""
        shown = self.files.show(self.files.case_file)
        try:
            file = self._read_file(self.files.case_file, "case")
        except ValueError as error:
            raise CaseError([Problem(shown, 0, 0, "", str(error))]) from None
        content = read_yaml(file.text, shown, self.places)
        if not isinstance(content, dict):
            found = "nothing" if content is None else "a list" if isinstance(content, list) else "a single text"
            message = f"found {found}; a case is a mapping that starts with `title: ...`."
            raise CaseError([Problem(shown, 1, 1, "", message)])
        explanations = _names(content.get("explanations"))
        for role in ROLES:
            if isinstance(content.get(role), str):
                content[role] = self._read_role(role, content[role], (role,), explanations)
        held_out = content.get("held out")
        if isinstance(held_out, dict) and isinstance(held_out.get("record"), str):
            root = ("held out", "record")
            held_out["record"] = self._read_role("record", held_out["record"], root, explanations)
        episodes = content.get("episodes")
        for name, episode in episodes.items() if isinstance(episodes, dict) else ():
            if isinstance(episode, dict) and isinstance(episode.get("record"), str):
                root = ("episodes", name, "record")
                episode["record"] = self._read_role("record", episode["record"], root, explanations)
        return content

    def _read_role(self, role: str, name: str, root: Path, explanations: Sequence[str]) -> Any:
        """Return the content of the file `name` for the entry `root`, or an empty one if it cannot be read."""
        content: Any = None
        try:
            content = self._parse(role, root, self._read_file(name, dotted(root)), explanations)
        except ValueError as error:
            self.problems.append(self.places.problem(root, str(error)))
        except CaseError as error:
            self.problems += error.problems
        return content if content is not None else {} if role == "sources" else []

    def _read_file(self, name: str, role: str) -> CaseFile:
        file = self.files.read(name)
        first = self.roles.setdefault(file.identity, role)
        if first != role:
            raise ValueError(f"{quote(name)} is named for `{first}` already; give each its own file.")
        self.read.append(file)
        return file

    def _parse(self, role: str, root: Path, file: CaseFile, explanations: Sequence[str]) -> Any:
        ending = pathlib.PurePath(file.name).suffix
        if role in ("claims", "sources"):
            if ending not in (".yaml", ".yml"):
                raise ValueError(f"found {quote(file.name)}; {role} are read from a YAML file.")
            return read_yaml(file.text, file.shown, self.places, root)
        if ending != ".csv":
            raise ValueError(f"found {quote(file.name)}; the {role} is read from a CSV file.")
        fields = {field.alias or name: field for name, field in ROWS[role].model_fields.items()}
        columns = [name for name in fields if name != JUDGED]
        needed = [name for name in columns if fields[name].is_required()]
        judged = [name for name in explanations if name not in columns] if JUDGED in fields else []
        allowed = [*columns, *judged]
        rows = read_csv(file.text, file.shown, self.places, root, needed=needed, allowed=allowed)
        return [_judged(row, judged) for row in rows] if judged else rows

    def validate(self, content: dict[str, Any]) -> CaseText | None:
        """Return the case, or None after noting what is wrong with its form."""
        text, problems = _validated(content, self.places)
        self.problems += problems
        return text

    def validate_variant(self, name: str, changes: Mapping[str, Any], content: Mapping[str, Any]) -> CaseText | None:
        """Return a variant of the case, or None after noting what is wrong with its form."""
        changed = apply(content, changes)
        if isinstance(changed, str):
            self.problems.append(self.places.problem(("variants", name), changed))
            return None
        text, problems = _validated(changed, places_of(self.places, name, changes))
        self.problems += [told(name, problem) for problem in problems]
        return text


def _validated(content: Mapping[str, Any], places: Places) -> tuple[CaseText | None, list[Problem]]:
    """Return the case, or None and what is wrong with its form."""
    try:
        return CaseText.model_validate(content), []
    except pydantic.ValidationError as error:
        errors = (each for each in error.errors(include_url=False) if not is_echo(each))
        return None, list(itertools.islice((word_error(each, places) for each in errors), MOST_PROBLEMS + 1))
