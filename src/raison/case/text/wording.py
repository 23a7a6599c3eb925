"""Word the errors of the schema for the people who write cases."""

from __future__ import annotations

import types
import typing
from typing import Any

import pydantic
from pydantic_core import ErrorDetails

from raison.case.text.places import Path, Places
from raison.case.text.schema import CaseText
from raison.errors import Problem, did_you_mean, nearest, quote

HINTS = {
    "basis": "write `assumed`, alone or with a reason, or keys of sources.yaml.",
    "time": "write `time: {unit: month, from: 2015-11-24, until: 2016-08-12}`.",
    "record": "name a file (`record: record.csv`) or write the items here.",
    "at start": "name a level, or give each level its probability.",
    "acts": "write a rate such as `1 to 3 times a month`.",
    "looks ahead": "write a duration such as `2 years`.",
    "every": "write a duration such as `8 to 14 months`.",
    "levels": "write `levels: [low, high]`.",
    "chance": "write the probability of this outcome, from 0 to 1.",
}
"""What to do about a missing entry."""

COMMA = " If it belongs to a text before it that holds a comma, put all of that text in quotes."
"""What to do about an entry without a value: between braces, a comma ends a text that is not quoted."""


def word_error(error: ErrorDetails, places: Places) -> Problem:
    """Return the problem that an error of the schema states, at its place."""
    path: Path = tuple(part for part in error["loc"] if part != "[key]")
    kind, context, found = error["type"], error.get("ctx", {}), error["input"]
    if kind == "missing":
        name = str(path[-1])
        return places.problem(path, f"`{name}` is missing; {HINTS.get(name, 'it must be given.')}", at_key=True)
    if kind == "extra_forbidden":
        name = str(path[-1])
        hint = did_you_mean(name, _allowed(path[:-1]))
        if found is None and "Did you mean" not in hint:
            hint = COMMA
        return places.problem(path, f"no entry {quote(name)} here.{hint}", at_key=True)
    if kind == "value_error":
        return places.problem(_written(path, places), str(context["error"]), at_key="[key]" in error["loc"])
    return places.problem(_written(path, places), f"found {_show(found)}; {_need(kind, context, found)}")


def is_echo(error: ErrorDetails) -> bool:
    """Tell whether an error only repeats another: a list is "too short" because some of its entries are wrong."""
    return error["type"] == "too_short" and len(error["input"]) >= error.get("ctx", {})["min_length"]


def _written(path: Path, places: Places) -> Path:
    """Return `path` without the parts that only the schema knows."""
    return places.find(path) or path


def _need(kind: str, context: dict[str, Any], found: Any) -> str:
    if kind == "literal_error":
        allowed = [word.strip("' ") for word in context["expected"].replace(" or ", ", ").split(",")]
        return f"it must be one of {', '.join(allowed)}.{nearest(str(found), allowed)}"
    needs = {
        "string_type": "need a text.",
        "dict_type": "need a mapping, `key: value`.",
        "mapping_type": "need a mapping, `key: value`.",
        "model_type": "need a mapping, `key: value`.",
        "model_attributes_type": "need a mapping, `key: value`.",
        "tuple_type": "need a list, `[a, b]`.",
        "list_type": "need a list, `[a, b]`.",
        "bool_parsing": "need `true` or `false`.",
        "bool_type": "need `true` or `false`.",
        "float_parsing": "need a number.",
        "float_type": "need a number.",
        "finite_number": "need a finite number.",
        "greater_than": "it must be above {gt:g}.",
        "greater_than_equal": "it must be at least {ge:g}.",
        "too_short": "need at least {least}.",
    }
    least = "one entry" if context.get("min_length") == 1 else f"{context.get('min_length')} entries"
    return needs.get(kind, "this is not allowed here.").format(**context, least=least)


def _show(found: Any) -> str:
    if found is None:
        return "nothing"
    if isinstance(found, dict):
        return "a mapping" if found else "an empty mapping"
    if isinstance(found, list | tuple):
        return "a list of one" if len(found) == 1 else f"a list of {len(found)}" if found else "an empty list"
    return quote(found)


def _allowed(path: Path) -> list[str]:
    """Return the keys that may stand in the entry at `path` of a case."""
    at: Any = CaseText
    for part in path:
        at = _inside(at, part)
    if not (isinstance(at, type) and issubclass(at, pydantic.BaseModel)):
        return []
    return [entry.alias or name for name, entry in at.model_fields.items()]


def _inside(at: Any, part: str | int) -> Any:
    """Return the type of the entry `part` of an entry of type `at`."""
    if isinstance(at, type) and issubclass(at, pydantic.BaseModel):
        for name, entry in at.model_fields.items():
            if part in (name, entry.alias):
                return _bare(entry.annotation)
        return None
    arguments = typing.get_args(at)
    if not arguments:
        return None
    return _bare(arguments[1] if typing.get_origin(at) is dict else arguments[0])


def _bare(at: Any) -> Any:
    """Return a type without `Annotated` and without `| None`."""
    if typing.get_origin(at) is typing.Annotated:
        return _bare(typing.get_args(at)[0])
    if typing.get_origin(at) in (types.UnionType, typing.Union):
        return _bare(next(part for part in typing.get_args(at) if part is not type(None)))
    return at
