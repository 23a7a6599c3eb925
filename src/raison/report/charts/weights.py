"""The evidence: explanations in rows, dated items in columns; beneath, the lead as it grows."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from raison.report.charts import canvas
from raison.report.evidence import differences, relative_weights
from raison.report.items import LOOKS, look_of
from raison.report.names import explanation_label, items_of, shorten, two_lines
from raison.report.palette import FAINT, FOCUS, INK
from raison.report.parts import Chart
from raison.report.words import log_number, signed
from raison.study import Study

_LEFT = 215
_LABELS = 260
_ROW = 26
_BARS = 84
_COLOURS = LinearSegmentedColormap.from_list(
    "weights", ["#8c3a00", "#D55E00", "#f6c9a8", "#f7f7f7", "#a9d0e8", "#0072B2", "#003a5d"]
)


def weights_chart(study: Study) -> Chart:
    """Return the heat map of weights, and bars of the leader's lead over the runner-up, item by item."""
    rows, columns = len(study.explanations), len(study.items)
    step = min(40.0, max(11.0, (canvas.WIDTH - _LEFT - 44) / max(1, columns)))
    width = _LEFT + step * columns + 44
    width = max(width, 640.0)
    height = _LABELS + rows * _ROW + 2 * (_BARS + 36) + 24
    relative = relative_weights(study)
    limit = _limit(relative)
    with canvas.drawing():
        figure = canvas.sheet(width, height)
        heat = canvas.panel(figure, _LEFT, _LABELS, step * columns, rows * _ROW)
        _draw_heat(heat, study, relative, limit)
        _draw_labels(heat, study, step)
        top = _LABELS + rows * _ROW + 36
        single = canvas.panel(figure, _LEFT, top, step * columns, _BARS)
        _draw_single(single, study)
        running = canvas.panel(figure, _LEFT, top + _BARS + 36, step * columns, _BARS)
        _draw_running(running, study)
        for axes in (heat, single, running):
            axes.set_xlim(0, columns)
            _mark_focus(axes, study, is_labelled=axes is running)
        _colour_key(figure, limit, height)
        text = canvas.svg_text(figure, name="weights", says=_spoken(study))
    return Chart(text, _caption(study, limit))


def _limit(relative: np.ndarray) -> float:
    sizes = np.abs(relative[np.isfinite(relative)])
    return max(0.1, float(np.ceil(10 * np.quantile(sizes, 0.98)) / 10)) if sizes.size else 1.0


def _caption(study: Study, limit: float) -> str:
    leader, runner = (explanation_label(study, n) for n in (study.fragility.leader, study.fragility.runner_up))
    lead = (
        f"Beneath: the weight of each item for “{leader}” over “{runner}”, the act and the silence before it apart, "
        "and their running sum."
        if study.fragility.runner_up
        else ""
    )
    return (
        "Weight of each dated item (act and silence before it) under each explanation, relative to the mean over all "
        "rows: blue speaks for the row, orange against it. Log likelihood at each explanation’s most probable "
        f"parameters; colours end at ±{limit:.1f}. A cross marks an item that the row rules out. {lead}"
    )


def _spoken(study: Study) -> str:
    return (
        f"Heat map of the weight of {len(study.items)} dated items in columns under {len(study.explanations)} "
        "explanations in rows. The same numbers stand in the table of all items."
    )


def _draw_heat(axes: Axes, study: Study, relative: np.ndarray, limit: float) -> None:
    canvas.bare(axes)
    rows, columns = relative.shape
    shown = np.clip(np.where(np.isneginf(relative), -limit, relative), -limit, limit)
    axes.pcolormesh(
        np.arange(columns + 1),
        np.arange(rows + 1),
        np.ma.masked_invalid(shown),
        cmap=_COLOURS,
        vmin=-limit,
        vmax=limit,
        edgecolors="white",
        linewidth=0.8,
    )
    for row, column in zip(*np.nonzero(np.isneginf(relative)), strict=True):
        axes.plot([column + 0.5], [row + 0.5], "x", color="white", markersize=6, markeredgewidth=2)
    axes.set_ylim(rows, 0)
    axes.set_yticks(
        [row + 0.5 for row in range(rows)],
        [two_lines(explanation_label(study, e.name), 33) for e in study.explanations],
        fontsize=10,
    )
    axes.set_xticks([])


def _draw_labels(axes: Axes, study: Study, step: float) -> None:
    size = 10.0 if step >= 12 else 9.5
    for place, item in enumerate(study.items):
        axes.annotate(
            f"{item.date}  {shorten(look_of(item).short(item), 31)}",
            (place + 0.5, 0),
            (1, 5),
            textcoords="offset points",
            rotation=90,
            ha="center",
            va="bottom",
            fontsize=size,
            color=look_of(item).colour,
            annotation_clip=False,
        )


def _draw_single(axes: Axes, study: Study) -> None:
    canvas.bare(axes, keep="left")
    acts, silences = differences(study)
    acts, silences = np.nan_to_num(acts), np.nan_to_num(silences)
    acts, silences = _within(acts), _within(silences)
    centres = np.arange(len(acts)) + 0.5
    base = np.where(acts * silences > 0, acts, 0.0)
    axes.bar(centres, acts, width=0.74, color="#0072B2", zorder=3, label="act")
    axes.bar(centres, silences, bottom=base, width=0.74, color="#E69F00", zorder=3, label="silence before it")
    axes.axhline(0, color=INK, linewidth=0.8, zorder=4)
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 0.98), ncols=2, frameon=False, borderpad=0, fontsize=10)
    _side_title(axes, study, "each item", "log weight, leader over runner-up")


def _draw_running(axes: Axes, study: Study) -> None:
    canvas.bare(axes, keep="left")
    acts, silences = differences(study)
    total = np.cumsum(_within(np.nan_to_num(acts)) + _within(np.nan_to_num(silences)))
    edges = np.arange(len(total) + 1)
    steps = np.concatenate([[0.0], total])
    axes.fill_between(edges, steps, step="pre", color="#cfe3f0", zorder=2, linewidth=0)
    axes.step(edges, steps, where="pre", color="#0072B2", linewidth=1.6, zorder=3)
    axes.axhline(0, color=INK, linewidth=0.8, zorder=4)
    if len(total):
        axes.annotate(f" {signed(float(total[-1]))}", (len(total), total[-1]), va="center", annotation_clip=False)
    _side_title(axes, study, "running sum", "log weight, from the first item on")


def _within(values: np.ndarray, bound: float = 20.0) -> np.ndarray:
    return np.clip(values, -bound, bound)


def _side_title(axes: Axes, study: Study, title: str, below: str) -> None:
    axes.set_xticks([])
    low, high = axes.get_ylim()
    reach = max(abs(low), abs(high), 0.1)
    axes.set_ylim(min(low, -0.15 * reach), max(high, 0.15 * reach))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "−"))
    axes.tick_params(axis="y", labelsize=10)
    x = -(_LEFT - 2) / axes.bbox.width
    axes.text(x, 0.78, title, transform=axes.transAxes, weight="bold", va="center")
    leader, runner = (explanation_label(study, n) for n in (study.fragility.leader, study.fragility.runner_up))
    axes.text(x, 0.55, below, transform=axes.transAxes, va="center", fontsize=10, color=FAINT)
    axes.text(x, 0.33, f"↑ {shorten(leader, 30)}", transform=axes.transAxes, va="center", fontsize=10)
    axes.text(x, 0.13, f"↓ {shorten(runner, 30)}", transform=axes.transAxes, va="center", fontsize=10)


def _mark_focus(axes: Axes, study: Study, *, is_labelled: bool) -> None:
    first = 0
    for record in study.records:
        items = items_of(study, record)
        before = sum(item.date < record.focal_date for item in items)
        if 0 < before < len(items):
            _mark(axes, first + before, is_labelled=is_labelled)
        first += len(items)


def _mark(axes: Axes, before: int, *, is_labelled: bool) -> None:
    axes.axvline(before, color=FOCUS, linewidth=1.4, zorder=5)
    if is_labelled:
        axes.annotate(
            "focal decision",
            (before, 0),
            (0, -10),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="center",
            va="center",
            color=FOCUS,
            weight="bold",
            annotation_clip=False,
        )


def _colour_key(figure: Figure, limit: float, height: float) -> None:
    axes = canvas.panel(figure, 20, 34, 170, 12)
    axes.pcolormesh(np.linspace(-limit, limit, 42), [0, 1], np.linspace(-limit, limit, 41)[None, :], cmap=_COLOURS)
    axes.set_yticks([])
    axes.set_xticks([-limit, 0, limit], [log_number(-limit), "0", signed(limit)])
    canvas.bare(axes)
    axes.tick_params(labelsize=10)
    figure.text(20 / (figure.get_figwidth() * 72), 1 - 20 / height, "against ← the row → for", va="center", fontsize=10)
    for place, look in enumerate(LOOKS.values()):
        figure.text(
            20 / (figure.get_figwidth() * 72),
            1 - (86 + 15 * place) / height,
            look.name,
            color=look.colour,
            va="center",
            fontsize=10,
        )
