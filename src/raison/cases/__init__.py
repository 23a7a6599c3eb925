"""Bundled cases, as data, and how a case is found and opened by name or by path."""

from __future__ import annotations

import os
import pathlib

from raison.case import BuiltCase, build, check_case, read_case
from raison.errors import CaseError, Problem, did_you_mean

FOLDER = pathlib.Path(__file__).parent


def bundled() -> tuple[str, ...]:
    """Return the names of the bundled cases, in order of the alphabet."""
    return tuple(sorted(path.parent.name for path in FOLDER.glob("*/case.yaml")))


def find_case(text: str | os.PathLike[str]) -> pathlib.Path:
    """Return the folder or file of the case that `text`, a bundled name or a path, stands for.

    Raises:
        CaseError: if it is neither, or a bare name that is both.
    """
    text = os.fspath(text)
    path = pathlib.Path(text)
    is_bundled, is_path = text in bundled(), bool(text) and _exists(path)
    if is_bundled and is_path:
        message = f"this is a bundled case and also a folder or file here; write `./{text}` for the one here."
        raise CaseError([Problem(text, 0, 0, "", message)])
    if is_bundled:
        return FOLDER / text
    if is_path:
        return path
    message = f"there is no such file or folder, and no bundled case of this name.{did_you_mean(text, bundled())}"
    raise CaseError([Problem(text, 0, 0, "", message)])


def open_case(text: str | os.PathLike[str]) -> BuiltCase:
    """Read, check and build the case that `text`, a bundled name or a path, stands for.

    Raises:
        CaseError: with every problem found.
    """
    written = read_case(find_case(text))
    return build(written, check_case(written))


def _exists(path: pathlib.Path) -> bool:
    """Return whether there is such a file or folder; there is none of a name that no file can have."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
