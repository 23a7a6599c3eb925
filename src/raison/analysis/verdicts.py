"""Test every claim under every explanation, at its mode and at draws from its posterior.

A test that compares the posteriors of explanations is asked with an error on every log evidence instead: which of
two explanations leads by a hair is not a fact about the world.
"""

from __future__ import annotations

import concurrent.futures
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from raison.analysis.description import Described
from raison.analysis.fitting import Fit, Fits
from raison.analysis.watch import Watch
from raison.case import BuiltCase, WrittenClaim
from raison.chain import Chain
from raison.equilibrium import Equilibrium
from raison.equilibrium.solver import checked, solve
from raison.errors import NotConverged
from raison.game import Game
from raison.inference.evidence import NONE, posterior_probabilities
from raison.inference.likelihood import constant_rates_of
from raison.query.answer import Facts, Moves, World, speaks_of_explanations
from raison.query.claim import Answer, verdict_of
from raison.query.grammar import Test
from raison.record.plan import make_plan
from raison.study import ClaimAnswer, ClaimResult

ASKING = "test the claims"

DRAWS = 5
"""Draws from the posterior of an explanation that the record leaves standing."""

FORECAST_TOLERANCE = 1e-7
"""Residual to which the games behind a forecast are solved; probabilities are then good to about five digits."""

EVIDENCE_ERROR = 1.8
"""Standard error taken for a log evidence (Laplace's method, width of priors, coding) in tests that compare
explanations: 3, the bound of strong evidence, is then just outside the 90 % interval of each."""

RIVALS = 1000
"""Draws of that error."""

STANDING = 0.02
"""Posterior probability from which an explanation is asked with draws, not at its mode alone."""


def compile_forecasts(case: BuiltCase) -> None:
    """Ask every test once at the centre of the priors, to compile what the verdicts will need."""
    names = [explanation.name for explanation in case.explanations] + [NONE]
    plan = make_plan(case.record, case.space)
    facts = Facts(
        case.space,
        case.record,
        plan,
        case.start,
        case.time_of,
        case.until,
        case.indicators,
        dict.fromkeys(names, 1.0 / len(names)),
    )
    centre = jnp.stack([parameter.prior.value(0.0) for parameter in case.explanations[0].parameters])
    world = World(facts, case.game(centre), _solved)
    for claim in case.claims:
        if claim.test is not None:
            world.holds(claim.test)


def judge_claims(case: BuiltCase, fits: Fits, described: Described, seed: int, watch: Watch) -> tuple[ClaimResult, ...]:
    """Return the verdict on every claim of `case`."""
    shares = {fit.explanation.name: fit.share for fit in fits.each}
    facts = Facts(
        case.space, case.record, described.plan, case.start, case.time_of, case.until, case.indicators, shares
    )
    tests = [claim.test for claim in case.claims if claim.test is not None]
    rivals = _rivals(fits.each, seed)
    watch.tell(ASKING, 0, len(fits.each))

    def ask(number: int) -> list[Answer]:
        return _ask(case, fits.each[number], facts, tests, rivals, seed + number)

    # the first compiles what the others share
    answered = [ask(0)]
    with concurrent.futures.ThreadPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as pool:
        for answers in pool.map(ask, range(1, len(fits.each))):
            answered.append(answers)
            watch.tell(ASKING, len(answered), len(fits.each))
    names = [fit.explanation.name for fit in fits.each]
    by_test = [dict(zip(names, answers, strict=True)) for answers in zip(*answered, strict=True)]
    remaining = iter(by_test)
    return tuple(_result(claim, next(remaining) if claim.test else None, shares) for claim in case.claims)


@dataclass(frozen=True, eq=False)
class Rivals:
    """Posteriors of the explanations with an error on every log evidence: given the record, and given nothing."""

    with_record: list[dict[str, float]]
    without_record: list[dict[str, float]]


def _rivals(fits: Sequence[Fit], seed: int) -> Rivals:
    log_evidence = np.array([fit.posterior.log_evidence for fit in fits])
    return Rivals(_erring(fits, log_evidence, seed), _erring(fits, np.zeros(len(fits)), seed))


def _erring(fits: Sequence[Fit], log_evidence: np.ndarray, seed: int) -> list[dict[str, float]]:
    weights = [fit.explanation.weight for fit in fits]
    errors = EVIDENCE_ERROR * np.random.default_rng(seed).standard_normal((RIVALS, len(fits)))
    names = [fit.explanation.name for fit in fits]
    return [
        dict(zip(names, posterior_probabilities(log_evidence + error, weights).tolist(), strict=True))
        for error in errors
    ]


def _ask(
    case: BuiltCase,
    fit: Fit,
    facts: Facts,
    tests: Sequence[Test],
    rivals: Rivals,
    seed: int,
) -> list[Answer]:
    """Return the answers of one explanation to all tests."""
    at_mode = _world(case, fit, facts, fit.posterior.mode, None)
    held = [[at_mode.holds(test) for test in tests]]
    for z in fit.posterior.draws(DRAWS if fit.share >= STANDING else 0, seed):
        world = _world(case, fit, facts, fit.posterior.numbers(z), at_mode)
        try:
            held.append([not speaks_of_explanations(test) and world.holds(test) for test in tests])
        except NotConverged:
            continue
    answers = []
    for test, share in zip(tests, np.mean(held, axis=0), strict=True):
        without_record = None
        if speaks_of_explanations(test):
            share = np.mean([at_mode.holds(test, rival) for rival in rivals.with_record])
            without_record = float(np.mean([at_mode.holds(test, rival) for rival in rivals.without_record]))
        first = test.comparisons[0]
        left, right = at_mode.value(first.left), at_mode.value(first.right)
        answers.append(Answer(left, right, float(share), without_record))
    return answers


def _world(case: BuiltCase, fit: Fit, facts: Facts, numbers: np.ndarray, near: World | None) -> World:
    """Return one explanation at one set of numbers."""
    if fit.explanation.name == NONE:
        split = len(numbers) - sum(len(names) for names in case.names.actions.values())
        log_rates = numbers[split:]
        game = case.game(jnp.asarray(numbers[:split]))
        return World(facts, game, lambda changed, _: Moves(constant_rates_of(changed, log_rates), None), near=near)
    return World(facts, case.game(jnp.asarray(numbers)), _solved, near=near)


def _solved(game: Game, near: Equilibrium | None) -> Moves:
    start = None if near is None else near.values
    equilibrium = checked(solve(game, start=start, tolerance=FORECAST_TOLERANCE))
    return Moves(_chain_of(equilibrium.arrays, equilibrium.values), equilibrium)


_chain_of = jax.jit(Chain.of_values)


def _result(claim: WrittenClaim, answers: dict[str, Answer] | None, shares: dict[str, float]) -> ClaimResult:
    if answers is None:
        return ClaimResult(
            claim.id, claim.where, claim.says, claim.kind, "not testable", None, "", claim.not_testable, "", ()
        )
    verdict = verdict_of(answers, shares)
    return ClaimResult(
        claim.id,
        claim.where,
        claim.says,
        claim.kind,
        verdict.word,
        verdict.probability if math.isfinite(verdict.probability) else None,
        claim.text,
        verdict.reason,
        verdict.fragile,
        tuple(ClaimAnswer(name, answer.left, answer.right, answer.holds) for name, answer in answers.items()),
    )
