"""Why a record cannot happen: the first item with probability zero, and what stands against it."""

from __future__ import annotations

import numpy as np

from raison.arrays import StateArray
from raison.chain import Motion
from raison.game import StateSpace
from raison.record.record import Item
from raison.record.watched import WatchedRecord


def why_impossible(motion: Motion, watched: WatchedRecord) -> str:
    """Return a sentence that names the first item that cannot happen under `motion`, or an empty text."""
    plan, record = watched.plan, watched.record
    filtered = motion.filter(plan, watched.start)
    act, silence = np.asarray(filtered.act), np.asarray(filtered.silence)
    bad = np.flatnonzero(~(np.isfinite(act) & np.isfinite(silence)))
    if not len(bad):
        return ""
    row = int(bad[0])
    number = int(plan.item[row])
    item = record.items[number] if number < len(record.items) else None
    if item is None or not np.isfinite(silence[row]):
        return f"the record cannot happen: the silence {_up_to(item)} has probability zero."
    levels = _certain_levels(motion.space, filtered.before[row])
    return (
        f"the record cannot happen: {_when(item)}, {item.who} {item.what}, has probability zero. "
        f"By then the record so far allows only {levels}. Check the item's condition, the order of that day's items, "
        "and the effects of the moves before it; or, if it may not have happened at all, "
        "lower its confidence below 1."
    )


def _when(item: Item) -> str:
    return item.date or f"time {item.time:g}"


def _up_to(item: Item | None) -> str:
    return "at the end" if item is None else f"before {_when(item)}"


def _certain_levels(space: StateSpace, distribution: StateArray) -> str:
    """Return, for every variable that cannot have all its levels, those it can have."""
    parts = []
    for variable in space.variables:
        weights = np.asarray(distribution)
        mass = np.bincount(space.levels_of(variable.name), weights=weights, minlength=len(variable.levels))
        possible = [level for level, share in zip(variable.levels, mass, strict=True) if share > 0]
        if len(possible) < len(variable.levels):
            parts.append(f"{variable.name} = {' or '.join(possible)}")
    return ", ".join(parts) or "every level of every variable, but with none at which the item can happen"
