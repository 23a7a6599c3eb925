"""What a run leaves behind: whether its files are whole, and whether its study is that of another run."""

from __future__ import annotations

import csv
import json
import pathlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import h5py


def cut_files(out: pathlib.Path) -> Iterator[str]:
    """Yield the files that are not whole."""
    for path in sorted(path for path in out.rglob("*") if path.is_file() and path.suffix in CHECKS):
        try:
            CHECKS[path.suffix](path)
        except (OSError, ValueError, AssertionError):
            yield f"{path.name} is cut"


def _check_html(path: pathlib.Path) -> None:
    assert path.read_text(encoding="utf-8").rstrip().endswith("</html>")


def _check_csv(path: pathlib.Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        text = file.read()
    assert text.endswith("\n")
    assert len({len(row) for row in csv.reader(text.splitlines(keepends=True), strict=True)}) == 1


def _check_netcdf(path: pathlib.Path) -> None:
    with h5py.File(path) as file:
        file.visititems(lambda _, item: item[()] if isinstance(item, h5py.Dataset) else None)


CHECKS: dict[str, Callable[[pathlib.Path], object]] = {
    ".json": lambda path: json.loads(path.read_text(encoding="utf-8")),
    ".html": _check_html,
    ".csv": _check_csv,
    ".nc": _check_netcdf,
}
"""How each kind of file is read to its end."""


def study_in(out: pathlib.Path) -> dict[str, Any]:
    """Return a study without what a run took in time and memory; nothing if it cannot be read."""
    try:
        study = json.loads((out / "study.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: value for name, value in study.items() if name not in ("stages", "command")}


def differing(one: Any, other: Any, path: str) -> Iterator[str]:
    """Yield the paths of the entries that differ."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        parts: Sequence[tuple[Any, Any, Any]] = [(key, one[key], other[key]) for key in one]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        parts = list(zip(range(len(one)), one, other, strict=True))
    else:
        if one != other:
            yield path
        return
    for key, left, right in parts:
        yield from differing(left, right, f"{path}.{key}" if path else str(key))
