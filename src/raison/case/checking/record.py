"""Check the record, the claims, the sources and the indicators of a case."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from raison.case.checking.world import Checking
from raison.case.meaning.entries import explain_change, read_confidence, source_keys
from raison.case.meaning.names import names_of
from raison.case.text.places import Path
from raison.case.text.schema import ClaimRow, RecordRow
from raison.errors import Problem, QueryError, did_you_mean
from raison.query.conditions import check_condition, check_test, mask
from raison.query.grammar import parse_condition, parse_test


def check_record(at: Checking) -> Iterator[Problem]:
    """Check every item of the record."""
    if not at.case.record:
        yield at.places.problem(("record",), "the record is empty; it needs at least one item.")
    never = _impossible_actions(at)
    last: datetime.date | None = None
    for index, row in enumerate(at.case.record):
        path: Path = ("record", index)
        yield from _check_date(at, (*path, "date"), row.date, last)
        last = row.date
        match row.kind:
            case "move":
                yield from _check_move(at, path, row, never)
            case "reading":
                yield from _check_reading(at, path, row)
            case "shock":
                yield from _check_shock(at, path, row)
        yield from _check_confidence(at, path, row)
        yield from _check_sources(at, (*path, "source"), row.source)


def _check_date(at: Checking, path: Path, date: datetime.date, last: datetime.date | None) -> Iterator[Problem]:
    time = at.case.time
    if not time.begin <= date <= time.until:
        yield at.places.problem(path, f"found `{date}`; the case runs from {time.begin} to {time.until}.")
    if last is not None and date < last:
        yield at.places.problem(path, f"found `{date}` after {last}; put the items in order of date.")


def _impossible_actions(at: Checking) -> set[tuple[str, str]]:
    """Return the actions whose condition holds in no state."""
    never = set()
    for player, written in at.case.players.items():
        for action, entry in written.actions.items():
            try:
                condition = None if entry.condition is None else parse_condition(entry.condition)
            except QueryError:
                continue
            is_known = condition is not None and not check_condition(condition, at.space)
            if condition is not None and is_known and not mask(condition, at.space).any():
                never.add((player, action))
    return never


def _check_move(at: Checking, path: Path, row: RecordRow, never: set[tuple[str, str]]) -> Iterator[Problem]:
    players = at.case.players
    if row.who not in players:
        yield at.places.problem((*path, "who"), f"no player `{row.who}`.{did_you_mean(row.who, players)}")
    elif row.what not in players[row.who].actions:
        message = f"player `{row.who}` has no action `{row.what}`.{did_you_mean(row.what, players[row.who].actions)}"
        yield at.places.problem((*path, "what"), message)
    elif (row.who, row.what) in never:
        condition = players[row.who].actions[row.what].condition
        message = f"`{row.what}` can never be taken: its condition `{condition}` holds in no state."
        yield at.places.problem((*path, "what"), message)


def _check_reading(at: Checking, path: Path, row: RecordRow) -> Iterator[Problem]:
    if row.who not in at.space.names:
        message = f"no variable `{row.who}`.{did_you_mean(row.who, at.space.names)}"
        yield at.places.problem((*path, "who"), message)
        return
    known = at.space.variable(row.who).levels
    levels = [level.strip() for level in row.what.split("|")]
    for level in levels:
        if level not in known:
            message = f"variable `{row.who}` has no level `{level}`.{did_you_mean(level, known)}"
            yield at.places.problem((*path, "what"), message)
    if len(set(levels)) < len(levels):
        yield at.places.problem((*path, "what"), f"found `{row.what}`; a level stands twice.")


def _check_shock(at: Checking, path: Path, row: RecordRow) -> Iterator[Problem]:
    if row.who == "nature":
        if row.what not in at.case.nature:
            message = f"nature has no drift `{row.what}`.{did_you_mean(row.what, at.case.nature)}"
            yield at.places.problem((*path, "what"), message)
        return
    if row.who not in at.space.names:
        message = f"no variable `{row.who}`.{did_you_mean(row.who, [*at.space.names, 'nature'])}"
        yield at.places.problem((*path, "who"), message)
        return
    message = explain_change(row.who, row.what, at.space)
    if message:
        yield at.places.problem((*path, "what"), message)


def _check_confidence(at: Checking, path: Path, row: RecordRow) -> Iterator[Problem]:
    if row.kind == "shock" and row.confidence is not None:
        message = f"found `{row.confidence}`; a shock is taken as certain, so leave this empty."
        yield at.places.problem((*path, "confidence"), message)
        return
    try:
        read_confidence(row.confidence)
    except ValueError as error:
        yield at.places.problem((*path, "confidence"), str(error))


def _check_sources(at: Checking, path: Path, source: str) -> Iterator[Problem]:
    for key in source_keys(source):
        if key not in at.case.sources:
            yield at.places.problem(path, f"no source `{key}`.{did_you_mean(key, at.case.sources)}")


def check_claims(at: Checking) -> Iterator[Problem]:
    """Check the ids and the tests of the claims."""
    first: dict[str, int] = {}
    for index, claim in enumerate(at.case.claims):
        path: Path = ("claims", index)
        if claim.id in first:
            line = at.places.values[("claims", first[claim.id])].line
            yield at.places.problem((*path, "id"), f"`{claim.id}` stands twice; the first is on line {line}.")
        first.setdefault(claim.id, index)
        yield from _check_test(at, path, claim)


def _check_test(at: Checking, path: Path, claim: ClaimRow) -> Iterator[Problem]:
    if (claim.test is None) == (claim.not_testable is None):
        found = "neither" if claim.test is None else "both"
        message = f"claim `{claim.id}` has {found} `test` and `not testable`; give one of the two."
        yield at.places.problem(path, message.replace("neither `test` and", "neither `test` nor"))
    if claim.test is None:
        return
    try:
        test = parse_test(claim.test)
    except QueryError as error:
        for problem in error.problems:
            yield at.places.problem_inside((*path, "test"), claim.test, problem.column - 1, problem.message)
        return
    for message in check_test(test, names_of(at.case, at.space)):
        yield at.places.problem((*path, "test"), message)


def check_indicators(at: Checking) -> Iterator[Problem]:
    """Check that no indicator has two values on a day."""
    first: dict[tuple[str, datetime.date], int] = {}
    for index, row in enumerate(at.case.indicators):
        path: Path = ("indicators", index)
        key = (row.indicator, row.date)
        if key in first:
            line = at.places.values[("indicators", first[key])].line
            message = f"`{row.indicator}` at {row.date} stands twice; the first is on line {line}."
            yield at.places.problem((*path, "indicator"), message)
        first.setdefault(key, index)
        yield from _check_sources(at, (*path, "source"), row.source)
