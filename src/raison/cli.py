"""The command line: `raison run`, `ask`, `simulate`, `check`, `power`, `solve`, `new`, `cases`.

Exit codes: 0 done, 1 a computation failed honestly, 2 a file or a command is wrong or the machine refuses, 3 our bug,
130 interrupted.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import platform
import shlex
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import jax
import platformdirs
import rich.console
import rich.progress
import rich.table
import typer

from raison import __version__
from raison.analysis import FitStore, Watch, run_study
from raison.analysis.asking import ask as answer_all
from raison.analysis.disbelieved import disbelieved_readings
from raison.analysis.drawn import DRAWS
from raison.analysis.foreseen import FITTED, WHOLE, foresee, foresee_fitted
from raison.analysis.motives import measure_motives, motive_warnings
from raison.analysis.pool import Processes, cluster_at, end_processes
from raison.analysis.signatures import try_signatures
from raison.analysis.simulating import PATHS
from raison.analysis.simulating import simulate as draw_paths
from raison.analysis.watch import Tell, cancelled_by_interrupt
from raison.case import BuiltCase, WrittenCase, build, check_case, read_case
from raison.case.template import write_template
from raison.cases import bundled, find_case, open_case
from raison.combined import combine
from raison.engine.memory import memory_need
from raison.equilibrium import Equilibrium
from raison.equilibrium.branches import Branches, find_branches
from raison.errors import (
    Cancelled,
    CannotWrite,
    CaseError,
    ClusterFailed,
    NotConverged,
    RaisonError,
    counted,
    did_you_mean,
)
from raison.inference.likelihood import GameLikelihood
from raison.study import Study
from raison.writing import held, make_folder, write_whole

app = typer.Typer(
    help="Turn an argument about why a state acted into a model that can be tested.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
out = rich.console.Console(markup=False, emoji=False, highlight=False)
err = rich.console.Console(markup=False, emoji=False, highlight=False, stderr=True)

MOST_SEED = 2**63 - 1
"""Largest seed: the files of a study hold it as a signed integer of 64 bits."""

MOST_MEASURED = 50_000
"""States up to which `check` measures what motives do: some seconds."""

CaseArgument = Annotated[str, typer.Argument(help="A bundled case (see `raison cases`), or a path to a case.")]


@app.command()
def run(
    context: typer.Context,
    case: CaseArgument,
    folder: Annotated[
        Path | None, typer.Option("--out", help="Folder for the results.", show_default="raison-out/CASE")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Seed of every random draw.")] = 0,
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Compute the evidence by tempered Monte Carlo, too: minutes.")
    ] = False,
    cluster: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler whose workers compute.", show_default="this machine")
    ] = None,
    search: Annotated[bool, typer.Option("--search/--no-search", help="Search the games for other equilibria.")] = True,
    variants: Annotated[
        bool, typer.Option("--variants/--no-variants", help="Study the variants that the case declares.")
    ] = True,
) -> None:
    """Run the whole study of a case; print the result and write it into a folder."""
    # only this command draws and saves: the libraries for that take two seconds to load
    from raison.report import show_study, write_report
    from raison.saving import FILES, save_study

    built = open_case(case)
    for warning in built.warnings:
        _complain(f"warning: {warning}")
    folder = folder or Path("raison-out") / built.name
    with (
        cluster_at(cluster) if cluster else contextlib.nullcontext() as pool,
        _telling_the_way_out(folder),
        held(folder, [*FILES, "report.html"]),
        _progress() as tell,
    ):
        watch = Watch(tell, context.obj)
        store = FitStore(make_folder(folder / "fits"))
        command = _command(case, seed, search, thorough, variants)
        study = run_study(
            built,
            seed=seed,
            search=search,
            thorough=thorough,
            variants=variants,
            command=command,
            store=store,
            watch=watch,
            pool=pool,
        )
        written = [*save_study(study, folder), write_report(study, folder / "report.html")]
        watch.check()
    with _showing():
        show_study(study, out)
    _show(f"Written: {', '.join(path.name for path in written)} in {folder}")
    for each in study.failed:
        _complain(f"not fitted: {each.label or each.name}: {each.reason}")
    if study.failed:
        raise typer.Exit(1)


@app.command()
def ask(
    context: typer.Context,
    study: Annotated[str, typer.Argument(help="Folder of a finished study, or a case that was run here.")],
    questions: Annotated[list[str], typer.Argument(help="One or more lines of the query language, each in quotes.")],
    draws: Annotated[
        int, typer.Option(min=1, max=100_000, help="Draws of the numbers, over all explanations.")
    ] = DRAWS,
    as_csv: Annotated[bool, typer.Option("--csv", help="Write the answers as CSV, and nothing else.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write the answers as JSON, and nothing else.")] = False,
) -> None:
    """Ask a finished study; nothing is fitted again."""
    from raison.report import sentence, show_asked
    from raison.saving import asked_csv, asked_json

    _check_format(as_csv, as_json)
    found = _finished(study)
    with _progress() as tell:
        answers = answer_all(
            found,
            questions,
            draws=draws,
            watch=Watch(tell, context.obj) if err.is_terminal else Watch(cancelled=context.obj),
        )
    if as_csv or as_json:
        with _showing():
            sys.stdout.write(
                asked_csv(answers) if as_csv else asked_json(answers, [sentence(each) for each in answers])
            )
    else:
        with _showing():
            show_asked(answers, out)
    without = sum(not each.has_answer for each in answers)
    if without:
        _complain(f"{without} of {counted(len(answers), 'question')} without an answer.")
        raise typer.Exit(1)


@app.command(name="combine")
def combine_studies(
    studies: Annotated[list[str], typer.Argument(help="Folders of finished studies, or cases that were run here.")],
    as_csv: Annotated[bool, typer.Option("--csv", help="Write the table as CSV, and nothing else.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write the table as JSON, and nothing else.")] = False,
) -> None:
    """Say what studies of different cases say together of the explanations they share."""
    from raison.report import combined_sentence, show_combined
    from raison.saving import combined_csv, combined_json

    _check_format(as_csv, as_json)
    combined = combine([_finished(each) for each in studies])
    with _showing():
        if as_csv or as_json:
            text = combined_csv(combined) if as_csv else combined_json(combined, combined_sentence(combined))
            sys.stdout.write(text)
        else:
            show_combined(combined, out)


@app.command()
def simulate(
    context: typer.Context,
    study: Annotated[str, typer.Argument(help="Folder of a finished study, or a case that was run here.")],
    until: Annotated[str, typer.Option(help="Last day, such as 2018-08-12.")],
    paths: Annotated[int, typer.Option(min=1, max=1_000_000, help="Paths, over all explanations.")] = PATHS,
    given: Annotated[
        str, typer.Option(help="What is known and changed, as behind the bar of a question; empty for the start.")
    ] = "record",
    explanation: Annotated[str | None, typer.Option(help="Draw under this one only.", show_default="all")] = None,
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Seed of every random draw.")] = 0,
    file: Annotated[
        Path | None, typer.Option("--out", help="File to write, .csv or .nc.", show_default="CSV to the screen")
    ] = None,
) -> None:
    """Draw paths of what may come, each under an explanation and at numbers as probable as the record makes them."""
    from raison.saving import paths_csv

    if file is not None and file.suffix not in (".csv", ".nc"):
        raise CaseError(f"found --out {file}; its name must end in .csv or .nc.")
    found = _finished(study)
    with _progress() as tell:
        watch = Watch(tell, context.obj) if err.is_terminal else Watch(cancelled=context.obj)
        drawn = draw_paths(found, until, paths=paths, given=given, explanation=explanation, seed=seed, watch=watch)
    if drawn.unconverged:
        _complain(f"{drawn.unconverged} of {drawn.draws} draws left out: their games did not converge.")
    if file is None:
        with _showing():
            sys.stdout.write(paths_csv(drawn))
        return
    is_csv = file.suffix == ".csv"
    write_whole(file, paths_csv(drawn) if is_csv else drawn.dataset().to_netcdf(engine="h5netcdf"))
    _show(f"Written: {counted(len(drawn.explanation), 'path')} in {file}")


def _check_format(as_csv: bool, as_json: bool) -> None:
    """Refuse two formats at once."""
    if as_csv and as_json:
        raise CaseError("found both --csv and --json; write one of them.")


def _finished(text: str) -> Study:
    """Return the finished study in a folder, or that of a case in the folder where `run` writes it."""
    from raison.saving import load_study

    if (Path(text) / "study.json").is_file():
        return load_study(text)
    written = read_case(find_case(text))
    folder = Path("raison-out") / written.name
    hint = f"`raison run {shlex.quote(text)}` makes one; or name the folder of another."
    if not (folder / "study.json").is_file():
        raise CaseError(f"{text} is a case, and {folder} holds no finished study of it. {hint}")
    found = load_study(folder)
    if found.case.hash != written.hash:
        raise CaseError(f"the study in {folder} is of another state of the case {text}: a file has changed. {hint}")
    return found


@app.command()
def check(case: CaseArgument) -> None:
    """Check a case and report every problem at once."""
    written = read_case(find_case(case))
    warnings = check_case(written)
    built = build(written, warnings)
    for warning in warnings:
        _complain(f"warning: {warning}")
    parts = (
        counted(len(built.explanations), "explanation"),
        counted(sum(len(watched.record.items) for watched in built.records), "item"),
        counted(len(built.claims), "claim"),
    )
    told = f"{counted(len(warnings), 'warning')}, no errors" if warnings else "No problems"
    _show(f"{_size(built)}, {', '.join(parts)}; its game needs about {_need(built)}. {told}.")
    _show_motives(written, built)


def _show_motives(written: WrittenCase, built: BuiltCase) -> None:
    """Measure what every motive does, and warn of those that hardly move anyone."""
    from raison.report import motive_rows, show_motives

    if built.space.size > MOST_MEASURED:
        _show(f"What each motive does is measured here up to {MOST_MEASURED:,} states; the report of a run has it.")
        return
    try:
        motives = measure_motives(built)
        disbelieved = disbelieved_readings(written, built)
    except NotConverged as error:
        _complain(f"warning: what each motive does, and which readings are believed, is not known: {error}")
        return
    for warning in (*motive_warnings(written, motives), *disbelieved):
        _complain(f"warning: {warning}")
    rows = motive_rows(motives, {}, {each.name: each.label for each in built.explanations})
    with _showing():
        show_motives(rows, out)
    _show_signatures(built)


def _show_signatures(built: BuiltCase) -> None:
    """Try what explanations predict, and warn of what they do not."""
    from raison.report import failing_sentences, show_signatures, signature_rows

    if not built.predictions:
        return
    try:
        found = try_signatures(built, 0, Watch(), Processes())
    except NotConverged as error:
        _complain(f"warning: whether explanations predict what they say is not known: {error}")
        return
    labels = {each.name: each.label for each in built.explanations}
    rows = signature_rows(found, built.labels, labels, built.records[0].calendar.unit)
    failing = [row for row in rows if not row.passes]
    for row, sentence in zip(failing, failing_sentences(failing), strict=True):
        _complain(f"warning: {' '.join([sentence, *row.why])}")
    with _showing():
        show_signatures(rows, out)


@app.command()
def power(
    context: typer.Context,
    case: CaseArgument,
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Seed of the records that are made.")] = 0,
    draws: Annotated[
        int | None,
        typer.Option(
            min=4,
            max=10_000,
            help="Draws of the numbers, two records at each; with --fitted, records under each rival.",
            show_default=f"{WHOLE}; with --fitted {FITTED}",
        ),
    ] = None,
    fitted: Annotated[
        bool, typer.Option("--fitted", help="Learn every number anew from every record: minutes to hours.")
    ] = False,
    picture: Annotated[
        Path | None, typer.Option(help="File for the picture of planted truth over the length of the record (SVG).")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler whose workers compute.", show_default="this machine")
    ] = None,
) -> None:
    """Tell before the record what it could tell at most, and what would help."""
    from raison.report import power_chart, power_table, show_power

    built = open_case(case)
    with cluster_at(cluster) if cluster else contextlib.nullcontext(Processes()) as pool, _progress() as tell:
        watch = Watch(tell, context.obj)
        if fitted:
            found = foresee_fitted(built, seed, watch, pool, records=draws or FITTED)
        else:
            found = foresee(built, seed, watch, pool, draws=draws or WHOLE, with_helps=True)
    with _showing():
        show_power(power_table(found, {each.name: each.label for each in built.explanations}), out)
    chart = power_chart(found) if picture else None
    if picture and chart:
        _show(f"Written: {write_whole(picture, chart.svg)}")
    elif picture:
        _complain("no picture: records of other lengths are not made with --fitted, or the case has one explanation.")


@app.command()
def solve(
    case: CaseArgument,
    explanation: Annotated[str | None, typer.Option(help="Solve this explanation only.")] = None,
    branches: Annotated[bool, typer.Option("--branches", help="Search for further equilibria, too.")] = False,
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Seed of the starts of that search.")] = 0,
) -> None:
    """Solve the game of each explanation at the centre of its priors."""
    built = open_case(case)
    names = [each.name for each in built.explanations]
    if explanation is not None and explanation not in names:
        raise CaseError(f"no explanation `{explanation}`.{did_you_mean(explanation, names)}")
    likelihood = GameLikelihood(built.game, built.records)
    centres = {each.name: each.centre for each in built.explanations if explanation in (None, each.name)}
    _show(f"{_size(built)}; needs about {_need(built)}")
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
    with _showing():
        out.print(table)
    for note in notes:
        _show(note)


def _size(built: BuiltCase) -> str:
    return f"{built.name}: {counted(built.space.size, 'state')}, {counted(len(built.names.actions), 'player')}"


def _need(built: BuiltCase) -> str:
    """Return how much memory it takes to solve the game of a case; that does not depend on its numbers."""
    need = memory_need(built.game(built.explanations[0].centre))
    return f"{need / 2**30:.1f} GiB"


def _solved_row(name: str, solved: Equilibrium) -> tuple[str, ...]:
    largest = float(abs(solved.values).max())
    return name, solved.message, str(solved.steps), f"{solved.residual:.1e}", f"{solved.error:.1e}", f"{largest:.1f}"


def _branches_note(name: str, found: Branches) -> str:
    """Return what the search for equilibria found, in a sentence or two."""
    count = "one equilibrium" if found.count == 1 else counted(found.count, "equilibrium", "equilibria")
    ways = "" if found.was_deflated else "; the game is too large for a search by deflation"
    end = {None: "was lost before precision 1", 0: "leads to the first"}.get(
        found.principal, f"leads to number {(found.principal or 0) + 1}, not to the first"
    )
    origins = "; ".join(f"{number}: {each.origin}" for number, each in enumerate(found.equilibria, start=1))
    folds = f", with folds at {', '.join(f'{fold:.3f}' for fold in found.folds)}" if found.folds else ", without a fold"
    searches = counted(found.searches, "search", "searches")
    return (
        f"{name}: {count} found in {searches}, {found.failures} of which ended nowhere{ways}. "
        f"The branch from precision 0 {end}{folds}. All answers use the first. How each was found: {origins}."
    )


@app.command()
def new(name: Annotated[str, typer.Argument(help="Folder to make; its name is the name of the case.")]) -> None:
    """Write a small commented case that runs."""
    paths = write_template(Path(name))
    _show(f"Written: {', '.join(path.name for path in paths)} in {name}. Try: raison run {shlex.quote(name)}")


@app.command()
def cases() -> None:
    """List the bundled cases."""
    for name in bundled():
        _show(f"{name}  {read_case(find_case(name)).text.title}")


def _version(wanted: bool) -> None:
    if wanted:
        _show(f"raison {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """Hold the options that come before a command."""


def _command(case: str, seed: int, search: bool, thorough: bool, variants: bool) -> str:
    options = f"{'' if search else ' --no-search'}{' --thorough' if thorough else ''}"
    options += "" if variants else " --no-variants"
    return f"raison run {shlex.quote(case)} --seed {seed}{options}"


@contextlib.contextmanager
def _telling_the_way_out(folder: Path) -> Iterator[None]:
    """Add to what ends a run how one goes on from there."""
    try:
        yield
    except CannotWrite as error:
        raise CannotWrite(f"{error} Make room, or name another folder with --out.") from None
    except ClusterFailed as error:
        raise ClusterFailed(f"{error} Finished explanations are kept; the same command goes on from there.") from None
    except (KeyboardInterrupt, Cancelled):
        kept = f"Finished explanations are kept in {folder / 'fits'}; the same command takes them up."
        raise Cancelled(f"Interrupted. {kept}") from None


@contextlib.contextmanager
def _progress() -> Iterator[Tell]:
    """Show what is being done on standard error; one line a step where there is no terminal."""
    bars = rich.progress.Progress(
        rich.progress.TextColumn("{task.description}", markup=False),
        rich.progress.BarColumn(),
        rich.progress.MofNCompleteColumn(),
        rich.progress.TimeElapsedColumn(),
        console=err,
        disable=not err.is_terminal,
    )
    tasks: dict[str, rich.progress.TaskID] = {}

    def tell(stage: str, done: int, total: int) -> None:
        if stage not in tasks:
            tasks[stage] = bars.add_task(stage, total=total)
        bars.update(tasks[stage], completed=done, total=total)
        if not err.is_terminal and done:
            _complain(f"{stage}: {done}/{total}")

    with bars:
        yield tell


def _show(text: str) -> None:
    with _showing():
        out.print(text, soft_wrap=True)


@contextlib.contextmanager
def _showing() -> Iterator[None]:
    """Tell in plain words that standard output takes nothing."""
    try:
        yield
    except OSError as error:
        raise CannotWrite(f"cannot write to standard output: {error.strerror}.") from None


def _complain(text: str) -> None:
    """Write to standard error; where that takes nothing there is nowhere else to say so."""
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


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


def _prepare_streams() -> None:
    """Show what an encoding does not have as `?`; raise `CannotWrite` if standard output is closed."""
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115  (open as long as the process)
    if sys.stdout is None:
        raise CannotWrite("cannot write to standard output: it is closed.")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def main() -> None:
    """Run the command line and leave with its exit code; a bug leaves a traceback and exit code 3.

    It leaves from within what handles an error: an interrupt may have hit a library of C while it gave memory back,
    which it would give back again, and abort, as the frames of the error go.
    """
    try:
        with cancelled_by_interrupt() as cancelled:
            _prepare_streams()
            _keep_compiled()
            code = app(standalone_mode=False, obj=cancelled) or 0
            with _showing():
                sys.stdout.flush()
    except typer.Abort:
        _leave(130)
    except RaisonError as error:
        _complain(str(error))
        _leave(error.exit_code)
    except OSError as error:
        _complain(f"{error.filename or 'the system'}: {error.strerror or error}.")
        _leave(2)
    except SystemExit:
        _complain("cannot write to standard output: it is closed at the other end.")
        _leave(2)
    except Exception as error:
        _leave(_fault(error))
    else:
        _leave(code)


def _leave(code: int) -> None:
    """End the process here and now; loops that run in other threads would hold an interrupted one back."""
    end_processes()
    os._exit(code)


def _fault(error: Exception) -> int:
    """Tell a wrong command line from a bug of ours."""
    show = getattr(error, "show", None)
    if show is not None:
        with contextlib.suppress(OSError):
            show()
        return 2
    _complain("".join(traceback.format_exception(error)).rstrip())
    _complain("This is a bug in Raison. Please report it with the lines above and the case.")
    return 3
