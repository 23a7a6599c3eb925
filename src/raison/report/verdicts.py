"""The claims, the parameters and the forecasts as rows of tables."""

from __future__ import annotations

import math
import shlex

from raison.report.names import explanation_label, label, plain, source_links
from raison.report.parts import (
    ClaimAnswerRow,
    ClaimRow,
    ForecastRow,
    ParameterRow,
    ParameterTable,
    VerdictCount,
)
from raison.report.words import VERDICT_WORDS, interval, number, percent, probability_word, verdict_word
from raison.study import EDGE, UNTOUCHED, WIDER, ClaimResult, ExplanationResult, ParameterEstimate, Study

COMPARISONS = (("no", 0.0, 0.05), ("yes", 0.95, 1.0))
"""What a test that compares posteriors comes to, by the share of posteriors, drawn with their errors, in which it does;
between them it is open."""

COMPARED = "as posteriors compare"
"""Stands beside that in the place of a probability."""


def claim_rows(study: Study) -> tuple[ClaimRow, ...]:
    """Return every claim, in the order of the text."""
    return tuple(_claim_row(study, claim) for claim in study.claims)


def _claim_row(study: Study, claim: ClaimResult) -> ClaimRow:
    word = verdict_word(claim.verdict)
    return ClaimRow(
        id=claim.id,
        where=claim.where,
        says=claim.says,
        kind=claim.kind,
        verdict=claim.verdict,
        mark=word.mark,
        key=word.key,
        value="" if claim.value is None else _holds(claim, claim.value),
        word="" if claim.value is None else COMPARED if claim.compares else probability_word(claim.value),
        test=claim.test,
        rests_on=claim.rests_on,
        reason=claim.reason,
        fragile=claim.fragile,
        answers=tuple(
            ClaimAnswerRow(explanation_label(study, a.explanation), number(a.left), number(a.right), percent(a.holds))
            for a in claim.answers
        ),
        command=f"raison ask {shlex.quote(study.case.name)} {shlex.quote(claim.test)}" if claim.test else "",
    )


def _holds(claim: ClaimResult, value: float) -> str:
    """Return how probable it is that a test holds; of one that compares posteriors, whether it does."""
    if not claim.compares:
        return percent(value)
    return next((word for word, low, high in COMPARISONS if low <= value <= high), "open")


def verdict_counts(study: Study) -> tuple[VerdictCount, ...]:
    """Return how many claims got each verdict, zero included."""
    return tuple(
        VerdictCount(
            word.verdict, word.mark, word.key, word.meaning, sum(c.verdict == word.verdict for c in study.claims)
        )
        for word in VERDICT_WORDS
    )


def notable_claims(study: Study, most: int = 12) -> tuple[ClaimRow, ...]:
    """Return the claims worth a reader's first minute: contradicted, then supported, then undecided ones."""

    def place(claim: ClaimResult) -> tuple[int, float]:
        rank = {"contradicted": 0, "supported": 1, "undecided": 2}.get(claim.verdict, 3)
        distance = 0.0 if claim.value is None or math.isnan(claim.value) else abs(claim.value - 0.5)
        return rank, -distance

    by_verdict: dict[int, list[ClaimResult]] = {}
    for claim in sorted(study.claims, key=place):
        by_verdict.setdefault(place(claim)[0], []).append(claim)
    quota = {0: most * 5 // 12, 1: most * 5 // 12}
    chosen = [claim for rank, claims in by_verdict.items() if rank < 3 for claim in claims[: quota.get(rank, most)]]
    return tuple(_claim_row(study, claim) for claim in chosen[:most])


def parameter_tables(study: Study) -> tuple[ParameterTable, ...]:
    """Return the prior and the posterior range of every parameter, per explanation."""
    return tuple(
        ParameterTable(
            explanation_label(study, each.name), _flags(each), tuple(_parameter_row(study, p) for p in each.parameters)
        )
        for each in study.explanations
        if each.parameters
    )


def _flags(each: ExplanationResult) -> str:
    """Return how many numbers there are to beware of, by what."""
    words = {UNTOUCHED: "untouched by the record", EDGE: "at the edge of the range", WIDER: "wider than the range"}
    counts = {text: sum(one.flag == flag for one in each.parameters) for flag, text in words.items()}
    return ", ".join(f"{amount} {text}" for text, amount in counts.items() if amount)


def _parameter_row(study: Study, one: ParameterEstimate) -> ParameterRow:
    ends = (one.low, one.high, one.posterior_low, one.posterior_high, one.mode)
    is_log = all(math.isfinite(end) and end > 0 for end in ends)
    places = [math.log(end) if is_log else end for end in ends]
    low, high = min(places), max(places)

    def percent_of(value: float) -> float:
        return round(100 * (value - low) / (high - low), 1) if math.isfinite(value) and high > low else 0.0

    at = [percent_of(place) for place in places]
    is_assumed = one.basis.startswith("assumed") or not one.basis
    return ParameterRow(
        name=one.name,
        prior=interval(one.low, one.high),
        mode=number(one.mode),
        posterior=interval(one.posterior_low, one.posterior_high),
        flag=one.flag,
        basis=(one.basis or "assumed") if is_assumed else "",
        sources=() if is_assumed else source_links(study, one.basis),
        prior_left=at[0],
        prior_width=round(at[1] - at[0], 1),
        posterior_left=at[2],
        posterior_width=round(at[3] - at[2], 1),
        mode_at=at[4],
    )


def forecast_rows(study: Study) -> tuple[ForecastRow, ...]:
    """Return how often each action was seen, and expected under each explanation."""
    rows = []
    for who, actions in study.game.actions.items():
        for action in actions:
            expected = [expected_of(each, who, action) for each in study.explanations]
            observed = observed_of(study, who, action)
            texts = tuple("" if value is None else number(value) for value in expected)
            rows.append(ForecastRow(label(study, who), label(study, f"{who}.{action}"), observed, texts))
    return tuple(rows)


def expected_of(explanation: ExplanationResult, who: str, action: str) -> float | None:
    """Return how many moves of an action an explanation expected in all records together; None if it does not say."""
    found = [each.expected for each in explanation.forecasts if (each.player, each.action) == (who, action)]
    return sum(found) if found else None


def observed_of(study: Study, who: str, action: str) -> int:
    """Return how many moves of an action were seen in all records together."""
    return sum((item.kind, item.who, item.what) == ("move", who, action) for item in study.items)


def kind_counts(study: Study) -> str:
    """Return how many claims of each kind there are, as a sentence."""
    kinds: dict[str, int] = {}
    for claim in study.claims:
        kinds[claim.kind] = kinds.get(claim.kind, 0) + 1
    return ", ".join(f"{amount} {plain(kind)}" for kind, amount in kinds.items())
