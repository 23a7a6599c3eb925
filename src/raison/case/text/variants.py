"""Variants of a case: the same case with some entries replaced, such as another answer to an act."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from raison.case.text.places import Path, Places
from raison.errors import Problem, did_you_mean

FIXED = ("title", "time", "record", "held out", "episodes", "claims", "clues", "sources", "indicators", "variants")
"""Entries that all variants share: what was seen and asked."""


def apply(content: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any] | str:
    """Return the content of a case with some entries replaced, or what is wrong with the first path that leads nowhere.

    Args:
        content: of the case, as it was read.
        changes: new values by dotted path, such as `players.turkey.looks ahead`; the last part may be a new entry.
    """
    changed = copy.deepcopy({key: value for key, value in content.items() if key != "variants"})
    for dotted_path, value in changes.items():
        *parents, last = path_of(dotted_path)
        if (parents or [last])[0] in FIXED:
            return f"`{dotted_path}`: variants share what was seen and asked; change the world, not that."
        entry: Any = changed
        for part in parents:
            known = entry if isinstance(entry, dict) else {}
            if part not in known:
                return f"`{dotted_path}`: no entry `{part}`.{did_you_mean(part, list(known))}"
            entry = entry[part]
        if not isinstance(entry, dict):
            return f"`{dotted_path}`: what stands there has no entries of its own; replace it as a whole."
        entry[last] = copy.deepcopy(value)
    return changed


def path_of(dotted_path: str) -> tuple[str, ...]:
    """Return the parts of a dotted path."""
    return tuple(part.strip() for part in dotted_path.split("."))


def places_of(places: Places, name: str, changes: Mapping[str, Any]) -> Places:
    """Return where the entries of a variant stand: those that it replaces, where the variant is written."""
    changed = {path_of(dotted_path): ("variants", name, dotted_path) for dotted_path in changes}

    def moved(known: Mapping[Path, Any]) -> dict[Path, Any]:
        kept = {path: at for path, at in known.items() if not any(path[: len(new)] == new for new in changed)}
        for new, old in changed.items():
            kept |= {(*new, *path[len(old) :]): at for path, at in known.items() if path[: len(old)] == old}
        return kept

    return Places(moved(places.values), moved(places.keys), places.tables)


def told(name: str, problem: Problem) -> Problem:
    """Return a problem of a variant, which says so."""
    return Problem(problem.file, problem.line, problem.column, problem.path, f"in variant `{name}`: {problem.message}")
