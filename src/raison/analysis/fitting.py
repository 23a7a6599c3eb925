"""Fit every explanation of a case, and `none of these`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from raison.analysis.fingerprint import fingerprint
from raison.analysis.pool import side_by_side
from raison.analysis.store import FitStore
from raison.analysis.watch import Watch
from raison.case import BuiltCase
from raison.chain import ChainMotion, Motion
from raison.equilibrium import Equilibrium
from raison.errors import ImpossibleRecord
from raison.inference import COMPUTATION
from raison.inference.evidence import NONE, none_of_these, posterior_probabilities
from raison.inference.laplace import Laplace, Start, fit
from raison.inference.likelihood import ConstantRateLikelihood, GameLikelihood, Likelihood, chain_of
from raison.inference.model import Explanation
from raison.inference.posterior import Posterior, free_of
from raison.record.impossible import why_impossible

FITTING = "fit the explanations"


@dataclass(frozen=True, eq=False)
class Fit:
    """One explanation, fitted.

    Attributes:
        explanation: what was fitted.
        posterior: of its numbers.
        motion: how the world moves at the mode.
        equilibrium: the solved game at the mode; None for `none of these`.
        share: posterior probability among the explanations.
    """

    explanation: Explanation
    posterior: Posterior
    motion: Motion
    equilibrium: Equilibrium | None
    share: float


@dataclass(frozen=True, eq=False)
class Likelihoods:
    """The likelihood of what was seen under players who choose, and under none who do.

    Attributes:
        games: every explanation of the case.
        constant_rates: `none of these`.
        none: `none of these`, as an explanation.
    """

    games: GameLikelihood
    constant_rates: ConstantRateLikelihood
    none: Explanation


def make_likelihoods(case: BuiltCase) -> Likelihoods:
    """Return the likelihoods with which the explanations of `case` are fitted.

    Every game is solved from the equilibrium at the centre of the priors of the first explanation.

    Errors:
        `NotConverged` if the game cannot be solved there.
    """
    games = GameLikelihood(case.game, case.records).starting_at(case.explanations[0].centre)
    actions = sum(len(names) for names in case.names.actions.values())
    none = none_of_these(case.game, case.explanations[0])
    return Likelihoods(games, ConstantRateLikelihood(case.game, case.records, actions), none)


def check_possible(case: BuiltCase, likelihoods: Likelihoods) -> None:
    """Evaluate once at the centre of the priors: it compiles what all fits share.

    Errors:
        `ImpossibleRecord` if a record cannot happen.
    """
    games, centre = likelihoods.games, case.explanations[0].centre
    motion = ChainMotion(chain_of(games.solve(centre)))
    for watched in case.records:
        if why := why_impossible(motion, watched):
            raise ImpossibleRecord(why if len(case.records) == 1 else f"{watched.name}: {why}")
    games.evaluate(centre)


def fit_all(case: BuiltCase, likelihoods: Likelihoods, watch: Watch, store: FitStore | None) -> tuple[Fit, ...]:
    """Fit every explanation of `case`, `none of these` last; finished fits in `store` are taken up, new ones kept.

    Errors:
        `NotConverged`, `SamplingFailed` if a fit fails.
    """
    games, constant_rates, none = likelihoods.games, likelihoods.constant_rates, likelihoods.none
    explanations = (*case.explanations, none)
    with watch.stage(FITTING):
        by_fit: list[Likelihood] = [*[games] * len(case.explanations), constant_rates]
        keys = [fit_key(case, explanation) for explanation in explanations]
        posteriors = _fit_side_by_side(explanations, by_fit, keys, watch, store)
    shares = posterior_probabilities(
        [posterior.log_evidence for posterior in posteriors], [explanation.weight for explanation in explanations]
    )
    fits = []
    for explanation, posterior, share in zip(explanations, posteriors, shares, strict=True):
        equilibrium = None if explanation is none else games.solve(posterior.mode)
        chain = constant_rates.chain(posterior.mode) if equilibrium is None else chain_of(equilibrium)
        fits.append(Fit(explanation, posterior, ChainMotion(chain), equilibrium, float(share)))
    return tuple(fits)


def fit_key(case: BuiltCase, explanation: Explanation) -> str:
    """Return the key of all that a fit depends on; no title, label, note or source is among it."""
    watches = []
    for watched in case.records:
        items = [replace(item, date="", source="", note="") for item in watched.record.items]
        watches.append((items, watched.record.until, watched.start, watched.calendar))
    priors = [(parameter.name, parameter.prior) for parameter in explanation.parameters]
    return fingerprint((COMPUTATION, explanation.name == NONE, case.game, watches, priors))


def _fit_side_by_side(
    explanations: Sequence[Explanation],
    likelihoods: Sequence[Likelihood],
    keys: Sequence[str],
    watch: Watch,
    store: FitStore | None,
) -> list[Laplace]:
    """Fit two at a time: first the first explanation and `none of these`, then the rest from the mode of the first."""
    count = len(explanations)
    found: list[Laplace | None] = [None] * count
    if store:
        found = [store.find(key, each.parameters) for key, each in zip(keys, explanations, strict=True)]
    watch.tell(FITTING, count - found.count(None), count)

    def work(i: int) -> None:
        posterior = fit(likelihoods[i], explanations[i].parameters, starts=[starts[i]])
        if store:
            store.keep(keys[i], posterior)
        found[i] = posterior

    for wave in ([0, count - 1], range(1, count - 1)):
        starts = {i: _start(explanations[i], None if 0 in wave else found[0]) for i in wave}
        missing = [i for i in wave if found[i] is None]
        side_by_side(work, missing, done=lambda _: watch.tell(FITTING, count - found.count(None), count))
    return [posterior for posterior in found if posterior is not None]


def _start(explanation: Explanation, known: Laplace | None) -> Start:
    """Return where the search begins: the centre of the prior, or where a mode is known for the same prior."""
    free = [explanation.parameters[i] for i in free_of(explanation.parameters)]
    z, covariance = np.zeros(len(free)), np.eye(len(free))
    at = (
        {} if known is None else {known.parameters[i]: position for position, i in enumerate(free_of(known.parameters))}
    )
    shared = [(here, at[parameter]) for here, parameter in enumerate(free) if parameter in at]
    if known is None or not shared:
        return Start(z)
    here, there = (np.array(column) for column in zip(*shared, strict=True))
    z[here] = known.z[there]
    covariance[np.ix_(here, here)] = known.covariance[np.ix_(there, there)]
    return Start(z, covariance)
