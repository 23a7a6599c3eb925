"""The record in order of time, above the smoothed variables of one explanation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from raison.report.charts import canvas
from raison.report.items import LOOKS, Look, is_doubtful, look_of
from raison.report.names import explanation_label, items_of, label, plain, shorten, with_paths
from raison.report.palette import FAINT, FOCUS, INK
from raison.report.parts import Chart
from raison.report.words import count, day
from raison.study import ExplanationResult, ItemResult, RecordResult, Study

_LEFT = 210
_RIGHT = 12
_EDGE = -(_LEFT - 2) / (canvas.WIDTH - _LEFT - _RIGHT)
"""The left edge of the sheet, in widths of the axes."""
_ROW = 17
_TOP = 64
_SHADES = LinearSegmentedColormap.from_list("shades", ["#ffffff", "#b9d7ea", "#0072B2", "#00365c"])


@dataclass(frozen=True)
class _Lane:
    """A row of the record."""

    title: str
    group: str
    look: Look
    items: tuple[ItemResult, ...]


def timeline_chart(study: Study, record: RecordResult) -> Chart:
    """Return the timeline of a record: lanes of actions and of whatever else was seen, then a panel per variable."""
    shown = with_paths(study)
    lanes = _lanes(study, record)
    panels = _panel_heights(study, record, shown)
    groups = len({lane.group for lane in lanes})
    lanes_height = _ROW * (len(lanes) + groups)
    height = _TOP + lanes_height + 34 + (sum(panels.values()) + 46 if panels else 0)
    begin, end = _span(study, record)
    with canvas.drawing():
        figure = canvas.sheet(canvas.WIDTH, height)
        kinds = {item.kind for lane in lanes for item in lane.items}
        _legend(figure, [look for kind, look in LOOKS.items() if kind in kinds], has_panels=bool(panels))
        axes = canvas.panel(figure, _LEFT, _TOP, canvas.WIDTH - _LEFT - _RIGHT, lanes_height)
        _draw_lanes(axes, lanes)
        _time_axis(axes, record, begin, end, ticks_at="both")
        top = _TOP + lanes_height + 46
        for place, (name, panel_height) in enumerate(panels.items()):
            axes = canvas.panel(figure, _LEFT, top + 20, canvas.WIDTH - _LEFT - _RIGHT, panel_height - 30)
            _draw_variable(axes, study, record, name, shown)
            _time_axis(axes, record, begin, end, ticks_at="bottom" if place == len(panels) - 1 else "none")
            top += panel_height
        number = study.records.index(record)
        text = canvas.svg_text(figure, name=f"timeline{number or ''}", says=_spoken(study, record, shown))
    return Chart(text, _whose(study, record) + _caption(study, shown))


def _whose(study: Study, record: RecordResult) -> str:
    """Return the name of a record for the start of a caption, where there is more than one."""
    return f"{plain(record.name)}. " if len(study.records) > 1 else ""


def _caption(study: Study, shown: ExplanationResult | None) -> str:
    if shown is None:
        return "Every dated item of the record. No smoothed variables are shown: no explanation gave any."
    return (
        "Above: every dated item of the record, one row per action; a hollow mark is an item that is less than 90 % "
        f"sure. Below: the hidden variables, smoothed under “{explanation_label(study, shown.name)}”, the most "
        "probable explanation that has them, at its most probable parameters. The darker, the more probable the level "
        "on that day given the whole record; readings and shocks are marked as above, shocks at the upper edge."
    )


def _spoken(study: Study, record: RecordResult, shown: ExplanationResult | None) -> str:
    text = (
        f"Timeline of {count(len(items_of(study, record)), 'dated item')} "
        f"from {day(record.begin)} to {day(record.until)}"
    )
    if record.focal_date:
        text += f"; the focal decision is on {day(record.focal_date)}"
    if shown:
        text += f"; below, the smoothed variables under {explanation_label(study, shown.name)}"
    return text + ". The items are listed in the table of all items."


def _span(study: Study, record: RecordResult) -> tuple[int, int]:
    dates = [record.begin, record.until, *record.times, *(item.date for item in items_of(study, record))]
    days = [value for value in map(canvas.ordinal, dates) if value is not None] or [1, 2]
    return min(days), max(max(days), min(days) + 1)


def _lanes(study: Study, record: RecordResult) -> list[_Lane]:
    """Return a lane for every action, and one for whatever else was seen, kind by kind."""
    found: dict[tuple[str, str], list[ItemResult]] = {}
    for item in items_of(study, record):
        look = look_of(item)
        if look.mark:
            found.setdefault((look.group or label(study, item.who), look.lane(study, item)), []).append(item)
    answers: dict[str, list[ItemResult]] = {}
    for item in items_of(study, record):
        if item.answer:
            answers.setdefault(item.answer, []).append(item)
    lanes = []
    for who, actions in study.game.actions.items():
        for action in actions:
            group, title = label(study, who), label(study, f"{who}.{action}")
            items = (*found.pop((group, title), ()), *answers.get(f"{who} {action}", ()))
            lanes.append(_Lane(title, group, LOOKS["move"], items))
    order = [look.group for look in LOOKS.values()]
    others = sorted(found.items(), key=lambda pair: order.index(pair[0][0]) if pair[0][0] in order else -1)
    return lanes + [_Lane(title, group, look_of(items[0]), tuple(items)) for (group, title), items in others]


def _legend(figure: Figure, looks: Sequence[Look], *, has_panels: bool) -> None:
    marks = [
        Line2D([], [], linestyle="", marker=look.mark, color=look.colour, markersize=6, label=look.name)
        for look in looks
    ]
    marks.append(
        Line2D([], [], linestyle="", marker="o", color=INK, markerfacecolor="white", label="less than 90 % sure")
    )
    place = (_LEFT / canvas.WIDTH, 1.0)
    figure.legend(
        handles=marks, loc="upper left", bbox_to_anchor=place, ncols=4, frameon=False, borderpad=0.2, columnspacing=1.4
    )
    if has_panels:
        height = float(figure.get_size_inches()[1] * 72)
        axes = canvas.panel(figure, canvas.WIDTH - _RIGHT - 110, 8, 70, 9)
        axes.pcolormesh(np.linspace(0, 1, 9), [0, 1], np.linspace(0, 1, 8)[None, :], cmap=_SHADES, vmin=0, vmax=1)
        axes.set_xticks([])
        axes.set_yticks([])
        y = 1 - 12.5 / height
        figure.text(1 - (_RIGHT + 115) / canvas.WIDTH, y, "probability of the level  0", ha="right", va="center")
        figure.text(1 - (_RIGHT + 34) / canvas.WIDTH, y, "1", ha="left", va="center")


def _draw_lanes(axes: Axes, lanes: list[_Lane]) -> None:
    canvas.bare(axes)
    y, group, shade = 0.0, "", False
    start = 0.0
    for lane in lanes:
        if lane.group != group:
            if shade:
                axes.axhspan(start, y, color=canvas.BAND, zorder=0, linewidth=0)
            group, shade, start = lane.group, not shade, y
            axes.text(
                _EDGE, y + 0.55, shorten(group, 34), transform=axes.get_yaxis_transform(), va="center", weight="bold"
            )
            y += 1
        colour = INK if lane.items else FAINT
        title = shorten(lane.title, 24 if not lane.items else 32) + ("" if lane.items else " (never)")
        axes.text(-0.01, y + 0.5, title, transform=axes.get_yaxis_transform(), ha="right", va="center", color=colour)
        axes.axhline(y + 0.5, color=canvas.LINE, linewidth=0.6, zorder=1)
        for item in lane.items:
            look, day = look_of(item), canvas.ordinal(item.date) or 0
            if item.begin:
                axes.plot([canvas.ordinal(item.begin) or 0, day], [y + 0.5] * 2, color=look.colour, linewidth=2)
                axes.text(day + 1, y + 0.5, f" {item.number}", color=look.colour, ha="left", va="center")
            axes.plot(
                [day],
                [y + 0.5],
                look.mark,
                color=look.colour,
                markerfacecolor="white" if is_doubtful(item) else look.colour,
                markersize=6,
                alpha=0.85,
                zorder=3,
            )
        y += 1
    if shade:
        axes.axhspan(start, y, color=canvas.BAND, zorder=0, linewidth=0)
    axes.set_ylim(y or 1.0, 0)
    axes.set_yticks([])


def _time_axis(axes: Axes, record: RecordResult, begin: int, end: int, *, ticks_at: str) -> None:
    margin = max(1.0, 0.01 * (end - begin))
    axes.set_xlim(begin - margin, end + margin)
    ticks, labels = canvas.date_ticks(begin, end)
    axes.set_xticks(ticks, labels if ticks_at != "none" else [""] * len(ticks))
    axes.tick_params(axis="x", length=0, pad=4, labelbottom=ticks_at != "none", labeltop=ticks_at == "both", colors=INK)
    axes.grid(axis="x", color=canvas.LINE, linewidth=0.6, zorder=1)
    axes.set_axisbelow(True)
    focus = canvas.ordinal(record.focal_date)
    if focus is None or not begin <= focus <= end:
        return
    axes.axvline(focus, color=FOCUS, linewidth=1.4, zorder=2)
    if ticks_at == "both":
        is_late = focus > (begin + end) / 2
        axes.annotate(
            f"focal decision, {day(record.focal_date)} " if is_late else f" focal decision, {day(record.focal_date)}",
            (focus, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 27),
            textcoords="offset points",
            ha="right" if is_late else "left",
            va="center",
            color=FOCUS,
            weight="bold",
            arrowprops={
                "arrowstyle": "-",
                "color": FOCUS,
                "linewidth": 1.4,
                "shrinkA": 0,
                "shrinkB": 0,
                "relpos": (1 if is_late else 0, 0),
            },
        )


def _panel_heights(study: Study, record: RecordResult, shown: ExplanationResult | None) -> dict[str, int]:
    if shown is None:
        return {}
    return {
        name: 30 + 14 * len(levels) for name, levels in study.game.variables.items() if name in shown.paths[record.name]
    }


def _draw_variable(axes: Axes, study: Study, record: RecordResult, name: str, shown: ExplanationResult | None) -> None:
    assert shown is not None
    canvas.bare(axes)
    levels = study.game.variables[name]
    path = np.nan_to_num(np.asarray(shown.paths[record.name][name], dtype=float))
    days = np.array([canvas.ordinal(date) or 0 for date in record.times[: len(path)]], dtype=float)
    for level in range(len(levels)):
        axes.axhspan(level + 0.06, level + 0.94, color="#fafafa", zorder=0, linewidth=0)
        runs = _runs(days, path[:, level])
        shades = [_SHADES(chance) for _, _, chance in runs]
        spans = [(start, stop - start) for start, stop, _ in runs]
        axes.broken_barh(spans, (level + 0.06, 0.88), facecolors=shades, edgecolors=shades, linewidth=0.3, zorder=2)
    for item in items_of(study, record):
        at, look = canvas.ordinal(item.date) or 0, look_of(item)
        if item.who == name and look.on_variable == "levels":
            places = [levels.index(part) for part in item.what.split("|") if part in levels]
            for place in places:
                axes.plot([at], [place + 0.5], look.mark, color=INK, markerfacecolor="white", markersize=5, zorder=4)
        if item.who == name and look.on_variable == "edge":
            axes.plot(
                [at],
                [len(levels)],
                look.mark,
                color=look.colour,
                markersize=5,
                zorder=4,
                clip_on=False,
            )
    axes.set_ylim(0, len(levels))
    axes.set_yticks(
        [level + 0.5 for level in range(len(levels))], [shorten(plain(each), 30) for each in levels], fontsize=10
    )
    axes.tick_params(axis="y", pad=8)
    title = shorten(label(study, name), 34)
    axes.text(_EDGE, len(levels) + 0.55, title, transform=axes.get_yaxis_transform(), va="center", weight="bold")


def _runs(days: np.ndarray, chances: np.ndarray) -> list[tuple[float, float, float]]:
    """Return the stretches (start, end, probability to 1/20) over which the shade stays the same."""
    if len(days) < 2:
        return []
    edges = np.concatenate([days[:1], (days[1:] + days[:-1]) / 2, days[-1:]])
    shades = np.round(chances * 20) / 20
    runs: list[tuple[float, float, float]] = []
    start = 0
    for place in range(1, len(shades) + 1):
        if place == len(shades) or shades[place] != shades[start]:
            if shades[start] > 0:
                runs.append((float(edges[start]), float(edges[place]), float(shades[start])))
            start = place
    return runs
