"""Ask a finished study: nothing is fitted again.

A question is asked under every explanation, at draws from its posterior that the study keeps; more probable
explanations get more of the draws. The average over explanations weighs them by their posterior. A question about how
probable explanations are is asked of posteriors drawn with the errors of the log evidences instead.
"""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from raison.analysis.fitting import Rival, make_rivals
from raison.analysis.pool import Pool, Threads
from raison.analysis.watch import Watch
from raison.analysis.worlds import world_of, worlds_of
from raison.asked import WHOLE, Asked, Estimate, Under
from raison.case import BuiltCase, build, check_case, read_case_texts
from raison.errors import CaseError, NotConverged, Problem, QueryError
from raison.inference.evidence import posterior_probabilities
from raison.inference.posterior import Draws, weighted_interval
from raison.query.answers import TOGETHER, Answer, Number, Parts, Undefined
from raison.query.conditions import check_question, forms_in, resolve, speaks_of_explanations
from raison.query.forms.explanation import ExplanationProbability
from raison.query.grammar import parse_query
from raison.query.replays import PATHS
from raison.query.tree import BOTH, CLUES, DO, HAD, RECORD, SURPRISE, Comparison, Conditioned, Query, Test
from raison.query.world import Believed, Facts, World
from raison.study import ExplanationResult, Study

ANSWERING = "answer the questions"

DRAWS = 64
"""Draws in all, over the explanations."""

LEAST = 4
"""Draws under each explanation."""

BELIEFS = 400
"""Posteriors of the explanations, drawn with the errors of their log evidences."""

EXACT = "exact on the chain (games solved to 1e-5), at draws of the numbers from each explanation's posterior"
HISTORIES = (
    f"{PATHS} histories at each draw of the numbers, drawn given the record and lived through again with the same luck"
)
"""How answers are found."""

ASSUMES = {
    DO: "`do(...)` is known to everybody as soon as it is made: all choose anew; nobody foresees it, or its end",
    SURPRISE: "`surprise(...)` is not taken account of by anybody: players go on choosing as if nothing had changed",
    HAD: (
        "`had(...)` is known to everybody from its first day on, and the luck of the record is kept: clocks, outcomes "
        "and the shocks of every choice. How shocks of one moment hang together (Gumbel-max) is assumed"
    ),
}
"""What a change of each kind means."""

MOST_QUESTIONS = 1000
"""Questions that are answered at a time."""


def ask(
    study: Study,
    questions: Sequence[str],
    *,
    draws: int = DRAWS,
    watch: Watch | None = None,
    pool: Pool | None = None,
) -> tuple[Asked, ...]:
    """Return the answers of a finished study to some questions, in their order.

    Args:
        study: with the draws that it was saved with.
        questions: lines of the query language.
        draws: how many, over all explanations; under each there are at least four.
        watch: told of every explanation that has answered.
        pool: where explanations are asked; the cores of this machine if it is None.

    Errors:
        `QueryError` if a question cannot be read, or asks for what the case does not have: all of them at once.
        `CaseError` if the study does not hold its case, or no draws.
    """
    watch, pool = watch or Watch(), pool or Threads()
    case = case_of(study)
    queries = _read(questions, case)
    return _answers(study, case, make_rivals(case), queries, draws, watch, pool)


def answer_questions(study: Study, case: BuiltCase, rivals: Sequence[Rival], watch: Watch, pool: Pool) -> Study:
    """Return a study with the answers to the questions of its case.

    Errors:
        `NotConverged` if an explanation cannot be solved at its most probable numbers.
    """
    queries = _read(case.questions, case)
    return replace(study, questions=_answers(study, case, rivals, queries, DRAWS, watch, pool))


def _answers(
    study: Study,
    case: BuiltCase,
    rivals: Sequence[Rival],
    queries: Sequence[Query],
    draws: int,
    watch: Watch,
    pool: Pool,
) -> tuple[Asked, ...]:
    by_name = {each.explanation.name: each for each in rivals}
    jobs = [
        _Job(each, by_name[each.name], _amount(each, draws), study.seed + number)
        for number, each in enumerate(study.explanations)
        if len(each.weights)
    ]
    own = [query for query in queries if not speaks_of_explanations(query)]
    answered = pool.side_by_side(
        functools.partial(_ask_one, case=case, queries=own),
        jobs,
        states=case.space.size,
        done=lambda count, *_: watch.tell(ANSWERING, count, len(jobs)),
        cost=lambda job: job.amount,
    )
    by_query = iter(zip(*answered, strict=True))
    return tuple(
        _about_explanations(query, study, case, rivals[0], jobs)
        if speaks_of_explanations(query)
        else _together(query, jobs, next(by_query))
        for query in queries
    )


def case_of(study: Study) -> BuiltCase:
    """Return the case that a finished study holds.

    Errors:
        `CaseError` if it holds none, or no draws.
    """
    if not study.case.files or not any(len(each.weights) for each in study.explanations):
        message = "this study holds no case or no draws, so nothing can be asked of it. `raison run` makes one anew."
        raise CaseError([Problem(study.case.name, 0, 0, "", message)])
    texts = dict(study.case.files)
    first = next(iter(texts))
    written = read_case_texts({"case.yaml": texts.pop(first), **texts}, name=study.case.name)
    check_case(written)
    return build(written)


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


@dataclass(frozen=True, eq=False)
class _Job:
    """One explanation that is asked.

    Attributes:
        result: what the study says of it.
        rival: its likelihood.
        amount: draws.
        seed: of which they are.
    """

    result: ExplanationResult
    rival: Rival
    amount: int
    seed: int


def _amount(result: ExplanationResult, draws: int) -> int:
    return max(LEAST, round(draws * result.posterior))


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


@dataclass(frozen=True, eq=False)
class _Answers:
    """What one explanation answered to one question.

    Attributes:
        parts: of each draw in which the answer is defined.
        errors: of each, that of the answer itself.
        times: how often each draw was picked.
        undefined: in how many draws, as often as they were picked, it is not.
        unconverged: in how many the game did not converge.
        why_undefined: why, in one of them.
    """

    parts: tuple[dict[str, float], ...] = ()
    errors: tuple[dict[str, float], ...] = ()
    times: tuple[int, ...] = ()
    undefined: int = 0
    unconverged: int = 0
    why_undefined: str = ""

    @property
    def draws(self) -> int:
        return sum(self.times)


def _ask_one(job: _Job, *, case: BuiltCase, queries: Sequence[Query]) -> list[_Answers]:
    """Return the answers of one explanation to all questions that are not about explanations."""
    rival, result = job.rival, job.result
    world = worlds_of(case, rival.explanation, rival.likelihood, rival.records)
    answers = [_Answers() for _ in queries]
    at_mode = world(np.array([each.mode for each in result.parameters]), None)
    picked = Counter(Draws(result.draws, result.weights).pick(job.amount, job.seed).tolist())
    for position, times in picked.items():
        here = world(result.draws[position], at_mode)
        answers = [_added(each, here, query, times) for each, query in zip(answers, queries, strict=True)]
    return answers


def _added(so_far: _Answers, world: World, query: Query, times: int) -> _Answers:
    """Return the answers with those of one more draw, which was picked so many times."""
    try:
        answer = _answer(world, query)
    except NotConverged:
        return replace(so_far, unconverged=so_far.unconverged + times)
    if isinstance(answer, Undefined):
        return replace(so_far, undefined=so_far.undefined + times, why_undefined=answer.why)
    parts = {WHOLE: answer} if isinstance(answer, Number) else dict(answer.shares)
    return replace(
        so_far,
        parts=(*so_far.parts, {name: each.value for name, each in parts.items()}),
        errors=(*so_far.errors, {name: each.error for name, each in parts.items()}),
        times=(*so_far.times, times),
    )


def _answer(world: World, query: Query) -> Number | Parts | Undefined:
    """Return what a query is in one world; of a test, 1 where it holds and 0 where not."""
    if isinstance(query, Comparison | Test):
        holds = world.holds(query if isinstance(query, Test) else Test((query,)))
        return holds if isinstance(holds, Undefined) else Number(float(holds))
    answer: Answer = world.answer(query)
    if isinstance(answer, Number) and not math.isfinite(answer.value):
        return Undefined("it is infinite: a division by 0, or a number too large")
    if isinstance(answer, Number | Parts | Undefined):
        return answer
    return Undefined("a table is no answer to a question")


def _about_explanations(query: Query, study: Study, case: BuiltCase, rival: Rival, jobs: Sequence[_Job]) -> Asked:
    """Return the answer to a question about how probable explanations are: the same under each of them."""
    facts = Facts(case.space, case.records, case.indicators)
    world = world_of(case, rival.likelihood, facts, rival.explanation.centre, None)
    answers = _Answers()
    for belief in _beliefs(study):
        answers = _added(answers, world.believing(belief), query, 1)
    kind = _kind(query, [answers])
    parts = {name: _estimate_drawn(_column(answers.parts, name), kind) for name in (answers.parts or ({},))[0]}
    bases = {form.basis for form in forms_in(query) if isinstance(form, ExplanationProbability)}
    method = "posteriors of the explanations, drawn with the errors of their log evidences"
    if bases != {RECORD}:  # the study keeps nothing that could be drawn
        parts = {name: Estimate(each.value, math.nan, math.nan, math.nan) for name, each in parts.items()}
        method += "; where clues count, at the mean over judgements: the report has its spread"
    known = (parts, answers.draws, answers.undefined, answers.unconverged, answers.why_undefined)
    under = tuple(Under(job.result.name, job.result.label, job.result.posterior, *known) for job in jobs)
    defined = math.fsum(each.posterior for each in under) if parts else 0.0
    return Asked(str(query), kind, True, parts, defined, under, method, "")


def _estimate_drawn(column: Float[np.ndarray, " draws"], kind: str) -> Estimate:
    """Return what drawn posteriors make of a number, or of whether a test holds.

    The error of a number is its spread over them: more of them would not make it smaller.
    """
    value = float(column.mean())
    if kind == "test":
        return Estimate(value, math.sqrt(_share_variance(value, float(len(column)))), math.nan, math.nan)
    ends = weighted_interval(column, np.full(len(column), 1.0 / len(column)), 0.9)
    return Estimate(value, float(column.std()), *ends)


def _together(query: Query, jobs: Sequence[_Job], answers: Sequence[_Answers]) -> Asked:
    """Return what all explanations answered to one question."""
    kind = _kind(query, answers)
    under = tuple(
        Under(
            job.result.name,
            job.result.label,
            job.result.posterior,
            _estimates([each], [1.0], kind),
            each.draws,
            each.undefined,
            each.unconverged,
            each.why_undefined,
        )
        for job, each in zip(jobs, answers, strict=True)
    )
    shares = [each.posterior if each.draws else 0.0 for each in under]
    method = HISTORIES if _ways(query) == {HAD} else EXACT
    parts = _estimates(answers, shares, kind)
    return Asked(str(query), kind, False, parts, math.fsum(shares), under, method, _assumes(query))


def _kind(query: Query, answers: Sequence[_Answers]) -> str:
    if isinstance(query, Comparison | Test):
        return "test"
    return "parts" if any(parts.keys() - {WHOLE} for each in answers for parts in each.parts) else "number"


def _estimates(answers: Sequence[_Answers], shares: Sequence[float], kind: str) -> dict[str, Estimate]:
    """Return the estimate of every part over several explanations, each with its share.

    Of parts that have a sum, one that an explanation does not have is 0 there: it wants nothing of the kind. Of others,
    such as what each option is worth, one that cannot be had at a draw is averaged over the draws at which it can.
    """
    known = [(each, share) for each, share in zip(answers, shares, strict=True) if each.parts and share > 0.0]
    names = dict.fromkeys(name for each, _ in known for parts in each.parts for name in parts)
    found = {}
    for name in names:
        counted = known if TOGETHER in names else [(_having(each, name), share) for each, share in known]
        counted = [(each, share) for each, share in counted if each.parts]
        total = math.fsum(share for _, share in counted)
        columns = [(_column(each.parts, name), np.array(each.times) / each.draws) for each, _ in counted]
        weights = [share / total * own for (_, own), (_, share) in zip(columns, counted, strict=True)]
        whole = np.concatenate([column for column, _ in columns])
        value = math.fsum(float(column @ weight) for (column, _), weight in zip(columns, weights, strict=True))
        variances = [
            (share / total) ** 2 * _variance(each, column, own, name, kind)
            for (each, share), (column, own) in zip(counted, columns, strict=True)
        ]
        error = math.sqrt(math.fsum(variances))
        low, high = math.nan, math.nan
        if kind != "test":
            low, high = weighted_interval(whole, np.concatenate(weights), 0.9)
        value = min(max(value, float(whole.min())), float(whole.max()))  # rounding
        found[name] = Estimate(value, error, low, high)
    return found


def _having(answers: _Answers, name: str) -> _Answers:
    """Return the answers of the draws that have a part."""
    places = [i for i, parts in enumerate(answers.parts) if name in parts]
    parts, errors, times = (
        tuple(column[i] for i in places) for column in (answers.parts, answers.errors, answers.times)
    )
    return replace(answers, parts=parts, errors=errors, times=times)


def _column(rows: Sequence[Mapping[str, float]], name: str) -> Float[np.ndarray, " draws"]:
    return np.array([row.get(name, 0.0) for row in rows])


def _variance(
    answers: _Answers,
    column: Float[np.ndarray, " draws"],
    own: Float[np.ndarray, " draws"],
    name: str,
    kind: str,
) -> float:
    """Return the variance of the mean of one part over the draws of one explanation; nan where one draw is all.

    A draw that was picked twice says no more than once. Of a test, that of a share with half a draw on either side.
    """
    effective = 1.0 / float(np.square(own).sum())
    if kind == "test":
        return _share_variance(float(column @ own), effective)
    if effective < 1.0 + 1e-9:
        return math.nan
    spread = float(np.square(column - column @ own) @ own) / (effective - 1.0) if np.ptp(column) else 0.0
    return spread + float(np.square(own * _column(answers.errors, name)).sum())


def _share_variance(share: float, draws: float) -> float:
    """Return the variance of a share of so many draws, half a draw on either side of it."""
    moved = (share * draws + 0.5) / (draws + 1.0)
    return moved * (1.0 - moved) / (draws + 1.0)


def _ways(query: Query) -> set[str]:
    """Return how what a query changes comes about."""
    return {each.how for form in forms_in(query) if isinstance(form, Conditioned) for each in form.given.interventions}


def _assumes(query: Query) -> str:
    """Return what is known to whom of what a query changes."""
    return "; ".join(ASSUMES[how] for how in ASSUMES if how in _ways(query))
