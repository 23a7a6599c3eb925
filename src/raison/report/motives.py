"""What every motive does alone, as rows of text: the same in the terminal and in the report."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from raison.report.names import plain
from raison.report.parts import MotiveRow
from raison.report.words import factor
from raison.study import MotiveResult

MOST_ACTS = 3
"""Acts that are named for each motive: those that it changes most."""

WEAKLY, UNSERVED = "hardly moves anyone", "can hardly be served, so that it weighs very much"
"""What is said of a motive whose strength is next to none, and of one whose owner has no act for it."""

SAME = 0.05
"""Change of a probability, as a share, that is not worth naming."""


def motive_rows(
    motives: Sequence[MotiveResult], labels: Mapping[str, str], explanations: Mapping[str, str]
) -> tuple[MotiveRow, ...]:
    """Return a row for every motive, with the explanations that share it.

    Args:
        motives: what was measured.
        labels: reader's names of players and actions (`player.action`).
        explanations: reader's name of every explanation.
    """
    alike: dict[tuple, list[MotiveResult]] = {}
    for each in motives:
        alike.setdefault((each.player, each.feature, each.low, each.middle, each.high), []).append(each)
    return tuple(_row(each, labels, explanations) for each in alike.values())


def _row(alike: Sequence[MotiveResult], labels: Mapping[str, str], explanations: Mapping[str, str]) -> MotiveRow:
    first = alike[0]
    under = [explanations.get(each.explanation) or plain(each.explanation) for each in alike]
    span = f"{factor(first.low)} to {factor(first.high)}" if first.low != first.high else ""
    return MotiveRow(
        player=labels.get(first.player, plain(first.player)),
        feature=plain(first.feature),
        under="all" if len(alike) == len(explanations) > 1 else ", ".join(under),
        strength=factor(first.middle),
        span=span,
        acts=_acts(first, labels),
        flag=WEAKLY if first.is_weak else UNSERVED if first.is_unserved else "",
    )


def _acts(motive: MotiveResult, labels: Mapping[str, str]) -> str:
    """Return the acts that the motive alone changes most, in words."""
    known = motive.likelier
    changed = sorted(known, key=lambda action: -abs(math.log(max(known[action], 1e-300))))[:MOST_ACTS]
    named = [
        f"{labels.get(f'{motive.player}.{action}', plain(action))} {factor(known[action])}"
        for action in changed
        if abs(known[action] - 1.0) >= SAME
    ]
    return ", ".join(named) or "none by as much as 5 %"
