"""Test every claim under every explanation, at draws from its posterior.

A test that compares the posteriors of explanations is asked with an error on every log evidence instead: which of
two explanations leads by a hair is not a fact about the world.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from raison.analysis.fitting import Fit
from raison.analysis.judged import Judged
from raison.analysis.pool import Pool
from raison.analysis.watch import Watch
from raison.analysis.worlds import world_of
from raison.case import BuiltCase, WrittenClaim
from raison.errors import NotConverged
from raison.inference.evidence import STRONG, SURE, posterior_probabilities
from raison.query.answers import Answer, Number, Undefined
from raison.query.claim import Trial, verdict_of
from raison.query.conditions import forms_in, is_about_explanations, speaks_of_explanations
from raison.query.forms.explanation import ExplanationProbability
from raison.query.tree import BOTH, CLUES, LOOKED_UP, RECORD, Test
from raison.query.world import Believed, Facts, World, rests_on
from raison.record import bulk
from raison.study import ClaimAnswer, ClaimResult

ASKING = "test the claims"

DRAWS = 200
"""Draws in all; each explanation gets its share of them."""

LEAST, MOST = 10, 64
"""Draws from the posterior of an explanation, at least and at most."""

NO_MOTIVE = "a count or a number that is looked up tells what was done, not what was wanted"
"""Why a claim about a motive cannot rest on one alone."""

RIVAL_DRAWS = 1000
"""Draws of the errors of the log evidences, for tests that compare explanations."""

UNASKED = Undefined("it is about explanations")
"""Stands for the answer at a draw of the numbers to what is asked of the posteriors."""


def judge_claims(
    case: BuiltCase,
    fits: Sequence[Fit],
    judged: Judged | None,
    seed: int,
    watch: Watch,
    pool: Pool,
) -> tuple[ClaimResult, ...]:
    """Return the verdict on every claim of a case.

    Args:
        case: the case.
        fits: of its explanations.
        judged: what its clues say; None if it has none.
        seed: of the draws.
        watch: told of every explanation that has answered.
        pool: where they are asked.
    """
    shares = {fit.explanation.name: fit.share for fit in fits}
    believed = {RECORD: shares, **_by_clues(judged)}
    tests = [claim.test for claim in case.claims if claim.test is not None]
    own = [test for test in tests if not is_about_explanations(test)]
    rivals = _rivals(fits, judged, seed)
    watch.tell(ASKING, 0, len(fits))
    answered = pool.side_by_side(
        functools.partial(_ask, case=case, probabilities=believed, tests=own, rivals=rivals),
        [(fit, seed + number) for number, fit in enumerate(fits)],
        bulk=bulk(case.records),
        done=lambda count, *_: watch.tell(ASKING, count, len(fits)),
        cost=lambda job: job[0].share,
    )
    names = [fit.explanation.name for fit in fits]
    by_own = iter([dict(zip(names, answers, strict=True)) for answers in zip(*answered, strict=True)])
    facts = Facts(fits[0].motion.space, fits[0].records, case.indicators, believed)
    nobody = world_of(case, fits[0].likelihood, facts, fits[0].posterior.mode, None)
    by_test = [
        dict.fromkeys(names, _about_explanations(nobody, test, rivals)) if is_about_explanations(test) else next(by_own)
        for test in tests
    ]
    remaining = iter(by_test)
    return tuple(_result(claim, next(remaining) if claim.test else None, shares, rivals) for claim in case.claims)


RESTS_ON = {RECORD: "the record alone", CLUES: "the clues alone", BOTH: "record and clues"}


@dataclass(frozen=True, eq=False)
class Rivals:
    """Posteriors of the explanations.

    Attributes:
        with_record: with an error on every log evidence.
        without_record: the same, given nothing.
        shifted: with the log evidence of one or two explanations moved, both the same way, by as much as strong
            evidence and its error. Two, since a test that compares several may fail by more than one of them.
    """

    with_record: list[Believed]
    without_record: list[Believed]
    shifted: list[Believed]


def _rivals(fits: Sequence[Fit], judged: Judged | None, seed: int) -> Rivals:
    log_evidence = np.array([fit.posterior.log_evidence for fit in fits])
    size = np.nan_to_num([fit.posterior.log_evidence_error for fit in fits])
    errors = size * np.random.default_rng(seed).standard_normal((RIVAL_DRAWS, len(fits)))
    spoken = {RECORD: log_evidence + errors}
    silent = {RECORD: errors}
    middles = {RECORD: log_evidence[None]}
    if judged is not None:
        spoken |= {CLUES: judged.clues[:RIVAL_DRAWS], BOTH: judged.both[:RIVAL_DRAWS]}
        silent |= {CLUES: errors, BOTH: errors}
        middles |= {CLUES: judged.clues.mean(axis=0)[None], BOTH: judged.both.mean(axis=0)[None]}
    # what is strong evidence within the error of both is not strong for sure
    far = STRONG + SURE * np.hypot(size, size.max(initial=0.0))
    one = np.diag(far)
    one_or_two = np.array([*one, *(first + second for first, second in itertools.combinations(one, 2))])
    shifts = np.vstack([one_or_two, -one_or_two])
    return Rivals(
        _posteriors(fits, spoken),
        _posteriors(fits, silent),
        _posteriors(fits, {basis: middle + shifts for basis, middle in middles.items()}),
    )


def _posteriors(fits: Sequence[Fit], log_weights: Mapping[str, np.ndarray]) -> list[Believed]:
    """Return the posterior of the explanations, by what it rests on, for each row of what speaks for them in logs."""
    weights = [fit.explanation.weight for fit in fits]
    names = [fit.explanation.name for fit in fits]
    rows = {basis: posterior_probabilities(each, weights).tolist() for basis, each in log_weights.items()}
    return [
        {basis: dict(zip(names, row, strict=True)) for basis, row in zip(rows, together, strict=True)}
        for together in zip(*rows.values(), strict=True)
    ]


def _by_clues(judged: Judged | None) -> Believed:
    """Return how probable each explanation is where clues count."""
    if judged is None:
        return {}
    each = judged.result.shares
    return {CLUES: {one.explanation: one.clues for one in each}, BOTH: {one.explanation: one.both for one in each}}


def _ask(
    job: tuple[Fit, int],
    *,
    case: BuiltCase,
    probabilities: Believed,
    tests: Sequence[Test],
    rivals: Rivals,
) -> list[Trial]:
    """Return the answers of one explanation to all tests; `job` is its fit, and the seed of the draws."""
    fit, seed = job
    facts = Facts(fit.motion.space, fit.records, case.indicators, probabilities)
    at_mode = world_of(case, fit.likelihood, facts, fit.posterior.mode, None)
    draws = fit.posterior.draws()
    amount = min(max(round(DRAWS * fit.share), LEAST), MOST)
    picked, counts = np.unique(draws.pick(amount, seed), return_counts=True)
    held, weights = [], []
    for position, count in zip(picked, counts, strict=True):
        world = world_of(case, fit.likelihood, facts, draws.numbers[position], at_mode)
        try:
            held.append([UNASKED if speaks_of_explanations(test) else world.holds(test) for test in tests])
            weights.append(count)
        except NotConverged:
            continue
    answered = int(sum(weights))
    unconverged = int(counts.sum()) - answered
    return [
        _about_explanations(at_mode, test, rivals)
        if speaks_of_explanations(test)
        else _trial(_sides(at_mode, test), [row[number] for row in held], weights, unconverged)
        for number, test in enumerate(tests)
    ]


def _trial(
    sides: tuple[float, float], held: Sequence[bool | Undefined], weights: Sequence[int], unconverged: int
) -> Trial:
    """Return how a test went; each draw counts as often as it was picked."""
    defined = [(each, weight) for each, weight in zip(held, weights, strict=True) if isinstance(each, bool)]
    draws = int(sum(weight for _, weight in defined))
    share = sum(weight for each, weight in defined if each) / draws if draws else math.nan
    undefined = int(sum(weights)) - draws
    why = next((each.why for each in held if isinstance(each, Undefined)), "")
    return Trial(*sides, share, draws, unconverged, undefined=undefined, why_undefined=why)


def _about_explanations(at_mode: World, test: Test, rivals: Rivals) -> Trial:
    """Return how a test on the explanations went: it is asked of their posteriors, drawn with an error."""
    with_record, without_record, shifted = (
        [at_mode.believing(rival).holds(test) for rival in each]
        for each in (rivals.with_record, rivals.without_record, rivals.shifted)
    )
    known = [each for each in without_record if isinstance(each, bool)]
    trial = _trial(_sides(at_mode, test), with_record, [1] * len(with_record), 0)
    is_firm = len(set(shifted)) == 1
    return replace(trial, without_record=float(np.mean(known)) if known else None, is_firm=is_firm)


def _sides(at_mode: World, test: Test) -> tuple[float, float]:
    """Return the two sides of the first comparison of a test at the mode."""
    first = test.comparisons[0]
    return _number(at_mode.answer(first.left)), _number(at_mode.answer(first.right))


def _number(answer: Answer) -> float:
    return answer.value if isinstance(answer, Number) else math.nan


def _result(
    claim: WrittenClaim, answers: dict[str, Trial] | None, shares: dict[str, float], rivals: Rivals
) -> ClaimResult:
    if answers is None:
        known = (claim.id, claim.where, claim.says, claim.kind)
        return ClaimResult(*known, "not testable", None, None, None, "", "", False, claim.not_testable, "", ())
    basis = rests_on(claim.test) if claim.test else ""
    verdict = verdict_of(answers, shares, [each[RECORD] for each in rivals.with_record])
    if claim.kind == "motive" and basis == LOOKED_UP and verdict.word != "undecided":
        verdict = replace(verdict, word="undecided", reason=NO_MOTIVE, fragile="")
    return ClaimResult(
        claim.id,
        claim.where,
        claim.says,
        claim.kind,
        verdict.word,
        verdict.probability if math.isfinite(verdict.probability) else None,
        verdict.low,
        verdict.high,
        claim.text,
        basis,
        claim.test is not None and speaks_of_explanations(claim.test),
        _basis(claim.test) + verdict.reason,
        verdict.fragile,
        tuple(
            ClaimAnswer(name, each.left, each.right, each.holds, each.draws, each.unconverged, each.undefined)
            for name, each in answers.items()
        ),
    )


def _basis(test: Test | None) -> str:
    """Return on what a test of explanations rests, for the start of a sentence; nothing for other tests."""
    forms = () if test is None else forms_in(test)
    asked = dict.fromkeys(form.basis for form in forms if isinstance(form, ExplanationProbability))
    return f"by {' against '.join(RESTS_ON[basis] for basis in asked)}: " if asked else ""
