"""Why a record cannot happen: the first item with probability zero, and what stands against it."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from raison.chain import Chain
from raison.game import StateSpace
from raison.record import Item, Record
from raison.record.filter import run_filter
from raison.record.plan import Plan


def why_impossible(chain: Chain, plan: Plan, record: Record, start: np.ndarray) -> str:
    """Return a sentence that names the first item that cannot happen under `chain`, or an empty text.

    `plan` is the record made ready, with steps short enough for `chain`.
    """
    filtered = jax.jit(lambda moving: run_filter(moving, plan, jnp.asarray(start)))(chain)
    act, silence = np.asarray(filtered.act), np.asarray(filtered.silence)
    bad = np.flatnonzero(~(np.isfinite(act) & np.isfinite(silence)))
    if not len(bad):
        return ""
    step = int(bad[0])
    before = np.asarray(filtered.before[step])
    item = record.items[int(plan.item[step])] if int(plan.item[step]) < len(record.items) else None
    if item is None or not np.isfinite(silence[step]):
        return f"the record cannot happen: the silence {_up_to(item)} has probability zero."
    levels = _certain_levels(chain.space, before)
    return (
        f"the record cannot happen: {item.date or f'time {item.time:g}'}, {item.who} {item.what}, "
        "has probability zero. "
        f"By then the record so far allows only {levels}. Check the item's condition, the order of that day's items, "
        "and the effects of the moves before it; or lower its confidence below 1."
    )


def _up_to(item: Item | None) -> str:
    return "at the end" if item is None else f"before {item.date or f'time {item.time:g}'}"


def _certain_levels(space: StateSpace, distribution: np.ndarray) -> str:
    """Return, for every variable that cannot have all its levels, those it can have."""
    parts = []
    for variable in space.variables:
        mass = np.bincount(space.levels_of(variable.name), weights=distribution, minlength=len(variable.levels))
        possible = [level for level, share in zip(variable.levels, mass, strict=True) if share > 0]
        if len(possible) < len(variable.levels):
            parts.append(f"{variable.name} = {' or '.join(possible)}")
    return ", ".join(parts) or "every level of every variable, but with none at which the item can happen"
