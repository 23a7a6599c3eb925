"""Drawings as SVG text: no window, no global figure, the same bytes for the same study."""

from raison.report.charts.asked import lived_again_chart, over_time_chart
from raison.report.charts.forecasts import forecast_chart
from raison.report.charts.posterior import posterior_chart
from raison.report.charts.power import power_chart
from raison.report.charts.predictions import predictions_chart
from raison.report.charts.reasons import reasons_chart
from raison.report.charts.residuals import residual_chart
from raison.report.charts.structure import structure_chart
from raison.report.charts.timeline import timeline_chart
from raison.report.charts.variants import variants_chart
from raison.report.charts.weights import weights_chart

__all__ = [
    "forecast_chart",
    "lived_again_chart",
    "over_time_chart",
    "posterior_chart",
    "power_chart",
    "predictions_chart",
    "reasons_chart",
    "residual_chart",
    "structure_chart",
    "timeline_chart",
    "variants_chart",
    "weights_chart",
]
