"""What a question may have for an answer: a number, shares of named parts, a table, or none, with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

TOGETHER = "all together"
"""The part that is the sum of the others, where they have a sum."""


@dataclass(frozen=True)
class Number:
    """A number, with its standard error where it comes from draws; 0 where it is exact."""

    value: float
    error: float = 0.0


@dataclass(frozen=True)
class Parts:
    """A distribution over named parts, such as the share of each motive."""

    shares: Mapping[str, Number]


@dataclass(frozen=True)
class Table:
    """Rows of answers under named columns, such as what each step would be worth to a player."""

    columns: tuple[str, ...]
    rows: Mapping[str, tuple[Number, ...]]


@dataclass(frozen=True)
class Undefined:
    """No answer, such as a reason where no game was solved."""

    why: str


Answer = Number | Parts | Table | Undefined
