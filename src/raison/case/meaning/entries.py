"""What the entries of a case mean in terms of the game: variables, changes, features, reliabilities."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

import numpy as np

from raison.case.text.schema import CaseText, WrittenAction, WrittenDrift, WrittenFeature
from raison.errors import did_you_mean
from raison.game import Effect, StateSpace, Variable
from raison.query.conditions import mask
from raison.query.grammar import parse_condition

CONFIDENCE = {"high": 0.95, "medium": 0.8, "low": 0.6}
"""Words for a confidence, as probabilities."""

Changes = Mapping[str, str]
"""A level or a shift (`+1`) for each variable that changes."""

_SHIFT = re.compile(r"[+-]\d{1,9}")
_SCALE = re.compile(
    r"(?P<variable>\w[\w-]*)\s*,\s*from\s+(?P<low>[+-]?(?:\d+\.?\d*|\.\d+))\s+to\s+(?P<high>[+-]?(?:\d+\.?\d*|\.\d+))"
)


def space_of(case: CaseText) -> StateSpace:
    """Return the state space; raise `CaseError` if a variable has a level twice."""
    return StateSpace(tuple(Variable(name, v.levels, v.ordered) for name, v in case.variables.items()))


def changes_of_drift(name: str, drift: WrittenDrift) -> Changes:
    """Return what a drift changes, as it says itself or by its name; raise `ValueError` if neither tells."""
    if drift.changes is not None:
        return drift.changes
    match name.split():
        case [variable, "falls"]:
            return {variable: "-1"}
        case [variable, "rises"]:
            return {variable: "+1"}
        case [variable, "becomes", level]:
            return {variable: level}
    raise ValueError(
        "a drift is called `VARIABLE falls`, `VARIABLE rises` or `VARIABLE becomes LEVEL`; "
        "under any other name it needs `changes`."
    )


def outcomes_of(action: WrittenAction) -> Sequence[Changes]:
    """Return what each outcome of an action changes."""
    if action.outcomes is None:
        return (action.changes or {},)
    return [outcome.changes for outcome in action.outcomes]


def explain_change(name: str, change: str, space: StateSpace) -> str:
    """Return what is wrong with a change of the variable `name`; empty if nothing is."""
    if name not in space.names:
        return f"no variable `{name}`.{did_you_mean(name, space.names)}"
    variable = space.variable(name)
    if not _SHIFT.fullmatch(change):
        wrong = f"variable `{name}` has no level `{change}`.{did_you_mean(change, variable.levels)}"
        return "" if change in variable.levels else wrong
    if not variable.is_ordered:
        levels = ", ".join(f"`{level}`" for level in variable.levels)
        return f"variable `{name}` is not ordered, so it cannot move by {change}; name a level: {levels}."
    return f"a shift by {change} changes nothing." if int(change) == 0 else ""


def effect_of(changes: Changes, space: StateSpace) -> Effect:
    """Return the effect of changes in which nothing is wrong."""
    effect = Effect()
    for name, change in changes.items():
        variable = space.variable(name)
        is_shift = _SHIFT.fullmatch(change) is not None
        effect = effect.and_(Effect.shift(variable, int(change)) if is_shift else Effect.become(variable, change))
    return effect


def read_scale(text: str) -> tuple[str, float, float] | None:
    """Return variable, low and high end of a feature `support, from 0 to 1`; None if it is no such feature."""
    match = _SCALE.fullmatch(text.strip())
    return None if match is None else (match["variable"], float(match["low"]), float(match["high"]))


def feature_values(feature: WrittenFeature, space: StateSpace) -> np.ndarray:
    """Return phi, the value of a feature in which nothing is wrong, in every state. Shape `[states]`."""
    if feature.text:
        scale = read_scale(feature.text)
        if scale is None:
            return mask(parse_condition(feature.text), space).astype(np.float64)
        name, low, high = scale
        values = np.linspace(low, high, len(space.variable(name).levels))
    else:
        ((name, numbers),) = feature.numbers.items()
        values = np.array([numbers.get(level, 0.0) for level in space.variable(name).levels], dtype=np.float64)
    return values[space.levels_of(name)]


def read_confidence(text: str | None) -> float:
    """Return a confidence as a probability in (0, 1]; raise `ValueError` with a message if it is none."""
    if text is None:
        return 1.0
    try:
        value = CONFIDENCE.get(text) or float(text)
    except ValueError:
        value = math.nan
    if not 0 < value <= 1:
        raise ValueError(f"found `{text}`; need a number above 0 and at most 1, or one of high, medium, low.")
    return value


def is_assumed(basis: str) -> bool:
    """Tell whether a basis is an assumption, not a source."""
    return re.match(r"assumed\b", basis.strip()) is not None


def source_keys(basis: str) -> list[str]:
    """Return the keys of sources that a basis or a `source` names."""
    return [] if is_assumed(basis) else [key.strip() for key in basis.split(",") if key.strip()]
