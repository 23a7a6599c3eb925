"""Reading a study: one HTML file, or one screen in the terminal. Computes nothing but sums of given weights."""

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
