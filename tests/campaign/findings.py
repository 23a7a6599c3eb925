"""What a campaign tries and what it finds: trials, failures, and how they are told."""

from __future__ import annotations

import itertools
import pathlib
import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

SHOWN = 3
"""Inputs that are kept of failures with one cause."""


@dataclass(frozen=True)
class Trial:
    """One thing that is tried.

    Attributes:
        label: what it is, in a line.
        files: its input, by the name under which it is kept.
        expected: what else must be read as the same, where that is known.
    """

    label: str
    files: Mapping[str, bytes]
    expected: str | None = None


class Attack(Protocol):
    """A kind of trial; each is made from its number alone, so that it can be made again."""

    name: str

    def trial(self, number: int) -> Trial:
        """Return the trial with this number."""
        ...

    def problem(self, trial: Trial) -> str | None:
        """Try it and return what is wrong, if anything is; whatever is raised is wrong, too."""
        ...


@dataclass(frozen=True)
class Failure:
    """A trial that went wrong.

    Attributes:
        number: of the trial.
        label: what was tried.
        cause: what went wrong, in the same words for all trials that fail in the same way.
        detail: the traceback, or what else helps to understand it.
        files: what is kept of it.
    """

    number: int
    label: str
    cause: str
    detail: str
    files: Mapping[str, bytes]


def cause_of(error: BaseException) -> str:
    """Return the kind of an exception and the innermost function of Raison that it went through."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/raison/" in frame.filename]
    if not frames:
        return type(error).__name__
    file = frames[-1].filename.rpartition("/raison/")[2]
    return f"{type(error).__name__} in {file}, {frames[-1].name}"


@dataclass(frozen=True)
class Tried:
    """All that one attack tried."""

    attack: str
    count: int
    seconds: float
    failures: Sequence[Failure]

    def by_cause(self) -> dict[str, list[Failure]]:
        """Return the failures of each cause, the most frequent cause first."""
        ordered = sorted(self.failures, key=lambda failure: (failure.cause, failure.number))
        groups = {cause: list(group) for cause, group in itertools.groupby(ordered, lambda failure: failure.cause)}
        return dict(sorted(groups.items(), key=lambda group: -len(group[1])))


def keep(tried: Tried, folder: pathlib.Path) -> None:
    """Write the first inputs of each cause into folders of their own, with a word on each."""
    for failures in tried.by_cause().values():
        for failure in failures[:SHOWN]:
            place = folder / f"{tried.attack}-{failure.number}"
            lay_out(failure.files, place)
            told = f"{failure.label}\n\n{failure.cause}\n\n{failure.detail}\n"
            (place / "what.txt").write_text(told, encoding="utf-8", errors="backslashreplace")


def lay_out(files: Mapping[str, bytes], folder: pathlib.Path) -> None:
    """Write files by their names, which may lead through folders."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def table(all_tried: Iterable[Tried]) -> str:
    """Return what was tried, and every cause of failure with the number and the input of its first trial."""
    all_tried = list(all_tried)
    lines = [f"{'attack':<10}{'tried':>9}{'failed':>9}{'causes':>9}{'seconds':>9}"]
    for tried in all_tried:
        failed = len({failure.number for failure in tried.failures})
        lines.append(f"{tried.attack:<10}{tried.count:>9}{failed:>9}{len(tried.by_cause()):>9}{tried.seconds:>9.0f}")
    for tried in all_tried:
        for cause, failures in tried.by_cause().items():
            first = failures[0]
            lines += ["", f"{tried.attack}, {len(failures)} times: {cause}"]
            lines += [f"    first: {tried.attack} {first.number}: {first.label}"]
    return "\n".join(lines)
