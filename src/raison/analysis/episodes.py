"""What each episode of a case says alone, and what is left without it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from raison.analysis.description import Described
from raison.analysis.fitting import Fit, fit_all, make_rivals, shares_of
from raison.analysis.pool import Pool
from raison.analysis.store import FitStore
from raison.analysis.watch import Watch
from raison.case import BuiltCase
from raison.errors import SamplingFailed
from raison.study import EpisodeResult, FittedShare

SPLITTING = "weigh the episodes"


def weigh_episodes(
    case: BuiltCase,
    fits: Sequence[Fit],
    described: Sequence[Described],
    seed: int,
    watch: Watch,
    store: FitStore | None,
    pool: Pool,
) -> tuple[EpisodeResult, ...]:
    """Return what each episode says: every explanation fitted to it alone, and to all the others.

    Nothing where the case has one record.
    """
    every = tuple(range(len(case.records)))
    if len(every) == 1:
        return ()
    subsets = {one: None for number in every for one in ((number,), tuple(k for k in every if k != number))}
    shares: dict[tuple[int, ...], tuple[FittedShare, ...]] = {}
    watch.tell(SPLITTING, 0, len(subsets))
    for subset in subsets:
        shares[subset] = _shares(case, subset, seed, watch.within(), store, pool)
        watch.tell(SPLITTING, len(shares), len(subsets))
    return tuple(
        EpisodeResult(
            name=case.records[number].name,
            weights={
                fit.explanation.name: float(np.sum(each.act) + np.sum(each.silence))
                for fit, each in zip(fits, described[number].each, strict=True)
            },
            alone=shares[number,],
            without=shares[tuple(k for k in every if k != number)],
        )
        for number in every
    )


def _shares(
    case: BuiltCase, subset: tuple[int, ...], seed: int, watch: Watch, store: FitStore | None, pool: Pool
) -> tuple[FittedShare, ...]:
    """Return how well the explanations do on some of the episodes; nothing if none of them can be fitted."""
    part = dataclasses.replace(case, records=tuple(case.records[number] for number in subset))
    try:
        return shares_of(fit_all(part, make_rivals(part), watch, store, seed, pool).fits)
    except SamplingFailed:
        return ()
