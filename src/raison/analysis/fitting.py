"""Fit every explanation of a case, and its nulls."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from raison.analysis.fingerprint import fingerprint
from raison.analysis.pool import Pool
from raison.analysis.store import FitStore
from raison.analysis.watch import Watch
from raison.case import BuiltCase
from raison.chain import ChainMotion, Motion
from raison.equilibrium import Equilibrium
from raison.errors import ImpossibleRecord, NotConverged, SamplingFailed
from raison.inference import COMPUTATION
from raison.inference.evidence import posterior_probabilities
from raison.inference.game_map import NumberVector
from raison.inference.importance import FULL, Effort, Importance, draw_around
from raison.inference.laplace import Laplace, Start, fit
from raison.inference.likelihood import GameLikelihood, HabitLikelihood, chain_of, habit_game
from raison.inference.model import Explanation
from raison.inference.nulls import (
    every_act,
    habit,
    numbers_of_habit,
    predict_habit,
    with_shared_motives,
    without_motives,
)
from raison.inference.posterior import Posterior, free_of
from raison.inference.prior import Prior
from raison.inference.tempered import RUNS, Run, Tempered, run_tempered
from raison.record import WatchedRecord, bulk
from raison.record.impossible import why_impossible
from raison.study import FittedShare

FITTING = "fit the explanations"

RUNNING = "run tempered Monte Carlo"

PREDICTED_TOLERANCE = 1e-6
"""Residual to which the games are solved from which habits take their base rates."""


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


def make_rivals(case: BuiltCase, usual: Mapping[str, Prior] | None = None) -> tuple[Rival, ...]:
    """Return the explanations of a case and its nulls.

    Every game is solved from the equilibrium at the centre of the priors of the first explanation, if there is one.

    Args:
        case: the case.
        usual: priors of the numbers that habit and reply has of its own, by name; they are predicted if not known.
    """
    games = GameLikelihood(case.game, case.records)
    with contextlib.suppress(NotConverged):  # then every game is solved from players who act at random
        games = games.starting_at(case.explanations[0].centre)
    actions = sum(len(names) for names in case.names.actions.values())
    memory = habit_game(case.game(case.own.centre)).space
    remembered = tuple(watched.within(memory) for watched in case.records)
    habits = HabitLikelihood(case.game, remembered, actions)
    shared = with_shared_motives(case.own, case.explanations, case.motives)
    acts = every_act(case.names.actions)
    priors = {name: usual[name] for name in numbers_of_habit(acts) if name in usual} if usual else {}
    if not priors:
        roughly = games
        with contextlib.suppress(NotConverged):
            roughly = games.starting_at(case.explanations[0].centre, tolerance=PREDICTED_TOLERANCE)
        priors = predict_habit(acts, case.explanations, roughly.solve, case.records)
    habitual = habit(case.own, case.motives, acts, priors)
    return (
        *(Rival(explanation, games, case.records) for explanation in case.explanations),
        Rival(without_motives(case.own, case.motives), games, case.records, is_null=True),
        *([Rival(shared, games, case.records, is_null=True)] if shared else []),
        Rival(habitual, habits, remembered, is_null=True),
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


def fit_all(
    case: BuiltCase,
    rivals: Sequence[Rival],
    watch: Watch,
    store: FitStore | None,
    seed: int,
    pool: Pool,
    *,
    thorough: bool = False,
    effort: Effort = FULL,
) -> Fitted:
    """Fit every rival of a case; finished fits in `store` are taken up, new ones kept.

    Args:
        case: the case.
        rivals: its explanations and nulls.
        watch: told how many are done.
        store: where finished fits are kept; None for nowhere.
        seed: of the draws around each mode.
        pool: where the fits are computed.
        thorough: whether to run tempered sequential Monte Carlo besides; its evidence then counts.
        effort: when draws around the modes are enough.

    Errors:
        `SamplingFailed` if none of the explanations can be fitted.
    """
    with watch.stage(FITTING):
        drawn = _fit_side_by_side(case, rivals, watch, store, seed, pool, effort)
    outcomes: Sequence[Outcome | Tempered] = drawn
    if thorough:
        with watch.stage(RUNNING):
            outcomes = _run_side_by_side(case, rivals, drawn, watch, store, seed, pool, effort)
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


def fit_key(case: BuiltCase, rival: Rival, seed: int, effort: Effort = FULL) -> str:
    """Return the key of all that a fit depends on; no title, label, note or source is among it."""
    watches = []
    for watched in case.records:
        items = [replace(item, date="", source="", note="") for item in watched.record.items]
        watches.append((items, watched.record.until, watched.start, watched.calendar))
    priors = [(parameter.name, parameter.prior) for parameter in rival.explanation.parameters]
    plays = not isinstance(rival.likelihood, HabitLikelihood)
    return fingerprint((COMPUTATION, plays, case.game, watches, priors, seed, effort))


class _Job(NamedTuple):
    """What is to be done for one rival.

    Attributes:
        rival: the rival.
        mode: what Laplace's method found, if it has.
        known: that of a similar posterior, from which the search for the mode begins.
        seed: of the draws around the mode.
        effort: when they are enough.
    """

    rival: Rival
    mode: Laplace | None
    known: Laplace | None
    seed: int
    effort: Effort


Outcome = Laplace | Importance | Failure
"""What became of one rival."""


def _fit_side_by_side(
    case: BuiltCase,
    rivals: Sequence[Rival],
    watch: Watch,
    store: FitStore | None,
    seed: int,
    pool: Pool,
    effort: Effort,
) -> list[Outcome]:
    """Fit some at a time: first the modes of the first and the last rival, then all else from that of the first."""
    keys = [fit_key(case, rival, seed, effort) for rival in rivals]
    found: list[Outcome | None] = [
        store.find(key, rival.explanation.parameters) if store else None
        for key, rival in zip(keys, rivals, strict=True)
    ]

    def work(what: Callable[[_Job], Outcome], positions: list[int], known: Laplace | None) -> None:
        def done(_: int, job: int, outcome: Outcome) -> None:
            found[positions[job]] = outcome
            if store and not isinstance(outcome, Failure):
                store.keep(keys[positions[job]], outcome)
            watch.tell(FITTING, sum(isinstance(each, Importance | Failure) for each in found), len(rivals))

        jobs = [_Job(rivals[i], _mode(found[i]), known, seed, effort) for i in positions]
        pool.side_by_side(what, jobs, bulk=bulk(case.records), done=done, cost=_states)

    watch.tell(FITTING, 0, len(rivals))
    work(_find_mode, [i for i in sorted({0, len(rivals) - 1}) if found[i] is None], None)
    known = _mode(found[0])
    work(_finish, [i for i, each in enumerate(found) if not isinstance(each, Importance | Failure)], known)
    return [each for each in found if each is not None]


class _RunJob(NamedTuple):
    """One run of tempered sequential Monte Carlo, to be made for one rival."""

    rival: Rival
    mode: Laplace
    seed: int
    number: int


def _run_side_by_side(
    case: BuiltCase,
    rivals: Sequence[Rival],
    outcomes: Sequence[Outcome],
    watch: Watch,
    store: FitStore | None,
    seed: int,
    pool: Pool,
    effort: Effort,
) -> list[Outcome | Tempered]:
    """Add independent runs of tempered sequential Monte Carlo to what draws around the modes gave."""
    keys = [fit_key(case, rival, seed, effort) for rival in rivals]
    wanted = [(i, n) for i, each in enumerate(outcomes) if isinstance(each, Importance) for n in range(RUNS)]
    runs: dict[tuple[int, int], Run | Failure] = {}
    for i, n in wanted:
        kept = store.find_run(keys[i], n, rivals[i].explanation.parameters) if store else None
        if kept is not None:
            runs[i, n] = kept
    missing = [each for each in wanted if each not in runs]

    def done(_: int, job: int, run: Run | Failure) -> None:
        i, n = missing[job]
        runs[i, n] = run
        if store and isinstance(run, Run):
            store.keep_run(keys[i], n, run)
        watch.tell(RUNNING, len(runs), len(wanted))

    watch.tell(RUNNING, len(runs), len(wanted))
    jobs = [_RunJob(rivals[i], mode, seed, n) for i, n in missing if (mode := _mode(outcomes[i])) is not None]
    pool.side_by_side(_run, jobs, bulk=bulk(case.records), done=done, cost=_states)
    return [_with_runs(each, [runs[i, n] for k, n in wanted if k == i]) for i, each in enumerate(outcomes)]


def _run(job: _RunJob) -> Run | Failure:
    """Take particles from the prior to the posterior."""
    try:
        return run_tempered(job.mode, job.rival.likelihood, (job.seed, job.number))
    except (NotConverged, SamplingFailed) as error:
        return Failure(job.rival.explanation, str(error))


def _with_runs(outcome: Outcome, runs: Sequence[Run | Failure]) -> Outcome | Tempered:
    """Return what a rival's runs say together; what was known before where there are none."""
    if not isinstance(outcome, Importance):
        return outcome
    failed = next((run for run in runs if isinstance(run, Failure)), None)
    return failed or Tempered(outcome, tuple(run for run in runs if isinstance(run, Run)))


def _mode(outcome: Outcome | None) -> Laplace | None:
    """Return what Laplace's method found, if it did."""
    if isinstance(outcome, Importance):
        return outcome.laplace
    return outcome if isinstance(outcome, Laplace) else None


def _states(job: _Job | _RunJob) -> int:
    return job.rival.records[0].space.size


def _find_mode(job: _Job) -> Laplace | Failure:
    """Search the mode, from that of a similar posterior if one is known."""
    if job.mode is not None:
        return job.mode
    explanation = job.rival.explanation
    try:
        return fit(job.rival.likelihood, explanation.parameters, starts=[start_near(explanation, job.known)])
    except (NotConverged, SamplingFailed) as error:
        return Failure(explanation, str(error))


def _finish(job: _Job) -> Outcome:
    """Search the mode if it is not known, and draw around it."""
    mode = _find_mode(job)
    if isinstance(mode, Failure):
        return mode
    try:
        return draw_around(mode, job.rival.likelihood, job.seed, job.effort)
    except (NotConverged, SamplingFailed) as error:
        return Failure(job.rival.explanation, str(error))


def shares_of(fits: Sequence[Fit]) -> tuple[FittedShare, ...]:
    """Return how well each explanation does, for a study."""
    return tuple(
        FittedShare(fit.explanation.name, fit.share, fit.posterior.log_evidence, fit.posterior.log_evidence_error)
        for fit in fits
    )


def start_near(explanation: Explanation, known: Laplace | None) -> Start:
    """Return where the search for a mode begins: the prior's centre, or where a mode is known for the same prior."""
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
