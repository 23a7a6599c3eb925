"""What the best explanation does not account for: acts that crowd or are missing, readings that surprise it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from raison.report.names import episode_note, explanation_label, label, leader_of
from raison.report.parts import ResidualRow, Unexplained
from raison.report.words import count, day, log_number, number
from raison.study import UNEXPLAINED, ActResidual, ReadingResidual, Study

Residual = TypeVar("Residual", ActResidual, ReadingResidual)


def make_unexplained(study: Study) -> Unexplained | None:
    """Return the section; None if no record was compared."""
    acts = _of_leader(study, study.residuals)
    if not acts:
        return None
    sentences = unexplained_sentences(study)
    checked = len(acts) + len(_of_leader(study, study.reading_residuals))
    chance = f"By chance alone, {number(checked * UNEXPLAINED, 1)} of {count(checked, 'check')} would fail."
    best = f"“{explanation_label(study, acts[0].explanation)}”, the best explanation,"
    if sentences:
        summary = f"The record holds what {best} does not account for (p below {UNEXPLAINED:g}). {chance}"
    else:
        summary = (
            f"Nothing stands out: {best} makes records in which every act, and every reading, parts from what is "
            f"expected as far as here, more than once in {round(1 / UNEXPLAINED)}. A short record hides much."
        )
    rows = (
        *(_act_row(study, each) for each in study.residuals),
        *(_reading_row(study, each) for each in study.reading_residuals),
    )
    from raison.report.charts.residuals import residual_chart  # half a second to load, and the terminal draws nothing

    return Unexplained(summary, sentences, residual_chart(study, acts), rows)


def unexplained_sentences(study: Study) -> tuple[str, ...]:
    """Return a sentence for each act and variable that the best explanation does not account for, the worst first."""
    found = [
        *((each.p_value, _act_sentence(study, each)) for each in _of_leader(study, study.residuals)),
        *((each.p_value, _reading_sentence(study, each)) for each in _of_leader(study, study.reading_residuals)),
    ]
    return tuple(text for p_value, text in sorted(found, key=lambda pair: pair[0]) if p_value < UNEXPLAINED)


def _of_leader(study: Study, residuals: Sequence[Residual]) -> tuple[Residual, ...]:
    """Return those under the most probable explanation."""
    leader = leader_of(study)
    return tuple(each for each in residuals if leader is not None and each.explanation == leader.name)


def _act_sentence(study: Study, each: ActResidual) -> str:
    where = f"{label(study, each.player)}: {label(study, f'{each.player}.{each.action}')}"
    where += episode_note(study, each.record)
    span = f"from {day(each.begin)} to {day(each.end)}"
    there = f"where {number(each.expected_there)} are expected"
    if each.is_crowd:
        return f"{where}: {each.seen_there} of {each.seen} acts fall {span}, {there} ({_odds(each.p_value)})."
    few = "none" if each.seen_there == 0 else str(each.seen_there)
    return f"{where}: {few} of {each.seen} acts fall {span}, {there} ({_odds(each.p_value)})."


def _reading_sentence(study: Study, each: ReadingResidual) -> str:
    name = label(study, each.variable) + episode_note(study, each.record)
    return (
        f"{name}: what was read of it ({count(each.readings, 'reading')}) has log probability "
        f"{log_number(each.log_score)}, where {log_number(each.expected_log_score)} is expected "
        f"({_odds(each.p_value)})."
    )


def _odds(p_value: float) -> str:
    return f"p = {number(p_value, 1)}"


def _act_row(study: Study, each: ActResidual) -> ResidualRow:
    more = "more" if each.is_crowd else "fewer"
    return ResidualRow(
        explanation=explanation_label(study, each.explanation),
        what=f"{label(study, each.player)}: {label(study, f'{each.player}.{each.action}')}"
        + episode_note(study, each.record),
        seen=str(each.seen),
        expected=number(each.expected),
        stretch=f"{day(each.begin)} to {day(each.end)}: {more}, {each.seen_there} for {number(each.expected_there)}",
        p_value=number(each.p_value, 1),
        is_unexplained=each.p_value < UNEXPLAINED,
    )


def _reading_row(study: Study, each: ReadingResidual) -> ResidualRow:
    return ResidualRow(
        explanation=explanation_label(study, each.explanation),
        what=f"{count(each.readings, 'reading')} of {label(study, each.variable)}{episode_note(study, each.record)}",
        seen=log_number(each.log_score),
        expected=log_number(each.expected_log_score),
        stretch="",
        p_value=number(each.p_value, 1),
        is_unexplained=each.p_value < UNEXPLAINED,
    )
