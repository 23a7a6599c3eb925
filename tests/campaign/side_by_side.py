"""Trials in worker processes that are watched: a worker that hangs, dies or takes too much memory costs one trial."""

from __future__ import annotations

import concurrent.futures
import contextlib
import itertools
import multiprocessing
import os
import pathlib
import resource
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection

from campaign.findings import Attack, Failure, Trial, cause_of

LONGEST = 20
"""Seconds of work that a trial may take; of work, since the machine may be busy with other things."""

PATIENCE = 120
"""Seconds by the clock after which a worker that cannot be interrupted is ended."""

MOST_MEMORY = 2**30
"""Bytes by which a trial may make its process grow."""

CHUNK = 50
"""Trials that a worker takes at a time."""

Tell = Callable[[int], None]
"""Called with the number of trials that are done."""


class TooSlow(BaseException):
    """A trial took longer than it may."""


def try_all(
    attack: Attack,
    numbers: Sequence[int],
    *,
    workers: int = 2,
    longest: float = LONGEST,
    tell: Tell = lambda _: None,
) -> list[Failure]:
    """Try all `numbers` of `attack` in `workers` processes and return the failures in order."""
    chunks = _Chunks(numbers, tell)
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        parts = list(pool.map(lambda _: list(_drive(attack, chunks, longest)), range(workers)))
    return sorted(itertools.chain.from_iterable(parts), key=lambda failure: failure.number)


class _Chunks:
    """The numbers still to be tried, handed out to the threads that drive the workers."""

    def __init__(self, numbers: Sequence[int], tell: Tell) -> None:
        self._parts = iter([list(numbers[at : at + CHUNK]) for at in range(0, len(numbers), CHUNK)])
        self._lock, self._tell, self._done = threading.Lock(), tell, 0

    def __iter__(self) -> Iterator[list[int]]:
        while True:
            with self._lock:
                part = next(self._parts, None)
            if part is None:
                return
            yield list(part)
            with self._lock:
                self._done += len(part)
                self._tell(self._done)


def _drive(attack: Attack, chunks: _Chunks, longest: float) -> Iterator[Failure]:
    """Have one worker at a time try chunk after chunk; replace a worker that hangs or dies."""
    with contextlib.ExitStack() as stack:
        worker = None
        for numbers in chunks:
            while numbers:
                worker = worker or stack.enter_context(_Worker(attack, longest))
                for number, (cause, detail) in worker.answers(numbers):
                    yield _failure(attack, number, cause, detail)
                if numbers:  # the first of them ended the worker
                    yield _failure(attack, numbers.pop(0), worker.end(), "")
                    worker = None


def _failure(attack: Attack, number: int, cause: str, detail: str) -> Failure:
    trial = attack.trial(number)
    return Failure(number, trial.label, cause, detail, trial.files)


class _Worker:
    """A process that tries what it is told."""

    def __init__(self, attack: Attack, longest: float) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(attack, longest, theirs), daemon=True)
        self._process.start()
        theirs.close()
        with contextlib.suppress(EOFError):
            self._pipe.recv()  # it has loaded what it needs

    def __enter__(self) -> _Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def answers(self, numbers: list[int]) -> Iterator[tuple[int, tuple[str, str]]]:
        """Yield the failures among `numbers` and take out every number that was answered."""
        with contextlib.suppress(EOFError, OSError):
            self._pipe.send(numbers)
            while numbers and self._pipe.poll(PATIENCE):
                answer = self._pipe.recv()
                number = numbers.pop(0)
                if answer is not None:
                    yield number, answer

    def end(self) -> str:
        """End the process and return how it had ended by itself, if it had."""
        self._process.join(0.5)
        code = self._process.exitcode
        self._process.kill()
        self._process.join()
        return (
            f"hangs for {PATIENCE} seconds, in code that cannot be interrupted"
            if code is None
            else f"its process died with code {code}"
        )


def _work(attack: Attack, longest: float, pipe: Connection) -> None:
    """Try the numbers that come through `pipe`; answer None, or the cause of a failure and its detail."""
    os.nice(10)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its workers
    signal.signal(signal.SIGPROF, _too_slow)
    pipe.send(None)
    with contextlib.suppress(EOFError, OSError):
        for numbers in iter(pipe.recv, None):
            for number in numbers:
                pipe.send(_answer(attack, attack.trial(number), longest))


def _too_slow(*_: object) -> None:
    raise TooSlow


def _answer(attack: Attack, trial: Trial, longest: float) -> tuple[str, str] | None:
    begin = time.process_time()
    try:
        with _little_memory():
            signal.setitimer(signal.ITIMER_PROF, longest)
            try:
                problem = attack.problem(trial)
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
    except TooSlow as error:
        return f"takes more than {longest} seconds, at that time in {_innermost(error)}", traceback.format_exc()
    except MemoryError as error:
        return f"takes more than 1 GiB of memory, at last in {_innermost(error)}", traceback.format_exc()
    except Exception as error:
        return cause_of(error), traceback.format_exc()
    if problem is None and time.process_time() - begin > longest:
        return f"takes more than {longest} seconds", ""
    return None if problem is None else (problem, "")


def _innermost(error: BaseException) -> str:
    _, found, place = cause_of(error).rpartition(" in ")
    return place if found else "other code"


@contextlib.contextmanager
def _little_memory() -> Iterator[None]:
    """Let the process grow by no more than `MOST_MEMORY`, where the system can bound that."""
    statm = pathlib.Path("/proc/self/statm")
    if not statm.exists():
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_DATA)
    held = int(statm.read_text().split()[5]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_DATA, (held + MOST_MEMORY, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)
