"""The one bridge from what the user wrote to what the core computes on."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from raison.case.game import CaseGame, game_of
from raison.case.meaning.entries import is_assumed, space_of
from raison.case.meaning.items import ITEM_KINDS, Setting
from raison.case.meaning.names import names_of
from raison.case.meaning.numbers import Numbers, WrittenNumber, read_numbers
from raison.case.meaning.ranges import DAYS
from raison.case.text.reader import WrittenCase
from raison.case.text.schema import CaseText, ClaimRow
from raison.game import StateSpace
from raison.inference.model import Explanation, Parameter
from raison.query.conditions import resolve
from raison.query.grammar import parse_test
from raison.query.tree import Names, Test
from raison.record import Calendar, Record, Source, WatchedRecord


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


@dataclass(frozen=True, eq=False)
class BuiltCase:
    """A case as the core computes on it.

    Attributes:
        name: name of the folder, or of the file without its ending.
        space: the state space.
        game: builds the game from the vector of its numbers; traceable by JAX.
        own: the case's own numbers, as no explanation in particular has them.
        motives: positions of the weights of motives among the numbers.
        explanations: the rival accounts, each with a prior for every number, in the same order.
        records: what was seen, each with its start and its calendar.
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
    own: Explanation
    motives: tuple[int, ...]
    explanations: tuple[Explanation, ...]
    records: tuple[WatchedRecord, ...]
    claims: tuple[WrittenClaim, ...]
    indicators: Mapping[tuple[str, datetime.date], float]
    names: Names
    sources: tuple[Source, ...]
    labels: Mapping[str, str]
    leaves_out: tuple[str, ...]
    hash: str
    assumed: int


def build(written: WrittenCase) -> BuiltCase:
    """Build a case in which `raison.case.checking.checks.check_case` finds no problem."""
    case = written.text
    space = space_of(case)
    numbers = read_numbers(case)
    names = names_of(case, space)
    game = game_of(case, space, numbers)
    return BuiltCase(
        name=written.name,
        title=case.title,
        question=case.question,
        summary=case.summary,
        space=space,
        game=game,
        own=Explanation("own", _parameters(case, numbers.every)),
        motives=tuple(sorted({slot for player in game.players for _, slot, _ in player.motives})),
        explanations=tuple(_explanation(case, name, numbers) for name in case.explanations),
        records=(_watched(written.name, case, space),),
        claims=tuple(_claim(claim, names) for claim in case.claims),
        indicators={(row.indicator, row.date): row.value for row in case.indicators},
        names=names,
        sources=tuple(Source(key, source.title, source.url) for key, source in case.sources.items()),
        labels=_labels(case),
        leaves_out=case.leaves_out,
        hash=written.hash,
        assumed=sum(is_assumed(number.basis) and number.prior(case.time.unit).is_free for number in numbers.written()),
    )


def _explanation(case: CaseText, name: str, numbers: Numbers) -> Explanation:
    written = case.explanations[name]
    return Explanation(
        name=name,
        parameters=_parameters(case, numbers.believed_by(name)),
        label=written.label or name,
        held_by=written.held_by,
        weight=written.prior,
    )


def _parameters(case: CaseText, numbers: Sequence[WrittenNumber]) -> tuple[Parameter, ...]:
    return tuple(Parameter(number.name, number.prior(case.time.unit), number.basis) for number in numbers)


def _watched(name: str, case: CaseText, space: StateSpace) -> WatchedRecord:
    time = case.time
    calendar = Calendar(time.begin, time.unit, DAYS[time.unit])
    setting = Setting(case, space)
    items = tuple(ITEM_KINDS[row.kind].item(row, calendar.time_of(row.date), setting) for row in case.record)
    record = Record(items, calendar.end_of(time.until))
    return WatchedRecord(name, record, space, _start(case, space), calendar, time.focus)


def _start(case: CaseText, space: StateSpace) -> Float[np.ndarray, " states"]:
    """Return the product of the variables' start distributions. Shape `[states]`."""
    start = np.ones(space.size)
    for variable in space.variables:
        at_start = case.variables[variable.name].at_start
        chances = np.array([at_start.get(level, 0.0) for level in variable.levels], dtype=np.float64)
        start = start * (chances / chances.sum())[space.levels_of(variable.name)]
    return start


def _claim(row: ClaimRow, names: Names) -> WrittenClaim:
    test = None if row.test is None else resolve(parse_test(row.test), names.actions)
    return WrittenClaim(row.id, row.where, row.says, row.kind, test, row.test or "", row.not_testable or "")


def _labels(case: CaseText) -> dict[str, str]:
    labels = {name: variable.name or name.replace("_", " ") for name, variable in case.variables.items()}
    for name, player in case.players.items():
        labels[name] = player.name or name.replace("_", " ")
        for action, written in player.actions.items():
            labels[f"{name}.{action}"] = written.name or action.replace("_", " ")
    return labels
