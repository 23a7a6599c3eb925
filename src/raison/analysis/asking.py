"""Ask a finished study: nothing is fitted again.

A question is asked under every explanation, at draws from its posterior that the study keeps; more probable
explanations get more of the draws. The average over explanations weighs them by their posterior. A question about how
probable explanations are is asked of posteriors drawn with the errors of the log evidences instead.
"""

from __future__ import annotations

import datetime
import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Int64

from raison.analysis.drawn import DRAWS, Drawn, drawn_of
from raison.analysis.estimates import Answers, as_they_are, estimates, of_beliefs
from raison.analysis.fitting import Rival, make_rivals
from raison.analysis.pool import Pool, Processes
from raison.analysis.watch import Watch
from raison.analysis.worlds import FORECAST_TOLERANCE, WORTH_TOLERANCE, world_of
from raison.asked import WHOLE, Asked, AskedOn, Estimate, LivedAgain, Under
from raison.case import BuiltCase, build, check_case, read_case_texts
from raison.errors import CaseError, NotConverged, Problem, QueryError
from raison.inference.evidence import posterior_probabilities
from raison.inference.model import HABIT
from raison.inference.posterior import weighted_interval
from raison.inference.prior import Normal
from raison.query.answers import Answer, Number, Table, Undefined
from raison.query.conditions import (
    as_it_was,
    check_question,
    forecast_start,
    forms_in,
    resolve,
    speaks_of_explanations,
)
from raison.query.forms.explanation import ExplanationProbability
from raison.query.forms.hazard import Hazard
from raison.query.forms.payoff import OfPlayer
from raison.query.forms.probability import Probability
from raison.query.forms.rate import Rate
from raison.query.forms.reason import Reason
from raison.query.forms.tells import Tells
from raison.query.grammar import parse_query
from raison.query.replays import PATHS
from raison.query.tree import (
    BOTH,
    CLUES,
    DO,
    HAD,
    NOTHING,
    RECORD,
    SURPRISE,
    Comparison,
    Conditioned,
    Form,
    Given,
    Names,
    Promising,
    Query,
    Test,
)
from raison.query.world import Believed, Facts, World
from raison.record import Move, bulk
from raison.study import MoveReasons, Study

ANSWERING = "answer the questions"

BELIEFS = 400
"""Posteriors of the explanations, drawn with the errors of their log evidences."""

EXACT = "exact on the chain (games solved to {}), at draws of the numbers from each explanation's posterior"
HISTORIES = (
    f"{PATHS} histories at each draw of the numbers, drawn given the record and lived through again with the same luck"
)
AT_MODE = "exact on the chain, at the most probable numbers of each explanation"
OF_BELIEFS = "posteriors of the explanations, drawn with the errors of their log evidences"
IN_STUDY = (
    "looked up in the study: readings exact, watching longer by histories made under each explanation, all at their "
    "most probable numbers"
)
"""How answers are found."""

DAYS = 13
"""Days for which a question of a case is asked, to draw its answer over time."""

Levels = Int64[np.ndarray, "paths days variables"]
"""Which level each variable has in every history on some days."""

ASSUMES = {
    DO: "`do(...)` is known to everybody as soon as it is made: all choose anew; nobody foresees it, or its end",
    SURPRISE: "`surprise(...)` is not taken account of by anybody: players go on choosing as if nothing had changed",
    HAD: (
        "`had(...)` is known to everybody from its first day on, and the luck of the record is kept: clocks, outcomes "
        "and the shocks of every choice. How shocks of one moment hang together (Gumbel-max) is assumed: with it, what "
        "was tends to come again, so that other ways may keep less; for one choice `again` tells how much less"
    ),
}
"""What a change of each kind means."""

ALREADY = "it is so already when what is asked begins, whatever comes then"
"""What is said of something that has come about from the first."""

MOST_QUESTIONS = 1000
"""Questions that are answered at a time."""


def ask(
    study: Study,
    questions: str | Sequence[str],
    *,
    draws: int = DRAWS,
    watch: Watch | None = None,
    pool: Pool | None = None,
) -> tuple[Asked, ...]:
    """Return the answers of a finished study to some questions, in their order.

    Args:
        study: with the draws that it was saved with.
        questions: lines of the query language, or one.
        draws: how many, over all explanations; under each there are at least four.
        watch: told of every explanation that has answered.
        pool: where explanations are asked; the cores of this machine if it is None.

    Errors:
        `QueryError` if a question cannot be read, or asks for what the case does not have: all of them at once.
        `CaseError` if the study does not hold its case, or no draws.
    """
    watch, pool = watch or Watch(), pool or Processes(hesitates=True)
    case = case_of(study)
    lines = [_Line(query) for query in _read([questions] if isinstance(questions, str) else questions, case)]
    return _answers(study, case, rivals_of(study, case), lines, draws, watch, pool)


def answer_questions(
    study: Study, case: BuiltCase, rivals: Sequence[Rival], watch: Watch, pool: Pool
) -> tuple[tuple[Asked, ...], tuple[MoveReasons, ...]]:
    """Return the answers to the questions of a case, and the reasons of every move of its records.

    Errors:
        `NotConverged` if an explanation cannot be solved at its most probable numbers.
    """
    lines = [_line_of_case(query, case.names) for query in _read(case.questions, case)]
    moves = _moves(case)
    found = _answers(study, case, rivals, [*lines, *(_Line(query) for _, query in moves)], DRAWS, watch, pool)
    reasons = [
        MoveReasons(
            record,
            str(query.date),
            query.player,
            query.action,
            asked.parts,
            {u.explanation: {name: each.value for name, each in u.parts.items()} for u in asked.under if u.parts},
        )
        for (record, query), asked in zip(moves, found[len(lines) :], strict=True)
        if asked.parts
    ]
    answers = zip(case.questions, found[: len(lines)], strict=True)
    told = [replace(asked, in_words=case.in_words.get(text, "")) for text, asked in answers]
    return tuple(told), tuple(reasons)


def _moves(case: BuiltCase) -> list[tuple[str, Reason]]:
    """Return every kind of move on every day of the records, with its record, in order of time."""
    found: dict[tuple[str, Reason], None] = {}
    for number, watched in enumerate(case.records):
        for item in watched.record.items:
            if isinstance(item, Move):
                for act in (item.act, *([item.answer] if item.answer else [])):
                    day = watched.calendar.date_of(item.time)
                    asked = Reason(act.who, act.what, day, episode=watched.name if number else "")
                    found[watched.name, asked] = None
    return list(found)


@dataclass(frozen=True)
class _Line:
    """A question, and what else is asked to show its answer.

    Attributes:
        query: the question.
        days: other days for which it is asked, too, to show its answer over time.
    """

    query: Query
    days: tuple[datetime.date, ...] = ()

    @property
    def all(self) -> list[Query]:
        """Return the question and, of a past that is lived through again, the same as it was; then for every day."""
        queries = [self.query, *(_on(self.query, day) for day in self.days)]
        is_changed = _ways(self.query) == {HAD} and as_it_was(self.query) != self.query
        return [*queries, *([as_it_was(each) for each in queries] if is_changed else [])]

    @property
    def replayed(self) -> Given | None:
        """Return what is lived through again, if the histories are to be shown."""
        is_shown = isinstance(self.query, Conditioned) and self.query.given.is_replay and self.days
        return self.query.given if is_shown else None  # pyright: ignore


def _on(query: Query, day: datetime.date) -> Query:
    assert isinstance(query, Form)
    return query.on(day)


def _line_of_case(query: Query, names: Names) -> _Line:
    """Return a question of a case, and the days for which it is asked, too."""
    if not isinstance(query, Form) or query.day is None:
        return _Line(query)
    given = query.given if isinstance(query, Conditioned) else NOTHING
    begin = names.span(given.episode)[0] if given.is_replay else forecast_start(given, names)
    if query.day <= begin:
        return _Line(query)
    steps = [round(each) for each in np.linspace(0, (query.day - begin).days, DAYS)]
    return _Line(query, tuple(begin + datetime.timedelta(days=each) for each in dict.fromkeys(steps)))


def _answers(
    study: Study,
    case: BuiltCase,
    rivals: Sequence[Rival],
    lines: Sequence[_Line],
    draws: int,
    watch: Watch,
    pool: Pool,
) -> tuple[Asked, ...]:
    jobs = drawn_of(study, rivals, draws)
    own = [line for line in lines if not speaks_of_explanations(line.query)]
    answered = pool.side_by_side(
        functools.partial(_ask_one, case=case, lines=own),
        jobs,
        bulk=bulk(case.records),
        done=lambda count, *_: watch.tell(ANSWERING, count, len(jobs)),
        cost=lambda job: job.amount,
    )
    by_line = iter(zip(*answered, strict=True))
    return tuple(
        _about_explanations(line.query, study, case, rivals[0], jobs)
        if speaks_of_explanations(line.query)
        else _together(line, case, jobs, next(by_line))
        for line in lines
    )


def case_of(study: Study) -> BuiltCase:
    """Return the case that a finished study holds, without its variants.

    Errors:
        `CaseError` if it holds none, or no draws.
    """
    if not study.case.files or not any(len(each.weights) for each in study.explanations):
        message = "this study holds no case or no draws, so nothing can be asked of it. `raison run` makes one anew."
        raise CaseError([Problem(study.case.name, 0, 0, "", message)])
    texts = dict(study.case.files)
    first = next(iter(texts))
    written = read_case_texts({"case.yaml": texts.pop(first), **texts}, name=study.case.name)
    if written.hash != study.case.hash:  # else it was checked when it was studied
        check_case(written)
    return build(replace(written, variants={}))


def rivals_of(study: Study, case: BuiltCase) -> tuple[Rival, ...]:
    """Return the rivals of a finished study; what it says of habit and reply is not predicted anew."""
    known = {
        each.name: Normal(each.low, each.high)
        for result in study.explanations
        if result.name == HABIT
        for each in result.parameters
    }
    return make_rivals(case, known)


def _read(questions: Sequence[str], case: BuiltCase) -> list[Query]:
    """Return the questions, read and checked."""
    problems: list[Problem] = []
    queries: list[Query] = []
    if len(questions) > MOST_QUESTIONS:
        problems.append(Problem("", 0, 0, "", f"at most {MOST_QUESTIONS:,} questions are answered at a time."))
    for text in questions[:MOST_QUESTIONS]:
        try:
            query = resolve(parse_query(text), case.names.actions)  # pyright: ignore[reportArgumentType]
        except QueryError as error:
            problems += [Problem(text, 0, each.column, "", each.message) for each in error.problems]
            continue
        problems += [Problem(text, 0, 0, "", message) for message in check_question(query, case.names)]
        queries.append(query)
    if problems:
        raise QueryError(problems)
    return queries


def _believed(study: Study) -> Believed:
    """Return how probable each explanation is, by what that rests on."""
    believed = {RECORD: {each.name: each.posterior for each in study.explanations}}
    if study.clues is not None:
        believed[CLUES] = {each.explanation: each.clues for each in study.clues.shares}
        believed[BOTH] = {each.explanation: each.both for each in study.clues.shares}
    return believed


def _beliefs(study: Study) -> list[Believed]:
    """Return the posteriors by the record, drawn with the errors of the log evidences; others have no such error."""
    names = [each.name for each in study.explanations]
    fixed = _believed(study)
    middle = np.log(np.maximum([each.posterior for each in study.explanations], 1e-300))
    errors = np.nan_to_num([each.log_evidence_error for each in study.explanations])
    noise = np.random.default_rng(study.seed).standard_normal((BELIEFS, len(names)))
    rows = posterior_probabilities(middle + errors * noise, [1.0] * len(names)).tolist()
    return [{**fixed, RECORD: dict(zip(names, row, strict=True))} for row in rows]


class _Lines(NamedTuple):
    """What one explanation answered to one line.

    Attributes:
        answers: to all its queries, in their order.
        levels: of the histories that are lived through again, at each draw: as they were, and with the change. Each of
            shape `[paths, days, variables]`.
        times: how often each of these draws was picked.
        is_already: whether what may come about is so from the first, at the most probable numbers.
    """

    answers: list[Answers]
    levels: list[tuple[Levels, Levels]]
    times: list[int]
    is_already: bool


def _ask_one(job: Drawn, *, case: BuiltCase, lines: Sequence[_Line]) -> list[_Lines]:
    """Return the answers of one explanation to all lines that are not about explanations."""
    at_mode, world_at = job.worlds(case)
    found = [_Lines([Answers() for _ in line.all], [], [], _is_already(line.query, at_mode)) for line in lines]
    for place, times in job.picked.items():
        here = world_at(place)
        for line, each in zip(lines, found, strict=True):
            if not _is_at_mode(line.query):
                each.answers[:] = [_added(a, here, one, times) for a, one in zip(each.answers, line.all, strict=True)]
                _add_levels(each, here, line, times)
    for line, each in zip(lines, found, strict=True):
        if _is_at_mode(line.query):
            each.answers[:] = [_added(Answers(), at_mode, line.query, 1)]
    return found


def _is_already(query: Query, at_mode: World) -> bool:
    """Return whether what may come about is so from the first."""
    try:
        return isinstance(query, Probability) and query.is_already(at_mode)
    except NotConverged:
        return False


def _is_at_mode(query: Query) -> bool:
    """Return whether a question is asked at the most probable numbers alone."""
    return any(form.is_at_mode for form in forms_in(query))


def _add_levels(so_far: _Lines, world: World, line: _Line, times: int) -> None:
    """Add the levels of the histories of one more draw, if they are to be shown and can be had."""
    given = line.replayed
    if given is None:
        return
    calendar = world.record(given.episode).calendar
    ends = [calendar.end_of(day) for day in line.days]
    try:
        courses = [world.lived(each) for each in (given.unchanged(), given)]
    except NotConverged:
        return
    if not any(isinstance(each, Undefined) for each in courses):
        so_far.levels.append(tuple(each.levels(ends) for each in courses))  # pyright: ignore
        so_far.times.append(times)


def _added(so_far: Answers, world: World, query: Query, times: int) -> Answers:
    """Return the answers with those of one more draw, which was picked so many times."""
    try:
        answer = _answer(world, query)
    except NotConverged:
        return replace(so_far, unconverged=so_far.unconverged + times)
    if isinstance(answer, Undefined):
        return replace(so_far, undefined=so_far.undefined + times, why_undefined=answer.why)
    if isinstance(answer, Table):
        return replace(so_far, table=answer, times=(times,))
    parts = {WHOLE: answer} if isinstance(answer, Number) else dict(answer.shares)
    return replace(
        so_far,
        parts=(*so_far.parts, {name: each.value for name, each in parts.items()}),
        errors=(*so_far.errors, {name: each.error for name, each in parts.items()}),
        times=(*so_far.times, times),
    )


def _answer(world: World, query: Query) -> Answer:
    """Return what a query is in one world; of a test, 1 where it holds and 0 where not."""
    if isinstance(query, Comparison | Test):
        holds = world.holds(query if isinstance(query, Test) else Test((query,)))
        return holds if isinstance(holds, Undefined) else Number(float(holds))
    answer: Answer = world.answer(query)
    if isinstance(answer, Number) and not math.isfinite(answer.value):
        return Undefined("it is infinite: a division by 0, or a number too large")
    return answer


def _about_explanations(query: Query, study: Study, case: BuiltCase, rival: Rival, jobs: Sequence[Drawn]) -> Asked:
    """Return the answer to a question about the explanations together: the same under each of them."""
    facts = Facts(case.space, case.records, case.indicators, promising=_promising(study))
    world = world_of(case, rival.likelihood, facts, rival.explanation.centre, None)
    if isinstance(query, Tells):
        answers, method = _added(Answers(), world, query, 1), IN_STUDY
        kind, parts = "parts", as_they_are(answers)
    else:
        answers = Answers()
        for belief in _beliefs(study):
            answers = _added(answers, world.believing(belief), query, 1)
        kind, method = _kind(query, [answers]), OF_BELIEFS
        parts = of_beliefs(answers, kind)
        bases = {form.basis for form in forms_in(query) if isinstance(form, ExplanationProbability)}
        if bases != {RECORD}:  # the study keeps nothing that could be drawn
            parts = {name: Estimate(each.value, math.nan, math.nan, math.nan) for name, each in parts.items()}
            method += "; where clues count, at the mean over judgements: the report has its spread"
    known = (parts, answers.draws, answers.undefined, answers.unconverged, answers.why_undefined)
    under = tuple(Under(job.result.name, job.result.label, job.result.posterior, *known) for job in jobs)
    defined = math.fsum(each.posterior for each in under) if parts else 0.0
    return Asked(str(query), kind, _form(query), True, parts, defined, under, method, "")


def _promising(study: Study) -> tuple[Promising, ...]:
    """Return what would tell more, as the study found it, the best first."""
    several = len(study.records) > 1
    return tuple(
        Promising(
            (each.variable + " on " if each.variable else "watching until ")
            + each.date
            + (f" of {each.record}" if several else ""),
            each.variable,
            each.record,
            each.expected,
            each.error,
        )
        for each in study.next_evidence
    )


def _together(line: _Line, case: BuiltCase, jobs: Sequence[Drawn], lines: Sequence[_Lines]) -> Asked:
    """Return what all explanations answered to one question."""
    query = line.query
    answers, was = _asked_and_was(line, lines, 0)
    kind = _kind(query, answers)
    under = tuple(
        Under(
            job.result.name,
            job.result.label,
            job.result.posterior,
            estimates([each], [1.0], kind),
            each.draws,
            each.undefined,
            each.unconverged,
            each.why_undefined,
            estimates([was[number]], [1.0], kind) if was else {},
            _plain(each.table),
        )
        for number, (job, each) in enumerate(zip(jobs, answers, strict=True))
    )
    shares = [each.posterior if each.draws else 0.0 for each in under]
    return Asked(
        str(query),
        kind,
        _form(query),
        False,
        estimates(answers, shares, kind),
        math.fsum(shares),
        under,
        _method(query, case.records[0].calendar.unit),
        "; ".join([*([ALREADY] if all(each.is_already for each in lines) else []), *_assumed(query)]),
        estimates(was, shares, kind) if was else {},
        _over_time(line, lines, shares),
        _lived_again(line, case, lines, shares),
    )


def _asked_and_was(line: _Line, lines: Sequence[_Lines], number: int) -> tuple[list[Answers], list[Answers]]:
    """Return what all explanations answered to a line, and had nothing been changed if that is asked, too.

    Args:
        line: a question.
        lines: what each explanation answered.
        number: 0 for the question itself, then its other days in their order.
    """
    was = number + 1 + len(line.days)  # `_Line.all` has them behind
    unchanged = [each.answers[was] for each in lines] if was < len(lines[0].answers) else []
    return [each.answers[number] for each in lines], unchanged


def _plain(table: Table | None) -> dict[str, dict[str, float]]:
    if table is None:
        return {}
    return {
        row: dict(zip(table.columns, (each.value for each in values), strict=True))
        for row, values in table.rows.items()
    }


def _over_time(line: _Line, lines: Sequence[_Lines], shares: Sequence[float]) -> tuple[AskedOn, ...]:
    """Return the average for every day, and as it was, if that is asked."""
    found = []
    for number, day in enumerate(line.days, 1):
        answers, unchanged = _asked_and_was(line, lines, number)
        here = estimates(answers, shares, "number").get(WHOLE)
        was = estimates(unchanged, shares, "number").get(WHOLE) if unchanged else None
        if here is not None:
            found.append(AskedOn(str(day), here.value, here.low, here.high, None if was is None else was.value))
    return tuple(found)


def _lived_again(
    line: _Line, case: BuiltCase, lines: Sequence[_Lines], shares: Sequence[float]
) -> tuple[LivedAgain, ...]:
    """Return every variable of the case in the histories that are lived through again."""
    rows = [
        (levels, share * times / sum(each.times))
        for each, share in zip(lines, shares, strict=True)
        for levels, times in zip(each.levels, each.times, strict=True)
        if share > 0.0
    ]
    if not rows:
        return ()
    own = len(case.space.names)  # the memory of who acted last stands before them
    was, would_be = (
        np.concatenate([levels[side][..., -own:] for levels, _ in rows]).astype(np.float64) for side in (0, 1)
    )
    weights = np.concatenate([np.full(len(levels[0]), weight / len(levels[0])) for levels, weight in rows])
    weights /= weights.sum()
    days, found = tuple(map(str, line.days)), []
    for i, name in enumerate(case.space.names):
        ends = [weighted_interval(would_be[:, t, i], weights, 0.9) for t in range(len(days))]
        low, high = zip(*ends, strict=True)
        means = [tuple((weights @ each[:, :, i]).tolist()) for each in (was, would_be)]
        found.append(LivedAgain(name, days, means[0], means[1], tuple(map(float, low)), tuple(map(float, high))))
    return tuple(found)


def _form(query: Query) -> str:
    """Return the word that a question begins with, if it is one question."""
    return str(query).partition("(")[0] if isinstance(query, Form) else ""


def _method(query: Query, unit: str) -> str:
    """Return how an answer is found."""
    if _is_at_mode(query):
        return AT_MODE
    if _ways(query) == {HAD}:
        return HISTORIES
    forms = list(forms_in(query))
    are_worths = any(isinstance(form, OfPlayer) for form in forms)
    rates = f"; rates are per {unit}" if any(isinstance(form, Rate | Hazard) for form in forms) else ""
    tolerance = WORTH_TOLERANCE if are_worths else FORECAST_TOLERANCE
    return EXACT.format(np.format_float_scientific(tolerance, trim="-", exp_digits=1)) + rates


def _kind(query: Query, answers: Sequence[Answers]) -> str:
    if isinstance(query, Comparison | Test):
        return "test"
    if any(each.table is not None for each in answers):
        return "table"
    return "parts" if any(parts.keys() - {WHOLE} for each in answers for parts in each.parts) else "number"


def _ways(query: Query) -> set[str]:
    """Return how what a query changes comes about."""
    return {each.how for form in forms_in(query) if isinstance(form, Conditioned) for each in form.given.interventions}


def _assumed(query: Query) -> list[str]:
    """Return what is known to whom of what a query changes."""
    return [text for how, text in ASSUMES.items() if how in _ways(query)]
