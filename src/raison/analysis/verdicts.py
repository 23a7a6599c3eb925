"""Test every claim under every explanation, at draws from its posterior.

A test that compares the posteriors of explanations is asked with an error on every log evidence instead: which of
two explanations leads by a hair is not a fact about the world.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from raison.analysis.fitting import Fit
from raison.analysis.judged import Judged
from raison.analysis.pool import Pool
from raison.analysis.watch import Watch
from raison.arrays import PlayerValues
from raison.case import BuiltCase, WrittenClaim
from raison.chain import ChainMotion
from raison.equilibrium.solver import checked, solve
from raison.errors import NotConverged
from raison.game import Game
from raison.inference.evidence import STRONG, posterior_probabilities
from raison.inference.game_map import NumberVector
from raison.inference.likelihood import HabitLikelihood, chain_of
from raison.query.answers import Answer, Number
from raison.query.claim import Trial, verdict_of
from raison.query.conditions import forms_in
from raison.query.forms.explanation import ExplanationProbability
from raison.query.tree import BOTH, CLUES, RECORD, Test
from raison.query.world import Facts, Played, World, speaks_of_explanations
from raison.study import ClaimAnswer, ClaimResult

ASKING = "test the claims"

DRAWS = 50
"""Draws from the posterior of an explanation that the record leaves standing."""

FEW_DRAWS = 8
"""Draws from that of another: it hardly counts."""

FORECAST_TOLERANCE = 1e-5
"""Residual to which the games behind a forecast are solved; probabilities are then good to about four digits."""

RIVAL_DRAWS = 1000
"""Draws of the errors of the log evidences, for tests that compare explanations."""

STANDING = 0.02
"""Posterior probability from which an explanation counts."""


def judge_claims(
    case: BuiltCase, fits: Sequence[Fit], judged: Judged | None, seed: int, watch: Watch, pool: Pool
) -> tuple[ClaimResult, ...]:
    """Return the verdict on every claim of `case`; `judged` is what its clues say, None if it has none."""
    shares = {fit.explanation.name: fit.share for fit in fits}
    believed = {RECORD: shares, **_by_clues(judged)}
    tests = [claim.test for claim in case.claims if claim.test is not None]
    rivals = _rivals(fits, judged, seed)
    watch.tell(ASKING, 0, len(fits))
    answered = pool.side_by_side(
        functools.partial(_ask, case=case, probabilities=believed, tests=tests, rivals=rivals),
        [(fit, seed + number) for number, fit in enumerate(fits)],
        states=case.space.size,
        done=lambda count, *_: watch.tell(ASKING, count, len(fits)),
        cost=lambda job: job[0].motion.space.size,
    )
    names = [fit.explanation.name for fit in fits]
    by_test = [dict(zip(names, answers, strict=True)) for answers in zip(*answered, strict=True)]
    remaining = iter(by_test)
    return tuple(_result(claim, next(remaining) if claim.test else None, shares, rivals) for claim in case.claims)


Believed = Mapping[str, Mapping[str, float]]
"""How probable each explanation is, by what that rests on."""

RESTS_ON = {RECORD: "the record alone", CLUES: "the clues alone", BOTH: "record and clues"}


@dataclass(frozen=True, eq=False)
class Rivals:
    """Posteriors of the explanations.

    Attributes:
        with_record: with an error on every log evidence.
        without_record: the same, given nothing.
        shifted: with the log evidence of one explanation moved by as much as strong evidence.
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
    shifts = np.vstack([np.eye(len(fits)), -np.eye(len(fits))]) * STRONG
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
    job: tuple[Fit, int], *, case: BuiltCase, probabilities: Believed, tests: Sequence[Test], rivals: Rivals
) -> list[Trial]:
    """Return the answers of one explanation to all tests; `job` is its fit, and the seed of the draws."""
    fit, seed = job
    facts = Facts(fit.motion.space, fit.records, case.indicators, probabilities)
    at_mode = _world(case, fit, facts, fit.posterior.mode, None)
    draws = fit.posterior.draws()
    picked, counts = np.unique(draws.pick(DRAWS if fit.share >= STANDING else FEW_DRAWS, seed), return_counts=True)
    held, weights = [], []
    for position, count in zip(picked, counts, strict=True):
        world = _world(case, fit, facts, draws.numbers[position], at_mode)
        try:
            held.append([not speaks_of_explanations(test) and world.holds(test) for test in tests])
            weights.append(count)
        except NotConverged:
            continue
    answered = int(sum(weights))
    shares = np.average(held, axis=0, weights=weights) if answered else np.zeros(len(tests))
    unconverged = int(counts.sum()) - answered
    return [
        _about_explanations(at_mode, test, rivals)
        if speaks_of_explanations(test)
        else Trial(*_sides(at_mode, test), float(share), answered, unconverged)
        for test, share in zip(tests, shares, strict=True)
    ]


def _about_explanations(at_mode: World, test: Test, rivals: Rivals) -> Trial:
    """Return how a test on the explanations went: it is asked of their posteriors, drawn with an error."""
    with_record, without_record = (
        float(np.mean([at_mode.believing(rival).holds(test) for rival in each]))
        for each in (rivals.with_record, rivals.without_record)
    )
    is_firm = len({at_mode.believing(each).holds(test) for each in rivals.shifted}) == 1
    return Trial(*_sides(at_mode, test), with_record, RIVAL_DRAWS, 0, without_record, is_firm)


def _sides(at_mode: World, test: Test) -> tuple[float, float]:
    """Return the two sides of the first comparison of a test at the mode."""
    first = test.comparisons[0]
    return _number(at_mode.answer(first.left)), _number(at_mode.answer(first.right))


def _number(answer: Answer) -> float:
    return answer.value if isinstance(answer, Number) else math.nan


def _world(case: BuiltCase, fit: Fit, facts: Facts, numbers: NumberVector, near: World | None) -> World:
    """Return one explanation at one set of numbers."""
    likelihood = fit.likelihood
    if not isinstance(likelihood, HabitLikelihood):
        return World(facts, case.game(numbers), play_anew, near=near)

    def play(changed: Game, _: PlayerValues | None) -> Played:
        return Played(changed, ChainMotion(likelihood.chain(numbers, changed)), None)

    return World(facts, likelihood.game(numbers), play, near=near)


def play_anew(game: Game, near: PlayerValues | None) -> Played:
    """Solve a game for forecasts.

    Errors:
        `NotConverged` if it is not solved.
    """
    equilibrium = checked(solve(game, start=near, tolerance=FORECAST_TOLERANCE))
    return Played(game, ChainMotion(chain_of(equilibrium)), equilibrium.values)


def _result(
    claim: WrittenClaim, answers: dict[str, Trial] | None, shares: dict[str, float], rivals: Rivals
) -> ClaimResult:
    if answers is None:
        known = (claim.id, claim.where, claim.says, claim.kind)
        return ClaimResult(*known, "not testable", None, None, None, "", claim.not_testable, "", ())
    verdict = verdict_of(answers, shares, [each[RECORD] for each in rivals.with_record])
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
        _basis(claim.test) + verdict.reason,
        verdict.fragile,
        tuple(
            ClaimAnswer(name, each.left, each.right, each.holds, each.draws, each.unconverged)
            for name, each in answers.items()
        ),
    )


def _basis(test: Test | None) -> str:
    """Return on what a test of explanations rests, for the start of a sentence; nothing for other tests."""
    forms = () if test is None else forms_in(test)
    asked = dict.fromkeys(form.basis for form in forms if isinstance(form, ExplanationProbability))
    return f"by {' against '.join(RESTS_ON[basis] for basis in asked)}: " if asked else ""
