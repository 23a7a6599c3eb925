"""The case language: what the user wrote, checked, and built into a game, a record and its explanations."""

from __future__ import annotations

import os

from raison.case.builder import BuiltCase, WrittenClaim, build
from raison.case.checking.whole import check_case
from raison.case.text.reader import WrittenCase, read_case, read_case_texts

__all__ = [
    "BuiltCase",
    "WrittenCase",
    "WrittenClaim",
    "build",
    "check_case",
    "open_case",
    "read_case",
    "read_case_texts",
]


def open_case(path: str | os.PathLike[str]) -> BuiltCase:
    """Read, check and build the case in a folder or a YAML file; raise `CaseError` with every problem found."""
    written = read_case(path)
    check_case(written)
    return build(written)
