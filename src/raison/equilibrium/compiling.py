"""How loops are compiled for the CPU."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import numba


def compiled(function: Callable) -> Any:
    """Return `function` compiled, with sums in the order in which they are written."""
    return _compile(function, {"contract"})


def summing(function: Callable) -> Any:
    """Return `function` compiled, free to add up in any order: sums over long arrays become vector instructions."""
    return _compile(function, {"contract", "reassoc", "nsz"})


def _compile(function: Callable, allowed: set[str]) -> Any:
    loop = numba.njit(nogil=True, fastmath=allowed, boundscheck=False)(function)
    with contextlib.suppress(RuntimeError):  # no folder to keep the code in: every process compiles it anew
        loop.enable_caching()
    return loop
