"""The one bridge from what the user wrote to what the core computes on."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from raison.case.game import CaseGame, Theta, game_of
from raison.case.meaning.clues import clues_of
from raison.case.meaning.entries import is_assumed, space_of
from raison.case.meaning.episodes import Episode, episodes_of, held_out_of
from raison.case.meaning.items import ITEM_KINDS, Setting
from raison.case.meaning.names import names_of
from raison.case.meaning.numbers import WrittenNumber, read_numbers, reporting_ends
from raison.case.meaning.ranges import DAYS, LIMITS, Kind, Strength
from raison.case.text.places import Places
from raison.case.text.reader import WrittenCase
from raison.case.text.schema import CaseText, ClaimRow
from raison.case.text.variants import told
from raison.errors import CaseError, Problem
from raison.game import StateSpace
from raison.inference.clues import Clues
from raison.inference.model import Explanation, Parameter
from raison.notebook import html_table
from raison.query.conditions import resolve
from raison.query.grammar import parse_test
from raison.query.tree import Names, Test
from raison.record import Calendar, Item, Record, Source, WatchedRecord


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
class Prediction:
    """What an explanation says it predicts, before anything is seen.

    Attributes:
        explanation: its name.
        text: the test as it was written.
    """

    explanation: str
    text: str
    test: Test


@dataclass(frozen=True, eq=False)
class Variant:
    """The same case under another defensible assumption.

    Attributes:
        name: as the analyst calls it.
        changes: the entries that it replaces, as dotted path and new value.
        case: with these replaced.
    """

    name: str
    changes: tuple[tuple[str, str], ...]
    case: BuiltCase


@dataclass(frozen=True)
class HeldOut:
    """What followed the record.

    Attributes:
        until: last day.
        items: moves and readings, in order; their times are those of the record.
    """

    until: datetime.date
    items: tuple[Item, ...]


@dataclass(frozen=True)
class BuiltCase:
    """A case as the core computes on it.

    Attributes:
        name: name of the folder, or of the file without its ending.
        space: the state space.
        game: builds the game from the vector of its numbers; traceable by JAX.
        own: the case's own numbers, as no explanation in particular has them.
        motives: positions of the weights of motives among the numbers.
        explanations: the rival accounts, each with a prior for every number, in the same order.
        predictions: what explanations say they predict.
        records: what was seen, each with its start and its calendar.
        clues: what was judged; None if nothing.
        claims: the claims of the text.
        questions: further lines that its study answers.
        in_words: what such a line asks in plain words, where the case says it.
        indicators: value of each (name, date).
        names: what a query about this case may speak of.
        sources: where facts come from.
        labels: reader's names of players, variables and actions (`player.action`).
        hash: SHA-256 of the files of the case.
        files: texts of these files, by name; the first is that in which the case starts.
        assumed: how many ranges rest on an assumption, not on a source.
        variants: the same case with some entries replaced.
        held_out: what followed the record; None if the case has it not.
        warnings: what its check warned of.
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
    predictions: tuple[Prediction, ...]
    records: tuple[WatchedRecord, ...]
    clues: Clues | None
    claims: tuple[WrittenClaim, ...]
    questions: tuple[str, ...]
    in_words: Mapping[str, str]
    indicators: Mapping[tuple[str, datetime.date], float]
    names: Names
    sources: tuple[Source, ...]
    labels: Mapping[str, str]
    leaves_out: tuple[str, ...]
    hash: str
    files: Mapping[str, str]
    assumed: int
    variants: tuple[Variant, ...] = ()
    held_out: HeldOut | None = None
    warnings: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        rows = [("variable", variable.name, ", ".join(variable.levels)) for variable in self.space.variables]
        rows += [("player", player, ", ".join(actions)) for player, actions in self.names.actions.items()]
        rows += [("explanation", each.label, each.held_by) for each in self.explanations]
        return html_table(self.title, ("what", "name", ""), rows, self.question)


def build(written: WrittenCase, warnings: Sequence[Problem] = ()) -> BuiltCase:
    """Build a case in which `raison.case.checking.checks.check_case` finds no problem.

    Args:
        written: the case.
        warnings: what it warned of.
    """
    case = written.text
    space = space_of(case)
    numbers = read_numbers(case)
    names = names_of(case, space)
    game = game_of(case, space, numbers)
    records = tuple(_watched(written.name, episode, case, space) for episode in episodes_of(case))
    priors = _Priors(case.time.unit, game, records, written.places)
    return BuiltCase(
        name=written.name,
        title=case.title,
        question=case.question,
        summary=case.summary,
        space=space,
        game=game,
        own=Explanation("own", priors.of(numbers.every)),
        motives=game.motives,
        explanations=tuple(
            _explanation(case, name, priors.of(numbers.believed_by(name))) for name in case.explanations
        ),
        predictions=tuple(
            Prediction(name, text, resolve(parse_test(text), names.actions))
            for name, explanation in case.explanations.items()
            for text in explanation.predicts
        ),
        records=records,
        clues=clues_of(case),
        claims=tuple(_claim(claim, names) for claim in case.claims),
        questions=tuple(each.asks for each in case.questions),
        in_words={each.asks: each.in_words for each in case.questions if each.in_words},
        indicators={(row.indicator, row.date): row.value for row in case.indicators},
        names=names,
        sources=tuple(Source(key, source.title, source.url) for key, source in case.sources.items()),
        labels=_labels(case),
        leaves_out=case.leaves_out,
        hash=written.hash,
        files=written.files,
        assumed=len(
            {each.name for each in numbers.written() if is_assumed(each.basis) and each.prior(case.time.unit).is_free}
        ),
        variants=tuple(
            Variant(name, _changes(case.variants[name]), _build_variant(name, variant))
            for name, variant in written.variants.items()
        ),
        held_out=_held_out(case, space),
        warnings=tuple(f"`{each.path}`: {each.message}" if each.path else each.message for each in warnings),
    )


def _build_variant(name: str, variant: WrittenCase) -> BuiltCase:
    try:
        return build(variant)
    except CaseError as error:
        raise CaseError([told(name, problem) for problem in error.problems]) from None


def _changes(changes: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((path, _written_again(value)) for path, value in changes.items())


def _written_again(value: Any) -> str:
    """Return a value as one line of YAML would have it."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {_written_again(each)}' for key, each in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_written_again(each) for each in value)}]"
    return str(value)


def _explanation(case: CaseText, name: str, parameters: tuple[Parameter, ...]) -> Explanation:
    written = case.explanations[name]
    return Explanation(
        name=name,
        parameters=parameters,
        label=written.label or name,
        held_by=written.held_by,
        weight=written.prior,
    )


class _Priors:
    """What is written of the numbers, as priors; the weight behind a strength is worked out in the game.

    Args:
        unit: time unit of the case.
        game: the game by its numbers.
        records: from where and for how long the world is watched.
        places: where entries stand.
    """

    def __init__(self, unit: str, game: CaseGame, records: tuple[WatchedRecord, ...], places: Places) -> None:
        self._unit, self._game, self._records, self._places = unit, game, records, places
        self._found: dict[bytes, dict[int, float]] = {}

    def of(self, numbers: Sequence[WrittenNumber]) -> tuple[Parameter, ...]:
        """Return every number of an explanation with its prior.

        Errors:
            `CaseError` if a strength is asked of a motive that nobody's acts can serve.
        """
        written = [number.prior(self._unit) for number in numbers]
        strengths = {slot: each for slot, each in enumerate(written) if isinstance(each, Strength)}
        priors = {slot: each for slot, each in enumerate(written) if not isinstance(each, Strength)}
        if strengths:
            middles = [priors[slot].value(0.0) if slot in priors else 0.0 for slot in range(len(numbers))]
            log_strengths = self._log_strengths(np.array(middles))
            if hollow := [slot for slot, each in strengths.items() if not _has_weight(each, log_strengths[slot])]:
                raise CaseError([self._places.problem(numbers[slot].path, _hollow(numbers[slot])) for slot in hollow])
            priors |= {slot: each.weight(log_strengths[slot]) for slot, each in strengths.items()}
        return tuple(Parameter(each.name, priors[slot], each.basis) for slot, each in enumerate(numbers))

    def _log_strengths(self, middles: Theta) -> dict[int, float]:
        """Return the log strength of weight 1 of every motive; explanations that agree on all else share it."""
        key = np.where(np.isin(np.arange(len(middles)), self._game.motives), 0.0, middles).tobytes()
        if key not in self._found:
            self._found[key] = self._game.log_strengths(middles, self._records)
        return self._found[key]


def _has_weight(strength: Strength, log_strength: float) -> bool:
    """Return whether a weight that can be computed with has this strength, where weight 1 has that log strength."""
    return math.log(strength.high) <= LIMITS[Kind.MOTIVE][1] * log_strength


def _hollow(number: WrittenNumber) -> str:
    _, player, _, feature = number.name.split(".")
    return (
        f"found `{number.text}`, but no weight has this strength: nothing that `{player}` can do in the states where "
        f"the world goes makes `{feature}` likelier while all others act at random. Write a plain weight, such as "
        "`0.5 to 4`, if it works through what they answer."
    )


def _watched(name: str, episode: Episode, case: CaseText, space: StateSpace) -> WatchedRecord:
    if episode.begin is None or episode.until is None:
        raise AssertionError(episode.path)
    unit = case.time.unit
    calendar = Calendar(episode.begin, unit, DAYS[unit])
    setting = Setting(case, space)
    written = [ITEM_KINDS[row.kind].item(row, calendar, setting) for row in episode.rows]
    items = tuple(sorted(written, key=lambda item: item.time))  # a count stands at the end of its day
    periods = tuple(calendar.end_of(end) for end in reporting_ends(case))
    record = Record(items, calendar.end_of(episode.until), periods)
    return WatchedRecord(episode.name or name, record, space, _start(episode, space), calendar, episode.focus)


def _held_out(case: CaseText, space: StateSpace) -> HeldOut | None:
    later = held_out_of(case)
    if later is None or case.time.begin is None or later.until is None:
        return None
    calendar = Calendar(case.time.begin, case.time.unit, DAYS[case.time.unit])
    items = [ITEM_KINDS[row.kind].item(row, calendar, Setting(case, space)) for row in later.rows]
    return HeldOut(later.until, tuple(items))


def _start(episode: Episode, space: StateSpace) -> Float[np.ndarray, " states"]:
    """Return the product of the variables' start distributions. Shape `[states]`."""
    start = np.ones(space.size)
    for variable in space.variables:
        at_start = episode.at_start[variable.name]
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
