"""Check the world of a case: variables, nature, players, features, explanations and their numbers."""

from __future__ import annotations

import collections
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from raison.case.meaning.entries import (
    Changes,
    changes_of_drift,
    effect_of,
    explain_change,
    is_assumed,
    outcomes_of,
    read_scale,
    source_keys,
    space_of,
)
from raison.case.meaning.episodes import Episode, episodes_of
from raison.case.meaning.numbers import Numbers, WrittenNumber, explain_link, read_numbers
from raison.case.meaning.ranges import REST, read_number
from raison.case.text.places import Path, Places
from raison.case.text.reader import WrittenCase
from raison.case.text.schema import CaseText, Ratios, WrittenAction, WrittenChance
from raison.errors import CaseError, Problem, QueryError, did_you_mean, quote
from raison.game import StateSpace
from raison.query.conditions import check_condition, mask
from raison.query.grammar import parse_condition

MOST_STATES = 2_000_000
"""Largest state space that is computed."""


@dataclass(frozen=True)
class Checking:
    """A case under check."""

    case: CaseText
    places: Places
    space: StateSpace
    numbers: Numbers
    episodes: tuple[Episode, ...]


def begin_check(written: WrittenCase) -> Checking:
    """Return the case ready for checking; raise `CaseError` if it has no possible space or time."""
    case, places = written.text, written.places
    problems = []
    for name, variable in case.variables.items():
        twice = [level for level, count in collections.Counter(variable.levels).items() if count > 1]
        problems += [places.problem(("variables", name, "levels"), f"level `{level}` stands twice.") for level in twice]
    size = math.prod(len(variable.levels) for variable in case.variables.values())
    if size > MOST_STATES:
        many = f"{size:,}" if size < 10**12 else f"10^{math.log10(size):.0f}"
        message = (
            f"the variables span {many} states; at most {MOST_STATES:,} are computed. Merge levels or leave one out."
        )
        problems.append(places.problem(("variables",), message, at_key=True))
    problems += _check_dates(case, places)
    if problems:
        raise CaseError(problems)
    return Checking(case, places, space_of(case), read_numbers(case), episodes_of(case))


def _check_dates(case: CaseText, places: Places) -> Iterator[Problem]:
    """Check that the dates stand where they belong, in the case or in each of its episodes, and in order."""
    written = {"from": case.time.begin, "until": case.time.until}
    if case.episodes:
        for entry, found in {**written, "focus": case.time.focus}.items():
            if found is not None:
                message = f"found `{found}`; each episode has its own `{entry}`, so leave this out."
                yield places.problem(("time", entry), message)
        if case.record:
            message = "each episode has its own `record`, so leave this out."
            yield places.problem(("record",), message, at_key=True)
    else:
        for entry, found in written.items():
            if found is None:
                yield places.problem(("time", entry), f"`{entry}` is missing; it must be given.", at_key=True)
    for episode in episodes_of(case):
        if episode.begin is not None and episode.until is not None and episode.begin >= episode.until:
            message = f"found `{episode.until}`; it must be after `from`, {episode.begin}."
            yield places.problem((*episode.path, "until"), message)


def check_time(at: Checking) -> Iterator[Problem]:
    """Check that the day of each decision lies in the time of its episode."""
    for episode in at.episodes:
        begin, until, focus = episode.begin, episode.until, episode.focus
        if focus is not None and begin is not None and until is not None and not begin <= focus <= until:
            message = f"found `{focus}`; it must lie from {begin} to {until}."
            yield at.places.problem((*episode.path, "focus"), message)


def check_starts(at: Checking) -> Iterator[Problem]:
    """Check where the world stands on the first day of each episode."""
    for name, episode in at.case.episodes.items():
        for variable, start in episode.at_start.items():
            path: Path = ("episodes", name, "at start", variable)
            if variable not in at.space.names:
                message = f"no variable `{variable}`.{did_you_mean(variable, at.space.names)}"
                yield at.places.problem(path, message, at_key=True)
            else:
                yield from _check_start(at, path, at.space.variable(variable).levels, start)


def check_variables(at: Checking) -> Iterator[Problem]:
    """Check the start of every variable."""
    for name, variable in at.case.variables.items():
        yield from _check_start(at, ("variables", name, "at start"), variable.levels, variable.at_start)


def _check_start(at: Checking, path: Path, levels: Sequence[str], start: Mapping[str, float]) -> Iterator[Problem]:
    """Check the probabilities of the levels of a variable on a first day."""
    name = path[1] if path[0] == "variables" else path[-1]
    for level in start:
        if level not in levels:
            message = f"variable `{name}` has no level `{level}`.{did_you_mean(level, levels)}"
            yield at.places.problem((*path, level), message, at_key=True)
    total = sum(start.values())
    if not math.isclose(total, 1.0, abs_tol=1e-6):
        yield at.places.problem(path, f"the probabilities sum to {total:g}; they must sum to 1.")


def check_nature(at: Checking) -> Iterator[Problem]:
    """Check what drifts change, and when."""
    for name, drift in at.case.nature.items():
        path: Path = ("nature", name)
        yield from check_basis(at, path, drift.basis)
        yield from _check_ratios(at, (*path, "when"), drift.when)
        wrong = list(_check_condition(at, (*path, "if"), drift.condition))
        try:
            changes = changes_of_drift(name, drift)
        except ValueError as error:
            yield at.places.problem(path, str(error), at_key=True)
            continue
        wrong += _check_changes(at, (*path, "changes"), changes)
        yield from wrong
        if not wrong and not _can_change(at, changes, drift.condition):
            yield at.places.problem(path, "this drift would change nothing in any state.", at_key=True)


def _can_change(at: Checking, changes: Changes, condition: str | None) -> bool:
    moves = effect_of(changes, at.space).targets(at.space) != np.arange(at.space.size)
    return bool((moves if condition is None else moves & mask(parse_condition(condition), at.space)).any())


def check_players(at: Checking) -> Iterator[Problem]:
    """Check what players can do and want."""
    for name, player in at.case.players.items():
        path: Path = ("players", name)
        yield from check_basis(at, path, player.basis)
        yield from _check_ratios(at, (*path, "acts", "when"), player.acts.when)
        yield from _check_wants(at, (*path, "wants"), player.wants)
        for action, written in player.actions.items():
            yield from _check_action(at, (*path, "actions", action), written)


def _check_action(at: Checking, path: Path, action: WrittenAction) -> Iterator[Problem]:
    if action.costs is not None:
        yield from _check_ratios(at, (*path, "costs", "when"), action.costs.when)
    if action.basis is not None:
        yield from check_basis(at, path, action.basis)
    yield from _check_condition(at, (*path, "if"), action.condition)
    if action.changes is not None and action.outcomes is not None:
        yield at.places.problem((*path, "outcomes"), "found both `changes` and `outcomes`; keep one.", at_key=True)
    if action.outcomes is None:
        yield from _check_changes(at, (*path, "changes"), action.changes or {})
        return
    for index, changes in enumerate(outcomes_of(action)):
        yield from _check_changes(at, (*path, "outcomes", index, "changes"), changes)


def _check_changes(at: Checking, path: Path, changes: Changes) -> Iterator[Problem]:
    for name, change in changes.items():
        message = explain_change(name, change, at.space)
        if message:
            yield at.places.problem((*path, name), message, at_key=name not in at.space.names)


def _check_ratios(at: Checking, path: Path, ratios: Ratios) -> Iterator[Problem]:
    for name, levels in ratios.items():
        if name not in at.space.names:
            message = f"no variable `{name}`.{did_you_mean(name, at.space.names)}"
            yield at.places.problem((*path, name), message, at_key=True)
            continue
        known = at.space.variable(name).levels
        for level in levels:
            if level not in known:
                message = f"variable `{name}` has no level `{level}`.{did_you_mean(level, known)}"
                yield at.places.problem((*path, name, level), message, at_key=True)


def _check_condition(at: Checking, path: Path, text: str | None) -> Iterator[Problem]:
    if text is None:
        return
    try:
        condition = parse_condition(text)
    except QueryError as error:
        for problem in error.problems:
            yield at.places.problem_inside(path, text, problem.column - 1, problem.message)
        return
    wrong = check_condition(condition, at.space.variables)
    yield from (at.places.problem(path, message) for message in wrong)
    if not wrong and not mask(condition, at.space).any():
        yield at.places.problem(path, f"`{text}` holds in no state.")


def check_features(at: Checking) -> Iterator[Problem]:
    """Check that features speak of known variables and levels."""
    for name, feature in at.case.features.items():
        path: Path = ("features", name)
        if feature.text:
            yield from _check_line(at, path, feature.text)
        else:
            yield from _check_ratios(
                at, path, {v: dict.fromkeys(numbers, "") for v, numbers in feature.numbers.items()}
            )


def _check_line(at: Checking, path: Path, text: str) -> Iterator[Problem]:
    """Check a feature in one line: a variable with a scale, or a condition."""
    with_comma = re.sub(r"\s+from\b", ", from", text, count=1)
    if (scale := read_scale(text)) is not None:
        yield from _check_scale(at, path, text, *scale)
    elif read_scale(with_comma) is not None:
        yield at.places.problem(path, f"found {quote(text)}; a comma is missing: write {quote(with_comma)}.")
    elif not re.search(r"[=<>!(]|\bin\b", text):
        message = (
            f"found {quote(text)}; write a condition such as `VARIABLE = LEVEL`, a scale such as "
            "`VARIABLE, from 0 to 1`, or a number for each level of one variable. Features take no arithmetic."
        )
        yield at.places.problem(path, message)
    else:
        yield from _check_condition(at, path, text)


def _check_scale(at: Checking, path: Path, text: str, variable: str, low: float, high: float) -> Iterator[Problem]:
    if variable not in at.space.names:
        yield at.places.problem(path, f"no variable `{variable}`.{did_you_mean(variable, at.space.names)}")
    elif not at.space.variable(variable).is_ordered:
        message = f"variable `{variable}` is not ordered, so it has no `from ... to ...`; give each level a number."
        yield at.places.problem(path, message)
    elif not math.isfinite(high - low):
        yield at.places.problem(path, f"found {quote(text)}, which is too large to compute with.")


def _check_wants(at: Checking, path: Path, weights: dict[str, str]) -> Iterator[Problem]:
    for feature in weights:
        if feature not in at.case.features:
            message = f"no feature `{feature}`.{did_you_mean(feature, at.case.features)}"
            yield at.places.problem((*path, feature), message, at_key=True)


def check_explanations(at: Checking) -> Iterator[Problem]:
    """Check that explanations speak of known players, features and numbers."""
    known = {number.name for number in (*at.numbers.every, *at.numbers.links)}
    for name, explanation in at.case.explanations.items():
        path: Path = ("explanations", name)
        yield from check_basis(at, path, explanation.basis)
        for player, weights in explanation.wants.items():
            if player not in at.case.players:
                message = f"no player `{player}`.{did_you_mean(player, at.case.players)}"
                yield at.places.problem((*path, "wants", player), message, at_key=True)
            yield from _check_wants(at, (*path, "wants", player), weights)
        for seen in explanation.sees:
            if seen not in known:
                message = f"no number `{seen}`.{did_you_mean(seen, sorted(known))}"
                yield at.places.problem((*path, "sees", seen), message, at_key=True)
        wants = {f"players.{player}.wants.{feature}" for player, own in explanation.wants.items() for feature in own}
        for seen in sorted(wants & set(explanation.sees)):
            yield at.places.problem(
                (*path, "sees", seen), "this explanation `wants` it already; keep one.", at_key=True
            )


def check_basis(at: Checking, path: Path, basis: str) -> Iterator[Problem]:
    """Check that a basis is an assumption or known sources."""
    keys = source_keys(basis)
    if not keys and not is_assumed(basis):
        yield at.places.problem((*path, "basis"), "`basis` is empty; write `assumed` or keys of the sources.")
    for key in keys:
        if key not in at.case.sources:
            message = f"no source `{key}`.{did_you_mean(key, [*at.case.sources, 'assumed'])}"
            yield at.places.problem((*path, "basis"), message)


def check_numbers(at: Checking) -> Iterator[Problem]:
    """Check that every number can be read as what it measures."""
    unit = at.case.time.unit
    for link in at.numbers.links:
        if message := explain_link(link, at.numbers):
            yield at.places.problem(link.path, message)
    for number in at.numbers.written():
        try:
            number.prior(unit)
        except ValueError as error:
            yield at.places.problem(number.path, str(error))


def check_chances(at: Checking) -> Iterator[Problem]:
    """Check that the chances of every action's outcomes sum to 1, or leave room for the outcome that takes the rest."""
    every = at.numbers.every
    for name, player in at.case.players.items():
        for action, entry in player.actions.items():
            path: Path = ("players", name, "actions", action, "outcomes")
            texts = [outcome.chance.base for outcome in entry.outcomes or ()]
            chances = at.numbers.players[name].actions[action].chances
            slots = [each.base for each in chances if each is not None]
            yield from _check_odds(at, path, [outcome.chance for outcome in entry.outcomes or ()])
            if texts.count(REST) > 1:
                yield at.places.problem(path, f"{texts.count(REST)} outcomes say `{REST}`; one can take what is left.")
            elif texts:
                yield from _check_sum(at, path, [every[slot] for slot in slots], REST in texts)
                for own in at.numbers.beliefs.values():
                    if seen := [own[slot] for slot in slots if slot in own]:
                        believed = [own.get(slot, every[slot]) for slot in slots]
                        yield from _check_sum(at, seen[0].path, believed, REST in texts)


def _check_odds(at: Checking, path: Path, chances: Sequence[WrittenChance]) -> Iterator[Problem]:
    """Check the odds ratios of the chances of one action."""
    has_rest = any(each.base == REST for each in chances)
    for number, each in enumerate(chances):
        place = (*path, number, "chance", "when")
        yield from _check_ratios(at, place, each.when)
        if each.when and each.base == REST:
            message = f"`{REST}` is what the others leave; say of one of them when it is more likely or less."
            yield at.places.problem(place, message, at_key=True)
        elif each.when and not has_rest:
            message = f"odds that hang on the state need an outcome with `chance: {REST}`, to take what is left."
            yield at.places.problem(place, message, at_key=True)


def _check_sum(at: Checking, place: Path, chances: Sequence[WrittenNumber], has_rest: bool) -> Iterator[Problem]:
    """Check the chances of the outcomes of one action; `place` is where to complain."""
    try:
        priors = [read_number(number.text, number.kind, at.case.time.unit) for number in chances]
    except ValueError:
        return  # `check_numbers` complains
    total = sum(prior.value(0.0) for prior in priors)
    ranged = [number for number, prior in zip(chances, priors, strict=True) if prior.is_free]
    if has_rest and not total < 1.0:
        message = f"the chances of the other outcomes sum to {total:g}, which leaves nothing for `{REST}`."
        yield at.places.problem(place, message)
    elif not has_rest and ranged:
        for number in ranged:
            message = (
                f"found the range `{number.text}`; then one outcome must say `chance: {REST}`, to take what is left."
            )
            yield at.places.problem(number.path, message)
    elif not has_rest and abs(total - 1.0) > 1e-6:
        yield at.places.problem(place, f"the chances of the outcomes sum to {total:g}; they must sum to 1.")
