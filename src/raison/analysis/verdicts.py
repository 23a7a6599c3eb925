"""Test every claim under every explanation, at its mode and at draws from its posterior.

A test that compares the posteriors of explanations is asked with an error on every log evidence instead: which of
two explanations leads by a hair is not a fact about the world.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np

from raison.analysis.fitting import Fit
from raison.analysis.pool import side_by_side
from raison.analysis.watch import Watch
from raison.arrays import PlayerValues
from raison.case import BuiltCase, WrittenClaim
from raison.chain import ChainMotion
from raison.chain.constant_rates import constant_rates_of
from raison.equations import GameArrays
from raison.equilibrium.solver import checked, solve
from raison.errors import NotConverged
from raison.game import Game
from raison.inference.evidence import NONE, posterior_probabilities
from raison.inference.likelihood import NumberVector, chain_of
from raison.query.answers import Answer, Number
from raison.query.claim import Trial, verdict_of
from raison.query.tree import Test
from raison.query.world import Facts, Played, World, speaks_of_explanations
from raison.study import ClaimAnswer, ClaimResult

ASKING = "test the claims"

DRAWS = 5
"""Draws from the posterior of an explanation that the record leaves standing."""

FORECAST_TOLERANCE = 1e-7
"""Residual to which the games behind a forecast are solved; probabilities are then good to about five digits."""

RIVAL_DRAWS = 1000
"""Draws of the errors of the log evidences, for tests that compare explanations."""

STANDING = 0.02
"""Posterior probability from which an explanation is asked with draws, not at its mode alone."""


def compile_forecasts(case: BuiltCase) -> None:
    """Ask every test once at the centre of the priors, to compile what the verdicts will need."""
    names = [explanation.name for explanation in case.explanations] + [NONE]
    facts = Facts(case.space, case.records, case.indicators, dict.fromkeys(names, 1.0 / len(names)))
    world = World(facts, case.game(jnp.asarray(case.explanations[0].centre)), _play)
    for claim in case.claims:
        if claim.test is not None:
            world.holds(claim.test)


def judge_claims(case: BuiltCase, fits: Sequence[Fit], seed: int, watch: Watch) -> tuple[ClaimResult, ...]:
    """Return the verdict on every claim of `case`."""
    shares = {fit.explanation.name: fit.share for fit in fits}
    facts = Facts(case.space, case.records, case.indicators, shares)
    tests = [claim.test for claim in case.claims if claim.test is not None]
    rivals = _rivals(fits, seed)
    watch.tell(ASKING, 0, len(fits))

    def ask(number: int) -> list[Trial]:
        return _ask(case, fits[number], facts, tests, rivals, seed + number)

    answered = side_by_side(ask, range(len(fits)), done=lambda count: watch.tell(ASKING, count, len(fits)))
    names = [fit.explanation.name for fit in fits]
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
    size = np.array([fit.posterior.log_evidence_error for fit in fits])
    errors = size * np.random.default_rng(seed).standard_normal((RIVAL_DRAWS, len(fits)))
    names = [fit.explanation.name for fit in fits]
    return [
        dict(zip(names, posterior_probabilities(log_evidence + error, weights).tolist(), strict=True))
        for error in errors
    ]


def _ask(case: BuiltCase, fit: Fit, facts: Facts, tests: Sequence[Test], rivals: Rivals, seed: int) -> list[Trial]:
    """Return the answers of one explanation to all tests."""
    at_mode = _world(case, fit, facts, fit.posterior.mode, None)
    held = [[at_mode.holds(test) for test in tests]]
    for numbers in fit.posterior.draws(DRAWS if fit.share >= STANDING else 0, seed):
        world = _world(case, fit, facts, numbers, at_mode)
        try:
            held.append([not speaks_of_explanations(test) and world.holds(test) for test in tests])
        except NotConverged:
            continue
    return [
        _tested(at_mode, test, float(share), rivals) for test, share in zip(tests, np.mean(held, axis=0), strict=True)
    ]


def _tested(at_mode: World, test: Test, share: float, rivals: Rivals) -> Trial:
    """Return how a test went; one on explanations is asked of their posteriors with an error instead of the draws."""
    without_record = None
    if speaks_of_explanations(test):
        share = float(np.mean([at_mode.believing(rival).holds(test) for rival in rivals.with_record]))
        without_record = float(np.mean([at_mode.believing(rival).holds(test) for rival in rivals.without_record]))
    first = test.comparisons[0]
    left, right = (_number(at_mode.answer(side)) for side in (first.left, first.right))
    return Trial(left, right, share, without_record)


def _number(answer: Answer) -> float:
    return answer.value if isinstance(answer, Number) else math.nan


def _world(case: BuiltCase, fit: Fit, facts: Facts, numbers: NumberVector, near: World | None) -> World:
    """Return one explanation at one set of numbers."""
    if fit.equilibrium is not None:
        return World(facts, case.game(jnp.asarray(numbers)), _play, near=near)
    split = len(numbers) - sum(len(names) for names in case.names.actions.values())

    def play(changed: Game, _: PlayerValues | None) -> Played:
        chain = constant_rates_of(GameArrays.of(changed), numbers[split:])
        return Played(changed, ChainMotion(chain), None)

    return World(facts, case.game(jnp.asarray(numbers[:split])), play, near=near)


def _play(game: Game, near: PlayerValues | None) -> Played:
    equilibrium = checked(solve(game, start=near, tolerance=FORECAST_TOLERANCE))
    return Played(game, ChainMotion(chain_of(equilibrium)), equilibrium.values)


def _result(claim: WrittenClaim, answers: dict[str, Trial] | None, shares: dict[str, float]) -> ClaimResult:
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
