"""What spoke for every act of the record, in order of time: one stacked bar per act, one colour per motive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Patch

from raison.inference.reasons import COSTS, SHOCKS
from raison.query.answers import TOGETHER
from raison.report.charts import canvas
from raison.report.names import explanation_label, label, shorten
from raison.report.palette import FAINT, INK
from raison.report.parts import Chart
from raison.study import ExplanationResult, MoveReasons, Study

MOST = 60
"""Acts of a player that are drawn: those nearest to the focal date, or the last."""

_LEFT, _TITLE, _HEIGHT, _NAMES = 56, 46, 130, 122

Bars = Sequence[tuple[MoveReasons, Mapping[str, float]]]
"""Acts, each with its motives' parts."""


def reasons_chart(study: Study) -> Chart | None:
    """Return a panel for each player that does something for a reason; None if none does.

    The reasons are those under the most probable explanation of the case that has any.
    """
    known = {name for each in study.reasons for name in each.under}
    ranked = sorted(study.explanations, key=lambda each: (each.is_null, -each.posterior))
    best = next((each for each in ranked if each.name in known), None)
    if best is None:
        return None
    players = {player: bars for player in study.game.players if (bars := _bars(study, best, player))}
    if not players:
        return None
    row = _TITLE + _HEIGHT + _NAMES
    with canvas.drawing():
        figure = canvas.sheet(canvas.WIDTH, row * len(players))
        for place, (player, bars) in enumerate(players.items()):
            width = min(canvas.WIDTH - _LEFT - 10, 30 + 24 * len(bars))
            _draw(canvas.panel(figure, _LEFT, place * row + _TITLE, width, _HEIGHT), study, player, bars)
        text = canvas.svg_text(figure, name="reasons", says=_spoken(study, best))
    return Chart(
        text,
        f"What each motive adds to the log of how many times likelier the act was than waiting, under “{best.label}”, "
        "in order of time; above the line it speaks for the act, below against it. The black mark is the sum over the "
        "motives. What acting costs and the shocks of the moment belong to no motive and are left out here; they, the "
        "other explanations and the average over all stand in reasons.csv.",
    )


def _bars(study: Study, best: ExplanationResult, player: str) -> Bars:
    """Return the acts of a player that are drawn, each with what its motives add."""
    found = []
    for each in study.reasons:
        parts = each.under.get(best.name, {})
        motives = {name: value for name, value in parts.items() if name not in (COSTS, SHOCKS, TOGETHER) and value}
        if each.player == player and motives:
            found.append((each, motives))
    focus = {record.name: canvas.ordinal(record.focal_date) for record in study.records}

    def far(place: int) -> int:
        day, there = canvas.ordinal(found[place][0].date) or 0, focus[found[place][0].record]
        return len(found) - place if there is None else abs(day - there)

    kept = sorted(sorted(range(len(found)), key=far)[:MOST])
    return [found[place] for place in kept]


def _draw(axes: Axes, study: Study, player: str, bars: Bars) -> None:
    canvas.bare(axes, keep="left")
    motives = list(dict.fromkeys(name for _, parts in bars for name in parts))
    marks = [Patch(color=canvas.colour(i, is_null=False), label=label(study, name)) for i, name in enumerate(motives)]
    axes.legend(
        handles=marks,
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=len(marks),
        frameon=False,
        borderpad=0,
        fontsize=9,
        columnspacing=1.2,
    )
    for x, (_, parts) in enumerate(bars):
        ends = {1: 0.0, -1: 0.0}
        for place, name in enumerate(motives):
            value = parts.get(name, 0.0)
            side = 1 if value > 0.0 else -1
            axes.bar(x, value, 0.7, bottom=ends[side], color=canvas.colour(place, is_null=False), zorder=2, linewidth=0)
            ends[side] += value
        total = sum(parts.values())
        axes.plot([x - 0.42, x + 0.42], [total, total], color=INK, linewidth=2, zorder=3, solid_capstyle="butt")
    axes.axhline(0.0, color=FAINT, linewidth=0.8, zorder=1)
    axes.set_xlim(-0.7, max(len(bars), 3) - 0.3)
    names = [f"{each.date}  {shorten(label(study, f'{player}.{each.action}'), 20)}" for each, _ in bars]
    axes.set_xticks(range(len(bars)), names, rotation=90, fontsize=8)
    axes.tick_params(axis="y", labelsize=9)
    axes.grid(axis="y", color=canvas.LINE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_title(shorten(label(study, player), 60), loc="left", fontsize=11, weight="bold", pad=22)


def _spoken(study: Study, best: ExplanationResult) -> str:
    what = f"What each motive adds to every act of the record under {explanation_label(study, best.name)}"
    return f"{what}, in order of time. The numbers stand in reasons.csv."
