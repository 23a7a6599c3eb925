"""What a long run tells while it works, and how long each stage took."""

from __future__ import annotations

import contextlib
import resource
import sys
import time
from collections.abc import Callable, Iterator

from raison.study import Stage

Tell = Callable[[str, int, int], None]
"""Called with the stage, how much of it is done, and how much there is."""


def _silent(stage: str, done: int, total: int) -> None:
    """Tell nothing."""


class Watch:
    """A stopwatch that also passes on what is being done.

    Args:
        tell: called on every step.
    """

    def __init__(self, tell: Tell = _silent) -> None:
        self.tell = tell
        self.stages: list[Stage] = []

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage; the peak of memory is that of the process so far."""
        begin = time.monotonic()
        yield
        self.stages.append(Stage(name, time.monotonic() - begin, _peak_mib()))


def _peak_mib() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10
