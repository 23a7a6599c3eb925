"""The exception tree, and how a message is worded.

    RaisonError
    ├── CaseError            a file or a call says something that cannot be: exit code 2
    │   └── QueryError       a line of the query language cannot be read or asked
    ├── CannotWrite          the machine refuses to write or show what was found: exit code 2
    ├── ClusterFailed        no cluster answers, or it was lost: exit code 2
    ├── Cancelled            a run was cancelled before its end: exit code 130
    └── ComputationError     the input is right, the computation failed honestly: exit code 1
        ├── NotConverged     an iteration stopped before its tolerance
        ├── TooLarge         a game does not fit in memory
        ├── ImpossibleRecord the record has likelihood zero under a model
        ├── SamplingFailed   a posterior could not be approximated
        └── WorkersLost      a process that worked for a run was killed

A message says where, what was found, what is allowed, and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


class RaisonError(Exception):
    """Any error that Raison raises on purpose."""

    exit_code = 3


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong in a file.

    Attributes:
        file: the file as the user named it; empty when the input was no file.
        line: line, from 1; 0 when the problem has no line.
        column: column, from 1; 0 when the problem has no column.
        path: dotted path of the entry inside the file, such as `players.turkey.acts`; may be empty.
        message: what was found, what is allowed, what to do.
    """

    file: str
    line: int
    column: int
    path: str = field(compare=False)
    message: str = field(compare=False)

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        return ": ".join(part for part in (place, self.path, self.message) if part)


class CaseError(RaisonError):
    """What the user wrote cannot be a case. Carries every problem found, in order of place."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem] | str) -> None:
        if isinstance(problems, str):
            problems = [Problem("", 0, 0, "", problems)]
        self.problems: tuple[Problem, ...] = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class QueryError(CaseError):
    """A line of the query language cannot be read, or asks for what the case does not have."""


class CannotWrite(RaisonError):
    """The machine refuses to write or show what was found; the message says what refused, and why."""

    exit_code = 2


class ClusterFailed(RaisonError):
    """No cluster answers, it cannot do the work, or it was lost."""

    exit_code = 2


class Cancelled(RaisonError):
    """A run was cancelled, by an interrupt or by whoever watches it, before its end."""

    exit_code = 130


class Terminated(Cancelled):
    """A run was told to end by the system (SIGTERM)."""

    exit_code = 143


class ComputationError(RaisonError):
    """The input is right, but the computation could not give an answer it can stand behind."""

    exit_code = 1


class NotConverged(ComputationError):
    """An iteration stopped before its tolerance; the message gives the residual and a way out."""


class TooFast(NotConverged):
    """A world would jump too often in the time that is asked for; the message says how often."""


class TooLarge(ComputationError):
    """A game does not fit in memory; the message says how much it needs."""


class ImpossibleRecord(ComputationError):
    """The record has likelihood zero; the message names the first item that cannot happen."""


class SamplingFailed(ComputationError):
    """The posterior of an explanation could not be approximated."""


class WorkersLost(ComputationError):
    """A process that worked for a run was killed; the message says what to do."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ` Did you mean `x`?` for the nearest known word, or nothing."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" Did you mean `{near[0]}`?" if near else ""


def cut(text: str, most: int = 60) -> str:
    """Return a text, cut where it is too long for a message."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def quote(found: object) -> str:
    """Return what was found, in backquotes, cut where it is too long for a message."""
    return f"`{cut(str(found))}`"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ` Did you mean `x`?` for the nearest known word, or the list of what is allowed."""
    known = list(known)
    if near := nearest(word, known):
        return near
    if not known:
        return " None is defined."
    shown = ", ".join(f"`{name}`" for name in known[:12])
    return f" Known: {shown}{', ...' if len(known) > 12 else ''}."


def counted(amount: int, noun: str, plural: str = "") -> str:
    """Return `1 item`, `12 items`."""
    return f"{amount:,} {noun if amount == 1 else plural or noun + 's'}"
