"""Acts seen less acts expected in the course of the record, for those that part most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from raison.report.charts import canvas
from raison.report.names import episode_note, explanation_label, label, shorten
from raison.report.palette import FAINT, INK
from raison.report.parts import Chart
from raison.report.words import number
from raison.study import ActResidual, RecordResult, Study

_COLUMNS, _MOST = 3, 6
_HEIGHT, _TITLE, _AXIS, _GAP = 110, 30, 24, 46


def residual_chart(study: Study, residuals: Sequence[ActResidual]) -> Chart:
    """Return small panels, one for each of the acts with the smallest p-values."""
    shown = sorted(residuals, key=lambda each: each.p_value)[:_MOST]
    records = {record.name: record for record in study.records}
    rows = -(-len(shown) // _COLUMNS)
    width = (canvas.WIDTH - _GAP * _COLUMNS) / _COLUMNS
    with canvas.drawing():
        figure = canvas.sheet(canvas.WIDTH, rows * (_TITLE + _HEIGHT + _AXIS))
        for place, each in enumerate(shown):
            row, column = divmod(place, _COLUMNS)
            left, top = _GAP + column * (width + _GAP) - 8, row * (_TITLE + _HEIGHT + _AXIS) + _TITLE
            _draw(canvas.panel(figure, left, top, width, _HEIGHT), study, each, records[each.record])
        text = canvas.svg_text(figure, name="residuals", says=_spoken(study, shown))
    best = explanation_label(study, shown[0].explanation)
    return Chart(
        text,
        f"Acts seen less acts expected under “{best}”, up to each day, for the {len(shown)} acts that part most. Band: "
        "where nine in ten of the explanation’s own records, made under the same watch, lie at that day. A line that "
        "leaves the band, or climbs or falls far within it, shows acts that crowd or are missing.",
    )


def _spoken(study: Study, shown: Sequence[ActResidual]) -> str:
    named = ", ".join(label(study, f"{each.player}.{each.action}") for each in shown)
    return f"Acts seen less acts expected over time: {named}. The numbers stand in the table below."


def _draw(axes: Axes, study: Study, each: ActResidual, record: RecordResult) -> None:
    canvas.bare(axes, keep="left")
    begin, end = canvas.ordinal(record.begin) or 0, (canvas.ordinal(record.until) or 0) + 1
    days = np.linspace(begin, end, len(each.off))
    axes.fill_between(days, each.low, each.high, color=canvas.BAND, zorder=1, linewidth=0)
    axes.plot(days, each.low, color=canvas.LINE, linewidth=0.8, zorder=2)
    axes.plot(days, each.high, color=canvas.LINE, linewidth=0.8, zorder=2)
    axes.axhline(0.0, color=FAINT, linewidth=0.8, zorder=2)
    axes.plot(days, each.off, color=INK, linewidth=1.8, zorder=3)
    canvas.count_by_day(axes, begin, end)
    what = (
        f"{label(study, each.player)}: {label(study, f'{each.player}.{each.action}')}{episode_note(study, each.record)}"
    )
    axes.set_title(f"{shorten(what, 46)}   p = {number(each.p_value, 1)}", loc="left", fontsize=10, pad=6)
