"""Find and read the files of a case, on disk or in memory."""

from __future__ import annotations

import os
import pathlib
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from raison.errors import CaseError, Problem, quote

CASE_FILES = ("case.yaml", "case.yml")
"""Names of the file in which a case starts."""
YAML_LIMIT = 2 * 2**20
"""Largest YAML file that is read, in bytes."""
CSV_LIMIT = 64 * 2**20
"""Largest CSV file that is read, in bytes."""

UNSHOWN = re.compile("[^\t\n -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""A sign that YAML 1.2 does not allow: a control character, or half of a sign (a lone surrogate)."""


@dataclass(frozen=True)
class CaseFile:
    """One file of a case.

    Attributes:
        name: its name beside the case file.
        shown: how messages call it.
        identity: the same for all names of one file.
        text: its text, line ends as `\\n`.
    """

    name: str
    shown: str
    identity: str
    text: str


class Files(Protocol):
    """The files of one case, wherever they lie."""

    @property
    def case_file(self) -> str:
        """The name of the file in which the case starts."""
        ...

    def show(self, name: str) -> str:
        """Return how messages call the file `name`."""
        ...

    def read(self, name: str) -> CaseFile:
        """Return the file `name`, which lies beside the case file or below.

        Raises:
            ValueError: with a message, if it is not there or may not be read.
            CaseError: with the place, if what it holds cannot be read as text.
        """
        ...


@dataclass(frozen=True)
class FilesOnDisk:
    """The files of a case in a folder; `path` is the case file."""

    path: pathlib.Path

    @property
    def case_file(self) -> str:
        return self.path.name

    def show(self, name: str) -> str:
        return str(self.path.parent / name)

    def read(self, name: str) -> CaseFile:
        if pathlib.PurePath(name).is_absolute():
            raise ValueError(f"{quote(name)} is an absolute path; name a file in the folder of the case.")
        folder = self.path.parent
        real = os.path.realpath(folder / name)
        if name != self.case_file and not pathlib.PurePath(real).is_relative_to(os.path.realpath(folder)):
            raise ValueError(f"{quote(name)} lies outside the folder of the case; copy it there.")
        shown = self.show(name)
        text = _decode(self._content(name), shown)
        return CaseFile(pathlib.PurePath(name).as_posix(), shown, real, clean_text(text, shown))

    def _content(self, name: str) -> bytes:
        path = self.path.parent / name
        try:
            size = path.stat().st_size
            if not path.is_file():
                raise FileNotFoundError
            check_size(size, self.show(name))
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise ValueError(_absent(name, self.case_file)) from None
        except OSError as error:
            raise ValueError(f"{quote(name)} cannot be read: {error.strerror}.") from None


@dataclass(frozen=True)
class TextsInMemory:
    """The files of a case as texts, by name."""

    texts: Mapping[str, str]

    @property
    def case_file(self) -> str:
        return _choose([name for name in CASE_FILES if name in self.texts], "the case")

    def show(self, name: str) -> str:
        return name

    def read(self, name: str) -> CaseFile:
        real = posixpath.normpath(name)
        if real == ".." or real.startswith(("/", "../")):
            raise ValueError(f"{quote(name)} lies outside the folder of the case; copy it there.")
        if real not in self.texts:
            raise ValueError(_absent(name, self.case_file))
        text = self.texts[real]
        check_size(len(text.encode(errors="surrogatepass")), name)
        return CaseFile(real, name, real, clean_text(text, name))


def find_case_file(path: pathlib.Path) -> pathlib.Path:
    """Return the case file that `path`, a folder or a file, stands for."""
    if os.path.isfile(path):
        return path
    if not os.path.isdir(path):
        raise CaseError([Problem(str(path), 0, 0, "", "there is no such file or folder.")])
    return path / _choose([name for name in CASE_FILES if os.path.isfile(path / name)], "the folder", str(path))


def _choose(found: list[str], where: str, file: str = "") -> str:
    """Return the one case file of those found."""
    if not found:
        raise CaseError([Problem(file, 0, 0, "", f"{where} has no `case.yaml`; a case starts there.")])
    if len(found) == 2:
        message = f"{where} has both `case.yaml` and `case.yml`; remove one of them."
        raise CaseError([Problem(file, 0, 0, "", message)])
    return found[0]


def _absent(name: str, case_file: str) -> str:
    return f"there is no file {quote(name)} beside `{case_file}`."


def check_size(size: int, file: str) -> None:
    """Raise `CaseError` if a file of `size` bytes is too large to be read."""
    limit = CSV_LIMIT if file.endswith(".csv") else YAML_LIMIT
    if size > limit:
        message = f"the file has {size / 2**20:.1f} MiB; at most {limit // 2**20} MiB are read."
        raise CaseError([Problem(file, 0, 0, "", message)])


def clean_text(text: str, file: str) -> str:
    """Return a text with its line ends as `\\n`; raise `CaseError` if it is empty or has signs that cannot be shown."""
    text = _with_line_ends(text.removeprefix("\ufeff"))
    if not text.strip():
        raise CaseError([Problem(file, 0, 0, "", "the file is empty.")])
    unshown = UNSHOWN.search(text)
    if unshown is not None:
        message = "found a sign that cannot be shown; remove it."
        raise CaseError([Problem(file, *_line_and_column(text[: unshown.start()]), "", message)])
    return text


def _decode(content: bytes, file: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        before = _with_line_ends(content[: error.start].decode().removeprefix("\ufeff"))
        message = "this is not UTF-8 text; save the file as UTF-8."
        raise CaseError([Problem(file, *_line_and_column(before), "", message)]) from None


def _with_line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _line_and_column(before: str) -> tuple[int, int]:
    """Return line and column of the character that follows `before`."""
    return before.count("\n") + 1, len(before) - before.rfind("\n")
