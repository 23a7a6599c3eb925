"""Find and read the files of a case."""

from __future__ import annotations

import pathlib

from raison.errors import CaseError, Problem

YAML_LIMIT = 2 * 2**20
"""Largest YAML file that is read, in bytes."""
CSV_LIMIT = 64 * 2**20
"""Largest CSV file that is read, in bytes."""


def find_case_file(path: pathlib.Path) -> pathlib.Path:
    """Return the case file that `path`, a folder or a file, stands for."""
    if path.is_file():
        return path
    if not path.is_dir():
        raise CaseError([Problem(str(path), 0, 0, "", "there is no such file or folder.")])
    found = [path / name for name in ("case.yaml", "case.yml") if (path / name).is_file()]
    if not found:
        raise CaseError([Problem(str(path), 0, 0, "", "the folder has no `case.yaml`; a case starts there.")])
    if len(found) == 2:
        raise CaseError(
            [Problem(str(path), 0, 0, "", "the folder has both `case.yaml` and `case.yml`; remove one of them.")]
        )
    return found[0]


def beside(name: str, case_file: pathlib.Path) -> pathlib.Path:
    """Return the file `name` beside the case file; raise `ValueError` with a message if it may not be read."""
    path = case_file.parent / name
    if not path.resolve().is_relative_to(case_file.parent.resolve()):
        raise ValueError(f"`{name}` lies outside the folder of the case; copy it there.")
    if not path.is_file():
        raise ValueError(f"there is no file `{name}` beside `{case_file.name}`.")
    return path


def read_text(path: pathlib.Path) -> str:
    """Return the text of a file, its line ends as `\\n`; raise `CaseError` if it is too large, empty or not UTF-8."""

    def wrong(message: str, line: int = 0, column: int = 0) -> CaseError:
        return CaseError([Problem(str(path), line, column, "", message)])

    limit = CSV_LIMIT if path.suffix == ".csv" else YAML_LIMIT
    size = path.stat().st_size
    if size > limit:
        raise wrong(f"the file has {size / 2**20:.1f} MiB; at most {limit // 2**20} MiB are read.")
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise wrong("this is not UTF-8 text; save the file as UTF-8.", line, column) from None
    if not text.strip():
        raise wrong("the file is empty.")
    return text.replace("\r\n", "\n").replace("\r", "\n")
