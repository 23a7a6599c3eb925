"""Reading a study: one HTML file, or one screen in the terminal. Computes nothing but sums of given weights.

Names are loaded when they are asked for: drawing takes half a second to load, and the terminal needs none.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from raison.report.asked import sentence
    from raison.report.charts import power_chart
    from raison.report.combined import combined_sentence
    from raison.report.motives import motive_rows
    from raison.report.page import Page, make_page
    from raison.report.power import power_table
    from raison.report.render import report_html, write_report
    from raison.report.signatures import failing_sentences, signature_rows
    from raison.report.terminal import show_asked, show_combined, show_motives, show_power, show_signatures, show_study

__all__ = [
    "Page",
    "combined_sentence",
    "failing_sentences",
    "make_page",
    "motive_rows",
    "power_chart",
    "power_table",
    "report_html",
    "sentence",
    "show_asked",
    "show_combined",
    "show_motives",
    "show_power",
    "show_signatures",
    "show_study",
    "signature_rows",
    "write_report",
]

_HOMES = {
    "Page": "page",
    "combined_sentence": "combined",
    "failing_sentences": "signatures",
    "make_page": "page",
    "motive_rows": "motives",
    "power_chart": "charts",
    "power_table": "power",
    "report_html": "render",
    "sentence": "asked",
    "signature_rows": "signatures",
    "write_report": "render",
}
"""Where names live, but for those of the terminal."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES.get(name, 'terminal')}"), name)
