"""Fit every explanation of a case, and `none of these`."""

from __future__ import annotations

import concurrent.futures
import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from raison.analysis.store import FitStore
from raison.analysis.watch import Watch
from raison.case import BuiltCase
from raison.chain import Chain
from raison.equilibrium import Equilibrium
from raison.errors import ImpossibleRecord
from raison.inference.evidence import none_of_these, posterior_probabilities
from raison.inference.likelihood import ConstantRateLikelihood, GameLikelihood, Likelihood, SeenRecord
from raison.inference.model import Explanation
from raison.inference.posterior import Posterior, fit
from raison.query.impossible import why_impossible
from raison.record.plan import make_plan

FITTING = "fit the explanations"


@dataclass(frozen=True, eq=False)
class Fit:
    """One explanation, fitted.

    Attributes:
        explanation: what was fitted.
        posterior: of its numbers.
        chain: how the world moves at the mode.
        equilibrium: the solved game at the mode; None for `none of these`.
        share: posterior probability among the explanations.
    """

    explanation: Explanation
    posterior: Posterior
    chain: Chain
    equilibrium: Equilibrium | None
    share: float


@dataclass(frozen=True, eq=False)
class Fits:
    """All explanations, `none of these` last, and the likelihoods that they were fitted with."""

    each: tuple[Fit, ...]
    games: GameLikelihood
    constant_rates: ConstantRateLikelihood


def fit_all(case: BuiltCase, watch: Watch, store: FitStore | None) -> Fits:
    """Fit every explanation of `case`; finished fits in `store` are taken up, new ones kept there.

    Errors:
        `ImpossibleRecord` if the record cannot happen; `NotConverged`, `SamplingFailed` if a fit fails.
    """
    games = GameLikelihood(case.game, SeenRecord(case.record, case.space, case.start))
    none = none_of_these(case.game, case.explanations[0])
    actions = [len(names) for names in case.names.actions.values()]
    constant_rates = ConstantRateLikelihood(case.game, games.seen, actions)
    explanations = (*case.explanations, none)
    likelihoods: list[Likelihood] = [*[games] * len(case.explanations), constant_rates]
    with watch.stage("compile and check the record"):
        _check_possible(case, games)
    with watch.stage(FITTING):
        posteriors = _fit_side_by_side(explanations, likelihoods, watch, store)
    shares = posterior_probabilities(
        [posterior.log_evidence for posterior in posteriors], [explanation.weight for explanation in explanations]
    )
    each = []
    for explanation, posterior, share in zip(explanations, posteriors, shares, strict=True):
        if explanation is none:
            chain, equilibrium = constant_rates.chain(posterior.mode), None
        else:
            equilibrium = posterior.equilibrium or games.solve(posterior.mode)
            chain = games.chain(equilibrium)
        each.append(Fit(explanation, posterior, chain, equilibrium, float(share)))
    return Fits(tuple(each), games, constant_rates)


def _check_possible(case: BuiltCase, games: GameLikelihood) -> None:
    """Evaluate once in this thread: it compiles what all fits share, and finds a record that cannot happen."""
    centre = np.array([float(parameter.prior.value(0.0)) for parameter in case.explanations[0].parameters])
    equilibrium = games.solve(centre)
    plan = make_plan(case.record, case.space)
    why = why_impossible(games.chain(equilibrium), plan, case.record, case.start)
    if why:
        raise ImpossibleRecord(why)
    games.evaluate(centre)


def _fit_side_by_side(
    explanations: Sequence[Explanation], likelihoods: Sequence[Likelihood], watch: Watch, store: FitStore | None
) -> list[Posterior]:
    """Fit in two threads: first the first explanation and `none of these`, then the rest from the mode of the first."""
    found = [store.find(each.name, each.parameters) if store else None for each in explanations]
    count = len(explanations)
    watch.tell(FITTING, count - found.count(None), count)

    def work(i: int, start: np.ndarray) -> tuple[int, Posterior]:
        posterior = fit(likelihoods[i], explanations[i].parameters, starts=[start])
        if store:
            store.keep(explanations[i].name, posterior)
        return i, posterior

    pool = concurrent.futures.ThreadPoolExecutor(max_workers=min(2, os.cpu_count() or 1))
    try:
        for wave in ((0, count - 1), range(1, count - 1)):
            jobs = [pool.submit(work, i, _start(explanations[i], found[0])) for i in wave if found[i] is None]
            for job in concurrent.futures.as_completed(jobs):
                i, found[i] = job.result()
                watch.tell(FITTING, count - found.count(None), count)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return [posterior for posterior in found if posterior is not None]


def _start(explanation: Explanation, known: Posterior | None) -> np.ndarray:
    """Return where the search begins: at the centre of the prior, or where a mode is known for the same prior."""
    at = {} if known is None else {known.parameters[i]: z for i, z in zip(known.free, known.z, strict=True)}
    return np.array([at.get(parameter, 0.0) for parameter in explanation.parameters if parameter.prior.is_free])
