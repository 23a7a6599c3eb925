"""Check the record, the claims, the sources and the indicators of a case."""

from __future__ import annotations

import datetime
import itertools
import math
from collections.abc import Callable, Iterator

from raison.case.checking.world import MOST_STATES, Checking
from raison.case.meaning.entries import source_keys
from raison.case.meaning.episodes import HELD_OUT, Episode, held_out_of
from raison.case.meaning.items import ITEM_KINDS, Setting
from raison.case.meaning.names import names_of
from raison.case.text.places import Path
from raison.case.text.schema import ClaimRow, RecordRow
from raison.chain.counting import COUNTER_LEVELS
from raison.errors import Problem, QueryError, did_you_mean, nearest
from raison.query.conditions import check_query, check_question, forms_in
from raison.query.grammar import parse_query, parse_test
from raison.query.tree import Names, Query
from raison.record import Count, Move, Reading


def check_record(at: Checking) -> Iterator[Problem]:
    """Check every item of every record."""
    setting = Setting(at.case, at.space)
    for episode in at.episodes:
        if not episode.rows:
            is_written = at.places.at(episode.items) is not None
            missing = "`record` is missing; name a file (`record: record.csv`) or write the items here."
            empty = "the record is empty; it needs at least one item."
            yield at.places.problem(episode.items, empty if is_written else missing, at_key=not is_written)
        yield from _check_dates(at, episode)
        yield from _check_counts(at, episode)
        for index, row in enumerate(episode.rows):
            yield from _check_item(at, (*episode.items, index), row, setting)


def _check_item(at: Checking, path: Path, row: RecordRow, setting: Setting) -> Iterator[Problem]:
    if row.kind in ITEM_KINDS:
        for column, message in ITEM_KINDS[row.kind].problems(row, setting):
            yield at.places.problem((*path, column), message)
    else:
        known = f"it must be one of {', '.join(ITEM_KINDS)}.{nearest(row.kind, ITEM_KINDS)}"
        yield at.places.problem((*path, "kind"), f"found `{row.kind}`; {known}")
    yield from check_sources(at, (*path, "source"), row.source)


def _check_dates(at: Checking, episode: Episode) -> Iterator[Problem]:
    """Check that the items lie in the time of their episode, in order."""
    begin, until, rows = episode.begin, episode.until, episode.rows
    if begin is None or until is None:
        return
    early = [index for index, row in enumerate(rows) if row.date < begin]
    late = [index for index, row in enumerate(rows) if row.date > until]
    for end, day, outside, side in (("from", begin, early, "before"), ("until", until, late, "after")):
        if len(outside) > 2:
            message = (
                f"found `{day}`; {len(outside)} of the {len(rows)} items of the record lie {side} it, the first is "
                f"item {outside[0] + 1}, of {rows[outside[0]].date}. Move `{end}`, or leave them out."
            )
            yield at.places.problem((*episode.path, end), message)
            continue
        for index in outside:
            message = f"found `{rows[index].date}`; {episode.whose} runs from {begin} to {until}."
            yield at.places.problem((*episode.items, index, "date"), message)
    for index, (last, row) in enumerate(itertools.pairwise(rows), start=1):
        if row.date < last.date:
            message = f"found `{row.date}` after {last.date}; put the items in order of date."
            yield at.places.problem((*episode.items, index, "date"), message)


def _check_counts(at: Checking, episode: Episode) -> Iterator[Problem]:
    """Check that nothing lies within a count that it counts, and that counting needs no more than we can carry."""
    counts = [
        (index, row.begin, row)
        for index, row in enumerate(episode.rows)
        if row.kind == Count.kind and row.begin is not None and row.begin <= row.date
    ]
    for number, (place, begin, count) in enumerate(counts):
        what = f"{count.who} {count.what}"
        span = f"item {place + 1} counts `{what}` from {begin} to {count.date}"
        for index, row in enumerate(episode.rows):
            is_of_it = row.kind == Move.kind and what in (f"{row.who} {row.what}", " ".join(row.answer.split()))
            if is_of_it and begin <= row.date <= count.date:
                yield at.places.problem((*episode.items, index), f"{span}, so this act would count twice.")
        for index, other, row in counts[number + 1 :]:
            if f"{row.who} {row.what}" == what and other <= count.date and begin <= row.date:
                yield at.places.problem((*episode.items, index), f"{span}, so these days would count twice.")
        if episode.begin is not None and begin < episode.begin:
            message = f"found `{begin}`; {episode.whose} begins on {episode.begin}."
            yield at.places.problem((*episode.items, place, "from"), message)
    most: dict[str, int] = {}
    for _, _, row in counts:
        if row.number is not None and row.number.isdecimal():
            most[f"{row.who} {row.what}"] = max(int(row.number), most.get(f"{row.who} {row.what}", 0))
    states = at.space.size * math.prod(number + COUNTER_LEVELS for number in most.values())
    if most and states > MOST_STATES:
        largest = ", ".join(f"`{what}` ({number})" for what, number in most.items())
        message = f"the largest counts, of {largest}, need {states:,} states; at most {MOST_STATES:,}."
        message += " Cut the spans shorter, or count fewer actions."
        yield at.places.problem(episode.items, message)


def check_held_out(at: Checking) -> Iterator[Problem]:
    """Check what followed the record and is held out: moves and readings of later days."""
    if at.case.held_out is None:
        return
    if at.case.episodes:
        message = "it is held against the forecast of one record; a case with episodes has several."
        yield at.places.problem(HELD_OUT, message, at_key=True)
        return
    later = held_out_of(at.case)
    if later is None or later.begin is None or later.until is None:
        return
    if later.until < later.begin:
        message = f"found `{later.until}`; it must be after {at.case.time.until}, the last day of the record."
        yield at.places.problem((*HELD_OUT, "until"), message)
        return
    if not later.rows:
        yield at.places.problem(later.items, "nothing is held out; it needs at least one item.")
    setting = Setting(at.case, at.space)
    yield from _check_dates(at, later)
    for index, row in enumerate(later.rows):
        yield from _check_item(at, (*later.items, index), row, setting)
        if row.kind in ITEM_KINDS and row.kind not in (Move.kind, Reading.kind):
            message = f"found `{row.kind}`; what is held out are moves and readings."
            yield at.places.problem((*later.items, index, "kind"), message)


def check_sources(at: Checking, path: Path, source: str) -> Iterator[Problem]:
    """Check that the case has the sources that an entry cites."""
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
    yield from _check_text(at, (*path, "test"), claim.test)


def check_predictions(at: Checking) -> Iterator[Problem]:
    """Check what explanations predict: tests that each can answer before anything is seen."""
    for name, explanation in at.case.explanations.items():
        for index, text in enumerate(explanation.predicts):
            path: Path = ("explanations", name, "predicts", index)
            problems = list(_check_text(at, path, text))
            yield from problems
            others = [] if problems else [form for form in forms_in(parse_test(text)) if not form.is_prediction]
            for form in others:
                message = f"`{form}` is no prediction: use `rate(...)` and `P(...)` that look at no record."
                yield at.places.problem(path, message)


def check_questions(at: Checking) -> Iterator[Problem]:
    """Check that the questions of the case can be read and asked, and that none stands twice."""
    first: dict[str, int] = {}
    for index, text in enumerate(question.asks for question in at.case.questions):
        whole, part = ("questions", index), ("questions", index, "asks")
        path: Path = part if part in at.places.values else whole
        if text in first:
            line = at.places.values[("questions", first[text])].line
            yield at.places.problem(path, f"this question stands twice; the first is on line {line}.")
        first.setdefault(text, index)
        yield from _check_text(at, path, text, parse_query, check_question)


def _check_text(
    at: Checking,
    path: Path,
    text: str,
    parse: Callable[[str], Query] = parse_test,
    check: Callable[[Query, Names], list[str]] = check_query,
) -> Iterator[Problem]:
    """Check that the text of a test, or of another query, can be read and asked."""
    try:
        test = parse(text)
    except QueryError as error:
        for problem in error.problems:
            yield at.places.problem_inside(path, text, problem.column - 1, problem.message)
        return
    for message in check(test, names_of(at.case, at.space)):
        yield at.places.problem(path, message)


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
        yield from check_sources(at, (*path, "source"), row.source)
