"""What a long run tells while it works, how long each stage took, and how it is cancelled."""

from __future__ import annotations

import contextlib
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator

from raison.errors import Cancelled
from raison.study import Stage

Tell = Callable[[str, int, int], None]
"""Called with the stage, how much of it is done, and how much there is."""


def _silent(stage: str, done: int, total: int) -> None:
    """Tell nothing."""


class Watch:
    """A stopwatch that also passes on what is being done, and through which a run is cancelled.

    Args:
        tell: called on every step.
    """

    def __init__(self, tell: Tell = _silent) -> None:
        self.stages: list[Stage] = []
        self._tell = tell
        self._cancelled = threading.Event()

    def tell(self, stage: str, done: int, total: int) -> None:
        """Pass on what is being done; raise `Cancelled` if the run was cancelled."""
        self.check()
        self._tell(stage, done, total)

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage; the peak of memory is that of the process so far."""
        self.check()
        begin = time.monotonic()
        yield
        self.stages.append(Stage(name, time.monotonic() - begin, _peak_mib()))

    def cancel(self) -> None:
        """End the run at its next step; any thread may call this."""
        self._cancelled.set()

    def check(self) -> None:
        """Raise `Cancelled` if the run was cancelled."""
        if self._cancelled.is_set():
            raise Cancelled("The run was cancelled.")


@contextlib.contextmanager
def cancelled_by_interrupt(watch: Watch) -> Iterator[None]:
    """Let an interrupt (Ctrl-C) within the block end it with `Cancelled`.

    At once, as a rule. An interrupt that compiled code or a callback swallowed takes effect at the next step of
    what `watch` watches, at the latest at the end of the block. Only the main thread is ever interrupted.
    """

    def interrupt(*_: object) -> None:
        watch.cancel()
        raise KeyboardInterrupt

    is_main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, interrupt) if is_main else None
    try:
        yield
        watch.check()
    except KeyboardInterrupt:
        raise Cancelled("Interrupted.") from None
    finally:
        if is_main:
            signal.signal(signal.SIGINT, before)


def _peak_mib() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10
