"""What the clues say beside the record, in words and as rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from raison.report.names import explanation_label, plain, source_links
from raison.report.parts import ClueRow, ClueShareRow, CluesTable
from raison.report.words import count, hundredths, interval, percent
from raison.study import CluesResult, LeftOut, Study


def make_clues(study: Study) -> CluesTable | None:
    """Return what the clues say; None if the case has none."""
    clues = study.clues
    if clues is None:
        return None
    judged = [each for each in clues.shares if each.explanation not in clues.not_judged]
    return CluesTable(
        sentence=clues_sentence(study, clues),
        basis=_basis(study, clues),
        firmness=_firmness(study, clues),
        shares=tuple(
            ClueShareRow(
                label=explanation_label(study, each.explanation),
                record=percent(each.record),
                clues=percent(each.clues),
                clues_span=f"{percent(each.clues_low)} to {percent(each.clues_high)}",
                both=percent(each.both),
                both_span=f"{percent(each.both_low)} to {percent(each.both_high)}",
                weight=hundredths(each.weight),
            )
            for each in clues.shares
        ),
        judged=tuple(explanation_label(study, each.explanation) for each in judged),
        rows=tuple(
            ClueRow(
                id=each.id,
                date=each.date,
                says=each.says,
                group=each.group if each.group != each.id else "",
                confidence="" if each.confidence == 1.0 else percent(each.confidence),
                sources=source_links(study, each.source),
                weights=tuple(hundredths(each.weights[one.explanation]) for one in judged),
            )
            for each in clues.clues
        ),
    )


def clues_sentence(study: Study, clues: CluesResult) -> str:
    """Return who leads by the clues alone and by both, and that clues are judged."""
    by_clues = max(clues.shares, key=lambda each: each.clues)
    by_both = max(clues.shares, key=lambda each: each.both)
    alone, together = (f"“{explanation_label(study, each.explanation)}”" for each in (by_clues, by_both))
    span = f"{percent(by_clues.clues_low)} to {percent(by_clues.clues_high)}"
    wide = f"{percent(by_both.both_low)} to {percent(by_both.both_high)}"
    return (
        f"By the clues alone, which are judged and not computed, {alone} comes first with {percent(by_clues.clues)} "
        f"({span} over the judgements); by record and clues together {together} with {percent(by_both.both)} ({wide})."
    )


def _basis(study: Study, clues: CluesResult) -> str:
    origins = len(clues.without_group)
    text = f"{count(len(clues.clues), 'clue')} of {count(origins, 'origin')}; "
    if clues.count_low == clues.count_high:
        text += f"they count for {clues.count_low:g} of their weight. "
    else:
        text += f"they count for {interval(clues.count_low, clues.count_high)} of their weight (90 %). "
    found = clues.agreement
    if found is None:
        text += "Nobody judged a clue a second time, so nothing is known of how far judges agree."
    else:
        text += (
            f"{count(found.raters, 'rater')} agree on {count(found.cells, 'judgement')} with Krippendorff’s alpha "
            f"{_ratio(found.alpha)} and correlation {_ratio(found.correlation)}."
        )
    if clues.not_judged:
        names = ", ".join(f"“{explanation_label(study, name)}”" for name in clues.not_judged)
        text += f" Not judged, so given the mean of the others: {names}."
    return text


def _ratio(value: float) -> str:
    return "not known" if math.isnan(value) else f"{value:.2f}".replace("-", "−")


def _firmness(study: Study, clues: CluesResult) -> tuple[str, ...]:
    """Return what leaving out a clue, or all of one origin, would change."""
    sentences = []
    ways: Sequence[tuple[str, str, Callable[[LeftOut], Mapping[str, float]]]] = (
        ("By the clues alone", max(clues.shares, key=lambda each: each.clues).explanation, lambda left: left.by_clues),
        ("By record and clues", max(clues.shares, key=lambda each: each.both).explanation, lambda left: left.by_both),
    )
    for way, leader, of in ways:
        turned = [
            f"{kind} `{left.name}` “{explanation_label(study, _best(of(left)))}” leads"
            for kind, each in (("without clue", clues.without_clue), ("without origin", clues.without_group))
            for left in each
            if _best(of(left)) != leader and not (kind == "without origin" and left.clues == 1)
        ]
        if turned:
            sentences.append(f"{way}, {'; '.join(turned)}.")
            continue
        most = min(clues.without_group, key=lambda left: of(left)[leader])
        sentences.append(
            f"{way}, “{explanation_label(study, leader)}” leads without any one clue or origin; at the least with "
            f"{percent(of(most)[leader])}, without {plain(most.name)}."
        )
    return tuple(sentences)


def _best(shares: Mapping[str, float]) -> str:
    return max(shares, key=lambda name: shares[name])
