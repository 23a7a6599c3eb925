"""What the clues of a case say of its explanations: alone, and together with the record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from raison.analysis.fitting import Fit
from raison.case import BuiltCase
from raison.inference.clues import DRAWS, Clues, Shares, agreement, shares
from raison.inference.prior import Q95
from raison.study import ClueResult, ClueShare, CluesResult, LeftOut, RaterAgreement


@dataclass(frozen=True, eq=False)
class Judged:
    """What speaks for each explanation that was fitted, over draws, in logs.

    Attributes:
        clues: by the clues alone. Shape `[draws, explanations]`.
        both: by record and clues.
        result: for the study.
    """

    clues: Float[np.ndarray, "draws explanations"]
    both: Float[np.ndarray, "draws explanations"]
    result: CluesResult


def weigh_clues(case: BuiltCase, fits: Sequence[Fit], seed: int) -> Judged | None:
    """Return what the clues of a case say beside its record; None if it has none."""
    clues = case.clues
    if clues is None:
        return None
    rng = np.random.default_rng(seed)
    drawn = _for_fits(clues, fits, clues.drawn(rng))
    exponent = np.array([clues.exponent.value(z) for z in rng.standard_normal(DRAWS)])[:, None]
    errors = np.nan_to_num([fit.posterior.log_evidence_error for fit in fits])
    record = np.array([fit.posterior.log_evidence for fit in fits]) + errors * rng.standard_normal((DRAWS, len(fits)))
    names = [fit.explanation.name for fit in fits]
    weights = [fit.explanation.weight for fit in fits]

    def alone(without: Sequence[int]) -> Float[np.ndarray, "draws explanations"]:
        return exponent * clues.sums(drawn, without)

    def left_out(name: str, without: Sequence[int]) -> LeftOut:
        by_clues = alone(without)
        found = (shares(by_clues, weights), shares(record + by_clues, weights))
        return LeftOut(name, len(without), *(dict(zip(names, each.mean.tolist(), strict=True)) for each in found))

    by_clues = alone(())
    by_both = record + by_clues
    each_weighs = _for_fits(clues, fits, clues.middles())
    places = range(len(clues.clues))
    result = CluesResult(
        count_low=clues.exponent.value(-Q95),
        count_high=clues.exponent.value(Q95),
        agreement=_agreement(clues),
        not_judged=tuple(name for name in names if name not in clues.explanations),
        shares=_shares(fits, clues.sums(each_weighs), shares(by_clues, weights), shares(by_both, weights)),
        clues=tuple(
            ClueResult(
                clue.id,
                clue.date,
                clue.says,
                clue.group,
                clue.source,
                clue.confidence,
                dict(zip(names, row.tolist(), strict=True)),
            )
            for clue, row in zip(clues.clues, each_weighs, strict=True)
        ),
        without_clue=tuple(left_out(clues.clues[place].id, [place]) for place in places),
        without_group=tuple(
            left_out(group, [place for place in places if clues.clues[place].group == group]) for group in clues.groups
        ),
    )
    return Judged(by_clues, by_both, result)


def _for_fits(
    clues: Clues, fits: Sequence[Fit], weights: Float[np.ndarray, "*draws clues judged"]
) -> Float[np.ndarray, "*draws clues explanations"]:
    """Return weights of clues under every explanation that was fitted: the mean of the others where nobody judged."""
    with_mean = np.concatenate([weights, weights.mean(axis=-1, keepdims=True)], axis=-1)
    columns = {name: place for place, name in enumerate(clues.explanations)}
    return with_mean[..., [columns.get(fit.explanation.name, -1) for fit in fits]]


def _shares(
    fits: Sequence[Fit], sums: Float[np.ndarray, " explanations"], clues: Shares, both: Shares
) -> tuple[ClueShare, ...]:
    columns = np.stack([sums, clues.mean, clues.low, clues.high, both.mean, both.low, both.high], axis=1).tolist()
    return tuple(ClueShare(fit.explanation.name, fit.share, *row) for fit, row in zip(fits, columns, strict=True))


def _agreement(clues: Clues) -> RaterAgreement | None:
    found = agreement(clues)
    return None if found is None else RaterAgreement(found.raters, found.cells, found.alpha, found.correlation)
