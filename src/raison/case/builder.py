"""The one bridge from what the user wrote to what the core computes on."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from raison.case.game import CaseGame, game_of
from raison.case.meaning.entries import changes_of_drift, effect_of, is_assumed, read_confidence, space_of
from raison.case.meaning.names import names_of
from raison.case.meaning.numbers import WrittenNumber, beliefs_of, numbers_of
from raison.case.meaning.ranges import DAYS, read_number
from raison.case.text.reader import WrittenCase
from raison.case.text.schema import CaseText, ClaimRow, RecordRow
from raison.game import StateSpace
from raison.inference.model import Explanation, Parameter
from raison.query.conditions import Names, resolve_test
from raison.query.grammar import Test, parse_test
from raison.record import Item, Move, Reading, Record, Shock


@dataclass(frozen=True)
class WrittenClaim:
    """One claim of the text; `test` is None where `not_testable` says why there is none.

    Attributes:
        text: the test as it was written; empty if there is none.
    """

    id: str
    where: str
    says: str
    kind: str
    test: Test | None
    text: str = ""
    not_testable: str = ""


@dataclass(frozen=True)
class CaseSource:
    """Where facts come from."""

    key: str
    title: str
    url: str = ""


@dataclass(frozen=True, eq=False)
class BuiltCase:
    """A case as the core computes on it.

    Attributes:
        name: name of the folder, or of the file without its ending.
        space: the state space.
        game: builds the game from the vector of its numbers; traceable by JAX.
        explanations: the rival accounts, each with a prior for every number, in the same order.
        record: the dated items, times in units of `unit` from `begin`.
        begin: first day of the case.
        until: end of the record.
        unit: day, week, month or year.
        focus: day of the decision in question, if one is named.
        start: probability of each state on the first day. Shape `[states]`.
        claims: the claims of the text.
        indicators: value of each (name, date).
        names: what a query about this case may speak of.
        sources: where facts come from.
        labels: reader's names of players, variables and actions (`player.action`).
        hash: SHA-256 of the files of the case.
        assumed: how many ranges rest on an assumption, not on a source.
    """

    name: str
    title: str
    question: str
    summary: str
    space: StateSpace
    game: CaseGame
    explanations: tuple[Explanation, ...]
    record: Record
    begin: datetime.date
    until: datetime.date
    unit: str
    focus: datetime.date | None
    start: np.ndarray
    claims: tuple[WrittenClaim, ...]
    indicators: Mapping[tuple[str, datetime.date], float]
    names: Names
    sources: tuple[CaseSource, ...]
    labels: Mapping[str, str]
    leaves_out: tuple[str, ...]
    hash: str
    assumed: int

    def time_of(self, date: datetime.date) -> float:
        """Return whole days from the first day of the case to `date`, in time units."""
        return (date - self.begin).days / DAYS[self.unit]


def build(written: WrittenCase) -> BuiltCase:
    """Build a case in which `raison.case.checking.whole.check_case` finds no problem."""
    case = written.text
    space = space_of(case)
    numbers = numbers_of(case)
    names = names_of(case, space)
    return BuiltCase(
        name=written.name,
        title=case.title,
        question=case.question,
        summary=case.summary,
        space=space,
        game=game_of(case, space, [number.name for number in numbers]),
        explanations=tuple(_explanation(case, name, numbers) for name in case.explanations),
        record=_record(case, space),
        begin=case.time.begin,
        until=case.time.until,
        unit=case.time.unit,
        focus=case.time.focus,
        start=_start(case, space),
        claims=tuple(_claim(claim, names) for claim in case.claims),
        indicators={(row.indicator, row.date): row.value for row in case.indicators},
        names=names,
        sources=tuple(CaseSource(key, source.title, source.url) for key, source in case.sources.items()),
        labels=_labels(case),
        leaves_out=case.leaves_out,
        hash=written.hash,
        assumed=_count_assumed(case, numbers),
    )


def _explanation(case: CaseText, name: str, numbers: tuple[WrittenNumber, ...]) -> Explanation:
    own = {number.name: number for number in beliefs_of(case, name)}
    believed = [own.get(number.name, number) for number in numbers]
    written = case.explanations[name]
    return Explanation(
        name=name,
        parameters=tuple(
            Parameter(number.name, read_number(number.text, number.kind, case.time.unit), number.basis)
            for number in believed
        ),
        label=written.label or name,
        held_by=written.held_by,
        weight=written.prior,
    )


def _count_assumed(case: CaseText, numbers: tuple[WrittenNumber, ...]) -> int:
    every = [*numbers, *(number for name in case.explanations for number in beliefs_of(case, name))]
    return sum(
        is_assumed(number.basis) and read_number(number.text, number.kind, case.time.unit).is_free for number in every
    )


def _start(case: CaseText, space: StateSpace) -> np.ndarray:
    """Return the product of the variables' start distributions. Shape `[states]`."""
    start = np.ones(space.size)
    for variable in space.variables:
        at_start = case.variables[variable.name].at_start
        chances = np.array([at_start.get(level, 0.0) for level in variable.levels], dtype=np.float64)
        start = start * (chances / chances.sum())[space.levels_of(variable.name)]
    return start


def _record(case: CaseText, space: StateSpace) -> Record:
    days = DAYS[case.time.unit]
    items = tuple(_item(case, row, (row.date - case.time.begin).days / days, space) for row in case.record)
    return Record(items, (case.time.until - case.time.begin).days / days)


def _item(case: CaseText, row: RecordRow, time: float, space: StateSpace) -> Item:
    date, confidence = str(row.date), read_confidence(row.confidence)
    if row.kind == "move":
        return Move(time, row.who, row.what, date, row.source, row.note, confidence)
    if row.kind == "reading":
        levels = tuple(level.strip() for level in row.what.split("|"))
        return Reading(time, row.who, row.what, date, row.source, row.note, levels, confidence)
    if row.who == "nature":
        effect = effect_of(changes_of_drift(row.what, case.nature[row.what]), space)
        return Shock(time, row.who, row.what, date, row.source, row.note, effect, row.what)
    return Shock(time, row.who, row.what, date, row.source, row.note, effect_of({row.who: row.what}, space))


def _claim(row: ClaimRow, names: Names) -> WrittenClaim:
    test = None if row.test is None else resolve_test(parse_test(row.test), names.actions)
    return WrittenClaim(row.id, row.where, row.says, row.kind, test, row.test or "", row.not_testable or "")


def _labels(case: CaseText) -> dict[str, str]:
    labels = {name: variable.name or name.replace("_", " ") for name, variable in case.variables.items()}
    for name, player in case.players.items():
        labels[name] = player.name or name.replace("_", " ")
        for action, written in player.actions.items():
            labels[f"{name}.{action}"] = written.name or action.replace("_", " ")
    return labels
