"""How often planted truth leads, and by how much, as the record grows longer."""

from __future__ import annotations

import math
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from raison.report.charts import canvas
from raison.report.palette import INK
from raison.report.parts import Chart
from raison.report.words import number
from raison.study import PowerResult

_HEIGHT = 260


def power_chart(power: PowerResult) -> Chart | None:
    """Return planted truth and the mean log Bayes factor over the length of the record; None if not tried."""
    known = [each for each in power.lengths if math.isfinite(each.expected)]
    if not known:
        return None
    with canvas.drawing():
        figure = canvas.sheet(canvas.WIDTH, _HEIGHT + 90)
        truth = canvas.panel(figure, 60, 44, 480, _HEIGHT)
        weight = canvas.panel(figure, 660, 44, 480, _HEIGHT)
        factors = [each.factor for each in known]
        chance = 1.0 / len(power.rivals)
        truth.errorbar(
            factors,
            [each.truth_leads for each in known],
            [math.sqrt(each.truth_leads * (1.0 - each.truth_leads) / each.records) for each in known],
            **_LINE,
        )
        truth.axhline(chance, color=canvas.GREY, linewidth=0.8, linestyle="--")
        truth.annotate("by chance", (factors[-1], chance), (0, -14), ha="right", **_NOTE)
        truth.set_ylim(0.0, 1.02)
        truth.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
        weight.errorbar(factors, [each.expected for each in known], [each.error for each in known], **_LINE)
        weight.axhline(3.0, color=canvas.GREY, linewidth=0.8, linestyle="--")
        weight.annotate("strong evidence", (factors[-1], 3.0), (0, -14), ha="right", **_NOTE)
        weight.set_ylim(0.0, max(3.4, max(each.expected + each.error for each in known) * 1.08))
        for axes, title in (
            (truth, "records in which planted truth leads"),
            (weight, "mean log Bayes factor of a pair"),
        ):
            _finish(axes, factors, title)
        spoken = "; ".join(
            f"{number(each.factor)} times as long: truth leads in {number(100 * each.truth_leads)} %, mean log Bayes "
            f"factor {number(each.expected)}"
            for each in known
        )
        text = canvas.svg_text(figure, name="power", says=f"Planted truth over the length of the record. {spoken}.")
    return Chart(
        text,
        "Records made under every explanation of the case, of other lengths than its own: in how many the explanation "
        "under which they were made leads all rivals, and the mean log Bayes factor between two explanations; bars are "
        "standard errors. Every number but the motives is taken as known.",
    )


_LINE: dict[str, Any] = {"color": INK, "linewidth": 1.8, "marker": "o", "markersize": 7, "capsize": 3, "clip_on": False}

_NOTE: dict[str, Any] = {"textcoords": "offset points", "color": canvas.GREY}


def _finish(axes: Axes, factors: list[float], title: str) -> None:
    canvas.bare(axes, keep="left")
    axes.set_xscale("log", base=2)
    axes.set_xticks(factors, [f"×{factor:g}" for factor in factors])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_title(title, loc="left", fontsize=11, weight="bold", pad=10)
    axes.set_xlabel("length of the record")
