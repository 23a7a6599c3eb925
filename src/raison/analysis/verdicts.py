"""Test every claim under every explanation, at its mode and at draws from its posterior."""

from __future__ import annotations

import math
from collections.abc import Sequence

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
from raison.inference.evidence import NONE
from raison.inference.likelihood import constant_rates_of
from raison.query.answer import Facts, Moves, World
from raison.query.claim import Answer, verdict_of
from raison.query.grammar import Test
from raison.study import ClaimAnswer, ClaimResult

ASKING = "test the claims"

DRAWS = 6
"""Draws from the posterior of an explanation that the record leaves standing."""

FORECAST_TOLERANCE = 1e-7
"""Residual to which the games behind a forecast are solved; probabilities are then good to about five digits."""

STANDING = 0.02
"""Posterior probability from which an explanation is asked with draws, not at its mode alone."""


def judge_claims(case: BuiltCase, fits: Fits, described: Described, seed: int, watch: Watch) -> tuple[ClaimResult, ...]:
    """Return the verdict on every claim of `case`."""
    shares = {fit.explanation.name: fit.share for fit in fits.each}
    facts = Facts(
        case.space, case.record, described.plan, case.start, case.time_of, case.until, case.indicators, shares
    )
    tested = [claim for claim in case.claims if claim.test is not None]
    answers: dict[str, dict[str, Answer]] = {claim.id: {} for claim in tested}
    for number, fit in enumerate(fits.each):
        watch.tell(ASKING, number, len(fits.each))
        for claim, answer in zip(tested, _ask(case, fits, fit, facts, tested, seed + number), strict=True):
            answers[claim.id][fit.explanation.name] = answer
    return tuple(_result(claim, answers.get(claim.id), shares) for claim in case.claims)


def _ask(
    case: BuiltCase, fits: Fits, fit: Fit, facts: Facts, claims: Sequence[WrittenClaim], seed: int
) -> list[Answer]:
    """Return the answers of one explanation to all claims."""
    count = DRAWS if fit.share >= STANDING else 0
    at_mode = _world(case, fits, fit, facts, fit.posterior.mode, None)
    tests = [claim.test for claim in claims if claim.test is not None]
    sides = [_sides(at_mode, test) for test in tests]
    held = [[at_mode.holds(test) for test in tests]]
    for z in fit.posterior.draws(count, seed):
        world = _world(case, fits, fit, facts, fit.posterior.numbers(z), at_mode)
        try:
            held.append([world.holds(test) for test in tests])
        except NotConverged:
            continue
    shares = np.mean(held, axis=0)
    return [Answer(left, right, float(share)) for (left, right), share in zip(sides, shares, strict=True)]


def _sides(world: World, test: Test) -> tuple[float, float]:
    first = test.comparisons[0]
    return world.value(first.left), world.value(first.right)


def _world(case: BuiltCase, fits: Fits, fit: Fit, facts: Facts, numbers: np.ndarray, near: World | None) -> World:
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
