"""What the best explanations do not account for: acts that crowd or are missing, and readings that surprise them."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from raison.analysis.fitting import Fit
from raison.analysis.pool import Pool
from raison.analysis.watch import Watch
from raison.inference.residuals import (
    Luck,
    Residuals,
    joined,
    moments,
    residuals,
    share_as_large,
    simulate_residuals,
)
from raison.record import WatchedRecord, bulk
from raison.study import ActResidual, ReadingResidual

COMPARING = "look for what nobody explains"

RECORDS = 199
"""Records that are simulated; the smallest p-value is one over one more."""

TOGETHER = 20
"""Records of one piece of work."""


class _Job(NamedTuple):
    """Records to be simulated: under which fit, of which watch, and the seeds."""

    fit: Fit
    number: int
    seeds: tuple[tuple[int, int, int], ...]


def unexplained(
    fits: Sequence[Fit], seed: int, watch: Watch, pool: Pool
) -> tuple[tuple[ActResidual, ...], tuple[ReadingResidual, ...]]:
    """Return how acts and readings were seen and expected under the best explanation, and under the best of the case.

    Args:
        fits: of all explanations.
        seed: of the simulated records.
        watch: told how far it is.
        pool: where records are simulated.
    """
    best = max(fits, key=lambda fit: fit.share)
    best_listed = max((fit for fit in fits if not fit.is_null), key=lambda fit: fit.share)
    chosen = [best, best_listed] if best.is_null else [best]
    pairs = [(fit, number) for fit in chosen for number in range(len(fit.records))]
    jobs = [
        _Job(fit, number, tuple((seed, place, each) for each in range(begin, min(begin + TOGETHER, RECORDS))))
        for place, (fit, number) in enumerate(pairs)
        for begin in range(0, RECORDS, TOGETHER)
    ]
    watch.tell(COMPARING, 0, len(jobs))
    parts = pool.side_by_side(
        _simulate,
        jobs,
        bulk=bulk(best.records),
        done=lambda count, *_: watch.tell(COMPARING, count, len(jobs)),
    )
    acts: list[ActResidual] = []
    readings: list[ReadingResidual] = []
    each = len(jobs) // len(pairs)
    for place, (fit, number) in enumerate(pairs):
        luck = joined(parts[place * each : (place + 1) * each])
        watched = fit.records[number]
        seen = residuals(fit.motion, watched)
        acts += _acts(fit.explanation.name, watched, seen, luck)
        readings += _readings(fit.explanation.name, watched, seen, luck)
    return tuple(acts), tuple(readings)


def _simulate(job: _Job) -> Luck:
    return simulate_residuals(job.fit.motion, job.fit.records[job.number], job.seeds)


def _acts(explanation: str, watched: WatchedRecord, seen: Residuals, luck: Luck) -> Iterator[ActResidual]:
    date = functools.partial(_date, watched)
    for act, course in seen.courses.items():
        stretch = course.stretch()
        expected_by, seen_by = course.at(moments(watched))
        low, high = np.quantile(luck.off[act], (0.05, 0.95), axis=0)
        yield ActResidual(
            explanation,
            watched.name,
            act.who,
            act.what,
            seen=int(course.seen[-1]),
            expected=float(course.expected[-1]),
            begin=date(stretch.begin),
            end=date(stretch.end),
            is_crowd=stretch.is_crowd,
            seen_there=stretch.seen,
            expected_there=stretch.expected,
            p_value=share_as_large(stretch.size, luck.sizes[act]),
            off=_rounded(seen_by - expected_by),
            low=_rounded(low),
            high=_rounded(high),
            expected_by=_rounded(expected_by),
        )


def _readings(explanation: str, watched: WatchedRecord, seen: Residuals, luck: Luck) -> Iterator[ReadingResidual]:
    for variable, score in seen.readings.items():
        drawn = luck.readings[variable]
        count = sum(item.kind == "reading" and item.who == variable for item in watched.record.items)
        p_value = share_as_large(-score, -drawn)
        yield ReadingResidual(explanation, watched.name, variable, count, score, float(drawn.mean()), p_value)


def _rounded(numbers: Float[np.ndarray, " moments"]) -> tuple[float, ...]:
    return tuple(np.round(numbers, 4).tolist())


def _date(watched: WatchedRecord, time: float) -> str:
    """Return the day of a time; the end of the watch is the end of its last day."""
    return str(min(watched.calendar.date_of(time), watched.until))
