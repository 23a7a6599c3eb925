"""What conditions and tests mean in a case: the states where a condition holds, and whether every name is known."""

from __future__ import annotations

import datetime
import operator
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
from jaxtyping import Bool

from raison.errors import QueryError, did_you_mean
from raison.game import StateSpace, Variable
from raison.query.tree import (
    HAD,
    LOOKED_UP,
    SURPRISE,
    Actions,
    And,
    Arithmetic,
    Askable,
    Compare,
    Comparison,
    Condition,
    Conditioned,
    Expression,
    Form,
    Given,
    In,
    Intervention,
    Names,
    Never,
    Not,
    Or,
    Query,
    SetLevel,
    SetNumber,
    Test,
    Unchanged,
)
from raison.record.watched import SAME_TIME

Q = TypeVar("Q", Test, Comparison, Expression, Query)

MIXED = (
    "it asks how probable explanations are and also for what hangs on the numbers of the case: the errors of the two "
    "are of different kinds. Ask one after the other."
)

OPERATORS = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def mask(condition: Condition, space: StateSpace) -> Bool[np.ndarray, " states"]:
    """Return the states in which `condition` holds; its names must be known. Shape `[states]`, bool."""
    match condition:
        case Compare(variable, op, level):
            return OPERATORS[op](space.levels_of(variable), space.variable(variable).index(level))
        case In(variable, levels):
            known = space.variable(variable)
            return np.isin(space.levels_of(variable), [known.index(level) for level in levels])
        case And(parts):
            return np.logical_and.reduce([mask(part, space) for part in parts])
        case Or(parts):
            return np.logical_or.reduce([mask(part, space) for part in parts])
        case Not(part):
            return ~mask(part, space)


def variables_in(condition: Condition) -> set[str]:
    """Return the names of the variables that `condition` speaks of."""
    match condition:
        case Compare(variable, _, _) | In(variable, _):
            return {variable}
        case And(parts) | Or(parts):
            return set().union(*(variables_in(part) for part in parts))
        case Not(part):
            return variables_in(part)


def resolve_action(player: str, word: str, actions: Actions) -> str:
    """Return the action that `word` names: itself, or what it is a verb's third person of; `word` if neither."""
    known = actions.get(player, ())
    stems = (word, word.removesuffix("s"), word.removesuffix("es"), re.sub("ies$", "y", word))
    return next((stem for stem in stems if stem in known), word)


def resolve_given(given: Given, actions: Actions) -> Given:
    """Return what a probability is conditioned on with every action under its exact name."""
    changed = tuple(
        replace(
            each, change=replace(each.change, action=resolve_action(each.change.player, each.change.action, actions))
        )
        if isinstance(each.change, Never)
        else each
        for each in given.interventions
    )
    return replace(given, interventions=changed)


def check_query(query: Query, names: Names) -> list[str]:
    """Return what a query asks for that the case does not have, or that cannot be compared; empty if nothing."""
    wrong = [message for form in forms_in(query) for message in form.problems(names)]
    scales = sorted({form.scale for form in forms_in(query)} - {""})
    if len(scales) > 1:
        whose = " and ".join(f"`{player}`" for player in scales)
        wrong.append(f"what {whose} weigh has no common scale: each payoff is in units of its own player's shocks.")
    return wrong


def speaks_of_explanations(query: Query) -> bool:
    """Return whether the answer to a query hangs on how probable the explanations are."""
    return any(form.speaks_of_explanations for form in forms_in(query))


def is_about_explanations(query: Query) -> bool:
    """Return whether the answer to a query hangs on how probable the explanations are, and on nothing inferred else."""
    return speaks_of_explanations(query) and all(
        form.speaks_of_explanations or form.rests_on == LOOKED_UP for form in forms_in(query)
    )


def check_question(query: Query, names: Names) -> list[str]:
    """Return what is wrong with a query that is asked by itself; empty if nothing is."""
    is_mixed = speaks_of_explanations(query) and not is_about_explanations(query)
    return check_query(query, names) + ([MIXED] if is_mixed else [])


def resolve(query: Q, actions: Actions) -> Q:
    """Return `query` with every action under its exact name (`conciliates` becomes `conciliate`).

    A player or an action that is not known stays as it is.
    """
    return with_forms(query, lambda form: form.resolved(actions))


def with_forms(query: Q, change: Callable[[Form], Form]) -> Q:
    """Return `query` with every question of which it is made changed."""
    match query:
        case Test(comparisons):
            return replace(query, comparisons=tuple(with_forms(each, change) for each in comparisons))
        case Comparison(_, left, right) | Arithmetic(_, left, right):
            return replace(query, left=with_forms(left, change), right=with_forms(right, change))
        case Form():
            return change(query)  # pyright: ignore[reportReturnType]
    return query


def as_it_was(query: Q) -> Q:
    """Return the same question of the past as it was, with nothing changed in it."""

    def unchanged(form: Form) -> Form:
        is_replay = isinstance(form, Conditioned) and form.given.is_replay
        return replace(form, given=form.given.unchanged()) if is_replay else form  # pyright: ignore

    return with_forms(query, unchanged)


def forms_in(query: Query) -> Iterator[Form]:
    """Yield the questions of which a query is made."""
    match query:
        case Test(comparisons):
            for comparison in comparisons:
                yield from forms_in(comparison)
        case Comparison(_, left, right) | Arithmetic(_, left, right):
            yield from forms_in(left)
            yield from forms_in(right)
        case Form():
            yield query


def check_condition(condition: Condition, variables: Sequence[Variable]) -> list[str]:
    """Return what is wrong with the names and orders in `condition`; empty if nothing is."""
    match condition:
        case Compare(name, op, level):
            wrong = _check_levels(name, (level,), variables)
            is_order = op not in ("=", "!=")
            if not wrong and is_order and not next(v for v in variables if v.name == name).is_ordered:
                wrong.append(f"variable `{name}` is not ordered, so `{op}` means nothing; use `=`, `!=` or `in (...)`.")
            return wrong
        case In(name, levels):
            return _check_levels(name, levels, variables)
        case And(parts) | Or(parts):
            return [message for part in parts for message in check_condition(part, variables)]
        case Not(part):
            return check_condition(part, variables)


def check_action(player: str, action: str, actions: Actions) -> list[str]:
    """Return what is wrong with an action of a player; empty if nothing is."""
    if player not in actions:
        return [f"no player `{player}`.{did_you_mean(player, actions)}"]
    if resolve_action(player, action, actions) not in actions[player]:
        return [f"player `{player}` has no action `{action}`.{did_you_mean(action, actions[player])}"]
    return []


def check_given(given: Given, names: Names) -> list[str]:
    """Return what is wrong with the interventions of a question; empty if nothing is."""
    wrong = check_episode(given.episode, names)
    for each in given.interventions:
        match each.change:
            case SetLevel(variable, level):
                wrong += _check_levels(variable, (level,), names.variables)
            case Never(player, action):
                wrong += check_action(player, action, names.actions)
            case SetNumber():
                wrong += _check_number(each.change, names)
                if each.how == SURPRISE and any(part in each.change.name for part in ONLY_WEIGHED):
                    wrong.append(
                        f"`surprise({each.change})` changes nothing: players go on choosing as before, and that number "
                        "counts only in what they choose. Write `do(...)`."
                    )
            case Unchanged():
                if each.how != HAD or each.begin or each.end or len(given.interventions) > 1:
                    wrong.append(f"`{each}` changes nothing; `had(nothing)` alone is the record as it was.")
        wrong += _check_span(each, given, names)
    held = [each.change.variable for each in given.interventions if isinstance(each.change, SetLevel)]
    twice = sorted({name for name in held if held.count(name) > 1})
    wrong += [f"variable `{name}` is set twice; once is enough." for name in twice]
    if given.is_replay:
        if any(each.how != HAD for each in given.interventions):
            wrong.append("`had(...)` changes the past, the others what comes; ask for one at a time.")
        if given.record is None:
            wrong.append("`had(...)` lives through a record again: write `| record, had(...)`.")
    return wrong


ONLY_WEIGHED = (".wants.", ".costs", ".looks ahead")
"""Parts of the names of numbers that count only in what players choose."""

ANY_SIGN = (".wants.", ".costs")
"""Those of numbers that may be zero or below."""


def check_number_name(name: str, names: Names) -> list[str]:
    """Return what is wrong with the name of a number of the case; empty if nothing is."""
    return [] if name in names.numbers else [f"the case has no number `{name}`.{did_you_mean(name, names.numbers)}"]


def _check_number(change: SetNumber, names: Names) -> list[str]:
    if change.name not in names.numbers:
        return check_number_name(change.name, names)
    if any(part in change.name for part in ANY_SIGN):
        return []
    if change.is_ratio:
        return [] if change.value > 0.0 else [f"`{change}`: this number must stay above 0."]
    if change.name.endswith(".chance"):
        return [] if 0.0 <= change.value <= 1.0 else [f"`{change}`: a chance lies between 0 and 1."]
    return [] if change.value > 0.0 else [f"`{change}`: this number must be above 0."]


def _check_span(each: Intervention, given: Given, names: Names) -> list[str]:
    """Return what is wrong with the days of a change."""
    start, until = forecast_start(given, names), None
    if each.how == HAD:
        start, until = names.span(given.episode)[0], start
    wrong = []
    if each.begin is not None and each.end is not None and each.begin > each.end:
        wrong.append(f"`{each}`: the first day must not be after the last.")
    days = [day for day in (each.begin, each.end) if day is not None]
    if all(start <= day and (until is None or day <= until) for day in days):
        return wrong
    if each.how == HAD:
        return [*wrong, f"`{each}`: the record that is lived through again runs from {start} to {until}."]
    return [*wrong, f"`{each}`: the forecast starts on {start}; a change must not lie before it."]


def check_no_replay(given: Given) -> list[str]:
    """Return what is wrong with a question that cannot be asked of a past that is lived through again."""
    return (
        ["`had(...)` can be asked for in `P(...)`, `E(number of ...)` and `again(...)` only."]
        if given.is_replay
        else []
    )


def check_unchanged(given: Given, form: str) -> list[str]:
    """Return what is wrong with a question that is asked of the game as it is; empty if nothing is."""
    return [f"`{form}(...)` is asked of the game as it is; leave `{each}` out." for each in given.interventions]


def check_episode(episode: str, names: Names) -> list[str]:
    """Return what is wrong with the name of an episode; empty if nothing is, or none is named."""
    if not episode or episode in names.spans:
        return []
    known = [name for name in names.spans if name]
    return [f"no episode `{episode}`.{did_you_mean(episode, known)}" if known else "the case has no episodes."]


def forecast_start(given: Given, names: Names) -> datetime.date:
    """Return the day on which the forecast of a probability starts."""
    begin, until = names.span(given.episode)
    if given.record is None:
        return begin
    return until if given.record == "all" else given.record


def check_forecast(given: Given, date: datetime.date, names: Names) -> list[str]:
    """Return what is wrong with the dates of a forecast: first day of the case, its start, the day asked for."""
    start = forecast_start(given, names)
    begin, until = names.span(given.episode)
    if not begin <= start <= until:
        return [f"`record to {start}`: the record runs from {begin} to {until}."]
    if given.is_replay:
        if not begin <= date <= start:
            return [f"found the date {date}; the record that is lived through again runs from {begin} to {start}."]
        return []
    if date < start:
        return [f"found the date {date}, but the forecast starts on {start}; ask for a later day."]
    return []


def start_of(given: Given, world: Askable) -> float:
    """Return when a forecast starts, from the start of the watch."""
    watched = world.record(given.episode)
    if given.record is None:
        return 0.0
    return watched.record.until if given.record == "all" else watched.calendar.end_of(given.record)


def end_of(date: datetime.date, given: Given, world: Askable) -> float:
    """Return the time at the end of a day; the start of a forecast for the day on which it starts.

    Errors:
        `QueryError` if that day lies before a forecast starts.
    """
    time, start = world.record(given.episode).calendar.end_of(date), start_of(given, world)
    if abs(time - start) < SAME_TIME:
        return start
    if time < start and not given.is_replay:
        raise QueryError(f"{date} lies before the forecast starts. Condition on less of the record.")
    return time


def _check_levels(name: str, levels: Sequence[str], variables: Sequence[Variable]) -> list[str]:
    known = {variable.name: variable.levels for variable in variables}
    if name not in known:
        return [f"no variable `{name}`.{did_you_mean(name, known)}"]
    return [
        f"variable `{name}` has no level `{level}`.{did_you_mean(level, known[name])}"
        for level in levels
        if level not in known[name]
    ]
