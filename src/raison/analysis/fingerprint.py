"""One text for each value: what is equal in every part, in any process, has the same fingerprint, and nothing else."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import functools
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np


@functools.cache
def of_code() -> str:
    """Return the fingerprint of this version of the package: of every line of it."""
    digest = hashlib.sha256()
    root = Path(__file__).parents[1]
    for path in sorted(root.rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def fingerprint(value: Any) -> str:
    """Return the SHA-256, in hexadecimal, of a walk through all parts of `value`.

    Args:
        value: dataclasses, tuples, lists, mappings (in any order), text, bytes, numbers, dates, enums, arrays, None.

    Raises:
        TypeError: if a part is anything else, such as a function: nothing tells when two of those are the same.
    """
    digest = hashlib.sha256()
    for part in _parts(value):
        digest.update(part)
    return digest.hexdigest()


def _parts(value: Any) -> Iterator[bytes]:
    """Yield the bytes of the walk; every part tells its kind and its length, so that no two walks are the same."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        yield from _part("dataclass", f"{type(value).__qualname__} {len(fields)}".encode())
        for field in fields:
            yield from _part("field", field.name.encode())
            yield from _parts(getattr(value, field.name))
    elif isinstance(value, tuple | list):
        yield from _part("sequence", str(len(value)).encode())
        for entry in value:
            yield from _parts(entry)
    elif isinstance(value, Mapping):
        yield from _part("mapping", str(len(value)).encode())
        for key, entry in sorted((fingerprint(key), fingerprint(entry)) for key, entry in value.items()):
            yield from _part("entry", f"{key} {entry}".encode())
    elif isinstance(value, np.ndarray | jax.Array):
        yield from _array_parts(np.asarray(value))
    else:
        yield from _single_parts(value)


def _array_parts(array: np.ndarray) -> Iterator[bytes]:
    if array.dtype.hasobject:
        raise TypeError(f"an array of {array.dtype} has no fingerprint.")
    yield from _part("array", f"{array.dtype.str} {array.shape}".encode())
    yield np.ascontiguousarray(array).tobytes()


def _single_parts(value: Any) -> Iterator[bytes]:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, enum.Enum):
        yield from _part("enum", f"{type(value).__qualname__}.{value.name}".encode())
    elif value is None or isinstance(value, bool):
        yield from _part("constant", str(value).encode())
    elif isinstance(value, int):
        yield from _part("int", hex(value).encode())
    elif isinstance(value, float):
        yield from _part("float", value.hex().encode())
    elif isinstance(value, str):
        yield from _part("text", value.encode("utf-8", "surrogatepass"))
    elif isinstance(value, bytes):
        yield from _part("bytes", value)
    elif isinstance(value, datetime.date):
        yield from _part("date", value.isoformat().encode())
    else:
        raise TypeError(f"a {type(value).__qualname__} has no fingerprint.")


def _part(kind: str, content: bytes) -> Iterator[bytes]:
    yield f"{kind} {len(content)}:".encode()
    yield content
