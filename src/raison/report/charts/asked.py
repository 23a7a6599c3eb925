"""An answer over time, and the histories of a past that was lived through again."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from raison.asked import Asked, LivedAgain
from raison.report.charts import canvas
from raison.report.names import label, shorten
from raison.report.palette import FAINT, INK
from raison.report.parts import Chart
from raison.study import Study

_LEFT, _HEIGHT, _AXIS, _TOP = 56, 120, 26, 26
_COLUMNS, _SMALL, _GAP, _TITLE = 3, 96, 70, 26
_WOULD = canvas.COLOURS[1]

LEAST = 0.01
"""Difference of mean levels that is drawn."""


def over_time_chart(asked: Asked, place: int) -> Chart | None:
    """Return an answer over time, as it was beside it if a past is lived through again; None if it has no days.

    Args:
        asked: the answer.
        place: of the question in the case.
    """
    if len(asked.over_time) < 2:
        return None
    days = [canvas.ordinal(each.date) or 0 for each in asked.over_time]
    was = [each.unchanged for each in asked.over_time]
    with canvas.drawing():
        figure = canvas.sheet(canvas.WIDTH / 2, _TOP + _HEIGHT + _AXIS)
        axes = canvas.panel(figure, _LEFT, _TOP, canvas.WIDTH / 2 - _LEFT - 16, _HEIGHT)
        low, high = [each.low for each in asked.over_time], [each.high for each in asked.over_time]
        axes.fill_between(days, low, high, color=canvas.BAND, zorder=1, linewidth=0)
        is_lived = any(each is not None for each in was)
        axes.plot(days, [each.value for each in asked.over_time], color=_WOULD if is_lived else INK, zorder=3)
        if is_lived:
            axes.plot(days, [float("nan") if each is None else each for each in was], color=INK, zorder=3)
            _legend(axes)
        _dress(axes, days)
        text = canvas.svg_text(figure, name=f"asked-{place}", says=f"The answer to {asked.question}, over time.")
    band = "Band: nine in ten draws of the numbers."
    return Chart(text, f"The same asked for other days, averaged over the explanations. {band}")


def lived_again_chart(study: Study, asked: Asked, place: int) -> Chart | None:
    """Return every variable in the histories of a past that was lived through again; None if none was."""
    shown = asked.lived_again
    if not shown:
        return None
    shown = [each for each in shown if _differs(each)] or list(shown)
    rows = -(-len(shown) // _COLUMNS)
    width = (canvas.WIDTH - _GAP * _COLUMNS - 20) / _COLUMNS
    with canvas.drawing():
        figure = canvas.sheet(canvas.WIDTH, rows * (_TITLE + _SMALL + _AXIS) + 24)
        for number, each in enumerate(shown):
            row, column = divmod(number, _COLUMNS)
            left, top = _GAP + column * (width + _GAP), 24 + row * (_TITLE + _SMALL + _AXIS) + _TITLE
            _draw(canvas.panel(figure, left, top, width, _SMALL), study, each, is_first=number == 0)
        says = f"Every variable with and without the change, for {asked.question}."
        text = canvas.svg_text(figure, name=f"lived-{place}", says=says)
    return Chart(
        text,
        "The record’s histories as they were (black) and lived through again with the change and the same luck: mean "
        "level over histories, draws and explanations, of every variable that comes out otherwise by a hundredth of a "
        "level. Band: nine in ten histories with the change.",
    )


def _differs(each: LivedAgain) -> bool:
    return any(abs(a - b) > LEAST for a, b in zip(each.was, each.would_be, strict=True))


def _draw(axes: Axes, study: Study, each: LivedAgain, *, is_first: bool) -> None:
    days = [canvas.ordinal(day) or 0 for day in each.dates]
    axes.fill_between(days, each.low, each.high, color=canvas.BAND, zorder=1, linewidth=0)
    axes.plot(days, each.would_be, color=_WOULD, linewidth=1.6, zorder=3)
    axes.plot(days, each.was, color=INK, linewidth=1.6, zorder=3)
    levels = study.game.variables[each.variable]
    axes.set_ylim(-0.2, len(levels) - 0.8)
    _dress(axes, days)
    axes.set_yticks(range(len(levels)), [shorten(level, 12) for level in levels], fontsize=8)
    axes.set_title(shorten(label(study, each.variable), 40), loc="left", fontsize=10, pad=5)
    if is_first:
        _legend(axes)


def _legend(axes: Axes) -> None:
    marks = [Line2D([], [], color=INK, label="as it was"), Line2D([], [], color=_WOULD, label="with the change")]
    axes.legend(handles=marks, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False, fontsize=9)


def _dress(axes: Axes, days: list[int]) -> None:
    canvas.bare(axes, keep="left")
    ticks, labels = canvas.date_ticks(days[0], days[-1], most=6)
    axes.set_xticks(ticks, labels, fontsize=9)
    axes.set_xlim(days[0], days[-1])
    axes.axhline(0.0, color=FAINT, linewidth=0.6, zorder=0)
    axes.tick_params(axis="y", labelsize=9)
