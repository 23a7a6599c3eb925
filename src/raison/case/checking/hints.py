"""What looks forgotten or doubtful in a case in which nothing is wrong."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from raison.case.checking.world import Checking
from raison.case.meaning.entries import changes_of_drift, outcomes_of
from raison.case.meaning.episodes import Episode
from raison.case.text.places import Path
from raison.case.text.schema import WrittenAction, WrittenDrift
from raison.errors import Problem, counted

LONG = 3.0
"""How many times the mean gap between items the end of a record may be silent, if no gap before it is as long."""

FEW = 4
"""Items below which the gaps of a record say nothing."""


def warn_of_records(at: Checking) -> Iterator[Problem]:
    """Yield items that stand twice, and records that end in a long silence."""
    for episode in at.episodes:
        yield from _twice(at, episode)
        yield from _silent_end(at, episode)


def _twice(at: Checking, episode: Episode) -> Iterator[Problem]:
    first: dict[tuple[object, ...], int] = {}
    for index, row in enumerate(episode.rows):
        same = (row.date, row.kind, row.who, row.what)
        if same in first:
            yield at.places.problem(
                (*episode.items, index),
                f"`{row.who} {row.what}` of {row.date} is item {first[same] + 1} already: it counts twice.",
            )
        first.setdefault(same, index)


def _silent_end(at: Checking, episode: Episode) -> Iterator[Problem]:
    dates = [row.date for row in episode.rows]
    if len(dates) < FEW or episode.until is None or episode.begin is None:
        return
    gaps = [(later - earlier).days for earlier, later in itertools.pairwise([episode.begin, *dates])]
    end = (episode.until - dates[-1]).days
    if end > max(gaps) and end * len(gaps) > LONG * sum(gaps):
        path: Path = (*episode.path, "until")
        message = (
            f"found `{episode.until}`, {counted(end, 'day')} after the last item; no gap before is longer than "
            f"{counted(max(gaps), 'day')}. This silence counts: if nobody looked, end the record at {dates[-1]}."
        )
        yield at.places.problem(path, message)


def warn_of_likes(at: Checking) -> Iterator[Problem]:
    """Yield drifts, and actions of one player, that nothing distinguishes."""
    drifts = [(name, _drift(name, drift)) for name, drift in at.case.nature.items()]
    yield from _alike(at, ("nature",), drifts, "these drifts do the same under the same conditions; one is enough.")
    for player, entry in at.case.players.items():
        actions = [(name, _action(action)) for name, action in entry.actions.items()]
        message = "these actions do the same at the same cost; the record tells them apart, and nothing else does."
        yield from _alike(at, ("players", player, "actions"), actions, message)


def _alike(at: Checking, path: Path, entries: Sequence[tuple[str, object]], message: str) -> Iterator[Problem]:
    for (one, what), (other, same) in itertools.combinations(entries, 2):
        if what == same:
            yield at.places.problem((*path, other), f"`{one}` and `{other}`: {message}", at_key=True)


def _drift(name: str, drift: WrittenDrift) -> object:
    return dict(changes_of_drift(name, drift)), drift.condition, drift.when


def _action(action: WrittenAction) -> object:
    chances = [outcome.chance for outcome in action.outcomes or ()]
    return [dict(changes) for changes in outcomes_of(action)], chances, action.condition, action.costs
