"""The episodes of a case: one record with its time, or several under the same players and explanations."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from raison.case.text.places import Path
from raison.case.text.schema import CaseText, RecordRow

HELD_OUT: Path = ("held out",)
"""Entry of what followed the record."""


@dataclass(frozen=True)
class Episode:
    """A stretch of time and what was seen in it.

    Attributes:
        name: as the analyst calls it; empty if the case has one record and no name for it.
        begin: first day; None if it is not written.
        until: last day.
        focus: day of the decision in question.
        rows: the dated items.
        at_start: probability of the levels of each variable on the first day.
        path: to the entry that holds its dates.
        items: to its record.
    """

    name: str
    begin: datetime.date | None
    until: datetime.date | None
    focus: datetime.date | None
    rows: tuple[RecordRow, ...]
    at_start: Mapping[str, Mapping[str, float]]
    path: Path
    items: Path

    @property
    def whose(self) -> str:
        """Return what messages call it."""
        if self.path == HELD_OUT:
            return "what is held out"
        return f"episode `{self.name}`" if self.name else "the case"


def episodes_of(case: CaseText) -> tuple[Episode, ...]:
    """Return the episodes of a case, in its order."""
    usual = {name: variable.at_start for name, variable in case.variables.items()}
    if not case.episodes:
        time = case.time
        return (Episode("", time.begin, time.until, time.focus, case.record, usual, ("time",), ("record",)),)
    return tuple(
        Episode(
            name=name,
            begin=episode.begin,
            until=episode.until,
            focus=episode.focus,
            rows=episode.record,
            at_start={**usual, **{each: start for each, start in episode.at_start.items() if each in usual}},
            path=("episodes", name),
            items=("episodes", name, "record"),
        )
        for name, episode in case.episodes.items()
    )


def rows_of(case: CaseText) -> tuple[RecordRow, ...]:
    """Return the dated items of all episodes."""
    return tuple(row for episode in episodes_of(case) for row in episode.rows)


def held_out_of(case: CaseText) -> Episode | None:
    """Return what followed the record and is held out, from the day after it on; None if nothing is."""
    held_out, last = case.held_out, case.time.until
    if held_out is None or last is None or last == datetime.date.max:
        return None
    begin = last + datetime.timedelta(days=1)
    return Episode("", begin, held_out.until, None, held_out.record, {}, HELD_OUT, (*HELD_OUT, "record"))
