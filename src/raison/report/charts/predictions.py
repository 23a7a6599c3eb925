"""How the explanations differ in what they expect: acts expected over time, for those that differ most."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from raison.report.charts import canvas
from raison.report.names import episode_note, explanation_label, items_of, label, shorten
from raison.report.palette import INK
from raison.report.parts import Chart
from raison.report.words import number
from raison.study import ActionForecast, RecordResult, Study

_COLUMNS, _MOST = 3, 6
_HEIGHT, _TITLE, _AXIS, _GAP = 130, 30, 24, 46
_Style = Literal["-", "--", ":", "-."]
_STYLES: tuple[_Style, ...] = ("--", ":", "-.")
"""Of the nulls, which share a colour."""


class _Panel(NamedTuple):
    """One action in one record: what each explanation expects of it, by its place in the list."""

    record: RecordResult
    expected: dict[int, ActionForecast]

    @property
    def spread(self) -> float:
        """Return by how many acts the explanations differ at the end."""
        totals = [each.expected for each in self.expected.values()]
        return max(totals) - min(totals)


def predictions_chart(study: Study) -> Chart | None:
    """Return a panel for each of the acts of which explanations expect most different numbers; None if none says."""
    panels = sorted(_panels(study), key=lambda panel: -panel.spread)[:_MOST]
    if not panels:
        return None
    legend = 22 * math.ceil((len(study.explanations) + 1) / 3) + 12
    rows = math.ceil(len(panels) / _COLUMNS)
    height = legend + rows * (_TITLE + _HEIGHT + _AXIS) + (rows - 1) * 12
    width = (canvas.WIDTH - 60 - (_COLUMNS - 1) * _GAP) / _COLUMNS
    with canvas.drawing():
        figure = canvas.sheet(canvas.WIDTH, height)
        _legend(figure, study, height)
        for place, panel in enumerate(panels):
            row, column = divmod(place, _COLUMNS)
            top = legend + row * (_TITLE + _HEIGHT + _AXIS + 12) + _TITLE
            axes = canvas.panel(figure, 40 + column * (width + _GAP), top, width, _HEIGHT)
            _draw(axes, study, panel)
        text = canvas.svg_text(figure, name="predictions", says=_spoken(study, panels))
    return Chart(
        text,
        "Acts expected up to each day under every explanation, at its most probable parameters and given the record up "
        f"to that day, and acts seen (steps), for the {len(panels)} acts of which they expect the most different "
        "numbers. Where lines lie on each other the explanations expect the same.",
    )


def _panels(study: Study) -> list[_Panel]:
    panels = []
    for record in study.records:
        for who, actions in study.game.actions.items():
            for action in actions:
                expected = {
                    place: one
                    for place, each in enumerate(study.explanations)
                    for one in each.forecasts
                    if (one.record, one.player, one.action) == (record.name, who, action) and one.expected_by
                }
                if len(expected) > 1:
                    panels.append(_Panel(record, expected))
    return panels


def _spoken(study: Study, panels: Sequence[_Panel]) -> str:
    parts = []
    for panel in panels:
        first = next(iter(panel.expected.values()))
        parts.append(f"{label(study, f'{first.player}.{first.action}')} differs by {number(panel.spread)}")
    return f"Acts expected over time under each explanation: {'; '.join(parts)}."


def _legend(figure: Figure, study: Study, height: float) -> None:
    lines = [Line2D([], [], color=INK, linewidth=1.6, drawstyle="steps-post", label="seen")]
    lines += [
        Line2D(
            [],
            [],
            color=canvas.colour(place, each.is_null),
            linewidth=2,
            linestyle=_style(study, place),
            label=shorten(explanation_label(study, each.name), 44),
        )
        for place, each in enumerate(study.explanations)
    ]
    place = (12 / canvas.WIDTH, 1 - 2 / height)
    figure.legend(
        handles=lines, loc="upper left", bbox_to_anchor=place, ncols=3, frameon=False, borderpad=0, columnspacing=1.5
    )


def _style(study: Study, place: int) -> _Style:
    """Return the line of an explanation: whole, or broken in its own way for each null."""
    nulls = [each.is_null for each in study.explanations]
    return _STYLES[sum(nulls[:place]) % len(_STYLES)] if nulls[place] else "-"


def _draw(axes: Axes, study: Study, panel: _Panel) -> None:
    canvas.bare(axes, keep="left")
    record = panel.record
    first = next(iter(panel.expected.values()))
    days = [canvas.ordinal(date) or 0 for date in record.times]
    begin, end = canvas.ordinal(record.begin) or 0, (canvas.ordinal(record.until) or 0) + 1
    seen = [
        canvas.ordinal(item.date) or 0
        for item in items_of(study, record)
        if (item.kind, item.who, item.what) == ("move", first.player, first.action)
    ]
    axes.step([begin, *seen, end], [*range(len(seen) + 1), len(seen)], where="post", color=INK, linewidth=1.6, zorder=2)
    for place, each in panel.expected.items():
        is_null = study.explanations[place].is_null
        axes.plot(
            [begin, *days],
            [0.0, *each.expected_by],
            color=canvas.colour(place, is_null),
            linewidth=2,
            linestyle=_style(study, place),
            zorder=3,
        )
    canvas.count_by_day(axes, begin, end)
    what = f"{label(study, first.player)}: {label(study, f'{first.player}.{first.action}')}"
    axes.set_title(shorten(what + episode_note(study, record.name), 60), loc="left", fontsize=10, pad=6)
