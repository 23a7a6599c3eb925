"""What a long run tells while it works, how long each stage took, and how it is cancelled."""

from __future__ import annotations

import contextlib
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator

import psutil

from raison.errors import Cancelled, Terminated
from raison.study import Stage

Tell = Callable[[str, int, int], None]
"""Called with the stage, how much of it is done, and how much there is."""


AGAIN = 0.05
"""Seconds after which an interrupt that was lost is sent once more."""


def _silent(stage: str, done: int, total: int) -> None:
    """Tell nothing."""


class Watch:
    """A stopwatch that also passes on what is being done, and ends a run that was cancelled at its next step.

    Args:
        tell: called on every step.
        cancelled: set by whoever wants the run to end, in any thread.
    """

    def __init__(self, tell: Tell = _silent, cancelled: threading.Event | None = None) -> None:
        self.stages: list[Stage] = []
        self._tell = tell
        self._cancelled = cancelled or threading.Event()

    def tell(self, stage: str, done: int, total: int) -> None:
        """Pass on what is being done; raise `Cancelled` if the run was cancelled."""
        self.check()
        self._tell(stage, done, total)

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage; the peak of memory is that of the process so far, with what processes beside it hold."""
        self.check()
        begin = time.monotonic()
        yield
        self.stages.append(Stage(name, time.monotonic() - begin, _peak_mib()))

    def within(self) -> Watch:
        """Return what watches a run within this one: it tells nothing, and ends when this one is cancelled."""
        return Watch(cancelled=self._cancelled)

    def check(self) -> None:
        """Raise `Cancelled` if the run was cancelled."""
        if self._cancelled.is_set():
            raise Cancelled("The run was cancelled.")


ENDS = (signal.SIGINT, signal.SIGTERM)
"""Signals that end a run, which then leaves nothing unfinished."""


@contextlib.contextmanager
def cancelled_by_interrupt() -> Iterator[threading.Event]:
    """Let an interrupt (Ctrl-C) or SIGTERM within the block end it with `Cancelled`; yield the event that it sets.

    Only the main thread is ever interrupted, so in any other this changes nothing. An interrupt that lands in a
    callback of the garbage collector is lost there, and is sent once more. Whatever the block ends with after an
    interrupt, it was cancelled.
    """
    cancelled, told = threading.Event(), [signal.SIGINT]
    main = threading.current_thread()
    if main is not threading.main_thread():
        yield cancelled
        return

    def interrupt(number: int, _: object) -> None:
        told[0] = signal.Signals(number)
        cancelled.set()
        raise KeyboardInterrupt

    def send() -> None:
        if signal.getsignal(signal.SIGINT) is interrupt:
            signal.pthread_kill(main.ident or 0, told[0])

    def send_once_more(lost: sys.UnraisableHookArgs) -> None:
        if issubclass(lost.exc_type, KeyboardInterrupt):
            threading.Timer(AGAIN, send).start()
        else:
            hook(lost)

    handlers = {each: signal.signal(each, interrupt) for each in ENDS}
    hook = sys.unraisablehook
    sys.unraisablehook = send_once_more
    try:
        yield cancelled
    except Cancelled as error:
        if told[0] is signal.SIGTERM and not isinstance(error, Terminated):
            raise Terminated(str(error)) from None
        raise
    except (KeyboardInterrupt, Exception) as error:
        if isinstance(error, KeyboardInterrupt) or cancelled.is_set():
            raise _ended(told[0]) from None
        raise
    finally:
        sys.unraisablehook = hook
        for each, handler in handlers.items():
            signal.signal(each, handler)
    if cancelled.is_set():
        raise _ended(told[0])


def _ended(by: signal.Signals) -> Cancelled:
    return Terminated("Terminated.") if by is signal.SIGTERM else Cancelled("Interrupted.")


def _peak_mib() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    own = peak / 2**20 if sys.platform == "darwin" else peak / 2**10
    beside = 0
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it may just have ended
            beside += process.memory_info().rss
    return own + beside / 2**20
