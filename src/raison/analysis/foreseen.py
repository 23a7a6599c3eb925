"""What a record like that of a case could tell at most, and what would help."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from raison.analysis.fitting import start_near
from raison.analysis.pool import Pool
from raison.analysis.watch import Watch
from raison.case import BuiltCase
from raison.case.game import CaseGame
from raison.case.meaning.ranges import DAYS
from raison.chain.simulation import Simulator
from raison.errors import NotConverged, SamplingFailed
from raison.inference.laplace import fit
from raison.inference.likelihood import GameLikelihood, chain_of
from raison.inference.model import Explanation
from raison.inference.nulls import with_shared_motives, without_motives
from raison.inference.power import (
    Weights,
    certain,
    gain_of,
    leads,
    lengthened,
    mean_of_pairs,
    narrowed,
    numbers_drawn,
    pair_of,
    weigh_records,
    with_readings,
)
from raison.inference.prior import Q95
from raison.record import Reading, WatchedRecord, bulk
from raison.record.simulated import simulate_record
from raison.study import PowerHelp, PowerLength, PowerPair, PowerResult

FORESEEING = "see what such a record could tell"

FITTING = "fit records that were made"

THRESHOLDS = (1.0, 3.0, 5.0)
"""Log Bayes factors that are counted."""

TOGETHER = 2
"""Records made under each rival at one draw of the other numbers."""

QUICK, WHOLE = 8, 40
"""Draws of the other numbers: in every run, and for what might help; and for `raison power`."""

FITTED = 10
"""Records made under each rival where all are fitted to each."""

LENGTHS = {0.5: "a record half as long", 2.0: "a record twice as long", 4.0: "a record four times as long"}
"""How much longer than the record others are tried, and what that is called."""

SURE = "nothing in it doubtful: every move certain, every reading right"
NARROW = "every range but those of motives half as wide"
KNOWN = "every number but the motives known, and these at the middles of their ranges"
"""What else is tried."""

ONE_MORE = "one more episode like this"
"""What twice the evidence is called; with several episodes, as many more."""

TOLERANCE = 1e-6
"""Residual to which the games are solved."""

RELIABILITY = 0.9
"""Of the readings that might be added."""


class _Job(NamedTuple):
    """Records to be made and weighed at one draw of the numbers that all rivals share."""

    game: CaseGame
    motives: tuple[int, ...]
    rivals: tuple[Explanation, ...]
    watched: tuple[WatchedRecord, ...]
    motives_at: float
    seed: tuple[int, int]


class _Planted(NamedTuple):
    """A record to be made under one rival, and all to be fitted to it."""

    game: CaseGame
    rivals: tuple[Explanation, ...]
    watched: tuple[WatchedRecord, ...]
    true: int
    seed: tuple[int, int, int]


class _Change(NamedTuple):
    """A change of the watch, or of where the motives lie in their ranges."""

    words: str
    watched: tuple[WatchedRecord, ...]
    motives_at: float = 0.0


def foresee(
    case: BuiltCase, seed: int, watch: Watch, pool: Pool, *, draws: int = QUICK, with_helps: bool = False
) -> PowerResult:
    """Return what a record under the watches of a case could tell at most.

    Args:
        case: the case; what its record shows does not count.
        seed: of the draws and the records.
        watch: told how far it is.
        pool: where records are made and weighed.
        draws: of the other numbers; two records are made at each.
        with_helps: whether to try what would help.

    Errors:
        `SamplingFailed` if no game could be solved at any draw.
    """
    rivals = _rivals(case)
    changes = [_Change("", case.records), *(_changes(case) if with_helps else [])]
    counts = [draws, *[min(draws, QUICK)] * (len(changes) - 1)]
    jobs = [
        _Job(case.game, case.motives, rivals, change.watched, change.motives_at, (seed, draw))
        for change, count in zip(changes, counts, strict=True)
        for draw in range(count)
    ]
    watch.tell(FORESEEING, 0, len(jobs))
    found = pool.side_by_side(
        _weigh, jobs, bulk=bulk(case.records), done=lambda count, *_: watch.tell(FORESEEING, count, len(jobs))
    )
    tables = [found[end - count : end] for end, count in zip(itertools.accumulate(counts), counts, strict=True)]
    solved = [each for each in tables[0] if each is not None]
    if not solved:
        raise SamplingFailed("at no draw of the numbers of the case could its games be solved.")
    weights = np.concatenate(solved, axis=1)
    own = len(case.explanations)
    expected, error = whole = mean_of_pairs(weights, own, TOGETHER)
    helps, lengths = [], []
    if with_helps:
        prior = [each.weight for each in rivals]
        plain = _Tried(weights, weights, weights, whole, own, prior)
        # records of one more episode are independent of the others, so that their weights add up
        helps = [PowerHelp(ONE_MORE, 2.0 * expected, 2.0 * error, error)]
        lengths = [plain.length(1.0, plain.help(""))]
        for change, each in zip(changes[1:], tables[1:], strict=True):
            # beside the records of the case at the same draws
            pairs = zip(each, tables[0], strict=False)
            both = [(one, other) for one, other in pairs if one is not None and other is not None]
            if both:
                changed, same = (np.concatenate(column, axis=1) for column in zip(*both, strict=True))
                tried = _Tried(changed, same, weights, whole, own, prior)
                told = tried.help(change.words)
                factor = next((factor for factor, words in LENGTHS.items() if words == change.words), None)
                lengths += [] if factor is None else [tried.length(factor, told)]
                helps += [] if change.words == LENGTHS[0.5] else [told]
    lengths.sort(key=lambda each: each.factor)
    return _result(rivals, own, weights, whole, draws - len(solved), helps, lengths, is_ceiling=True)


class _Tried(NamedTuple):
    """Records that a change makes, beside those of the case at the same draws, and all that the case makes.

    What the change adds is told by the first two; it stands on what the case has by all its records.

    Attributes:
        changed: what the records of the change say.
        same: what those of the case say at the same draws.
        every: what all of the case say.
        expected: the mean over the pairs of these, and its error.
        own: how many rivals count.
        prior: weight of each rival.
    """

    changed: Weights
    same: Weights
    every: Weights
    expected: tuple[float, float]
    own: int
    prior: Sequence[float]

    def help(self, words: str) -> PowerHelp:
        gain, error = gain_of(self.changed, self.same, self.own, TOGETHER)
        expected, own_error = self.expected
        return PowerHelp(words, expected + gain, math.hypot(own_error, error), error)

    def length(self, factor: float, told: PowerHelp) -> PowerLength:
        """Return what records of another length say, as `help` told, and in how many of them the truth leads."""
        truth = self._truth(self.every) + self._truth(self.changed) - self._truth(self.same)
        records = self.own * self.changed.shape[1]
        return PowerLength(factor, min(max(truth, 0.0), 1.0), records, told.expected, told.error)

    def _truth(self, weights: Weights) -> float:
        return float(np.diag(leads(weights, self.prior))[: self.own].mean())


def foresee_fitted(case: BuiltCase, seed: int, watch: Watch, pool: Pool, *, records: int) -> PowerResult:
    """Return what a record under the watches of a case could tell where every number is to be learned from it.

    Records are made under every rival at numbers drawn from its prior, motives among them, and every rival is fitted to
    each by Laplace's method, as if it were the record of the case.

    What the other numbers cost is told by two more trials: the same where their ranges are half as wide, and where they
    are known.

    Args:
        case: the case; what its record shows does not count.
        seed: of the draws and the records.
        watch: told how far it is.
        pool: where records are made and fitted.
        records: made under each rival.

    Errors:
        `SamplingFailed` if no record could be made and fitted under some rival.
    """
    rivals, own = _rivals(case), len(case.explanations)
    narrow = tuple(narrowed(each, case.motives, 0.5) for each in rivals)
    jobs = [
        _Planted(case.game, each, case.records, true, (seed, true, number))
        for each in (rivals, narrow)
        for true in range(len(rivals))
        for number in range(records)
    ]
    watch.tell(FITTING, 0, len(jobs))
    found = pool.side_by_side(
        _fit_planted, jobs, bulk=bulk(case.records), done=lambda count, *_: watch.tell(FITTING, count, len(jobs))
    )
    half = len(jobs) // 2
    weights, narrow_weights = (_by_true(each, len(rivals)) for each in (found[:half], found[half:]))
    if weights.shape[1] < 2:
        raise SamplingFailed("records could be made and fitted under some rivals only; narrow the widest ranges.")
    _, error = whole = mean_of_pairs(weights, own)
    known = foresee(case, seed, watch, pool)
    helps = [PowerHelp(KNOWN, known.expected, known.error, math.hypot(known.error, error))]
    if narrow_weights.shape[1] >= 2:
        narrow_expected, narrow_error = mean_of_pairs(narrow_weights, own)
        helps.append(PowerHelp(NARROW, narrow_expected, narrow_error, math.hypot(narrow_error, error)))
    return _result(rivals, own, weights, whole, records - weights.shape[1], helps, [], is_ceiling=False)


def _by_true(found: Sequence[Float[np.ndarray, " rivals"] | None], rivals: int) -> Weights:
    """Return what records say that were made under each rival in turn, as many of each as could be fitted."""
    records = len(found) // rivals
    by_true = [
        [each for each in found[true * records : (true + 1) * records] if each is not None] for true in range(rivals)
    ]
    kept = min(len(each) for each in by_true)
    return np.array([each[:kept] for each in by_true]).reshape(rivals, kept, rivals)


def _rivals(case: BuiltCase) -> tuple[Explanation, ...]:
    """Return the explanations of a case, and its nulls that solve a game."""
    shared = with_shared_motives(case.own, case.explanations, case.motives)
    return (*case.explanations, without_motives(case.own, case.motives), *([shared] if shared else []))


def _result(
    rivals: Sequence[Explanation],
    own: int,
    weights: Weights,
    whole: tuple[float, float],
    unsolved: int,
    helps: Sequence[PowerHelp],
    lengths: Sequence[PowerLength],
    *,
    is_ceiling: bool,
) -> PowerResult:
    names = [each.name for each in rivals]
    pairs = [_pair(names, weights, true, rival) for true, rival in itertools.permutations(range(len(rivals)), 2)]
    table = leads(weights, [each.weight for each in rivals])
    expected, error = whole
    return PowerResult(
        rivals=tuple(names),
        records=weights.shape[1],
        unsolved=unsolved,
        leads={true: dict(zip(names, row.tolist(), strict=True)) for true, row in zip(names, table, strict=True)},
        pairs=tuple(pairs),
        expected=expected,
        error=error,
        helps=tuple(sorted(helps, key=lambda each: -each.expected)),
        lengths=tuple(lengths),
        is_ceiling=is_ceiling,
    )


def _fit_planted(job: _Planted) -> Float[np.ndarray, " rivals"] | None:
    """Make a record under one rival and fit all to it; the log evidences, or None if a game or a fit fails."""
    rng = np.random.default_rng(job.seed)
    true = job.rivals[job.true]
    numbers = np.array([each.prior.value(float(rng.standard_normal())) for each in true.parameters])
    try:
        near = GameLikelihood(job.game, ()).starting_at(job.rivals[0].centre)
        simulator = Simulator(chain_of(near.solve(numbers)))
        made = [simulate_record(simulator, watched, rng) for watched in job.watched]
        likelihood = GameLikelihood(job.game, made).starting_at(job.rivals[0].centre)
        first = fit(likelihood, job.rivals[0].parameters)
        others = [fit(likelihood, each.parameters, starts=[start_near(each, first)]) for each in job.rivals[1:]]
    except (NotConverged, SamplingFailed):
        return None
    found = np.array([each.log_evidence for each in (first, *others)])
    return found if np.isfinite(found).all() else None


def _weigh(job: _Job) -> Weights | None:
    """Make and weigh the records of one job; None where a game does not converge."""
    rng = np.random.default_rng(job.seed)
    z = rng.standard_normal(len(job.rivals[0].parameters))
    vectors = [numbers_drawn(each, job.motives, z, motives_at=job.motives_at) for each in job.rivals]
    try:
        likelihood = GameLikelihood(job.game, ()).starting_at(vectors[0], tolerance=TOLERANCE)
        chains = [chain_of(likelihood.solve(numbers)) for numbers in vectors]
    except NotConverged:
        return None
    return weigh_records(chains, job.watched, TOGETHER, rng)


def _changes(case: BuiltCase) -> list[_Change]:
    """Return what might help: a longer record, one without doubt, more readings, stronger motives."""
    month = DAYS["month"] / case.records[0].calendar.days
    changes = [
        _Change("every motive at the high end of its range", case.records, Q95),
        *(
            _Change(words, tuple(lengthened(each, factor) for each in case.records))
            for factor, words in LENGTHS.items()
        ),
    ]
    sure = tuple(map(certain, case.records))
    if sure != case.records:
        changes.append(_Change(SURE, sure))
    for variable in case.space.names:
        read = tuple(with_readings(each, variable, RELIABILITY, month) for each in case.records)
        is_read = any(
            isinstance(item, Reading) and item.who == variable for each in case.records for item in each.record.items
        )
        more = "also read" if is_read else "read"
        changes.append(_Change(f"`{variable}` {more} every month, nine times in ten right", read))
    return changes


def _pair(names: Sequence[str], weights: Weights, true: int, rival: int) -> PowerPair:
    pair = pair_of(weights, true, rival, THRESHOLDS)
    return PowerPair(names[true], names[rival], pair.expected, pair.error, *pair.above)
