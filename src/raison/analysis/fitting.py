"""Fit every explanation of a case, and `none of these`."""

from __future__ import annotations

import concurrent.futures
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from raison.analysis.fingerprint import fingerprint
from raison.analysis.store import FitStore
from raison.analysis.watch import Watch
from raison.case import BuiltCase
from raison.chain import Chain
from raison.equilibrium import Equilibrium
from raison.errors import ImpossibleRecord
from raison.inference import COMPUTATION
from raison.inference.evidence import NONE, none_of_these, posterior_probabilities
from raison.inference.laplace import Posterior, Start, fit
from raison.inference.likelihood import ConstantRateLikelihood, GameLikelihood, Likelihood, SeenRecord
from raison.inference.model import Explanation
from raison.record.impossible import why_impossible
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
class Likelihoods:
    """The likelihood of the record under players who choose, and under none who do.

    Attributes:
        games: every explanation of the case.
        constant_rates: `none of these`.
        none: `none of these`, as an explanation.
    """

    games: GameLikelihood
    constant_rates: ConstantRateLikelihood
    none: Explanation


@dataclass(frozen=True, eq=False)
class Fits:
    """All explanations, `none of these` last."""

    each: tuple[Fit, ...]


def make_likelihoods(case: BuiltCase) -> Likelihoods:
    """Return the likelihoods with which the explanations of `case` are fitted."""
    seen = SeenRecord(case.record, case.space, case.start)
    actions = [len(names) for names in case.names.actions.values()]
    return Likelihoods(
        GameLikelihood(case.game, seen),
        ConstantRateLikelihood(case.game, seen, actions),
        none_of_these(case.game, case.explanations[0]),
    )


def check_possible(case: BuiltCase, likelihoods: Likelihoods) -> None:
    """Evaluate once at the centre of the priors: it compiles what all fits share.

    Errors:
        `ImpossibleRecord` if the record cannot happen; `NotConverged` if the game cannot be solved there.
    """
    games = likelihoods.games
    centre = np.array([float(parameter.prior.value(0.0)) for parameter in case.explanations[0].parameters])
    equilibrium = games.solve(centre)
    plan = make_plan(case.record, case.space)
    why = why_impossible(games.chain(equilibrium), plan, case.record, case.start)
    if why:
        raise ImpossibleRecord(why)
    games.evaluate(centre)


def fit_all(case: BuiltCase, likelihoods: Likelihoods, watch: Watch, store: FitStore | None) -> Fits:
    """Fit every explanation of `case`; finished fits in `store` are taken up, new ones kept there.

    Errors:
        `NotConverged`, `SamplingFailed` if a fit fails.
    """
    games, constant_rates, none = likelihoods.games, likelihoods.constant_rates, likelihoods.none
    explanations = (*case.explanations, none)
    with watch.stage(FITTING):
        by_fit: list[Likelihood] = [*[games] * len(case.explanations), constant_rates]
        keys = [fit_key(case, explanation) for explanation in explanations] if store else []
        posteriors = _fit_side_by_side(explanations, by_fit, keys, watch, store)
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
    return Fits(tuple(each))


def fit_key(case: BuiltCase, explanation: Explanation) -> str:
    """Return the key of all that a fit depends on; no title, label, note or source is among it."""
    bare = replace(case.record, items=tuple(replace(item, date="", source="", note="") for item in case.record.items))
    seen = (bare, case.start, case.begin, case.unit)
    priors = [(parameter.name, parameter.prior) for parameter in explanation.parameters]
    return fingerprint((COMPUTATION, explanation.name == NONE, case.game, seen, priors))


def _fit_side_by_side(
    explanations: Sequence[Explanation],
    likelihoods: Sequence[Likelihood],
    keys: Sequence[str],
    watch: Watch,
    store: FitStore | None,
) -> list[Posterior]:
    """Fit in two threads: first the first explanation and `none of these`, then the rest from the mode of the first."""
    count = len(explanations)
    found: list[Posterior | None] = [None] * count
    if store:
        found = [store.find(key, each.parameters) for key, each in zip(keys, explanations, strict=True)]
    watch.tell(FITTING, count - found.count(None), count)

    def work(i: int, start: Start) -> tuple[int, Posterior]:
        posterior = fit(likelihoods[i], explanations[i].parameters, starts=[start])
        if store:
            store.keep(keys[i], posterior)
        return i, posterior

    pool = concurrent.futures.ThreadPoolExecutor(max_workers=min(2, os.cpu_count() or 1))
    try:
        for wave in ((0, count - 1), range(1, count - 1)):
            known = None if 0 in wave else found[0]
            jobs = [pool.submit(work, i, _start(explanations[i], known)) for i in wave if found[i] is None]
            for job in concurrent.futures.as_completed(jobs):
                i, found[i] = job.result()
                watch.tell(FITTING, count - found.count(None), count)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return [posterior for posterior in found if posterior is not None]


def _start(explanation: Explanation, known: Posterior | None) -> Start:
    """Return where the search begins: the centre of the prior, or where a mode is known for the same prior."""
    free = [parameter for parameter in explanation.parameters if parameter.prior.is_free]
    z, covariance = np.zeros(len(free)), np.eye(len(free))
    at = {} if known is None else {known.parameters[i]: position for position, i in enumerate(known.free)}
    shared = [(here, at[parameter]) for here, parameter in enumerate(free) if parameter in at]
    if known is None or not shared:
        return Start(z)
    here, there = (np.array(column) for column in zip(*shared, strict=True))
    z[here] = known.z[there]
    covariance[np.ix_(here, here)] = known.covariance[np.ix_(there, there)]
    return Start(z, covariance)
