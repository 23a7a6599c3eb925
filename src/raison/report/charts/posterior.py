"""Posterior bars of the explanations, and how far each lies behind the best."""

from __future__ import annotations

import math

from matplotlib.axes import Axes

from raison.report.charts import canvas
from raison.report.names import explanation_label, leader_of, two_lines
from raison.report.palette import FAINT, INK
from raison.report.parts import Chart
from raison.report.words import log_number, percent, probability_word, signed
from raison.study import Study

_LEFT = 225
_FLOOR = -12.0
_ROW = 30


def posterior_chart(study: Study) -> Chart:
    """Return bars of the posterior, beside the log Bayes factor of each explanation against the best."""
    rows = study.explanations
    height = 56 + _ROW * len(rows) + 46
    with canvas.drawing():
        figure = canvas.sheet(canvas.WIDTH, height)
        bars = canvas.panel(figure, _LEFT, 40, 480, _ROW * len(rows))
        dots = canvas.panel(figure, _LEFT + 560, 40, 395, _ROW * len(rows))
        for axes in (bars, dots):
            canvas.bare(axes)
            axes.set_ylim(len(rows), 0)
        _draw_bars(bars, study)
        _draw_evidence(dots, study)
        parts = [f"{explanation_label(study, each.name)} {percent(each.posterior)}" for each in rows]
        text = canvas.svg_text(
            figure, name="posterior", says="Posterior of the explanations: " + "; ".join(parts) + "."
        )
    return Chart(
        text,
        "Left: posterior of each explanation, given the model, this record and this list; integrated over the "
        "parameters. Right: log Bayes factor against the best of the list, with the words of Kass and Raftery; an "
        "arrow marks a value beyond the scale.",
    )


def _draw_bars(axes: Axes, study: Study) -> None:
    for place, each in enumerate(study.explanations):
        is_null = each.is_null
        share = 0.0 if math.isnan(each.posterior) else each.posterior
        axes.barh([place + 0.5], [share], height=0.56, color=canvas.colour(place, is_null), zorder=3)
        note = (
            f"{percent(each.posterior)}: {probability_word(each.posterior)}"
            if not math.isnan(each.posterior)
            else "not known"
        )
        if not each.is_ok:
            note += " (status not ok)"
        is_wide = share > 0.55
        axes.text(
            share + (-0.012 if is_wide else 0.012),
            place + 0.5,
            note,
            ha="right" if is_wide else "left",
            va="center",
            color="white" if is_wide else INK,
            weight="bold" if is_wide else "normal",
            zorder=4,
        )
    axes.set_yticks(
        [place + 0.5 for place in range(len(study.explanations))],
        [two_lines(explanation_label(study, each.name), 33) for each in study.explanations],
    )
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
    axes.grid(axis="x", color=canvas.LINE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.text(0, -0.55, "posterior", weight="bold", va="center")


def _draw_evidence(axes: Axes, study: Study) -> None:
    best = leader_of(study)
    for low, high, shade in ((-1, 0, "#eef3f6"), (-3, -1, "#e2ebf0"), (-5, -3, "#d3e0e8"), (_FLOOR, -5, "#c3d5e0")):
        axes.axvspan(low, high, color=shade, zorder=0, linewidth=0)
    for place, each in enumerate(study.explanations):
        behind = each.log_evidence - best.log_evidence if best else math.nan
        if math.isnan(behind):
            continue
        colour = canvas.colour(place, each.is_null)
        at = max(behind, _FLOOR)
        axes.plot(
            [at], [place + 0.5], "<" if behind < _FLOOR else "o", color=colour, markersize=8, zorder=4, clip_on=False
        )
        is_left = at < _FLOOR / 2
        text = "best of the list" if each is best else signed(behind) if behind > 0 else log_number(behind)
        offset = 10 if is_left else -10
        axes.annotate(
            text,
            (at, place + 0.5),
            (offset, 0),
            textcoords="offset points",
            ha="left" if is_left else "right",
            va="center",
            zorder=5,
        )
    axes.set_xlim(_FLOOR, 0.6)
    axes.set_yticks([])
    axes.set_xticks([_FLOOR, -5, -3, -1, 0], ["−12", "−5", "−3", "−1", "0"])
    axes.text(_FLOOR, -0.55, "log Bayes factor against the best", weight="bold", va="center")
    for low, high, word in ((_FLOOR, -5, "very strong"), (-5, -3, "strong"), (-3, -1, "positive"), (-1, 0.6, "bare")):
        axes.text(
            (low + high) / 2,
            len(study.explanations) + 1.15,
            word,
            ha="center",
            va="center",
            fontsize=10,
            color=FAINT,
        )
