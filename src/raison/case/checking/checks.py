"""Check what a case means, once its form is right: all problems at once, and what looks forgotten as warnings."""

from __future__ import annotations

from collections.abc import Iterator

from raison.case.checking.clues import check_clues, warn_of_clues
from raison.case.checking.hints import warn_of_likes, warn_of_records
from raison.case.checking.record import (
    check_claims,
    check_held_out,
    check_indicators,
    check_predictions,
    check_questions,
    check_record,
)
from raison.case.checking.world import (
    Checking,
    begin_check,
    check_chances,
    check_explanations,
    check_features,
    check_nature,
    check_numbers,
    check_players,
    check_starts,
    check_time,
    check_variables,
)
from raison.case.meaning.entries import changes_of_drift, outcomes_of, source_keys
from raison.case.meaning.episodes import rows_of
from raison.case.meaning.items import ITEM_KINDS
from raison.case.meaning.numbers import wanted
from raison.case.text.places import first_problems
from raison.case.text.reader import WrittenCase
from raison.case.text.schema import CaseText
from raison.case.text.variants import told
from raison.errors import CaseError, Problem

CHECKS = (
    check_time,
    check_variables,
    check_starts,
    check_nature,
    check_players,
    check_features,
    check_explanations,
    check_numbers,
    check_chances,
    check_record,
    check_held_out,
    check_clues,
    check_claims,
    check_predictions,
    check_questions,
    check_indicators,
)


def check_case(written: WrittenCase) -> tuple[Problem, ...]:
    """Return the warnings about a case in which nothing is wrong.

    Raises:
        CaseError: with every problem found, in order of place.
    """
    at = begin_check(written)
    problems = first_problems(problem for check in CHECKS for problem in check(at))
    if problems:
        raise CaseError(problems)
    problems = first_problems(problem for name in written.variants for problem in _problems_of_variant(written, name))
    if problems:
        raise CaseError(problems)
    return tuple(sorted(_warnings(at)))


def _problems_of_variant(written: WrittenCase, name: str) -> Iterator[Problem]:
    """Yield what is wrong with a variant of a case in which nothing else is."""
    try:
        at = begin_check(written.variants[name])
        yield from (told(name, problem) for check in CHECKS for problem in check(at))
    except CaseError as error:
        yield from (told(name, problem) for problem in error.problems)


def _warnings(at: Checking) -> Iterator[Problem]:
    case = at.case
    in_use = {feature for player in case.players for feature in wanted(case, player)}
    for name in case.features:
        if name not in in_use:
            yield at.places.problem(("features", name), "nobody wants this feature.", at_key=True)
    changed = _changed(case)
    for name, variable in case.variables.items():
        if name not in changed and len(variable.at_start) == 1:
            yield at.places.problem(("variables", name), "nothing ever changes this variable.", at_key=True)
    unused = sorted(set(case.sources) - _cited(case))
    if unused:
        message = f"{len(unused)} of {len(case.sources)} sources are cited nowhere: {', '.join(unused)}."
        yield at.places.problem(("sources",), message, at_key=True)
    yield from warn_of_records(at)
    yield from warn_of_likes(at)
    yield from warn_of_clues(at)


def _changed(case: CaseText) -> set[str]:
    """Return the variables that nature, a player or an item of the record changes."""
    changed = {row.who for row in rows_of(case) if row.kind in ITEM_KINDS and ITEM_KINDS[row.kind].moves_the_world}
    for name, drift in case.nature.items():
        changed |= set(changes_of_drift(name, drift))
    for player in case.players.values():
        for action in player.actions.values():
            changed |= {name for changes in outcomes_of(action) for name in changes}
    return changed


def _cited(case: CaseText) -> set[str]:
    """Return the sources that anything cites."""
    bases = [entry.basis for group in (case.nature, case.players, case.explanations) for entry in group.values()]
    bases += [a.basis for player in case.players.values() for a in player.actions.values() if a.basis]
    later = case.held_out.record if case.held_out else ()
    bases += [row.source for row in (*rows_of(case), *later, *case.clues, *case.indicators)]
    return {key for basis in bases for key in source_keys(basis)}
