"""What all charts share: the sheet, colours, the axis of dates, and SVG text.

A unit of length is one CSS pixel (72 dots per inch, so that one point is one pixel too).
"""

from __future__ import annotations

import datetime
import html
import io
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from raison.report.palette import FAINT, INK
from raison.report.words import month_name

WIDTH = 1200
LINE = "#d9d9d9"
BAND = "#f5f5f3"
OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
"""Colour-blind safe (Okabe and Ito 2008); yellow last, since it is faint on white."""
COLOURS = (*OKABE_ITO, "#882255", "#117733", "#332288")
"""Three more from the muted scheme of Tol (2021), for lists of many explanations."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "*", "h")
GREY = "#7f7f7f"

_FONTS = "system-ui,-apple-system,'Segoe UI',Roboto,'Liberation Sans',Arial,sans-serif"
_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "raison",
    "text.parse_math": False,
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": INK,
    "xtick.color": FAINT,
    "ytick.color": INK,
    "axes.unicode_minus": True,
}
_lock = threading.Lock()


@contextmanager
def drawing() -> Iterator[None]:
    """Set the style for one drawing; matplotlib keeps it in one place, so that drawings take turns."""
    with _lock, mpl.rc_context(_SETTINGS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # the browser draws the text
        yield


def sheet(width: float, height: float) -> Figure:
    """Return an empty figure of `width` by `height` pixels."""
    return Figure(figsize=(width / 72, height / 72), dpi=72)


def panel(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Return axes placed in pixels from the left and top edge of `figure`."""
    full_width, full_height = figure.get_size_inches() * 72
    box = (left / full_width, 1 - (top + height) / full_height, width / full_width, height / full_height)
    axes = figure.add_axes(box)
    axes.tick_params(length=0)
    return axes


def bare(axes: Axes, *, keep: str = "") -> None:
    """Take away the frame of `axes`, except the sides in `keep`."""
    for side, spine in axes.spines.items():
        spine.set_visible(side in keep.split())


def colour(place: int, is_null: bool) -> str:
    """Return the colour of the explanation at `place`; nulls are grey."""
    return GREY if is_null else COLOURS[place % len(COLOURS)]


def svg_text(figure: Figure, *, name: str, says: str) -> str:
    """Return `figure` as SVG for a page; `name` sets its ids apart, `says` is read out in its place."""
    buffer = io.StringIO()
    FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r"url\(#", f"url(#{name}-", text)
    text = re.sub(r'href="#', f'href="#{name}-', text)
    text = text.replace("'DejaVu Sans'", _FONTS)
    width, height = (round(float(inches) * 72) for inches in figure.get_size_inches())
    opening = f'<svg class="chart" role="img" aria-label="{html.escape(says)}" width="{width}" height="{height}" '
    opening += f'viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" '
    opening += 'xmlns:xlink="http://www.w3.org/1999/xlink">'
    return re.sub(r"<svg[^>]*>", lambda _: opening, text, count=1).strip()


def ordinal(date: str) -> int | None:
    """Return the day number of an ISO date, or None."""
    try:
        return datetime.date.fromisoformat(date[:10]).toordinal()
    except ValueError:
        return None


def date_ticks(begin: int, end: int, *, most: int = 14) -> tuple[list[int], list[str]]:
    """Return day numbers and labels of ticks on the first of months, or on days if the span is short."""
    if end - begin <= 75:
        step = max(1, -(-(end - begin) // 10))
        days = list(range(begin, end + 1, step))
        dates = [datetime.date.fromordinal(day) for day in days]
        return days, [f"{date.day} {month_name(date.month)}" for date in dates]
    first, last = datetime.date.fromordinal(begin), datetime.date.fromordinal(end)
    months = range(first.year * 12 + first.month, last.year * 12 + last.month)
    step = next((each for each in (1, 2, 3, 6, 12, 24, 60, 120) if len(months) / each <= most), 240)
    chosen = [month for month in months if month % step == 0]
    dates = [datetime.date(month // 12, month % 12 + 1, 1) for month in chosen]
    labels = []
    for place, date in enumerate(dates):
        is_new_year = place == 0 or date.year != dates[place - 1].year
        labels.append(f"{month_name(date.month)} {date.year}" if is_new_year else month_name(date.month))
    return [date.toordinal() for date in dates], labels


def count_by_day(axes: Axes, begin: int, end: int) -> None:
    """Set the axes of a small panel of counts over time, from day to day."""
    ticks, labels = date_ticks(begin, end, most=5)
    axes.set_xticks(ticks, labels, fontsize=9)
    axes.set_xlim(begin, end)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axes.tick_params(axis="y", labelsize=9)
