"""The study under every variant of a case: who leads, by how much, and what becomes of every claim."""

from __future__ import annotations

from raison.analysis.fitting import check_possible, fit_all, make_rivals, shares_of
from raison.analysis.judged import weigh_clues
from raison.analysis.pool import Pool
from raison.analysis.store import FitStore
from raison.analysis.verdicts import judge_claims
from raison.analysis.watch import Watch
from raison.case import BuiltCase, Variant
from raison.errors import ImpossibleRecord, SamplingFailed
from raison.inference.importance import ROUGH
from raison.study import VariantResult

VARYING = "study the variants"


def study_variants(
    case: BuiltCase, seed: int, watch: Watch, store: FitStore | None, pool: Pool
) -> tuple[VariantResult, ...]:
    """Return how the explanations and the claims of a case fare under each of its variants.

    A variant under which the record cannot happen, or no explanation can be fitted, says so and has no shares.
    """
    results = []
    watch.tell(VARYING, 0, len(case.variants))
    for variant in case.variants:
        results.append(_study(variant, seed, watch.within(), store, pool))
        watch.tell(VARYING, len(results), len(case.variants))
    return tuple(results)


def _study(variant: Variant, seed: int, watch: Watch, store: FitStore | None, pool: Pool) -> VariantResult:
    case, changes = variant.case, dict(variant.changes)
    try:
        rivals = make_rivals(case)
        check_possible(case, rivals)
        fits, failures = fit_all(case, rivals, watch, store, seed, pool, effort=ROUGH)
    except (ImpossibleRecord, SamplingFailed) as error:
        return VariantResult(variant.name, changes, (), {}, {each.name: str(error) for each in case.explanations})
    claims = judge_claims(case, fits, weigh_clues(case, fits, seed), seed, watch, pool)
    return VariantResult(
        name=variant.name,
        changes=changes,
        shares=shares_of(fits),
        verdicts={claim.id: claim.verdict for claim in claims},
        failed={each.explanation.name: each.reason for each in failures},
    )
