"""Fit every explanation of a case, and its nulls."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from raison.analysis.fingerprint import fingerprint
from raison.analysis.pool import side_by_side, workers_for
from raison.analysis.store import FitStore
from raison.analysis.watch import Watch
from raison.case import BuiltCase
from raison.chain import ChainMotion, Motion
from raison.equilibrium import Equilibrium
from raison.errors import ImpossibleRecord, NotConverged, SamplingFailed
from raison.inference import COMPUTATION
from raison.inference.evidence import posterior_probabilities
from raison.inference.game_map import NumberVector
from raison.inference.importance import Importance, draw_around
from raison.inference.laplace import Laplace, Start, fit
from raison.inference.likelihood import GameLikelihood, HabitLikelihood, chain_of, habit_game
from raison.inference.model import Explanation
from raison.inference.nulls import habit, with_shared_motives, without_motives
from raison.inference.posterior import Posterior, free_of
from raison.record import WatchedRecord
from raison.record.impossible import why_impossible

FITTING = "fit the explanations"


@dataclass(frozen=True, eq=False)
class Fit:
    """One explanation, fitted.

    Attributes:
        explanation: what was fitted.
        posterior: of its numbers.
        likelihood: of what was seen, by its numbers.
        records: what was seen, in the space of its game.
        motion: how the world moves at the mode.
        equilibrium: the solved game at the mode; None where nobody chooses.
        share: posterior probability among the explanations.
        is_null: whether it is one of the nulls.
    """

    explanation: Explanation
    posterior: Posterior
    likelihood: GameLikelihood | HabitLikelihood
    records: tuple[WatchedRecord, ...]
    motion: Motion
    equilibrium: Equilibrium | None
    share: float
    is_null: bool = False


@dataclass(frozen=True, eq=False)
class Rival:
    """An explanation, or a null, ready to be fitted.

    Attributes:
        explanation: what it believes.
        likelihood: of what was seen, by its numbers.
        records: what was seen, in the space of its game.
        is_null: whether it is one of the nulls.
    """

    explanation: Explanation
    likelihood: GameLikelihood | HabitLikelihood
    records: tuple[WatchedRecord, ...]
    is_null: bool = False


def make_rivals(case: BuiltCase) -> tuple[Rival, ...]:
    """Return the explanations of a case and its nulls.

    Every game is solved from the equilibrium at the centre of the priors of the first explanation, if there is one.
    """
    games = GameLikelihood(case.game, case.records)
    with contextlib.suppress(NotConverged):  # then every game is solved from players who act at random
        games = games.starting_at(case.explanations[0].centre)
    actions = sum(len(names) for names in case.names.actions.values())
    memory = habit_game(case.game(case.own.centre)).space
    remembered = tuple(watched.within(memory) for watched in case.records)
    habits = HabitLikelihood(case.game, remembered, actions)
    shared = with_shared_motives(case.own, case.explanations, case.motives)
    usual = habit(case.own, case.motives, case.explanations, case.names.actions, games.solve, case.records)
    return (
        *(Rival(explanation, games, case.records) for explanation in case.explanations),
        Rival(without_motives(case.own, case.motives), games, case.records, is_null=True),
        *([Rival(shared, games, case.records, is_null=True)] if shared else []),
        Rival(usual, habits, remembered, is_null=True),
    )


def check_possible(case: BuiltCase, rivals: Sequence[Rival]) -> None:
    """See whether the records can happen at the centre of the priors, if the game can be solved there.

    Errors:
        `ImpossibleRecord` if a record cannot happen.
    """
    first = rivals[0]
    try:
        motion = _motion(first.likelihood, first.explanation.centre)[0]
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


def fit_all(case: BuiltCase, rivals: Sequence[Rival], watch: Watch, store: FitStore | None, seed: int) -> Fitted:
    """Fit every rival of a case; finished fits in `store` are taken up, new ones kept.

    Args:
        case: the case.
        rivals: its explanations and nulls.
        watch: told how many are done.
        store: where finished fits are kept; None for nowhere.
        seed: of the draws around each mode.

    Errors:
        `SamplingFailed` if none of the explanations can be fitted.
    """
    with watch.stage(FITTING):
        outcomes = _fit_side_by_side(case, rivals, watch, store, seed)
    failures = tuple(each for each in outcomes if isinstance(each, Failure))
    fitted = [(rival, each) for rival, each in zip(rivals, outcomes, strict=True) if not isinstance(each, Failure)]
    if all(rival.is_null for rival, _ in fitted):
        told = "\n".join(f"{each.explanation.name}: {each.reason}" for each in failures)
        raise SamplingFailed(f"none of the explanations could be fitted.\n{told}")
    shares = posterior_probabilities(
        [posterior.log_evidence for _, posterior in fitted], [rival.explanation.weight for rival, _ in fitted]
    )
    fits = []
    for (rival, posterior), share in zip(fitted, shares, strict=True):
        motion, equilibrium = _motion(rival.likelihood, posterior.mode)
        known = (posterior, rival.likelihood, rival.records, motion, equilibrium)
        fits.append(Fit(rival.explanation, *known, float(share), rival.is_null))
    return Fitted(tuple(fits), failures)


def _motion(likelihood: GameLikelihood | HabitLikelihood, numbers: NumberVector) -> tuple[Motion, Equilibrium | None]:
    """Return how the world moves at given numbers, and the solved game if there is one. Raises `NotConverged`."""
    if isinstance(likelihood, HabitLikelihood):
        return ChainMotion(likelihood.chain(numbers)), None
    equilibrium = likelihood.solve(numbers)
    return ChainMotion(chain_of(equilibrium)), equilibrium


def fit_key(case: BuiltCase, rival: Rival, seed: int) -> str:
    """Return the key of all that a fit depends on; no title, label, note or source is among it."""
    watches = []
    for watched in case.records:
        items = [replace(item, date="", source="", note="") for item in watched.record.items]
        watches.append((items, watched.record.until, watched.start, watched.calendar))
    priors = [(parameter.name, parameter.prior) for parameter in rival.explanation.parameters]
    plays = not isinstance(rival.likelihood, HabitLikelihood)
    return fingerprint((COMPUTATION, plays, case.game, watches, priors, seed))


def _fit_side_by_side(
    case: BuiltCase, rivals: Sequence[Rival], watch: Watch, store: FitStore | None, seed: int
) -> list[Laplace | Importance | Failure]:
    """Fit two at a time: first the first explanation and the last rival, then the rest from the mode of the first."""
    count = len(rivals)
    found: list[Laplace | Importance | Failure | None] = [None] * count
    watch.tell(FITTING, 0, count)

    def work(i: int) -> None:
        try:
            found[i] = _fit(rivals[i], starts[i], store, fit_key(case, rivals[i], seed), seed)
        except (NotConverged, SamplingFailed) as error:
            found[i] = Failure(rivals[i].explanation, str(error))

    for wave in ([0, count - 1], range(1, count - 1)):
        known = None if 0 in wave else _laplace(found[0])
        starts = {i: _start(rivals[i].explanation, known) for i in wave}
        workers = workers_for(case.space.size)
        side_by_side(
            work, list(wave), workers=workers, done=lambda _: watch.tell(FITTING, count - found.count(None), count)
        )
    return [each for each in found if each is not None]


def _fit(rival: Rival, start: Start, store: FitStore | None, key: str, seed: int) -> Laplace | Importance:
    """Return the posterior of one rival: what was kept, or what is still to be done of it."""
    kept = store.find(key, rival.explanation.parameters) if store else None
    if isinstance(kept, Importance):
        return kept
    laplace = kept or fit(rival.likelihood, rival.explanation.parameters, starts=[start])
    if store and not kept:
        store.keep(key, laplace)
    posterior = draw_around(laplace, rival.likelihood, seed)
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
