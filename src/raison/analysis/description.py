"""What each explanation says of the records at its mode: item by item, act by act, path by path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from raison.analysis.fitting import Fit
from raison.analysis.watch import Watch
from raison.case import BuiltCase
from raison.chain import Act, Motion, Plan
from raison.chain.filter import item_weights
from raison.record import Count, Move, WatchedRecord
from raison.record.watched import SAME_TIME
from raison.study import ActionForecast, ItemResult, ItemWeight, RecordResult

POINTS = 60
"""About how many points a smoothed path has."""

DESCRIBING = "weigh the items"

END = "end"
"""Kind of the last row of every record: the silence after the last item."""


@dataclass(frozen=True, eq=False)
class Description:
    """One explanation at its mode, against one record.

    Attributes:
        act: log probability of each item; the last is the end of the watch.
        silence: of the silence before each.
        forecasts: expected and seen number of every action.
        paths: smoothed probability of the levels of every variable.
    """

    act: Float[np.ndarray, " items"]
    silence: Float[np.ndarray, " items"]
    forecasts: tuple[ActionForecast, ...]
    paths: dict[str, Float[np.ndarray, "times levels"]]


@dataclass(frozen=True, eq=False)
class Described:
    """One record, described by every explanation.

    Attributes:
        watched: the record.
        each: in the order of the fits.
        dates: ISO dates of the points of the paths.
    """

    watched: WatchedRecord
    each: tuple[Description, ...]
    dates: tuple[str, ...]


def describe_all(case: BuiltCase, fits: tuple[Fit, ...], watch: Watch) -> tuple[Described, ...]:
    """Describe every record by every explanation at its mode."""
    described, total = [], len(case.records) * len(fits)
    for number, watched in enumerate(case.records):
        plan = _fine(watched)
        points = _points(plan)
        each = []
        for fit in fits:
            watch.tell(DESCRIBING, number * len(fits) + len(each), total)
            each.append(_describe(case, fit.motion, fit.records[number], points))
        days = (watched.calendar.date_of(float(plan.time[point])) for point in points)
        dates = tuple(str(min(day, watched.until)) for day in days)  # the last point is the end of the last day
        described.append(Described(watched, tuple(each), dates))
    return tuple(described)


def _fine(watched: WatchedRecord) -> Plan:
    """Return the plan with a row for every point of a path."""
    return watched.plan.cut(watched.record.until / POINTS)


def _points(plan: Plan) -> np.ndarray:
    """Return the last row of each distinct moment."""
    return np.flatnonzero(np.append(np.diff(np.asarray(plan.time)) > SAME_TIME, True))


def _describe(case: BuiltCase, motion: Motion, watched: WatchedRecord, points: np.ndarray) -> Description:
    fine = _fine(watched)
    filtered, expected = motion.expected_acts(fine, watched.start)
    act, silence = item_weights(filtered, fine)
    smoothed = np.asarray(motion.smooth(fine, watched.start))[points]
    paths = {}
    for variable in case.space.variables:
        levels = np.eye(len(variable.levels))[watched.space.levels_of(variable.name)]
        paths[variable.name] = smoothed @ levels
    forecasts = tuple(
        ActionForecast(watched.name, player, action, float(rows.sum()), seen, tuple(np.cumsum(rows)[points].tolist()))
        for player, actions in case.names.actions.items()
        for action in actions
        for rows, seen in [(expected[Act(player, action)], watched.record.number_of(Act(player, action)))]
    )
    return Description(act, silence, forecasts, paths)


def record_results(described: tuple[Described, ...]) -> tuple[RecordResult, ...]:
    """Return what was watched."""
    return tuple(
        RecordResult(
            name=each.watched.name,
            begin=str(each.watched.calendar.begin),
            until=str(each.watched.until),
            unit=each.watched.calendar.unit,
            focal_date="" if each.watched.focus is None else str(each.watched.focus),
            times=each.dates,
        )
        for each in described
    )


def item_results(fits: tuple[Fit, ...], described: tuple[Described, ...]) -> tuple[ItemResult, ...]:
    """Return the dated items of every record with their weights; the last of each is the silence after the others."""
    names = [fit.explanation.name for fit in fits]
    results = []
    for one in described:
        for number, item in enumerate([*one.watched.record.items, None]):
            weights = {
                name: ItemWeight(float(each.act[number]), float(each.silence[number]))
                for name, each in zip(names, one.each, strict=True)
            }
            if item is None:
                written = (str(one.watched.until), END, "", "", "", "", "", "", None)
                results.append(ItemResult(one.watched.name, *written, 1.0, weights))
                continue
            begin, number = "", None
            if isinstance(item, Count):
                begin, number = str(one.watched.calendar.date_of(item.since)), item.number
            answer = str(item.answer) if isinstance(item, Move) and item.answer is not None else ""
            written = (item.date, item.kind, item.who, item.what, item.source, item.note, answer, begin, number)
            results.append(ItemResult(one.watched.name, *written, float(item.certainty), weights))
    return tuple(results)
