"""How the answer fares under the variants of a case, in words and as rows."""

from __future__ import annotations

import math
from collections.abc import Sequence

from raison.inference.evidence import INDISTINCT
from raison.report.names import explanation_label, leader_of
from raison.report.parts import VariantRow, VariantsTable, VerdictChangeRow
from raison.report.words import count, log_number, percent, signed
from raison.study import Study, VariantResult


def make_variants(study: Study) -> VariantsTable | None:
    """Return how the answer fares under the variants; None if none was studied."""
    if not study.variants:
        return None
    known = [each.name for each in study.explanations]
    return VariantsTable(
        sentence=variants_sentence(study),
        names=tuple(each.name for each in study.variants),
        changes=tuple(
            "; ".join(f"`{path}: {value}`" for path, value in each.changes.items()) for each in study.variants
        ),
        rows=tuple(
            VariantRow(
                label=explanation_label(study, name),
                factors=tuple(_factor(factor) for factor in log_bayes_factors(study, name)),
                span=_span([factor for factor in log_bayes_factors(study, name) if not math.isnan(factor)]),
            )
            for name in known
        ),
        shares=tuple(tuple(percent(share) for share in _shares(study, name)) for name in known),
        verdicts=_verdict_changes(study),
        missing=tuple(
            f"Under “{each.name}”, “{explanation_label(study, name)}” could not be fitted: {reason}"
            for each in study.variants
            for name, reason in each.failed.items()
        ),
    )


def log_bayes_factors(study: Study, name: str) -> list[float]:
    """Return the log Bayes factor of an explanation against the leader of the case, in the case and each variant."""
    leader = leader_of(study)
    evidence = [{each.name: each.log_evidence for each in study.explanations}]
    evidence += [{each.explanation: each.log_evidence for each in variant.shares} for variant in study.variants]
    if leader is None:
        return [math.nan] * len(evidence)
    return [each.get(name, math.nan) - each.get(leader.name, math.nan) for each in evidence]


def _shares(study: Study, name: str) -> list[float]:
    """Return the posterior of an explanation, in the case and under each variant."""
    shares = [{each.name: each.posterior for each in study.explanations}]
    shares += [{each.explanation: each.posterior for each in variant.shares} for variant in study.variants]
    return [each.get(name, math.nan) for each in shares]


def other_leaders(study: Study) -> Sequence[VariantResult]:
    """Return the variants that turn the lead.

    Another explanation comes before the leader of the case, and the two differ by a log Bayes factor of 1 at least in
    the case or under the variant: which of two that are tied comes first says nothing.
    """
    turned = []
    for number, variant in enumerate(study.variants, start=1):
        factors = log_bayes_factors(study, variant.leader)
        if factors[number] > 0.0 and max(-factors[0], factors[number]) >= INDISTINCT:
            turned.append(variant)
    return turned


def variants_sentence(study: Study) -> str:
    """Return whether the lead and the verdicts hold over the variants."""
    turned, total = other_leaders(study), len(study.variants)
    changed = len(_verdict_changes(study))
    claims = (
        f"of {count(len(study.claims), 'verdict')} on claims {changed} {'changes' if changed == 1 else 'change'}."
        if study.claims
        else ""
    )
    if turned:
        named = "; ".join(
            f"under “{each.name}” “{explanation_label(study, each.leader)}” leads by a log Bayes factor of "
            + _lead(study, each)
            for each in turned
        )
        lead = f"The lead does not hold over the declared variants ({len(turned)} of {total} turn it): {named}"
    else:
        each = "the declared variant does not turn" if total == 1 else f"none of the {total} declared variants turns"
        lead = f"{each[0].upper()}{each[1:]} the lead by a log Bayes factor of 1"
    return f"{lead}; {claims}" if claims else f"{lead}."


def _lead(study: Study, variant: VariantResult) -> str:
    """Return by how much the leader of a variant comes before that of the case, with the error where it is known."""
    leader = leader_of(study)
    assert leader is not None
    evidence = {each.explanation: each for each in variant.shares}
    one, other = evidence[variant.leader], evidence[leader.name]
    error = math.hypot(one.log_evidence_error, other.log_evidence_error)
    known = "" if math.isnan(error) or error == 0.0 else f" (± {max(error, 0.05):.1f})"
    return log_number(one.log_evidence - other.log_evidence) + known


def _verdict_changes(study: Study) -> tuple[VerdictChangeRow, ...]:
    """Return the claims whose verdict is not the same in the case and under every variant."""
    rows = []
    for claim in study.claims:
        verdicts = [claim.verdict, *(each.verdicts.get(claim.id, "") for each in study.variants)]
        if len({verdict for verdict in verdicts if verdict}) > 1:
            rows.append(VerdictChangeRow(claim.id, claim.says, tuple(verdict or "not known" for verdict in verdicts)))
    return tuple(rows)


def _factor(factor: float) -> str:
    return "not known" if math.isnan(factor) else signed(factor)


def _span(factors: Sequence[float]) -> str:
    return f"{signed(min(factors))} to {signed(max(factors))}" if factors else "not known"
