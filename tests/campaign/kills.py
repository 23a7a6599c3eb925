"""Runs that are interrupted, killed or out of disk: what they leave behind, and what a second run makes of it."""

from __future__ import annotations

import contextlib
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from campaign.findings import Failure
from campaign.left_behind import cut_files, differing, study_in
from campaign.starts import SMALLEST

PREPARE = """
import os, resource, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
if int(sys.argv[1]):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
os.execv(sys.argv[2], sys.argv[2:])
"""
"""What becomes the run: an interrupt is not ignored, as it is in the background, and no file is larger than told."""

LONGEST = 20
"""Seconds that a run may go on after it was told to end."""

PATIENCE = 600
"""Seconds after which a run that nobody kills counts as hanging."""

PAGE = 4096
"""Bytes by which a small disk can be made larger."""

CODES = {
    "SIGINT": (130, -signal.SIGINT),
    "SIGTERM": (143, -signal.SIGTERM),
    "SIGKILL": (-signal.SIGKILL,),
    "full disk": (2,),
}
"""Exit codes allowed after each kind of kill."""


@dataclass(frozen=True)
class Kill:
    """How one run is stopped.

    Attributes:
        how: a signal, or a full disk.
        share: the part of a whole run after which the signal comes, or of its files that the disk can hold.
        file: the signal comes when this file is being written instead; empty if it does not wait for one.
        wait: seconds from then.
        is_finished: whether the folder holds the results of a whole run at the start.
    """

    how: str
    share: float
    file: str
    wait: float
    is_finished: bool

    def __str__(self) -> str:
        folder = "a folder with results" if self.is_finished else "an empty folder"
        if self.how == "full disk":
            return f"a disk for {self.share:.0%} of the files, into {folder}"
        when = (
            f"{self.wait * 1e3:.0f} ms after {self.file} appears" if self.file else f"after {self.share:.0%} of a run"
        )
        return f"{self.how} {when}, into {folder}"


@dataclass(frozen=True)
class Ended:
    """How a run ended.

    Attributes:
        code: its exit code, negative for a signal; None if it had to be killed because it did not end.
        told: what it wrote to standard error.
        seconds: how long it took.
        lasted: seconds from the signal to the end; zero if it ended before.
    """

    code: int | None
    told: str
    seconds: float
    lasted: float


@dataclass
class KillAttack:
    """Runs of the smallest case that are killed, by `seed` and their number.

    Args:
        seed: of the choice of kills.
        folder: for results.
        caches: for compiled code; if None, the ordinary ones.
        fresh: the study of a run that nobody kills.
        seconds: how long that takes.
    """

    seed: int
    folder: pathlib.Path
    caches: pathlib.Path | None = None
    name: str = "kills"
    fresh: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    def prepare(self, times: int = 2) -> Iterator[Failure]:
        """Run without a kill, to fill the caches and to know what a whole run gives and takes.

        The first of several runs compiles; the last tells the time, and all must give the same.
        """
        out = self.folder / "fresh"
        for number in range(-times, 0):
            shutil.rmtree(out, ignore_errors=True)
            ended = self._run(out)
            for problem in (*_problems_of_whole(ended, out), *self._differences(out)):
                yield self._failure(number, "a run that nobody kills", problem, ended, out)
            self.seconds = ended.seconds
            self.fresh = self.fresh or study_in(out)

    def kill(self, number: int) -> Kill:
        """Return how the run with this number is stopped."""
        rng = random.Random(f"{self.seed} kill {number}")
        names = sorted(path.name for path in (self.folder / "fresh").rglob("*") if path.is_file())
        file = rng.choice(names) if rng.random() < 0.5 else ""
        return Kill(
            list(CODES)[number % len(CODES)],
            rng.random(),
            file,
            rng.choice((0.0, 0.001, 0.01, 0.1)),
            rng.random() < 0.3,
        )

    def attempt(self, number: int) -> Iterator[Failure]:
        """Kill a run, look at what it left, run again to the end, and look again."""
        kill, out = self.kill(number), self.folder / f"out-{number}"
        shutil.rmtree(out, ignore_errors=True)
        with _disk(kill, out, self._size()) as (bound, grow):
            if kill.is_finished:
                shutil.copytree(self.folder / "fresh", out, dirs_exist_ok=True)
            killed = self._run(out, kill, bound)
            found = [
                self._failure(number, str(kill), problem, killed, out) for problem in _problems_after(kill, killed, out)
            ]
            grow()
            again = self._run(out)
            for problem in (*_problems_of_whole(again, out), *self._differences(out)):
                found.append(self._failure(number, str(kill), f"{kill.how}, run again: {problem}", again, out))
        shutil.rmtree(out, ignore_errors=True)
        return found

    def _size(self) -> int:
        return sum(
            -(-path.stat().st_size // PAGE) * PAGE for path in (self.folder / "fresh").rglob("*") if path.is_file()
        )

    def _run(self, out: pathlib.Path, kill: Kill | None = None, bound: int | None = None) -> Ended:
        caches = self.caches and {"XDG_CACHE_HOME": str(self.caches), "NUMBA_CACHE_DIR": str(self.caches / "numba")}
        run = [sys.executable, "-m", "raison", "run", str(SMALLEST), "--out", str(out), "--seed", "1"]
        command = [sys.executable, "-c", PREPARE, str(bound or 0), *run]
        with tempfile.TemporaryFile() as told:
            started, since = time.monotonic(), time.time_ns()
            process = subprocess.Popen(
                command,
                env={**os.environ, **(caches or {})},
                stdout=subprocess.DEVNULL,
                stderr=told,
            )
            killed = _send(process, kill, out, self.seconds, since) if kill and kill.how != "full disk" else None
            code = _code(process, LONGEST if killed else PATIENCE)
            ended = time.monotonic()
            told.seek(0)
            text = told.read().decode("utf-8", "replace")
        return Ended(code, text, ended - started, ended - killed if killed else 0.0)

    def _differences(self, out: pathlib.Path) -> Iterator[str]:
        study = study_in(out)
        if self.fresh and study != self.fresh:
            paths = sorted(differing(study, self.fresh, ""))
            yield "\n".join(("study.json differs from that of a fresh run", *paths))

    def _failure(self, number: int, label: str, problem: str, ended: Ended, out: pathlib.Path) -> Failure:
        """Return a failure; the first line of `problem` is its cause."""
        cause, _, more = problem.partition("\n")
        files = {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}
        detail = f"exit code {ended.code}, {ended.seconds:.1f} s, {ended.lasted:.1f} s of them after the kill"
        return Failure(number, label, cause, f"{detail}\n\n{ended.told}\n{more}", files)


def _send(process: subprocess.Popen, kill: Kill, out: pathlib.Path, seconds: float, since: int) -> float | None:
    """Wait for the moment of a kill, send its signal and return when; None if the run had ended before."""
    end = time.monotonic() + kill.share * seconds
    while process.poll() is None:
        if kill.file and _is_touched(out, kill.file, since):
            time.sleep(kill.wait)
            break
        if not kill.file and time.monotonic() > end:
            break
        time.sleep(0.001)
    if process.poll() is not None:
        return None
    process.send_signal(getattr(signal, kill.how))
    return time.monotonic()


def _is_touched(out: pathlib.Path, file: str, since: int) -> bool:
    """Tell whether a file is being written, under its own name or one that holds it."""
    with contextlib.suppress(OSError):  # what is listed may be gone
        return any(file in path.name and path.stat().st_mtime_ns > since for path in out.rglob("*"))
    return False


def _code(process: subprocess.Popen, patience: float) -> int | None:
    try:
        return process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return None


@contextlib.contextmanager
def _disk(kill: Kill, out: pathlib.Path, size: int) -> Iterator[tuple[int | None, Callable[[], object]]]:
    """Make `out` a small disk if the kill is one; yield the largest file where none was mounted, and what ends it."""
    if kill.how != "full disk":
        yield None, lambda: None
        return
    out.mkdir(parents=True)
    room = max(1, int(kill.share * size) // PAGE) * PAGE + kill.is_finished * size
    mounted = _mount("-t", "tmpfs", "-o", f"size={room}", "tmpfs", str(out))
    bound = int(kill.share * size / 2)  # no file is larger than about half of all
    try:
        if mounted:
            yield None, lambda: _mount("-o", f"remount,size={2**30}", str(out))
        else:
            yield bound, lambda: None
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(out)], check=True)


def _mount(*options: str) -> bool:
    """Mount, if there is a command for it and the right to use it."""
    with contextlib.suppress(OSError):
        return subprocess.run(["mount", *options], capture_output=True, check=False).returncode == 0
    return False


def _problems_after(kill: Kill, ended: Ended, out: pathlib.Path) -> Iterator[str]:
    """Yield what is wrong after a kill."""
    came_late = ended.code == 0 and ended.lasted < 1.0
    if ended.code is None:
        yield f"{kill.how}: the run goes on for more than {LONGEST} seconds"
    elif not came_late and ended.code not in CODES[kill.how]:
        yield f"{kill.how}: exit code {ended.code}"
    if "Exception ignored" in ended.told:
        yield f"{kill.how}: an exception was swallowed"
    elif _has_traceback(ended.told):
        yield f"{kill.how}: a traceback on standard error"
    yield from (f"{kill.how}: {problem}" for problem in cut_files(out))
    if kill.how != "SIGKILL" and any("partial" in path.name for path in out.rglob("*")):
        yield f"{kill.how}: a partial file is left"


def _problems_of_whole(ended: Ended, out: pathlib.Path) -> Iterator[str]:
    """Yield what is wrong after a run to the end."""
    if ended.code != 0:
        yield f"exit code {ended.code}"
    if _has_traceback(ended.told):
        yield "a traceback on standard error"
    yield from cut_files(out)


def _has_traceback(told: str) -> bool:
    """Tell whether there is a traceback; one from before the first line of Raison is the interpreter's own."""
    return "Traceback (most recent call last)" in told and f"{os.sep}raison{os.sep}" in told
