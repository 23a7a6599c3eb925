"""The command line: `raison run`, `check`, `solve`, `new`, `cases`.

Exit codes: 0 done, 1 a computation failed honestly, 2 a file or a command is wrong, 3 our bug, 130 interrupted.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shlex
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import jax
import jax.numpy as jnp
import platformdirs
import rich.console
import rich.progress
import rich.table
import typer

from raison import __version__
from raison.case import BuiltCase, build, check_case, read_case
from raison.case.template import write_template
from raison.cases import bundled, find_case
from raison.engine.memory import memory_need
from raison.equilibrium import Equilibrium
from raison.equilibrium.branches import Branches, find_branches
from raison.errors import CaseError, RaisonError, did_you_mean
from raison.inference.likelihood import GameLikelihood

app = typer.Typer(
    help="Turn an argument about why a state acted into a model that can be tested.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
out = rich.console.Console()
err = rich.console.Console(stderr=True)

CaseArgument = Annotated[str, typer.Argument(help="A bundled case (see `raison cases`), or a path to a case.")]


@app.command()
def run(
    case: CaseArgument,
    folder: Annotated[
        Path | None, typer.Option("--out", help="Folder for the results.", show_default="raison-out/CASE")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of every random draw.")] = 0,
) -> None:
    """Run the whole study of a case; print the result and write it into a folder."""
    # only this command draws and saves: the libraries for that take two seconds to load
    from raison.analysis import FitStore, Watch, run_study
    from raison.report import show_study, write_report
    from raison.saving import save_study

    built = _open(case)
    folder = folder or Path("raison-out") / built.name
    _check_writable(folder)
    store = FitStore(folder / "fits", built.hash)
    try:
        with _progress() as tell:
            study = run_study(built, seed=seed, command=_command(case, seed), store=store, watch=Watch(tell))
    except KeyboardInterrupt:
        err.print(f"Interrupted. Finished explanations are kept in {folder / 'fits'}; the same command takes them up.")
        raise
    written = [*save_study(study, folder), write_report(study, folder / "report.html")]
    show_study(study, out)
    out.print(f"Written: {', '.join(path.name for path in written)} in {folder}", soft_wrap=True)


@app.command()
def check(case: CaseArgument) -> None:
    """Check a case and report every problem at once."""
    written = read_case(find_case(case))
    warnings = check_case(written)
    built = build(written)
    for warning in warnings:
        err.print(f"warning: {warning}", soft_wrap=True, markup=False, highlight=False)
    out.print(
        f"{built.name}: {built.space.size:,} states, {len(built.names.actions)} players, "
        f"{len(built.explanations)} explanations, {_items(built)} items, {len(built.claims)} claims; "
        f"its game needs about {_need(built) / 2**30:.1f} GiB. No problems.",
        soft_wrap=True,
        highlight=False,
    )


@app.command()
def solve(
    case: CaseArgument,
    explanation: Annotated[str | None, typer.Option(help="Solve this explanation only.")] = None,
    branches: Annotated[bool, typer.Option("--branches", help="Search for further equilibria, too.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the starts of that search.")] = 0,
) -> None:
    """Solve the game of each explanation at the centre of its priors."""
    built = _open(case)
    names = [each.name for each in built.explanations]
    if explanation is not None and explanation not in names:
        raise CaseError(f"no explanation `{explanation}`.{did_you_mean(explanation, names)}")
    likelihood = GameLikelihood(built.game, built.records)
    centres = {each.name: each.centre for each in built.explanations if explanation in (None, each.name)}
    out.print(
        f"{built.name}: {built.space.size:,} states, {len(built.names.actions)} players; "
        f"needs about {_need(built) / 2**30:.1f} GiB",
        highlight=False,
    )
    columns = ("explanation", "status", "steps", "residual", "error", "largest value")
    table = rich.table.Table(*columns, *(("radius",) if branches else ()), box=None)
    notes = []
    for name, numbers in centres.items():
        solved = likelihood.solve(numbers)
        if not branches:
            table.add_row(*_solved_row(name, solved))
            continue
        found = find_branches(solved.arrays, known=solved, seed=seed)
        for each, radius in zip(found.equilibria, found.radii, strict=True):
            table.add_row(*_solved_row(name, each), f"{radius:.2f}")
        notes.append(_branches_note(name, found))
    out.print(table)
    for note in notes:
        out.print(note, highlight=False, soft_wrap=True)


def _items(built: BuiltCase) -> int:
    return sum(len(watched.record.items) for watched in built.records)


def _need(built: BuiltCase) -> int:
    """Return the bytes that solving the game of a case takes; they do not depend on its numbers."""
    return memory_need(built.game(jnp.full(len(built.explanations[0].parameters), 0.5)))


def _solved_row(name: str, solved: Equilibrium) -> tuple[str, ...]:
    largest = float(abs(solved.values).max())
    return name, solved.status, str(solved.steps), f"{solved.residual:.1e}", f"{solved.error:.1e}", f"{largest:.1f}"


def _branches_note(name: str, found: Branches) -> str:
    """Return what the search for equilibria found, in a sentence or two."""
    count = "one equilibrium" if found.count == 1 else f"{found.count} equilibria"
    ways = "" if found.was_deflated else "; the game is too large for a search by deflation"
    end = {None: "was lost before precision 1", 0: "leads to the first"}.get(
        found.principal, f"leads to number {(found.principal or 0) + 1}, not to the first"
    )
    origins = "; ".join(f"{number}: {each.origin}" for number, each in enumerate(found.equilibria, start=1))
    folds = f", with folds at {', '.join(f'{fold:.3f}' for fold in found.folds)}" if found.folds else ", without a fold"
    return (
        f"{name}: {count} found in {found.searches} searches, {found.failures} of which ended nowhere{ways}. "
        f"The branch from precision 0 {end}{folds}. All answers use the first. How each was found: {origins}."
    )


@app.command()
def new(name: Annotated[str, typer.Argument(help="Folder to make; its name is the name of the case.")]) -> None:
    """Write a small commented case that runs."""
    paths = write_template(Path(name))
    out.print(f"Written: {', '.join(path.name for path in paths)} in {name}. Try: raison run {name}", soft_wrap=True)


@app.command()
def cases() -> None:
    """List the bundled cases."""
    for name in bundled():
        out.print(f"{name}  {read_case(find_case(name)).text.title}", highlight=False, soft_wrap=True)


def _version(wanted: bool) -> None:
    if wanted:
        out.print(f"raison {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """Hold the options that come before a command."""


def _open(case: str) -> BuiltCase:
    written = read_case(find_case(case))
    check_case(written)
    return build(written)


def _command(case: str, seed: int) -> str:
    return f"raison run {shlex.quote(case)} --seed {seed}"


def _check_writable(folder: Path) -> None:
    """Find out before the work, not after it, that the results cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".writable").touch()
        (folder / ".writable").unlink()
    except OSError as error:
        raise CaseError(f"cannot write into {folder}: {error.strerror}. Name another folder with --out.") from None


class _progress:  # noqa: N801  (a context manager that reads as a function)
    """Show what is being done on standard error; one line a step where there is no terminal.

    An interrupt that compiled code swallowed takes effect at the next step.
    """

    def __init__(self) -> None:
        self._bars = rich.progress.Progress(
            rich.progress.TextColumn("{task.description}"),
            rich.progress.BarColumn(),
            rich.progress.MofNCompleteColumn(),
            rich.progress.TimeElapsedColumn(),
            console=err,
            disable=not err.is_terminal,
        )
        self._tasks: dict[str, rich.progress.TaskID] = {}
        self._is_main = threading.current_thread() is threading.main_thread()
        self._was_interrupted = False

    def __enter__(self) -> Callable[[str, int, int], None]:
        if self._is_main:
            self._handler = signal.signal(signal.SIGINT, self._interrupt)
        self._bars.start()
        return self._tell

    def __exit__(self, *error: object) -> None:
        self._bars.stop()
        if self._is_main:
            signal.signal(signal.SIGINT, self._handler)

    def _interrupt(self, *_: object) -> None:
        self._was_interrupted = True
        raise KeyboardInterrupt

    def _tell(self, stage: str, done: int, total: int) -> None:
        if self._was_interrupted:
            raise KeyboardInterrupt
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(stage, total=total)
        self._bars.update(self._tasks[stage], completed=done, total=total)
        if not err.is_terminal and done:
            err.print(f"{stage}: {done}/{total}", highlight=False)


MOST_KEPT = 512 * 2**20
"""Bytes of compiled code that are kept; the code unused for longest goes first."""


def _keep_compiled() -> None:
    """Keep what JAX compiles in the user's cache folder, so that the next run of a case need not compile it again.

    A folder of its own for each kind of processor: code compiled for one may not run on another. JAX goes on
    without the cache, and warns, where the folder cannot be written.
    """
    if "JAX_COMPILATION_CACHE_DIR" in os.environ:
        return
    try:
        flags = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith(("flags", "Feat"))]
    except OSError:
        flags = []
    kind = hashlib.sha256(f"{platform.machine()} {platform.processor()} {flags[:1]}".encode()).hexdigest()[:12]
    jax.config.update("jax_compilation_cache_dir", str(Path(platformdirs.user_cache_dir("raison")) / "jax" / kind))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.05)
    jax.config.update("jax_compilation_cache_max_size", MOST_KEPT)


def main() -> None:
    """Run the command line and leave with its exit code; a bug leaves a traceback and exit code 3."""
    _keep_compiled()
    try:
        code = app(standalone_mode=False) or 0
    except KeyboardInterrupt:
        code = 130
    except typer.Abort:
        code = 130
    except typer.Exit as leaving:
        code = leaving.exit_code
    except RaisonError as error:
        err.print(str(error), soft_wrap=True, markup=False, highlight=False)
        code = error.exit_code
    except Exception as error:
        code = _usage_error(error)
    sys.stdout.flush()
    sys.stderr.flush()
    # fits that run in other threads would hold an interrupted process back
    os._exit(code)


def _usage_error(error: Exception) -> int:
    """Tell a wrong command line from a bug of ours."""
    show = getattr(error, "show", None)
    if show is not None:
        show()
        return 2
    traceback.print_exception(error)
    err.print("This is a bug in Raison. Please report it with the lines above and the case.", highlight=False)
    return 3


if __name__ == "__main__":
    main()
