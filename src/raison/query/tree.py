"""The trees that conditions, queries and tests are read into.

Every tree prints as canonical text by `str`, and that text reads into an equal tree.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Literal

PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2}


@dataclass(frozen=True)
class Compare:
    """A variable compared with a level; `op` is one of = != < <= > >=."""

    variable: str
    op: str
    level: str

    def __str__(self) -> str:
        return f"{self.variable} {self.op} {self.level}"


@dataclass(frozen=True)
class In:
    """A variable has one of several levels."""

    variable: str
    levels: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.variable} in ({', '.join(self.levels)})"


@dataclass(frozen=True)
class And:
    """All of two or more conditions."""

    parts: tuple[Condition, ...]

    def __str__(self) -> str:
        return " and ".join(f"({part})" if isinstance(part, And | Or) else str(part) for part in self.parts)


@dataclass(frozen=True)
class Or:
    """At least one of two or more conditions."""

    parts: tuple[Condition, ...]

    def __str__(self) -> str:
        return " or ".join(f"({part})" if isinstance(part, Or) else str(part) for part in self.parts)


@dataclass(frozen=True)
class Not:
    """The contrary of a condition."""

    part: Condition

    def __str__(self) -> str:
        return f"not ({self.part})" if isinstance(self.part, And | Or) else f"not {self.part}"


Condition = Compare | In | And | Or | Not


@dataclass(frozen=True)
class DoLevel:
    """From the start of the forecast a variable is set to a level and held there."""

    variable: str
    level: str

    def __str__(self) -> str:
        return f"do({self.variable} = {self.level})"


@dataclass(frozen=True)
class DoNever:
    """From the start of the forecast a player cannot take an action."""

    player: str
    action: str

    def __str__(self) -> str:
        return f"do({self.player} never {self.action})"


@dataclass(frozen=True)
class Given:
    """What a probability is conditioned on.

    Attributes:
        record: None for nothing but the first day, `all` for the whole record, or its last day.
        interventions: what is changed from outside.
    """

    record: datetime.date | Literal["all"] | None = None
    interventions: tuple[DoLevel | DoNever, ...] = ()

    def __str__(self) -> str:
        parts = [str(part) for part in self.interventions]
        if self.record is not None:
            parts.insert(0, "record" if self.record == "all" else f"record to {self.record}")
        return ", ".join(parts)


@dataclass(frozen=True)
class Probability:
    """Probability that a condition holds at a day, or has held by a day."""

    condition: Condition
    when: Literal["at", "by"]
    date: datetime.date
    given: Given = Given()

    def __str__(self) -> str:
        given = str(self.given)
        return f"P({self.condition} {self.when} {self.date}{' | ' if given else ''}{given})"


@dataclass(frozen=True)
class Posterior:
    """Posterior probability of an explanation."""

    explanation: str

    def __str__(self) -> str:
        return f"posterior({self.explanation})"


@dataclass(frozen=True)
class IndicatorValue:
    """Value of an indicator on a date."""

    indicator: str
    date: datetime.date

    def __str__(self) -> str:
        return f"value({self.indicator} at {self.date})"


@dataclass(frozen=True)
class MoveCount:
    """How many moves of an action the record has, both days included."""

    player: str
    action: str
    begin: datetime.date
    end: datetime.date

    def __str__(self) -> str:
        return f"moves({self.player} {self.action} from {self.begin} to {self.end})"


@dataclass(frozen=True)
class Constant:
    """A number; finite."""

    value: float

    def __str__(self) -> str:
        if self.value.is_integer() and abs(self.value) < 1e15:
            return str(int(self.value))
        return repr(float(self.value))


@dataclass(frozen=True)
class Arithmetic:
    """Two expressions combined by + - * or /."""

    op: str
    left: Expression
    right: Expression

    def __str__(self) -> str:
        return f"{self._side(self.left, 0)} {self.op} {self._side(self.right, 1)}"

    def _side(self, side: Expression, step: int) -> str:
        is_loose = isinstance(side, Arithmetic) and PRECEDENCE[side.op] < PRECEDENCE[self.op] + step
        return f"({side})" if is_loose else str(side)


Expression = Probability | Posterior | IndicatorValue | MoveCount | Constant | Arithmetic


@dataclass(frozen=True)
class Comparison:
    """Two expressions compared; `op` is one of < <= > >=."""

    op: str
    left: Expression
    right: Expression

    def __str__(self) -> str:
        return f"{self.left} {self.op} {self.right}"


@dataclass(frozen=True)
class Test:
    """One or more comparisons that must all hold."""

    __test__ = False  # pytest: this is no test class

    comparisons: tuple[Comparison, ...]

    def __str__(self) -> str:
        return " and ".join(str(comparison) for comparison in self.comparisons)


Query = Expression | Comparison | Test
