"""Fit every explanation of a case, and `none of these`."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from raison.analysis.fingerprint import fingerprint
from raison.analysis.pool import side_by_side
from raison.analysis.store import FitStore
from raison.analysis.watch import Watch
from raison.case import BuiltCase
from raison.chain import ChainMotion, Motion
from raison.equilibrium import Equilibrium
from raison.errors import ImpossibleRecord, NotConverged, SamplingFailed
from raison.inference import COMPUTATION
from raison.inference.evidence import NONE, none_of_these, posterior_probabilities
from raison.inference.importance import Importance, draw_around
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

    Every game is solved from the equilibrium at the centre of the priors of the first explanation, if there is one.
    """
    games = GameLikelihood(case.game, case.records)
    with contextlib.suppress(NotConverged):  # then every game is solved from players who act at random
        games = games.starting_at(case.explanations[0].centre)
    actions = sum(len(names) for names in case.names.actions.values())
    none = none_of_these(case.game, case.explanations[0])
    return Likelihoods(games, ConstantRateLikelihood(case.game, case.records, actions), none)


def check_possible(case: BuiltCase, likelihoods: Likelihoods) -> None:
    """See whether the records can happen at the centre of the priors, if the game can be solved there.

    Errors:
        `ImpossibleRecord` if a record cannot happen.
    """
    try:
        motion = ChainMotion(chain_of(likelihoods.games.solve(case.explanations[0].centre)))
    except NotConverged:
        return
    for watched in case.records:
        if why := why_impossible(motion, watched):
            raise ImpossibleRecord(why if len(case.records) == 1 else f"{watched.name}: {why}")


@dataclass(frozen=True, eq=False)
class Failure:
    """An explanation that could not be fitted, and why."""

    explanation: Explanation
    reason: str


class Fitted(NamedTuple):
    """What became of the explanations of a case, each list in their order."""

    fits: tuple[Fit, ...]
    failures: tuple[Failure, ...]


def fit_all(case: BuiltCase, likelihoods: Likelihoods, watch: Watch, store: FitStore | None, seed: int) -> Fitted:
    """Fit every explanation of `case`, `none of these` last; finished fits in `store` are taken up, new ones kept.

    Args:
        case: the case.
        likelihoods: of its records.
        watch: told how many are done.
        store: where finished fits are kept; None for nowhere.
        seed: of the draws around each mode.

    Errors:
        `SamplingFailed` if none of the explanations can be fitted.
    """
    games, constant_rates, none = likelihoods.games, likelihoods.constant_rates, likelihoods.none
    explanations = (*case.explanations, none)
    with watch.stage(FITTING):
        by_fit: list[Likelihood] = [*[games] * len(case.explanations), constant_rates]
        keys = [fit_key(case, explanation, seed) for explanation in explanations]
        outcomes = _fit_side_by_side(explanations, by_fit, keys, watch, store, seed)
    failures = tuple(each for each in outcomes if isinstance(each, Failure))
    fitted = [(e, each) for e, each in zip(explanations, outcomes, strict=True) if not isinstance(each, Failure)]
    if all(explanation is none for explanation, _ in fitted):
        told = "\n".join(f"{each.explanation.name}: {each.reason}" for each in failures)
        raise SamplingFailed(f"none of the explanations could be fitted.\n{told}")
    shares = posterior_probabilities(
        [posterior.log_evidence for _, posterior in fitted], [explanation.weight for explanation, _ in fitted]
    )
    fits = []
    for (explanation, posterior), share in zip(fitted, shares, strict=True):
        equilibrium = None if explanation is none else games.solve(posterior.mode)
        chain = constant_rates.chain(posterior.mode) if equilibrium is None else chain_of(equilibrium)
        fits.append(Fit(explanation, posterior, ChainMotion(chain), equilibrium, float(share)))
    return Fitted(tuple(fits), failures)


def fit_key(case: BuiltCase, explanation: Explanation, seed: int) -> str:
    """Return the key of all that a fit depends on; no title, label, note or source is among it."""
    watches = []
    for watched in case.records:
        items = [replace(item, date="", source="", note="") for item in watched.record.items]
        watches.append((items, watched.record.until, watched.start, watched.calendar))
    priors = [(parameter.name, parameter.prior) for parameter in explanation.parameters]
    return fingerprint((COMPUTATION, explanation.name == NONE, case.game, watches, priors, seed))


def _fit_side_by_side(
    explanations: Sequence[Explanation],
    likelihoods: Sequence[Likelihood],
    keys: Sequence[str],
    watch: Watch,
    store: FitStore | None,
    seed: int,
) -> list[Laplace | Importance | Failure]:
    """Fit two at a time: first the first explanation and `none of these`, then the rest from the mode of the first."""
    count = len(explanations)
    found: list[Laplace | Importance | Failure | None] = [None] * count
    watch.tell(FITTING, 0, count)

    def work(i: int) -> None:
        kept = store.find(keys[i], explanations[i].parameters) if store else None
        try:
            found[i] = _fit(explanations[i], likelihoods[i], starts[i], kept, store, keys[i], seed)
        except (NotConverged, SamplingFailed) as error:
            found[i] = Failure(explanations[i], str(error))

    for wave in ([0, count - 1], range(1, count - 1)):
        starts = {i: _start(explanations[i], None if 0 in wave else _laplace(found[0])) for i in wave}
        side_by_side(work, list(wave), done=lambda _: watch.tell(FITTING, count - found.count(None), count))
    return [each for each in found if each is not None]


def _fit(
    explanation: Explanation,
    likelihood: Likelihood,
    start: Start,
    kept: Laplace | Importance | None,
    store: FitStore | None,
    key: str,
    seed: int,
) -> Laplace | Importance:
    """Return the posterior of one explanation: what was kept, or what is still to be done of it."""
    if isinstance(kept, Importance):
        return kept
    laplace = kept or fit(likelihood, explanation.parameters, starts=[start])
    if store and not kept:
        store.keep(key, laplace)
    posterior = draw_around(laplace, likelihood, seed)
    if store and posterior is not laplace:
        store.keep(key, posterior)
    return posterior


def _laplace(outcome: Laplace | Importance | Failure | None) -> Laplace | None:
    """Return what Laplace's method found, if it did."""
    if isinstance(outcome, Importance):
        return outcome.laplace
    return outcome if isinstance(outcome, Laplace) else None


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
