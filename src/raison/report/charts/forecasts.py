"""How often each action was expected under each explanation, against how often it was seen."""

from __future__ import annotations

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from raison.report.charts import canvas
from raison.report.names import explanation_label, label, shorten
from raison.report.palette import INK
from raison.report.parts import Chart
from raison.report.verdicts import expected_of, observed_of
from raison.study import Study

_LEFT = 210
_TITLE = 26
_AXIS = 26


def forecast_chart(study: Study) -> Chart | None:
    """Return a dot plot with one panel per player; None if no explanation has forecasts."""
    shown = [(place, each) for place, each in enumerate(study.explanations) if each.forecasts]
    players = {who: actions for who, actions in study.game.actions.items() if actions}
    if not shown or not players:
        return None
    row = max(24, 6 * len(shown) + 6)
    legend = 22 * math.ceil(len(shown) / 3 + 0.34) + 12
    height = legend + sum(_TITLE + _AXIS + row * len(actions) for actions in players.values())
    with canvas.drawing():
        figure = canvas.sheet(canvas.WIDTH, height)
        _legend(figure, study, height)
        top = float(legend)
        for who, actions in players.items():
            axes = canvas.panel(figure, _LEFT, top + _TITLE, canvas.WIDTH - _LEFT - 16, row * len(actions))
            _draw_player(axes, study, who, actions)
            top += _TITLE + _AXIS + row * len(actions)
        text = canvas.svg_text(figure, name="forecasts", says=_spoken(study))
    return Chart(
        text,
        "Number of moves of each action during the record. Black bar: seen. Marks: expected under each explanation at "
        "its most probable parameters, given the record up to each moment. The record was used to choose those "
        "parameters, so that a close fit is necessary but carries little weight of its own.",
    )


def _spoken(study: Study) -> str:
    return (
        f"Expected and seen number of moves for {sum(len(a) for a in study.game.actions.values())} actions under "
        f"{len(study.explanations)} explanations. The same numbers stand in the table below."
    )


def _legend(figure: Figure, study: Study, height: float) -> None:
    marks = [Line2D([], [], linestyle="", marker="|", color=INK, markersize=14, markeredgewidth=3, label="seen")]
    for place, each in enumerate(study.explanations):
        if each.forecasts:
            colour = canvas.colour(place, each.is_null)
            marks.append(
                Line2D(
                    [],
                    [],
                    linestyle="",
                    marker=canvas.MARKERS[place % len(canvas.MARKERS)],
                    color=colour,
                    markersize=7,
                    label=shorten(explanation_label(study, each.name), 44),
                )
            )
    place = (12 / canvas.WIDTH, 1 - 2 / height)
    figure.legend(
        handles=marks, loc="upper left", bbox_to_anchor=place, ncols=3, frameon=False, borderpad=0, columnspacing=1.5
    )


def _draw_player(axes: Axes, study: Study, who: str, actions: tuple[str, ...]) -> None:
    canvas.bare(axes)
    lanes = [each for each in study.explanations if each.forecasts]
    largest = 1.0
    for line, action in enumerate(actions):
        if line % 2 == 0:
            axes.axhspan(line, line + 1, color=canvas.BAND, zorder=0, linewidth=0)
        observed = observed_of(study, who, action)
        for lane, each in enumerate(lanes):
            expected = expected_of(each, who, action)
            if expected is None or not math.isfinite(expected):
                continue
            place = study.explanations.index(each)
            largest = max(largest, expected, float(observed))
            colour = canvas.colour(place, each.is_null)
            y = line + (lane + 1) / (len(lanes) + 1)
            axes.plot(
                [observed] * 2,
                [line + 0.08, line + 0.92],
                color=INK,
                linewidth=2.5,
                zorder=2,
                solid_capstyle="butt",
            )
            axes.plot([observed, expected], [y, y], color=colour, linewidth=0.8, alpha=0.6, zorder=2)
            axes.plot(
                [expected],
                [y],
                canvas.MARKERS[place % len(canvas.MARKERS)],
                color=colour,
                markersize=7,
                markeredgecolor="white",
                markeredgewidth=0.5,
                zorder=3,
                clip_on=False,
            )
    axes.set_ylim(len(actions), 0)
    axes.set_xlim(-0.03 * largest, largest * 1.05)
    axes.set_yticks(
        [line + 0.5 for line in range(len(actions))], [shorten(label(study, f"{who}.{a}"), 32) for a in actions]
    )
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="x", color=canvas.LINE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_title(shorten(label(study, who), 60), loc="left", fontsize=11, weight="bold", pad=5)
