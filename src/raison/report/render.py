"""Writing a report: one HTML file that needs nothing else."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from raison.report.page import make_page
from raison.study import Study
from raison.writing import make_folder, write_whole


def report_html(study: Study) -> str:
    """Return the report of `study` as one HTML document."""
    environment = Environment(
        loader=PackageLoader("raison.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["coded"] = coded
    return environment.get_template("report.html.j2").render(page=make_page(study))


def coded(text: str) -> Markup:
    """Return `text` for HTML, with what stands between backticks as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup("").join(Markup("<code>{}</code>").format(part) if n % 2 else part for n, part in enumerate(parts))


def write_report(study: Study, path: str | Path) -> Path:
    """Write the report of `study` to `path` and return that path; missing folders are made.

    Errors:
        `CannotWrite` if the machine refuses.
    """
    html = report_html(study)
    target = Path(path)
    make_folder(target.parent)
    return write_whole(target, html)
