"""What would tell more: one more reading of each variable at each time, and a longer record."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from raison.analysis.description import Described
from raison.analysis.fitting import Fit
from raison.analysis.pool import Pool
from raison.analysis.watch import Watch
from raison.case.meaning.ranges import DAYS
from raison.inference.expected_weight import mean_over_pairs, weights_of_reading
from raison.inference.power import mean_of_pairs, pair_of
from raison.record import Record, WatchedRecord, bulk
from raison.record.simulated import simulate_record
from raison.study import NextEvidence

PROMISING = "see what would tell more"

RELIABILITY = 0.9
"""Of the readings that might be made."""

MONTHS = (3, 6, 12)
"""How much longer the record might be watched."""

RECORDS = 16
"""Continuations that are made under each explanation."""


class _Job(NamedTuple):
    """Continuations of a record to be made under one explanation, and weighed under all."""

    fits: tuple[Fit, ...]
    number: int
    true: int
    months: float
    seed: tuple[int, int, int]


def next_best(
    fits: Sequence[Fit], described: Sequence[Described], seed: int, watch: Watch, pool: Pool
) -> tuple[NextEvidence, ...]:
    """Return what would tell the explanations of a case apart, the most promising first; nothing if there is but one.

    Every explanation is taken at its most probable numbers.

    Args:
        fits: of all explanations.
        described: every record, described by all.
        seed: of the continuations.
        watch: told how far it is.
        pool: where they are made.
    """
    own = [place for place, fit in enumerate(fits) if not fit.is_null]
    if len(own) < 2:
        return ()
    listed = tuple(fits[place] for place in own)
    found = [each for one in described for each in _readings(one, own, listed)]
    found += _longer(listed, described, seed, watch, pool)
    return tuple(sorted(found, key=lambda each: -each.expected))


def _readings(one: Described, own: Sequence[int], listed: Sequence[Fit]) -> Iterator[NextEvidence]:
    """Yield what a reading of each variable would weigh at each date."""
    for variable in one.each[0].paths:
        levels = np.stack([one.each[place].paths[variable] for place in own])
        weights = weights_of_reading(levels, RELIABILITY)
        for date, expected, pairs in zip(one.dates, mean_over_pairs(weights), weights, strict=True):
            yield _evidence(one.watched.name, variable, date, float(expected), 0.0, pairs, listed)


def _longer(
    listed: tuple[Fit, ...], described: Sequence[Described], seed: int, watch: Watch, pool: Pool
) -> Iterator[NextEvidence]:
    """Yield what watching longer would weigh."""
    month = [DAYS["month"] / one.watched.calendar.days for one in described]
    jobs = [
        _Job(listed, number, true, month[number], (seed, number, true))
        for number in range(len(described))
        for true in range(len(listed))
    ]
    watch.tell(PROMISING, 0, len(jobs))
    made = pool.side_by_side(
        _continue, jobs, bulk=bulk(listed[0].records), done=lambda count, *_: watch.tell(PROMISING, count, len(jobs))
    )
    for number, one in enumerate(described):
        weights = np.stack(made[number * len(listed) : (number + 1) * len(listed)])
        for place, months in enumerate(MONTHS):
            of_span = weights[:, :, place, :]
            pairs = np.zeros((len(listed), len(listed)))
            for true, rival in itertools.permutations(range(len(listed)), 2):
                pairs[true, rival] = pair_of(of_span, true, rival, ()).expected
            expected, error = mean_of_pairs(of_span, len(listed))
            date = one.watched.calendar.date_of(one.watched.record.until + months * month[number])
            yield _evidence(one.watched.name, "", str(date), expected, error, pairs, listed)


def _continue(job: _Job) -> Float[np.ndarray, "records spans rivals"]:
    """Make continuations under one explanation, and weigh what is seen of them up to each span under all."""
    rng = np.random.default_rng(job.seed)
    ends = [_end(fit, job.number) for fit in job.fits]
    watches = [
        dataclasses.replace(fit.records[job.number], start=end, record=_after(fit.records[job.number].record, job))
        for fit, end in zip(job.fits, ends, strict=True)
    ]
    simulator = job.fits[job.true].motion.simulator()
    spans = np.array(MONTHS) * job.months
    found = np.empty((RECORDS, len(MONTHS), len(job.fits)))
    for number in range(RECORDS):
        made = simulate_record(simulator, watches[job.true], rng).record
        for rival, (fit, watched) in enumerate(zip(job.fits, watches, strict=True)):
            plan = dataclasses.replace(watched, record=made).plan.cut(spans[0])
            filtered = fit.motion.filter(plan, watched.start)
            rows = np.asarray(filtered.silence) + np.asarray(filtered.act)
            rows = np.where(np.isnan(rows), 0.0, rows)  # after what cannot happen
            passed = np.asarray(plan.time)[None, :] <= spans[:, None] + 1e-9
            found[number, :, rival] = np.where(passed, rows, 0.0).sum(axis=1)
    return found


def _after(record: Record, job: _Job) -> Record:
    """Return what is to be watched after the end of a record."""
    return Record((), MONTHS[-1] * job.months, tuple(begin - record.until for begin in record.periods))


def _end(fit: Fit, number: int) -> Float[np.ndarray, " states"]:
    """Return where the world is at the end of a record, given that record."""
    watched: WatchedRecord = fit.records[number]
    return np.asarray(fit.motion.filter(watched.plan, watched.start).after)[-1]


def _evidence(
    record: str,
    variable: str,
    date: str,
    expected: float,
    error: float,
    pairs: Float[np.ndarray, "true rival"],
    listed: Sequence[Fit],
) -> NextEvidence:
    others = np.where(np.eye(len(pairs), dtype=bool), -np.inf, pairs)
    true, rival = np.unravel_index(int(np.argmax(others)), pairs.shape)
    names = [fit.explanation.name for fit in listed]
    most = float(pairs[true, rival])
    return NextEvidence(
        record=record,
        variable=variable,
        date=date,
        expected=expected if math.isfinite(expected) else math.inf,
        error=error,
        true=names[true],
        rival=names[rival],
        most=most,
    )
