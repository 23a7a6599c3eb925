"""Frozen data as JSON has it, and read back by its own type hints; what is missing, unknown or of another type is
told."""

from __future__ import annotations

import dataclasses
import enum
import functools
import math
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")


def from_plain(hint: type[T], value: Any) -> T:
    """Return the `hint` that `value`, as `json.loads` gives it, stands for; null for a number is nan.

    Raises:
        ValueError: if it stands for none; the message names the place in `value` and what is needed there.
    """
    return _read(hint, value, "")


def to_plain(value: Any) -> Any:
    """Return what `from_plain` reads back into an equal value; numbers that are not finite stay what they are."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: to_plain(entry) for key, entry in value.items()}
    if isinstance(value, tuple | list):
        return [to_plain(entry) for entry in value]
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return value.value if isinstance(value, enum.Enum) else value


def _read(hint: Any, value: Any, place: str) -> Any:
    if type(value) is hint:  # most of a study: texts and numbers
        return value
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _read_either(inner, value, place)
    if origin is tuple:
        return _read_tuple(inner, value, place)
    if origin in (dict, Mapping):
        entries = _need(value, dict, "an object", place)
        return {key: _read(inner[1], entry, f"{place}.{key}") for key, entry in entries.items()}
    if getattr(hint, "array_type", hint) is np.ndarray:
        return _read_array(value, place)
    if dataclasses.is_dataclass(hint):
        return _read_fields(typing.cast(type, hint), value, place)
    return _read_single(hint, value, place)


def _read_single(hint: Any, value: Any, place: str) -> Any:
    if hint is float:
        is_number = isinstance(value, float | int) and not isinstance(value, bool)
        if value is not None and not is_number:
            raise _wrong(value, "a number", place)
        return math.nan if value is None else float(value)
    allowed = typing.get_args(hint) or (tuple(each.value for each in hint) if _is_enum(hint) else ())
    if allowed and value not in allowed:
        raise _wrong(value, f"one of {', '.join(map(repr, allowed))}", place)
    if allowed:
        return hint(value) if _is_enum(hint) else value
    kind = types.NoneType if hint is None else hint
    if type(value) is not kind:
        raise _wrong(value, {str: "text", int: "a whole number", bool: "true or false"}.get(kind, "null"), place)
    return value


def _is_enum(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, enum.Enum)


def _read_either(hints: tuple[Any, ...], value: Any, place: str) -> Any:
    """Return `value` as the first of `hints` that it fits."""
    if value is None and types.NoneType in hints:
        return None
    told = []
    for hint in hints:
        if hint is types.NoneType:
            continue
        try:
            return _read(hint, value, place)
        except ValueError as error:
            told.append(error)
    raise told[0]


def _read_tuple(inner: tuple[Any, ...], value: Any, place: str) -> tuple[Any, ...]:
    entries = _need(value, list, "a list", place)
    hints = inner[:1] * len(entries) if inner[1:] == (...,) else inner
    if len(hints) != len(entries):
        raise _wrong(value, f"a list of {len(hints)}", place)
    return tuple(
        _read(hint, entry, f"{place}[{n}]") for n, (hint, entry) in enumerate(zip(hints, entries, strict=True))
    )


def _read_array(value: Any, place: str) -> np.ndarray:
    """Return an array of numbers; its shape is that of the nested lists."""
    try:
        array = np.array(_need(value, list, "a list", place), dtype=object)
        if not all(each is None or type(each) in (int, float) for each in array.flat):
            raise ValueError
        return array.astype(np.float64)
    except (ValueError, TypeError, OverflowError):
        raise _wrong(value, "lists of numbers of equal length", place) from None


def _read_fields(hint: type, value: Any, place: str) -> Any:
    entries = _need(value, dict, "an object", place)
    hints, optional = _fields(hint)
    missing = [name for name in hints if name not in entries and name not in optional]
    unknown = [name for name in entries if name not in hints]
    if missing or unknown:
        found = [*(f"no `{name}`" for name in missing), *(f"an unknown `{name}`" for name in unknown)]
        raise ValueError(f"{place.lstrip('.') or 'at the top'}: found {', '.join(found[:3])}")
    return hint(**{name: _read(hints[name], entry, f"{place}.{name}") for name, entry in entries.items()})


@functools.cache
def _fields(hint: type) -> tuple[dict[str, Any], frozenset[str]]:
    """Return the type hint of every field of a dataclass, and the names of those with a default."""
    hints, fields = typing.get_type_hints(hint), dataclasses.fields(hint)
    absent = dataclasses.MISSING
    optional = {field.name for field in fields if field.default is not absent or field.default_factory is not absent}
    return {field.name: hints[field.name] for field in fields}, frozenset(optional)


def _need(value: Any, kind: type[T], needed: str, place: str) -> T:
    if not isinstance(value, kind):
        raise _wrong(value, needed, place)
    return value


def _wrong(value: Any, needed: str, place: str) -> ValueError:
    found = {dict: "an object", list: "a list", str: "text", bool: "true or false", types.NoneType: "null"}
    return ValueError(f"{place.lstrip('.') or 'at the top'}: found {found.get(type(value), 'a number')}; need {needed}")
