"""The answer in words, and what could flip it."""

from __future__ import annotations

import math

from raison.inference.evidence import INDISTINCT, STRONG
from raison.inference.model import HABIT, NO_MOTIVES, SHARED_MOTIVES
from raison.report.clues import clues_sentence
from raison.report.episodes import episodes_sentence
from raison.report.evidence import silence_share
from raison.report.items import item_text
from raison.report.names import (
    explanation_label,
    explanation_labels,
    explanation_of,
    focus_text,
    is_background,
    leader_of,
    nulls_of,
    plain,
    tied_with_leader,
)
from raison.report.next_best import next_sentence
from raison.report.parts import Answer, Line
from raison.report.power import power_sentence
from raison.report.signatures import failing_sentences, signatures_of
from raison.report.unexplained import unexplained_sentences
from raison.report.variants import other_leaders, variants_sentence
from raison.report.words import (
    VERDICT_WORDS,
    count,
    day,
    evidence_word,
    log_number,
    odds,
    percent,
    probability_clause,
    shown_percent,
    signed,
)
from raison.study import NEAR_DAYS, ExplanationResult, Study

MOST_NAMED = 3
"""Acts and readings that nobody explains, and predictions that fail, which are named at the top."""

AT_MODE = "at the mode"
INTEGRATED = "integrated over the parameters"
AVERAGED = "averaged over the posterior"

NULL_WORDS = {
    NO_MOTIVES: "the same case with all motives at zero",
    SHARED_MOTIVES: "the same case with only the motives that all explanations share",
    HABIT: "every action at a constant share of the chances to act, times a factor after an act of a rival",
}
"""What each null changes."""


def make_answer(study: Study) -> Answer:
    """Return the headline, hedged to the numbers, and the sentences under it."""
    leader = leader_of(study)
    if leader is None:
        return Answer("No answer: no explanation has a posterior.", False, (), _warnings(study))
    is_provisional = study.fragility.is_provisional or bool(other_leaders(study))
    foreseen = (power_sentence(study.power, explanation_labels(study)),) if study.power else ()
    if study.next_evidence and not (study.power and study.power.expected >= STRONG):
        foreseen = (*foreseen, next_sentence(study))
    between = () if len(tied_with_leader(study)) > 1 else _rivals(study, leader)
    split = (episodes_sentence(study),) if study.episodes else ()
    varied = (variants_sentence(study),) if study.variants else ()
    judged = (clues_sentence(study, study.clues),) if study.clues else ()
    sentences = (*foreseen, *split, *varied, *judged, _given(study, leader), *between, *_claims(study))
    return Answer(_headline(study, leader, is_provisional), is_provisional, sentences, _warnings(study))


def _headline(study: Study, leader: ExplanationResult, is_provisional: bool) -> str:
    tied = tied_with_leader(study)
    prefix = "Provisional: " if is_provisional and len(tied) < 2 else ""
    if other_leaders(study) and len(tied) < 2:
        prefix = "Not firm over the declared variants: "
    name = f"“{explanation_label(study, leader.name)}”"
    if len(tied) > 1:
        listed = ", ".join(f"“{explanation_label(study, each)}”" for each in tied)
        fit = f"{count(len(tied), 'explanation')} fit it about equally well"
        text = f"the record cannot tell. {fit}, given this model: {listed}"
    elif leader.is_null:
        text = f"none of the listed explanations. A null does best on this record: {name} "
        text += f"{probability_clause(leader.posterior)}, given this model"
    elif shown_percent(leader.posterior) < 45:
        text = f"no listed explanation is more likely than not. The most probable, {name}, "
        text += f"{probability_clause(leader.posterior)}, given this model"
    else:
        text = f"{name} {probability_clause(leader.posterior)}, given this model and the listed explanations"
    return prefix + (text if prefix else text[0].upper() + text[1:]) + "."


def _given(study: Study, leader: ExplanationResult) -> str:
    nulls = ", ".join(f"“{explanation_label(study, each.name)}”" for each in nulls_of(study))
    listed = len(study.explanations) - len(nulls_of(study))
    text = (
        f"This compares {count(listed, 'listed explanation')} and the nulls ({nulls}) within one model; it is not the "
        "chance that an explanation is true."
    )
    return text if not leader.is_null else f"No listed motive earns its place here. {text}"


def _rivals(study: Study, leader: ExplanationResult) -> tuple[str, ...]:
    lines = []
    runner = explanation_of(study, study.fragility.runner_up)
    if runner is not None and runner is not leader:
        factor = study.fragility.log_bayes_factor
        lines.append(
            f"Next comes “{explanation_label(study, runner.name)}”, which {probability_clause(runner.posterior)}; "
            f"the log Bayes factor between the two is {log_number(abs(factor))}: {_evidence_clause(factor)}."
        )
    against = [
        f"{signed(leader.log_evidence - null.log_evidence)} against {NULL_WORDS.get(null.name, plain(null.name))}"
        for null in nulls_of(study)
        if not (leader.is_null or null is leader or math.isnan(leader.log_evidence - null.log_evidence))
    ]
    if against:
        lines.append(f"Its log Bayes factor is {', '.join(against)}.")
    return tuple(lines)


def _evidence_clause(factor: float) -> str:
    return f"{evidence_word(factor)}, {odds(factor)}"


def _claims(study: Study) -> tuple[str, ...]:
    if not study.claims:
        return ()
    counts = [f"{sum(c.verdict == word.verdict for c in study.claims)} {word.verdict}" for word in VERDICT_WORDS]
    return (f"Of {count(len(study.claims), 'claim')} of the text: {', '.join(counts)}.",)


def _failing(study: Study) -> list[str]:
    """Return what explanations say they predict and do not, the first few; the others stand in their section."""
    failing = failing_sentences(signatures_of(study))
    more = len(failing) - MOST_NAMED
    rest = [f"{count(more, 'further prediction')} of explanations {'fails' if more == 1 else 'fail'}, too."]
    return [*failing[:MOST_NAMED], *(rest if more > 0 else [])]


def _warnings(study: Study) -> tuple[str, ...]:
    warnings = _failing(study)
    warnings += [f"Not explained: {each}" for each in unexplained_sentences(study)[:MOST_NAMED]]
    warnings += [
        f"“{each.label or plain(each.name)}” could not be fitted and is missing from every comparison: {each.reason}"
        for each in study.failed
    ]
    for each in study.explanations:
        if not each.is_ok:
            warnings.append(f"“{explanation_label(study, each.name)}”: its numbers may not be trusted ({each.status}).")
        if each.equilibrium is not None and not each.equilibrium.has_converged:
            warnings.append(
                f"“{explanation_label(study, each.name)}”: its game is not solved ({each.equilibrium.status})."
            )
    leader = leader_of(study)
    for null in nulls_of(study):
        if leader is None or leader.is_null:
            break
        lead = leader.log_evidence - null.log_evidence
        null_words = NULL_WORDS.get(null.name, plain(null.name))
        if lead < INDISTINCT:
            warnings.append(
                f"Even the best of them predicts the record hardly better than {null_words} "
                f"(log Bayes factor {signed(lead)})."
            )
    return tuple(warnings)


def fragility_lines(study: Study) -> tuple[Line, ...]:
    """Return what could flip the answer, a line each."""
    if explanation_of(study, study.fragility.runner_up) is None:
        return (Line("Rivals", "There is no rival to compare with.", is_warning=True),)
    if len(tied_with_leader(study)) > 1:
        return (_tied(study), *_end(study))
    return (
        _rank(study),
        _runner_up(study),
        *_largest_item(study),
        _by_fit(study),
        _near(study),
        _silence(study),
        *_end(study),
        _not_told_apart(study),
    )


def _tied(study: Study) -> Line:
    names = " / ".join(explanation_label(study, name) for name in tied_with_leader(study))
    text = f"{names}: every log Bayes factor is below 1. Nothing can be flipped where nobody leads."
    return Line("Tied", text, INTEGRATED, is_warning=True)


def _end(study: Study) -> tuple[Line, ...]:
    """Return a warning where the silence at the ends of the records carries the lead."""
    weight, factor = study.fragility.end_weight, study.fragility.log_bayes_factor
    if not math.isfinite(weight) or weight < INDISTINCT or factor - weight >= STRONG:
        return ()
    text = (
        f"{signed(weight)} of the lead comes from what did not happen after the last item. It counts only if somebody "
        "looked; else end the record where the items end."
    )
    return (Line("Silence at the end", text, AT_MODE, is_warning=True),)


def _rank(study: Study) -> Line:
    if study.fragility.is_provisional:
        return Line("Standing", "Provisional: at least one check below turns or unsettles the leader.", is_warning=True)
    others = {study.fragility.leader_without_it, study.fragility.leader_by_fit} - {study.fragility.leader}
    if others:
        return Line("Standing", "The leader changes under a check below, marked “!”.", is_warning=True)
    return Line("Standing", "The leader stays the same under the checks that were made.")


def _runner_up(study: Study) -> Line:
    fragility = study.fragility
    runner = explanation_of(study, fragility.runner_up)
    share = percent(runner.posterior) if runner else ""
    text = (
        f"{explanation_label(study, fragility.runner_up)} ({share}). Log Bayes factor "
        f"{signed(fragility.log_bayes_factor)} for the leader: {_evidence_clause(fragility.log_bayes_factor)}."
    )
    return Line("Runner-up", text, INTEGRATED, abs(fragility.log_bayes_factor) < INDISTINCT)


def _largest_item(study: Study) -> tuple[Line, ...]:
    fragility = study.fragility
    if not 0 <= fragility.largest_item < len(study.items):
        return ()
    item = study.items[fragility.largest_item]
    flag = " It is a background item, far from the focal decision." if is_background(study, item) else ""
    text = f"{day(item.date)}, {item_text(study, item)}: {signed(fragility.largest_item_weight)} for the leader.{flag}"
    stays = fragility.leader_without_it == fragility.leader
    without = _who_leads(study, fragility.leader_without_it)
    return (
        Line("Largest single item", text, AT_MODE, bool(flag)),
        Line("Without that item", without, AT_MODE, not stays),
    )


def _by_fit(study: Study) -> Line:
    name = study.fragility.leader_by_fit
    text = (
        f"By the likelihood at the most probable parameters, with no penalty for wide priors: {_who_leads(study, name)}"
    )
    return Line("By fit alone", text, AT_MODE, name != study.fragility.leader)


def _who_leads(study: Study, name: str) -> str:
    label = explanation_label(study, name)
    return f"{label} still leads." if name == study.fragility.leader else f"{label} leads instead."


def _near(study: Study) -> Line:
    share = study.fragility.share_near_focus
    title = "Near the focal decision"
    if math.isnan(share):
        return Line(title, "Not known: the case names no focal date, or nothing weighs between the two.")
    text = (
        f"{percent(share)} of the absolute weight between the two comes from items within {NEAR_DAYS} days of "
        f"{focus_text(study)}; the rest is background."
    )
    return Line(title, text, AT_MODE, share < 0.5)


def _silence(study: Study) -> Line:
    share = silence_share(study)
    if math.isnan(share):
        return Line("Silence", "No weight between the two could be summed.")
    text = f"{percent(share)} of the absolute weight between the two is what did not happen, not what did."
    return Line("Silence", text, AT_MODE, share > 0.5)


def _not_told_apart(study: Study) -> Line:
    groups = [" / ".join(explanation_label(study, name) for name in group) for group in study.fragility.indistinct]
    text = (
        "; ".join(groups) + ": every log Bayes factor below 1." if groups else "None: every pair differs by 1 or more."
    )
    return Line("Not told apart", text, INTEGRATED, bool(groups))
