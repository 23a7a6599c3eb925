"""The whole study of a case, from its numbers to its verdicts."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Bool

from raison import __version__
from raison.analysis.asking import ANSWERING, answer_questions
from raison.analysis.description import (
    DESCRIBING,
    Described,
    Description,
    describe_all,
    item_results,
    record_results,
)
from raison.analysis.drawn import with_solved
from raison.analysis.episodes import SPLITTING, weigh_episodes
from raison.analysis.equilibria import SEARCHING, search_equilibria, without_search
from raison.analysis.fingerprint import fingerprint, of_code
from raison.analysis.fitting import Fit, check_possible, fit_all, make_rivals
from raison.analysis.foreseen import FORESEEING, QUICK, foresee
from raison.analysis.held_out import SCORING, score_forecasts
from raison.analysis.judged import weigh_clues
from raison.analysis.motives import MEASURING, measure_motives
from raison.analysis.next_best import PROMISING, next_best
from raison.analysis.pool import Pool, Processes
from raison.analysis.signatures import SIGNING, try_signatures
from raison.analysis.store import FitStore
from raison.analysis.structure import structure_of
from raison.analysis.unexplained import COMPARING, unexplained
from raison.analysis.variants import VARYING, study_variants
from raison.analysis.verdicts import ASKING, judge_claims
from raison.analysis.watch import Watch
from raison.asked import Asked
from raison.case import BuiltCase
from raison.errors import NotConverged, SamplingFailed, counted
from raison.inference.evidence import INDISTINCT, STRONG, Lead, indistinct_groups, lead
from raison.inference.importance import Importance
from raison.inference.posterior import Posterior, PosteriorStatus, free_of
from raison.inference.prior import Q95, Prior
from raison.inference.tempered import Tempered
from raison.study import (
    A_HALF,
    EDGE,
    MOST_STATES,
    NEAR_DAYS,
    NO_BETTER,
    UNTOUCHED,
    WIDER,
    ActResidual,
    CaseSummary,
    ClaimResult,
    EpisodeResult,
    EquilibriumStatus,
    ExplanationResult,
    FailedExplanation,
    Fragility,
    GameSize,
    HeldOutResult,
    MotiveResult,
    MoveReasons,
    NextEvidence,
    ParameterEstimate,
    PowerResult,
    ReadingResidual,
    SignatureResult,
    Study,
    VariantResult,
)

Actions = Mapping[str, Collection[str]]
"""Names of the actions of every player, in the order of its game."""

Found = TypeVar("Found")

CHECKING = "check the record"

WIDTH_NOISE = 2.7
"""Three standard errors of the width of a 90 % interval of a normal by one draw, as a share of the width."""

UNMOVED = 0.1
"""A number is untouched if its mode moves and its interval narrows by less than this share."""

NOT_VARIED = "The variants of the case were not studied (--no-variants): nothing is said of what hangs on them."

NOT_SEARCHED = "Nobody looked for other equilibria (--no-search): players might also have settled on those."


def run_study(
    case: BuiltCase,
    *,
    seed: int = 0,
    search: bool = True,
    thorough: bool = False,
    variants: bool = True,
    command: str = "",
    store: FitStore | None = None,
    watch: Watch | None = None,
    pool: Pool | None = None,
) -> Study:
    """Run the whole study of `case`.

    Args:
        case: the case.
        seed: of every random draw.
        search: whether to search each game for other equilibria.
        variants: whether to study the variants of the case, too.
        thorough: whether to compute the evidence by tempered sequential Monte Carlo, too, which takes minutes.
        command: how the study can be run again, for the report.
        store: where finished fits and stages are kept and found; none are if it is None.
        watch: told of every step; times the stages.
        pool: where independent pieces are computed; the cores of this machine if it is None.

    Errors:
        `ComputationError`s of the fits and forecasts.
    """
    watch, pool = watch or Watch(), pool or Processes()
    known = (of_code(), case.hash, case.name, seed, thorough)

    def kept(stage: str, hint: Any, compute: Callable[[], Found]) -> Found:
        """Return what a stage found, in this run or in one that was stopped."""
        return compute() if store is None else store.stage(fingerprint((stage, *known)), hint, compute)

    motives, signatures, power, acts, readings = (), (), None, (), ()
    with watch.stage(CHECKING):
        rivals = make_rivals(case)
        check_possible(case, rivals)
    missing: list[str] = []
    with watch.stage(MEASURING), _told("What each motive does", missing):
        motives = kept(MEASURING, tuple[MotiveResult, ...], lambda: measure_motives(case))
    if case.predictions:
        with watch.stage(SIGNING), _told("Whether explanations predict what they say", missing):
            signatures = kept(SIGNING, tuple[SignatureResult, ...], lambda: try_signatures(case, seed, watch, pool))
    with watch.stage(FORESEEING), _told("What such a record could tell", missing):
        power = kept(FORESEEING, PowerResult, lambda: _foresee(case, seed, watch, pool))
    fits, failures = fit_all(case, rivals, watch, store, seed, pool, thorough=thorough)
    with watch.stage(DESCRIBING):
        described = describe_all(case, fits, watch)
    with watch.stage(COMPARING), _told("What nobody explains", missing):
        residuals = tuple[tuple[ActResidual, ...], tuple[ReadingResidual, ...]]
        acts, readings = kept(COMPARING, residuals, lambda: unexplained(fits, seed, watch, pool))
    with watch.stage(PROMISING):
        promising = kept(PROMISING, tuple[NextEvidence, ...], lambda: next_best(fits, described, seed, watch, pool))
    held_out = None
    if case.held_out is not None:
        with watch.stage(SCORING), _told("How the forecast did on what followed", missing):
            held_out = kept(SCORING, HeldOutResult, lambda: score_forecasts(case, fits, seed, watch, pool))
    with watch.stage(SEARCHING):
        statuses = tuple[EquilibriumStatus | None, ...]
        equilibria = without_search(fits)
        if search:
            equilibria = kept(SEARCHING, statuses, lambda: search_equilibria(fits, seed, watch, pool))
    with watch.stage(ASKING):
        judged = weigh_clues(case, fits, seed)
        claims = kept(ASKING, tuple[ClaimResult, ...], lambda: judge_claims(case, fits, judged, seed, watch, pool))
    episodes: tuple[EpisodeResult, ...] = ()
    if len(case.records) > 1:
        with watch.stage(SPLITTING):
            episodes = kept(
                SPLITTING,
                tuple[EpisodeResult, ...],
                lambda: weigh_episodes(case, fits, described, seed, watch, store, pool),
            )
    others: tuple[VariantResult, ...] = ()
    if variants and case.variants:
        with watch.stage(VARYING):
            others = kept(VARYING, tuple[VariantResult, ...], lambda: study_variants(case, seed, watch, store, pool))
    leading = _lead(fits, described)
    study = Study(
        case=_summary(case),
        game=_size(case),
        structure=structure_of(case),
        explanations=tuple(
            _explanation(
                fit, [(one.watched.name, one.each[number]) for one in described], equilibrium, case.names.actions
            )
            for number, (fit, equilibrium) in enumerate(zip(fits, equilibria, strict=True))
        ),
        items=item_results(fits, described),
        claims=claims,
        motives=motives,
        signatures=signatures,
        residuals=acts,
        reading_residuals=readings,
        power=power,
        questions=(),
        reasons=(),
        clues=judged.result if judged else None,
        next_evidence=promising,
        held_out=held_out,
        episodes=episodes,
        variants=others,
        fragility=_fragility(fits, leading),
        records=record_results(described),
        stages=tuple(watch.stages),
        version=__version__,
        seed=seed,
        command=command,
        failed=tuple(
            FailedExplanation(each.explanation.name, each.explanation.label, each.reason) for each in failures
        ),
        cannot_tell=(
            *_cannot_tell(fits, leading, claims, held_out),
            *_several_equilibria(fits, equilibria),
            *(() if search else (NOT_SEARCHED,)),
            *(() if variants or not case.variants else (NOT_VARIED,)),
            *missing,
            *(f"The check of the case warns, at {warning}" for warning in case.warnings),
        ),
    )
    lost: list[str] = []
    with (
        watch.stage(ANSWERING),
        _told("What the questions of the case have for answers, and the reasons of moves", lost),
    ):
        answers = tuple[tuple[Asked, ...], tuple[MoveReasons, ...]]
        study = with_solved(study, case, rivals, pool)
        questions, reasons = kept(ANSWERING, answers, lambda: answer_questions(study, case, rivals, watch, pool))
        study = dataclasses.replace(study, questions=questions, reasons=reasons)
    return dataclasses.replace(study, cannot_tell=(*study.cannot_tell, *lost), stages=tuple(watch.stages))


def _foresee(case: BuiltCase, seed: int, watch: Watch, pool: Pool) -> PowerResult:
    """Return what such a record could tell; where that is next to nothing, also what would help."""
    found = foresee(case, seed, watch, pool)
    return foresee(case, seed, watch, pool, draws=QUICK, with_helps=True) if found.expected < INDISTINCT else found


@contextlib.contextmanager
def _told(what: str, missing: list[str]) -> Iterator[None]:
    """Let a study go on without a part that cannot be computed, and note why it is missing."""
    try:
        yield
    except (NotConverged, SamplingFailed) as error:
        missing.append(f"{what} is not known: {error}")


def _lead(fits: Sequence[Fit], described: Sequence[Described]) -> Lead:
    return lead(
        [fit.posterior.log_evidence for fit in fits],
        [fit.explanation.weight for fit in fits],
        [fit.posterior.log_likelihood for fit in fits],
        np.hstack([np.stack([each.act + each.silence for each in one.each]) for one in described]),
        None if all(one.watched.focus is None for one in described) else np.hstack([_near(each) for each in described]),
        [end - 1 for end in np.cumsum([len(one.watched.record.items) + 1 for one in described]).tolist()],
    )


def _near(described: Described) -> Bool[np.ndarray, " items"]:
    """Return which items of a record, its end included, lie near its focal date; none if it has no such date."""
    watched = described.watched
    dates = [datetime.date.fromisoformat(item.date) for item in watched.record.items] + [watched.until]
    return np.array([watched.focus is not None and abs((date - watched.focus).days) <= NEAR_DAYS for date in dates])


def _explanation(
    fit: Fit,
    described: Sequence[tuple[str, Description]],
    equilibrium: EquilibriumStatus | None,
    actions: Actions,
) -> ExplanationResult:
    posterior, drawn = fit.posterior, fit.posterior.draws()
    return ExplanationResult(
        name=fit.explanation.name,
        label=fit.explanation.label,
        held_by=fit.explanation.held_by,
        is_null=fit.is_null,
        posterior=fit.share,
        log_evidence=posterior.log_evidence,
        log_evidence_error=posterior.log_evidence_error,
        log_likelihood=posterior.log_likelihood,
        status=posterior.status.value,
        is_ok=posterior.status is PosteriorStatus.OK,
        diagnostics=dict(posterior.diagnostics),
        equilibrium=equilibrium,
        parameters=_estimates(posterior, drawn.effective),
        forecasts=tuple(forecast for _, one in described for forecast in one.forecasts),
        paths={record: one.paths for record, one in described},
        draws=drawn.numbers[:, free_of(posterior.parameters)],
        weights=drawn.weights,
        **_played(fit, actions),
    )


def _played(fit: Fit, actions: Actions) -> dict[str, dict]:
    """Return the values and choices of every player, by name, with an axis for each variable."""
    space, equilibrium = fit.motion.space, fit.equilibrium
    if equilibrium is None or space.size > MOST_STATES:
        return {}
    return {
        "values": {name: value.reshape(space.shape) for name, value in zip(actions, equilibrium.values, strict=True)},
        "choices": {
            name: {
                action: np.asarray(probs).reshape(space.shape)
                for action, probs in zip(known, choice.probs, strict=True)
            }
            for (name, known), choice in zip(actions.items(), equilibrium.choices, strict=True)
        },
    }


def _estimates(posterior: Posterior, effective: float) -> tuple[ParameterEstimate, ...]:
    """Return every number that was not known; its interval is worth so many equally weighted draws."""
    estimates = []
    normal = posterior.laplace if isinstance(posterior, Importance | Tempered) else posterior
    for i in free_of(posterior.parameters):
        parameter = posterior.parameters[i]
        low, high = (parameter.prior.value(side * Q95) for side in (-1.0, 1.0))
        after = posterior.interval(i)
        mode = float(posterior.mode[i])
        flag = _flag(parameter.prior, mode, after, normal.interval(i), effective)
        estimates.append(ParameterEstimate(parameter.name, low, high, mode, *after, parameter.basis, flag))
    return tuple(estimates)


Interval = tuple[float, float]
"""Ends of a central 90 % interval."""


def _flag(prior: Prior, mode: float, drawn: Interval, normal: Interval, effective: float) -> str:
    """Return what to beware of in the posterior of a number.

    Args:
        prior: of the number.
        mode: its most probable value.
        drawn: its interval, by draws.
        normal: the same by Laplace's method, which has no noise.
        effective: how many equally weighted draws the interval is worth.
    """
    if not prior.is_proper:
        return ""
    by_draws, by_normal = (_width(prior, interval) for interval in (drawn, normal))
    moved = abs(prior.standardised(mode))
    if by_draws > 1.0 + WIDTH_NOISE / math.sqrt(effective) and by_normal > 1.0:
        return WIDER
    if moved > Q95:
        return EDGE
    return UNTOUCHED if moved < UNMOVED and abs(by_normal - 1.0) < UNMOVED else ""


def _width(prior: Prior, interval: Interval) -> float:
    """Return the width of an interval over that of the prior, both standardised."""
    low, high = (prior.standardised(end) for end in interval)
    return (high - low) / (2 * Q95)


def _evidence(fits: Sequence[Fit]) -> dict[str, float]:
    return {fit.explanation.name: fit.posterior.log_evidence for fit in fits}


def _fragility(fits: Sequence[Fit], leading: Lead) -> Fragility:
    names = [fit.explanation.name for fit in fits]
    return Fragility(
        leader=names[leading.leader],
        runner_up=names[leading.runner_up],
        log_bayes_factor=leading.log_bayes_factor,
        largest_item=leading.largest_item,
        largest_item_weight=leading.largest_weight,
        leader_without_it=names[leading.leader_without_it],
        leader_by_fit=names[leading.leader_by_fit],
        end_weight=leading.end_weight,
        share_near_focus=leading.share_near_focus,
        is_provisional=leading.is_provisional,
        indistinct=indistinct_groups(_evidence(fits)),
    )


def _cannot_tell(
    fits: Sequence[Fit], leading: Lead, claims: Sequence[ClaimResult], held_out: HeldOutResult | None
) -> tuple[str, ...]:
    """Return what this record cannot decide, a sentence each."""
    labels = {fit.explanation.name: fit.explanation.label for fit in fits}
    sentences = []
    for group in (groups := indistinct_groups(_evidence(fits)))[:1]:
        listed = ", ".join(labels[name] for name in group)
        sentences.append(
            f"The record does not tell these explanations apart (every log Bayes factor below 1): {listed}."
        )
    if len(groups) > 1:
        sentences.append(
            "Nor does it tell apart those that lie within 1 of each other further down the list: "
            f"{counted(len(groups) - 1, 'more such group')}."
        )
    if INDISTINCT <= leading.log_bayes_factor < STRONG:  # below, the first sentence says so
        leader, other = (fits[i].explanation.label for i in (leading.leader, leading.runner_up))
        sentences.append(
            f"The lead of {leader} over {other} is small (log Bayes factor {leading.log_bayes_factor:.1f}): "
            "which of them is right stays open."
        )
    if held_out is not None and (score := held_out.scores[0].acts_brier) > A_HALF - NO_BETTER:
        did = "worse" if score > A_HALF else "no better"
        sentences.append(
            f"The forecast of what followed, to which nothing was fitted, did {did} than a half for everything (Brier "
            f"score {score:.2f} against {A_HALF}): what is said here of what will come is no surer than that."
        )
    undecided = sum(claim.verdict == "undecided" for claim in claims)
    if undecided:
        sentences.append(
            f"Undecided among the tested claims: {undecided}. The answer hangs on the explanation or its numbers."
        )
    untested = sum(claim.verdict == "not testable" for claim in claims)
    if untested:
        sentences.append(f"Claims without a test in this model: {untested}.")
    rough = [fit.explanation.label for fit in fits if fit.posterior.status is not PosteriorStatus.OK]
    if rough:
        sentences.append(f"The evidence of {', '.join(rough)} is rough: the search for its mode did not end cleanly.")
    if fits[leading.leader].is_null:
        best = fits[leading.leader].explanation.label.lower()
        sentences.append(f"The row of {best} does best: none of the listed explanations is supported.")
    if not math.isnan(leading.share_near_focus) and leading.share_near_focus < 0.5:
        near = f"{100 * leading.share_near_focus:.0f} %"
        sentences.append(
            f"Only {near} of the weight between the two best explanations comes from within {NEAR_DAYS} days "
            "of the focal date; the rest is background."
        )
    return tuple(sentences)


def _several_equilibria(fits: Sequence[Fit], equilibria: Sequence[EquilibriumStatus | None]) -> tuple[str, ...]:
    """Return a sentence for each game in which players could also have settled on something else."""
    return tuple(
        f"The game of {fit.explanation.label} has at least {each.found} equilibria; all that is said of it holds "
        f"in the one found by {each.origin}."
        for fit, each in zip(fits, equilibria, strict=True)
        if each is not None and each.found is not None and each.found > 1
    )


def _size(case: BuiltCase) -> GameSize:
    free = {
        parameter.name
        for explanation in case.explanations
        for parameter in explanation.parameters
        if parameter.prior.is_free
    }
    return GameSize(
        players=tuple(case.names.actions),
        variables={variable.name: variable.levels for variable in case.space.variables},
        states=case.space.size,
        actions={player: tuple(actions) for player, actions in case.names.actions.items()},
        parameters=len(free),
    )


def _summary(case: BuiltCase) -> CaseSummary:
    return CaseSummary(
        name=case.name,
        title=case.title,
        question=case.question,
        summary=case.summary,
        labels=dict(case.labels),
        leaves_out=case.leaves_out,
        sources=case.sources,
        assumed=case.assumed,
        hash=case.hash,
        files=dict(case.files),
    )
