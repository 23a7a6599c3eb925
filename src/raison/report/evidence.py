"""The dated items as evidence: what decides between leader and runner-up, alone and taken together.

Only sums of given weights. An act counts as often as its group says; a silence is a span of time, spans do
not overlap, and so silences are always kept in full.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from raison.report.items import is_doubtful, item_text, look_of
from raison.report.names import (
    distance_text,
    episode_note,
    explanation_label,
    focus_text,
    is_background,
    source_links,
    tied_with_leader,
)
from raison.report.parts import Grouping, GroupRow, ItemRow
from raison.report.words import count, day, percent, signed
from raison.study import NEAR_DAYS, ItemResult, Study

TOP_ITEMS = 12


def relative_weights(study: Study) -> np.ndarray:
    """Return act + silence of every item, less the mean over the explanations for which it is finite.

    Shape `[explanations, items]`; nan where an explanation has no weight.
    """
    rows = []
    for each in study.explanations:
        weights = (item.weights.get(each.name) for item in study.items)
        rows.append([math.nan if w is None else w.act + w.silence for w in weights])
    totals = np.array(rows, dtype=float).reshape(len(study.explanations), len(study.items))
    is_finite = np.isfinite(totals)
    means = np.where(is_finite, totals, 0.0).sum(axis=0) / np.maximum(1, is_finite.sum(axis=0))
    return totals - means


def differences(study: Study) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights of acts and of silences, leader over runner-up; shape `[items]` each.

    Zero where both rule the item out, nan where one of the two has no weight.
    """
    leader, runner = study.fragility.leader, study.fragility.runner_up
    acts, silences = [], []
    for item in study.items:
        ours, theirs = item.weights.get(leader), item.weights.get(runner)
        if ours is None or theirs is None:
            acts.append(math.nan)
            silences.append(math.nan)
            continue
        acts.append(_difference(ours.act, theirs.act))
        silences.append(_difference(ours.silence, theirs.silence))
    return np.array(acts, dtype=float), np.array(silences, dtype=float)


def _difference(ours: float, theirs: float) -> float:
    return 0.0 if ours == theirs else ours - theirs


def silence_share(study: Study) -> float:
    """Return the share of silence in the absolute weight between leader and runner-up, or nan."""
    acts, silences = (np.abs(each[np.isfinite(each)]).sum() for each in differences(study))
    return float(silences / (acts + silences)) if acts + silences > 0 else math.nan


def item_rows(study: Study) -> tuple[ItemRow, ...]:
    """Return every item of the record, in order."""
    acts, silences = differences(study)
    relative = relative_weights(study)
    return tuple(
        _item_row(study, item, float(acts[place]), float(silences[place]), relative[:, place])
        for place, item in enumerate(study.items)
    )


def deciding_rows(study: Study, rows: tuple[ItemRow, ...]) -> tuple[ItemRow, ...]:
    """Return the rows with the largest absolute weight between leader and runner-up; nothing where these are tied."""
    if len(tied_with_leader(study)) > 1:
        return ()
    acts, silences = differences(study)
    sizes = np.abs(np.nan_to_num(acts + silences, nan=0.0, posinf=math.inf, neginf=-math.inf))
    order = np.argsort(-sizes, kind="stable")
    return tuple(rows[place] for place in order[:TOP_ITEMS] if sizes[place] > 0)


def _item_row(study: Study, item: ItemResult, act: float, silence: float, relative: np.ndarray) -> ItemRow:
    total = act + silence
    return ItemRow(
        date=day(item.date) + episode_note(study, item.record),
        kind=item.kind,
        text=item_text(study, item),
        note=item.note,
        confidence=_confidence(item),
        sources=source_links(study, item.source),
        distance=distance_text(study, item),
        act=signed(act) if look_of(item).was_coded else "",
        silence=signed(silence),
        total=signed(total),
        favours=_favours(study, total),
        flags=_flags(study, item, act, silence),
        weights=tuple(signed(float(value)) for value in relative),
    )


def _confidence(item: ItemResult) -> str:
    if not look_of(item).can_be_doubtful:
        return ""
    return "taken as sure" if item.confidence >= 1 else percent(item.confidence)


def _favours(study: Study, total: float) -> str:
    if math.isnan(total) or abs(total) < 0.05:
        return "neither"
    return explanation_label(study, study.fragility.leader if total > 0 else study.fragility.runner_up)


def _flags(study: Study, item: ItemResult, act: float, silence: float) -> tuple[str, ...]:
    flags = []
    if is_background(study, item):
        flags.append("background")
    if abs(silence) > abs(act):
        flags.append("mostly silence")
    if is_doubtful(item):
        flags.append("doubtful")
    if look_of(item).was_coded and not item.source:
        flags.append("no source")
    return tuple(flags)


def groupings(study: Study) -> tuple[Grouping, ...]:
    """Return the weights taken together by source and by day."""
    by_source = _grouping(study, "source", lambda item: item.source if look_of(item).was_coded else None)
    by_day = _grouping(study, "day", lambda item: item.date if look_of(item).was_coded else None)
    return by_source, by_day


def _grouping(study: Study, by: str, key_of: Callable[[ItemResult], str | None]) -> Grouping:
    acts, silences = (np.nan_to_num(each, nan=0.0, posinf=math.inf, neginf=-math.inf) for each in differences(study))
    groups: dict[str, list[int]] = {}
    for place, item in enumerate(study.items):
        key = key_of(item)
        if key is not None:
            groups.setdefault(key, []).append(place)
    silent = _sum(silences)
    lead = _sum(acts) + silent
    rows, once_total = [], silent
    for key, places in groups.items():
        raw = _sum(acts[places])
        is_unnamed = by == "source" and not key
        once = raw if is_unnamed else raw / len(places)
        once_total += once
        if len(places) > 1 or by == "source":
            rows.append((abs(raw), _group_row(study, by, key, len(places), raw, once, lead)))
    rows.sort(key=lambda pair: -pair[0])
    summary = (
        f"Lead of “{explanation_label(study, study.fragility.leader)}” in log likelihood, at the modes: {signed(lead)} "
        f"if all acts are independent; {signed(once_total)} if acts of one {by} count once; {signed(silent)} of it is "
        "silence."
    )
    return Grouping(by, summary, tuple(row for _, row in rows[:TOP_ITEMS]))


def _sum(values: np.ndarray) -> float:
    """Return the sum; nan where it holds both infinities."""
    with np.errstate(invalid="ignore"):
        return float(values.sum())


def _group_row(study: Study, by: str, key: str, items: int, raw: float, once: float, lead: float) -> GroupRow:
    without = lead - raw if math.isfinite(raw) else math.nan
    name = (day(key) if by == "day" else key) or "no source named"
    return GroupRow(
        name=name,
        sources=source_links(study, key) if by == "source" else (),
        items=items,
        raw=signed(raw),
        once=signed(once),
        lead_without=signed(without),
        flips=math.isfinite(without) and (without > 0) != (lead > 0),
    )


def evidence_note(study: Study, rows: tuple[ItemRow, ...]) -> str:
    """Return the warning about the deciding items: how many are background, and how much is silence."""
    background = sum("background" in row.flags for row in rows)
    share = silence_share(study)
    text = ""
    if study.fragility.runner_up:
        lead = sum(_sum(np.nan_to_num(each, nan=0.0, posinf=math.inf, neginf=-math.inf)) for each in differences(study))
        text = (
            f"Summed over all items the lead is {signed(lead)} at the most probable parameters; the log Bayes factor, "
            f"integrated over the parameters, is {signed(study.fragility.log_bayes_factor)}. The difference is the "
            "price of what each explanation leaves open. "
        )
    if focus_text(study):
        text += (
            f"{background} of these {count(len(rows), 'item')} lie more than {NEAR_DAYS} days from the focal decision. "
        )
    if not math.isnan(share):
        text += (
            f"Silence carries {percent(share)} of the absolute weight between the two. Silence counts only as far as "
            "the act would have been seen: an action is taken as always seen unless the case gives a chance below one."
        )
    return text
