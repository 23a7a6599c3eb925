"""What conditions and tests mean in a case: the states where a condition holds, and whether every name is known."""

from __future__ import annotations

import datetime
import operator
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from raison.errors import did_you_mean
from raison.game import StateSpace, Variable
from raison.query.grammar import (
    And,
    Arithmetic,
    Compare,
    Comparison,
    Condition,
    DoLevel,
    DoNever,
    Expression,
    Given,
    In,
    IndicatorValue,
    MoveCount,
    Not,
    Or,
    Posterior,
    Probability,
    Query,
    Test,
)

OPERATORS = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Names:
    """What a query may speak of.

    Attributes:
        variables: the state variables.
        actions: the actions of every player.
        explanations: the rival explanations.
        indicators: the (name, date) pairs that have a value.
        begin: first day of the case.
        until: end of the record.
    """

    variables: Sequence[Variable]
    actions: Mapping[str, Collection[str]]
    explanations: Collection[str]
    indicators: Collection[tuple[str, datetime.date]]
    begin: datetime.date
    until: datetime.date


def mask(condition: Condition, space: StateSpace) -> np.ndarray:
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


def check_condition(condition: Condition, space: StateSpace) -> list[str]:
    """Return what is wrong with the names and orders in `condition`; empty if nothing is."""
    return _check_condition(condition, space.variables)


def variables_in(condition: Condition) -> set[str]:
    """Return the names of the variables that `condition` speaks of."""
    match condition:
        case Compare(variable, _, _) | In(variable, _):
            return {variable}
        case And(parts) | Or(parts):
            return set().union(*(variables_in(part) for part in parts))
        case Not(part):
            return variables_in(part)


def resolve_action(word: str, actions: Collection[str]) -> str | None:
    """Return the action that `word` names: itself, or without a final `s` as a verb has it; None if neither."""
    if word in actions:
        return word
    stem = word.removesuffix("s")
    return stem if stem in actions else None


def check_test(test: Query, names: Names) -> list[str]:
    """Return what a test, or any other query, asks for that the case does not have; empty if nothing.

    Dates must be in order: the first day of the case, the start of the forecast, the date asked for.
    """
    return [message for part in _leaves(test) for message in _check_leaf(part, names)]


def resolve(query: Query, actions: Mapping[str, Collection[str]]) -> Query:
    """Return `query` with every action under its exact name (`conciliates` becomes `conciliate`).

    A player or an action that is not known stays as it is.
    """
    match query:
        case Test(comparisons):
            return Test(tuple(_resolve_comparison(comparison, actions) for comparison in comparisons))
        case Comparison():
            return _resolve_comparison(query, actions)
        case _:
            return _resolve_expression(query, actions)


def resolve_test(test: Test, actions: Mapping[str, Collection[str]]) -> Test:
    """Return `test` with every action under its exact name."""
    return Test(tuple(_resolve_comparison(comparison, actions) for comparison in test.comparisons))


def _resolve_comparison(comparison: Comparison, actions: Mapping[str, Collection[str]]) -> Comparison:
    left, right = (_resolve_expression(side, actions) for side in (comparison.left, comparison.right))
    return Comparison(comparison.op, left, right)


def _resolve_expression(expression: Expression, actions: Mapping[str, Collection[str]]) -> Expression:
    def exact(player: str, action: str) -> str:
        return resolve_action(action, actions.get(player, ())) or action

    match expression:
        case Arithmetic(op, left, right):
            return Arithmetic(op, _resolve_expression(left, actions), _resolve_expression(right, actions))
        case MoveCount(player, action):
            return replace(expression, action=exact(player, action))
        case Probability(given=given):
            changed = tuple(
                replace(part, action=exact(part.player, part.action)) if isinstance(part, DoNever) else part
                for part in given.interventions
            )
            return replace(expression, given=replace(given, interventions=changed))
    return expression


def _leaves(query: Query) -> Iterator[Expression]:
    match query:
        case Test(comparisons):
            for comparison in comparisons:
                yield from _leaves(comparison)
        case Comparison(_, left, right) | Arithmetic(_, left, right):
            yield from _leaves(left)
            yield from _leaves(right)
        case _:
            yield query


def _check_leaf(leaf: Expression, names: Names) -> list[str]:
    match leaf:
        case Probability(condition, _, date, given):
            wrong = _check_condition(condition, names.variables)
            return wrong + _check_given(given, names) + _check_forecast(date, given, names)
        case Posterior(explanation) if explanation not in names.explanations:
            return [f"no explanation `{explanation}`.{did_you_mean(explanation, names.explanations)}"]
        case IndicatorValue(indicator, date):
            return _check_indicator(indicator, date, names)
        case MoveCount(player, action, begin, end):
            return _check_action(player, action, names) + _check_period(begin, end, names)
    return []


def _check_condition(condition: Condition, variables: Sequence[Variable]) -> list[str]:
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
            return [message for part in parts for message in _check_condition(part, variables)]
        case Not(part):
            return _check_condition(part, variables)


def _check_levels(name: str, levels: Sequence[str], variables: Sequence[Variable]) -> list[str]:
    known = {variable.name: variable.levels for variable in variables}
    if name not in known:
        return [f"no variable `{name}`.{did_you_mean(name, known)}"]
    return [
        f"variable `{name}` has no level `{level}`.{did_you_mean(level, known[name])}"
        for level in levels
        if level not in known[name]
    ]


def _check_action(player: str, action: str, names: Names) -> list[str]:
    if player not in names.actions:
        return [f"no player `{player}`.{did_you_mean(player, names.actions)}"]
    if resolve_action(action, names.actions[player]) is None:
        return [f"player `{player}` has no action `{action}`.{did_you_mean(action, names.actions[player])}"]
    return []


def _check_given(given: Given, names: Names) -> list[str]:
    wrong: list[str] = []
    for intervention in given.interventions:
        match intervention:
            case DoLevel(variable, level):
                wrong += _check_levels(variable, (level,), names.variables)
            case DoNever(player, action):
                wrong += _check_action(player, action, names)
    held = [part.variable for part in given.interventions if isinstance(part, DoLevel)]
    twice = sorted({name for name in held if held.count(name) > 1})
    return wrong + [f"`do` sets variable `{name}` twice; once is enough." for name in twice]


def forecast_start(given: Given, names: Names) -> datetime.date:
    """Return the day on which the forecast of a probability starts."""
    if given.record is None:
        return names.begin
    return names.until if given.record == "all" else given.record


def _check_forecast(date: datetime.date, given: Given, names: Names) -> list[str]:
    start = forecast_start(given, names)
    if not names.begin <= start <= names.until:
        return [f"`record to {start}`: the record runs from {names.begin} to {names.until}."]
    if date < start:
        return [f"found the date {date}, but the forecast starts on {start}; ask for a later day."]
    return []


def _check_period(begin: datetime.date, end: datetime.date, names: Names) -> list[str]:
    if begin > end:
        return [f"found `from {begin} to {end}`; the first date must not be after the second."]
    if begin < names.begin or end > names.until:
        return [f"found `from {begin} to {end}`; the record runs from {names.begin} to {names.until}."]
    return []


def _check_indicator(indicator: str, date: datetime.date, names: Names) -> list[str]:
    known = {name for name, _ in names.indicators}
    if indicator not in known:
        return [f"no indicator `{indicator}`.{did_you_mean(indicator, sorted(known))}"]
    if (indicator, date) not in names.indicators:
        dates = sorted(str(day) for name, day in names.indicators if name == indicator)
        return [f"indicator `{indicator}` has no value at {date}.{did_you_mean(str(date), dates)}"]
    return []
