"""Fit every explanation of a case, and its nulls."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
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
    """Fit some at a time: first the modes of the first and the last rival, then all else from that of the first."""
    watch.tell(FITTING, 0, len(rivals))
    fitting = [_Fitting(rival, fit_key(case, rival, seed), store, seed) for rival in rivals]
    workers, first = workers_for(case.space.size), fitting[0]
    side_by_side(
        lambda each: each.find_mode(None),
        [first, fitting[-1]],
        workers=workers,
        done=lambda _: watch.tell(FITTING, 0, len(rivals)),
    )
    side_by_side(
        lambda each: each.finish(first.mode),
        fitting,
        workers=workers,
        done=lambda done: watch.tell(FITTING, done, len(rivals)),
        cost=lambda each: each.states,
    )
    return [each.outcome() for each in fitting]


class _Fitting:
    """What has been found of one rival so far.

    Args:
        rival: the rival.
        key: under which its fit is kept.
        store: where it is kept and found.
        seed: of the draws around the mode.
    """

    def __init__(self, rival: Rival, key: str, store: FitStore | None, seed: int) -> None:
        self._rival, self._key, self._store, self._seed = rival, key, store, seed
        self._found = store.find(key, rival.explanation.parameters) if store else None
        self._failure: Failure | None = None

    @property
    def states(self) -> int:
        return self._rival.records[0].space.size

    @property
    def mode(self) -> Laplace | None:
        """Return what Laplace's method found, if it did."""
        return self._found.laplace if isinstance(self._found, Importance) else self._found

    def find_mode(self, known: Laplace | None) -> None:
        """Search the mode, from that of a similar posterior if one is known."""
        if self._found is None and self._failure is None:
            parameters = self._rival.explanation.parameters
            start = _start(self._rival.explanation, known)
            self._keep(lambda: fit(self._rival.likelihood, parameters, starts=[start]))

    def finish(self, known: Laplace | None) -> None:
        """Do what is left to do."""
        self.find_mode(known)
        laplace = self._found
        if isinstance(laplace, Laplace):
            self._keep(lambda: draw_around(laplace, self._rival.likelihood, self._seed))

    def outcome(self) -> Laplace | Importance | Failure:
        """Return the posterior, or why there is none."""
        outcome = self._failure or self._found
        assert outcome is not None
        return outcome

    def _keep(self, work: Callable[[], Laplace | Importance]) -> None:
        try:
            found = work()
        except (NotConverged, SamplingFailed) as error:
            self._failure = Failure(self._rival.explanation, str(error))
            return
        if self._store and found is not self._found:
            self._store.keep(self._key, found)
        self._found = found


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
