"""How Raison writes files: each appears whole or not at all, and one run at a time writes into a folder."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

import filelock

from raison.errors import CannotWrite

LOCK = ".lock"
"""File in a folder that the run which writes there holds."""

PARTIAL = ".raison-{}.partial"
"""Name of a file that is not finished."""


def write_whole(path: Path, content: str | bytes | memoryview) -> Path:
    """Write a file that appears under its name whole or not at all, and return its path.

    Text is written as UTF-8; half of a surrogate pair, which has no UTF-8, becomes `?`.

    Errors:
        `CannotWrite` if the machine refuses.
    """
    encoded = content.encode("utf-8", "replace") if isinstance(content, str) else content
    partial = path.with_name(PARTIAL.format(uuid.uuid4().hex))
    try:
        with partial.open("xb") as file:
            file.write(encoded)
            file.flush()
            os.fsync(file.fileno())
        return partial.replace(path)
    except OSError as error:
        raise CannotWrite(f"cannot write {path}: {error.strerror}.") from None
    finally:
        _remove(partial)


def make_folder(path: Path) -> Path:
    """Make a folder, and those above it, where there is none; raise `CannotWrite` if the machine refuses."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWrite(f"cannot write into {path}: {error.strerror}.") from None
    return path


@contextlib.contextmanager
def held(folder: Path, files: Iterable[str] = ()) -> Iterator[None]:
    """Hold a folder for one run alone, made if it is not there; what killed runs left unfinished is removed.

    Args:
        folder: what is held.
        files: names under which the run is going to write files there.

    Errors:
        `CannotWrite`, before anything is done in the block, if the folder cannot be written, a folder stands where
        a file is to go, or another run holds it.
    """
    lock = filelock.FileLock(make_folder(folder) / LOCK)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise CannotWrite(f"cannot write into {folder}: another run is writing there.") from None
    except OSError as error:
        raise CannotWrite(f"cannot write into {folder}: {error.strerror}.") from None
    try:
        _clear(folder)
        for name in files:
            if (folder / name).is_dir():
                raise CannotWrite(f"cannot write {folder / name}: a folder stands there.")
        yield
    finally:
        _clear(folder)
        _remove(folder / LOCK)
        lock.release()


def _clear(folder: Path) -> None:
    """Remove unfinished files from a folder and those in it."""
    for place in ("", "*/"):
        for partial in folder.glob(place + PARTIAL.format("*")):
            _remove(partial)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
