"""Log Bayes factors against the leader, in the case and under each of its variants."""

from __future__ import annotations

import math

from raison.report.charts import canvas
from raison.report.names import explanation_label, leader_of, two_lines
from raison.report.palette import INK
from raison.report.parts import Chart
from raison.report.variants import log_bayes_factors
from raison.report.words import signed
from raison.study import Study

_LEFT = 225
_ROW = 34
_FLOOR = 12.0
"""Size beyond which a log Bayes factor is drawn at the edge."""


def variants_chart(study: Study) -> Chart:
    """Return a row of marks for each explanation: the case, and every variant."""
    rows = study.explanations
    leader = leader_of(study)
    label = explanation_label(study, leader.name) if leader else "the leader"
    height = 50 + _ROW * len(rows) + 60
    found = [log_bayes_factors(study, each.name) for each in rows]
    known = [factor for each in found for factor in each if not math.isnan(factor)]
    reach = min(_FLOOR, max([1.5, *(abs(factor) for factor in known)]) * 1.08)
    with canvas.drawing():
        figure = canvas.sheet(canvas.WIDTH, height)
        axes = canvas.panel(figure, _LEFT, 40, 720, _ROW * len(rows))
        canvas.bare(axes)
        axes.set_ylim(len(rows), 0)
        axes.set_xlim(-reach, reach)
        axes.axvspan(-1, 1, color="#eef3f6", zorder=0, linewidth=0)
        axes.axvline(0, color=INK, linewidth=0.8, zorder=1)
        for place, each in enumerate(found):
            shown = [min(max(factor, -reach), reach) for factor in each if not math.isnan(factor)]
            if shown:
                axes.plot([min(shown), max(shown)], [place + 0.5] * 2, color=canvas.LINE, linewidth=3, zorder=2)
            for number, factor in enumerate(each):
                if not math.isnan(factor):
                    axes.plot(
                        [min(max(factor, -reach), reach)],
                        [place + 0.5],
                        canvas.MARKERS[number % len(canvas.MARKERS)],
                        color=INK if number == 0 else canvas.OKABE_ITO[(number - 1) % len(canvas.OKABE_ITO)],
                        markersize=9 if number == 0 else 8,
                        label=(["the case", *(one.name for one in study.variants)][number] if place == 0 else None),
                        zorder=4,
                        clip_on=False,
                    )
        axes.set_yticks(
            [place + 0.5 for place in range(len(rows))],
            [two_lines(explanation_label(study, each.name), 33) for each in rows],
        )
        axes.set_title(f"log Bayes factor against “{label}”", loc="left", fontsize=11, weight="bold")
        axes.legend(loc="upper left", bbox_to_anchor=(1.03, 1.0), frameon=False, fontsize=10)
        spoken = "; ".join(
            f"{explanation_label(study, each.name)} {', '.join(signed(f) for f in factors if not math.isnan(f))}"
            for each, factors in zip(rows, found, strict=True)
        )
        text = canvas.svg_text(figure, name="variants", says=f"Log Bayes factors, case first: {spoken}.")
    return Chart(
        text,
        f"Log Bayes factor of each explanation against “{label}”, the leader of the case, in the case and under each "
        "of its variants. To the right of the line another explanation leads; the shaded strip is not worth more than "
        "a bare mention.",
    )
