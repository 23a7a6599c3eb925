"""How a study's parts are called in a report."""

from __future__ import annotations

import datetime
import math
import textwrap
from urllib.parse import urlsplit

from raison.report.parts import Link
from raison.report.words import day
from raison.study import NEAR_DAYS, ExplanationResult, ItemResult, RecordResult, Study


def explanation_of(study: Study, name: str) -> ExplanationResult | None:
    """Return the explanation called `name`, or None."""
    return next((each for each in study.explanations if each.name == name), None)


def explanation_label(study: Study, name: str) -> str:
    """Return the reader's name of an explanation."""
    found = explanation_of(study, name)
    return (found.label or plain(found.name)) if found else plain(name)


def explanation_labels(study: Study) -> dict[str, str]:
    """Return the reader's name of every explanation of the case, those that failed among them."""
    fitted = {each.name: each.label for each in study.explanations if not each.is_null}
    return fitted | {each.name: each.label for each in study.failed}


def leader_of(study: Study) -> ExplanationResult | None:
    """Return the explanation with the highest posterior; None if no posterior is known."""
    known = [each for each in study.explanations if not math.isnan(each.posterior)]
    return max(known, key=lambda each: each.posterior) if known else None


def tied_with_leader(study: Study) -> tuple[str, ...]:
    """Return the explanations that the record does not tell from the leader, itself among them; nothing if none."""
    leader = leader_of(study)
    if leader is None:
        return ()
    return next((group for group in study.fragility.indistinct if leader.name in group), ())


def nulls_of(study: Study) -> tuple[ExplanationResult, ...]:
    """Return the nulls."""
    return tuple(each for each in study.explanations if each.is_null)


def with_paths(study: Study) -> ExplanationResult | None:
    """Return the most probable explanation that has smoothed paths: the one that the timeline shows."""
    known = [each for each in study.explanations if each.paths]
    return max(known, key=lambda each: -1.0 if math.isnan(each.posterior) else each.posterior) if known else None


def plain(name: str) -> str:
    """Return a name of the case without its underscores."""
    return name.replace("_", " ")


def label(study: Study, key: str) -> str:
    """Return the reader's name of a player, a variable or an action (`player.action`)."""
    return study.case.labels.get(key) or plain(key.rpartition(".")[2])


def shorten(text: str, length: int) -> str:
    """Return `text`, cut at `length` characters."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def two_lines(text: str, width: int) -> str:
    """Return `text` broken into at most two lines of `width` characters, for a chart."""
    lines = textwrap.wrap(text, width) or [""]
    rest = shorten(" ".join(lines[1:]), width)
    return f"{lines[0]}\n{rest}" if rest else lines[0]


def source_links(study: Study, keys: str) -> tuple[Link, ...]:
    """Return the sources named in `keys` (separated by commas); a key that no source has stays text."""
    sources = {each.key: each for each in study.case.sources}
    links = []
    for key in filter(None, (part.strip() for part in keys.split(","))):
        source = sources.get(key)
        links.append(Link(key, safe_url(source.url) if source else "", source.title if source else ""))
    return tuple(links)


def safe_url(url: str) -> str:
    """Return `url` if a browser may open it (http or https), else nothing."""
    try:
        return url if urlsplit(url.strip()).scheme in ("http", "https") else ""
    except ValueError:
        return ""


def days_from_focus(study: Study, item: ItemResult) -> int | None:
    """Return the days from the focal date to the item; None if there is no focal date."""
    focus = record_of(study, item.record).focal_date
    try:
        return (datetime.date.fromisoformat(item.date) - datetime.date.fromisoformat(focus)).days
    except ValueError:
        return None


def is_background(study: Study, item: ItemResult) -> bool:
    """Say whether an item lies far from the focal decision."""
    days = days_from_focus(study, item)
    return days is not None and abs(days) > NEAR_DAYS


def distance_text(study: Study, item: ItemResult) -> str:
    """Return how far an item lies from the focal date."""
    days = days_from_focus(study, item)
    if days is None:
        return ""
    if days == 0:
        return "the same day"
    return f"{abs(days)} {'day' if abs(days) == 1 else 'days'} {'after' if days > 0 else 'before'}"


def episode_note(study: Study, name: str) -> str:
    """Return the name of a record in brackets, where there is more than one."""
    return f" ({plain(name)})" if len(study.records) > 1 else ""


def record_of(study: Study, name: str) -> RecordResult:
    """Return the record called `name`."""
    return next(each for each in study.records if each.name == name)


def items_of(study: Study, record: RecordResult) -> tuple[ItemResult, ...]:
    """Return the items of one record."""
    return tuple(item for item in study.items if item.record == record.name)


def focus_text(study: Study) -> str:
    """Return the focal dates for a sentence; nothing if there is none."""
    return " and ".join(day(each.focal_date) for each in study.records if each.focal_date)


def span_text(study: Study) -> str:
    """Return from when to when the world was watched."""
    return " and ".join(f"{day(each.begin)} to {day(each.until)}" for each in study.records)
