"""What each explanation says of the record at its mode: item by item, act by act, path by path."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from raison.analysis.fitting import Fit
from raison.analysis.watch import Watch
from raison.case import BuiltCase
from raison.chain import Chain
from raison.chain.transient import MAX_LOAD
from raison.record import Move
from raison.record.filter import expected_acts, item_weights, longest_step, run_filter
from raison.record.plan import Plan, make_plan
from raison.study import ActionForecast, ItemResult, ItemWeight

POINTS = 60
"""About how many points a smoothed path has."""

DESCRIBING = "weigh the items"


@dataclass(frozen=True, eq=False)
class Description:
    """One explanation at its mode, against the record.

    Attributes:
        act: log probability of each item; the last is the end of the watch. Shape `[items + 1]`.
        silence: of the silence before each. Shape `[items + 1]`.
        forecasts: expected and seen number of every action.
        paths: smoothed probability of the levels of every variable. Each of shape `[times, levels]`.
    """

    act: np.ndarray
    silence: np.ndarray
    forecasts: tuple[ActionForecast, ...]
    paths: dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Described:
    """All explanations described, on one plan of steps.

    Attributes:
        each: in the order of the fits.
        plan: the record cut finely enough for every chain.
        dates: ISO dates of the points of the paths.
    """

    each: tuple[Description, ...]
    plan: Plan
    dates: tuple[str, ...]


def describe_all(case: BuiltCase, fits: tuple[Fit, ...], watch: Watch) -> Described:
    """Describe every explanation at its mode."""
    longest = case.record.until / POINTS
    plan = make_plan(case.record, case.space, longest=longest)
    fastest = max(float(longest_step(fit.chain, plan)) for fit in fits)
    if fastest * plan.longest > MAX_LOAD:
        plan = make_plan(case.record, case.space, longest=MAX_LOAD / fastest)
    compute = jax.jit(lambda chain: _compute(chain, plan, jnp.asarray(case.start)))
    points = _points(plan)
    each = []
    for number, fit in enumerate(fits):
        watch.tell(DESCRIBING, number, len(fits))
        act, silence, smoothed, expected = map(np.asarray, compute(fit.chain))
        each.append(_describe(case, fit, act, silence, smoothed[points], expected))
    dates = tuple(_date(case, float(plan.time[point])) for point in points)
    return Described(tuple(each), plan, dates)


def _compute(chain: Chain, plan: Plan, start: jax.Array):
    """Return act and silence of the items, smoothed states, and expected acts, from one run there and back."""

    def total(log_potentials):
        filtered = run_filter(chain, plan, start, log_potentials)
        return filtered.silence.sum() + filtered.act.sum(), filtered

    zero = jnp.zeros((len(plan.elapsed), chain.space.size))
    smoothed, filtered = jax.grad(total, has_aux=True)(zero)
    act, silence = item_weights(filtered, plan)
    return act, silence, smoothed, expected_acts(chain, plan, start, filtered)


def _points(plan: Plan) -> np.ndarray:
    """Return the last step of each distinct moment."""
    return np.flatnonzero(np.append(np.diff(plan.time) > 1e-9, True))


def _date(case: BuiltCase, time: float) -> str:
    span = (case.until - case.begin).days
    return str(case.begin + datetime.timedelta(days=round(time / case.record.until * span)))


def _describe(
    case: BuiltCase,
    fit: Fit,
    act: np.ndarray,
    silence: np.ndarray,
    smoothed: np.ndarray,
    expected: np.ndarray,
) -> Description:
    paths = {}
    for variable in case.space.variables:
        levels = np.eye(len(variable.levels))[case.space.levels_of(variable.name)]
        paths[variable.name] = smoothed @ levels
    forecasts = []
    for player, actions in case.names.actions.items():
        for action in actions:
            mine = [(kind.who, kind.what) == (player, action) for kind in fit.chain.kinds]
            seen = sum(isinstance(i, Move) and (i.who, i.what) == (player, action) for i in case.record.items)
            forecasts.append(ActionForecast(player, action, float(expected[mine].sum()), seen))
    return Description(act, silence, tuple(forecasts), paths)


def item_results(case: BuiltCase, fits: tuple[Fit, ...], described: Described) -> tuple[ItemResult, ...]:
    """Return the dated items with their weights; the last is the silence after the last of them."""
    results = []
    for number, item in enumerate([*case.record.items, None]):
        weights = {
            fit.explanation.name: ItemWeight(float(each.act[number]), float(each.silence[number]))
            for fit, each in zip(fits, described.each, strict=True)
        }
        if item is None:
            results.append(ItemResult(str(case.until), "end", "", "", "", "", 1.0, weights))
            continue
        confidence = float(getattr(item, "confidence", getattr(item, "reliability", 1.0)))
        kind = type(item).__name__.lower()
        results.append(ItemResult(item.date, kind, item.who, item.what, item.source, item.note, confidence, weights))
    return tuple(results)
