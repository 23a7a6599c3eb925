"""The case language: what the user wrote, checked, and built into a game, a record and its explanations."""

from __future__ import annotations

from raison.case.builder import BuiltCase, Prediction, Variant, WrittenClaim, build
from raison.case.checking.checks import check_case
from raison.case.text.reader import WrittenCase, read_case, read_case_texts

__all__ = [
    "BuiltCase",
    "Prediction",
    "Variant",
    "WrittenCase",
    "WrittenClaim",
    "build",
    "check_case",
    "read_case",
    "read_case_texts",
]
