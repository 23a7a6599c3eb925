"""Measure the solver, and compare it with others that can be given the same problem.

    python benchmarks/solver.py                  # all but the largest games; about twenty minutes
    python benchmarks/solver.py --quick          # small games only; prints, writes nothing
    python benchmarks/solver.py --largest        # also the games of 10**7 states, which need 20 GiB free
    python benchmarks/solver.py --only scipy     # one part; the others stay as they are in the results
    python benchmarks/solver.py --only           # nothing; writes page and pictures again

Writes `benchmarks/results/solver.json`, and from it the tables of `docs/reference/benchmarks.md` and their picture.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import psutil
from games import ORDERED, SHUFFLED
from page import tables, write_page

HERE = pathlib.Path(__file__).parent
RESULTS = HERE / "results" / "solver.json"
NOT_INSTALLED = 4
PACKAGES = ("raison", "numba", "numpy", "scipy", "jax", "quantecon", "sgamesolver")

Row = dict[str, Any]

QUICK = {
    "entry": [{"players": n} for n in range(2, 9)],
    "random": [{"family": family, "states": 10_000} for family in (SHUFFLED, ORDERED)],
    "scipy": [{"family": "entry", "size": 6}, {"family": SHUFFLED, "size": 10_000}],
    "quantecon": [{"states": 1_000, "method": "policy_iteration"}],
    "sgamesolver": [{"levels": 4}],
}
FULL = {
    "entry": [{"players": n} for n in (*range(2, 13), 14, 16)],
    "random": [
        {"family": family, "states": states}
        for family in (SHUFFLED, ORDERED)
        for states in (10_000, 100_000, 1_000_000)
    ],
    "scipy": [
        *({"family": "entry", "size": n} for n in (2, 4, 6, 8, 10, 12)),
        *({"family": family, "size": size} for family in (SHUFFLED, ORDERED) for size in (10_000, 100_000)),
    ],
    "quantecon": [
        {"states": 1_000, "method": "policy_iteration"},
        *({"states": states, "method": "modified_policy_iteration"} for states in (1_000, 10_000, 100_000)),
    ],
    "sgamesolver": [{"levels": 4}, {"levels": 6}],
}
LARGEST = [{"family": SHUFFLED, "states": 10_000_000}, {"family": ORDERED, "states": 10_000_000}]


def measure(name: str, arguments: Row) -> Row | None:
    """Measure in a process of its own; None if a package that it needs is not installed."""
    command = [sys.executable, HERE / "measure.py", name, json.dumps(arguments)]
    settings = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # its threads slow scipy down where a core is taken
    run = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)
    if run.returncode == NOT_INSTALLED:
        print(f"{name}: skipped, `{run.stderr.strip()}` is not installed (benchmarks/requirements.txt)", flush=True)
        return None
    if run.returncode:
        sys.exit(f"{name} {arguments} failed:\n{run.stderr}")
    row = json.loads(run.stdout.splitlines()[-1])
    print(name, arguments, {key: value for key, value in row.items() if key not in arguments}, flush=True)
    return row


def part(name: str, games: list[Row]) -> Row:
    """Return the rows of one part, and when and how busy the machine was when it was measured."""
    begun = {"date": datetime.date.today().isoformat(), "load_before": os.getloadavg()[0]}
    rows = [row for game in games if (row := measure(name, game)) is not None]
    return {**begun, "rows": rows}


def turkey(rounds: int) -> Row:
    """Return the seconds of `raison solve turkey-2016 --explanation bluff`, from the start of the process to its end.

    Once with nothing compiled before, then with what that run left on the disk.
    """
    command = [pathlib.Path(sys.executable).with_name("raison"), "solve", "turkey-2016", "--explanation", "bluff"]
    begun = {"date": datetime.date.today().isoformat(), "load_before": os.getloadavg()[0]}
    rows = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as cache, tempfile.TemporaryDirectory() as compiled:
            settings = {**os.environ, "XDG_CACHE_HOME": cache, "NUMBA_CACHE_DIR": compiled}
            times = []
            for _ in range(4):
                begin = time.perf_counter()
                subprocess.run(command, env=settings, stdout=subprocess.DEVNULL, check=True)
                times.append(time.perf_counter() - begin)
        rows.append({"empty": times[0], "warm": statistics.median(times[1:])})
        print("turkey", rows[-1], flush=True)
    return {**begun, "rows": rows}


def machine() -> Row:
    """Return what the results depend on besides the code."""
    return {
        "cores": psutil.cpu_count(),
        "processor": processor(),
        "memory": psutil.virtual_memory().total,
        "system": platform.system(),
        "python": platform.python_version(),
        "packages": {name: version for name in PACKAGES if (version := version_of(name))},
    }


def processor() -> str:
    """Return the name of the processor, as far as the system tells it."""
    lines = pathlib.Path("/proc/cpuinfo")
    names = [line for line in lines.read_text().splitlines() if "model name" in line] if lines.exists() else []
    return names[0].partition(":")[2].strip() if names else platform.processor()


def version_of(package: str) -> str | None:
    """Return the version of a package; None if it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def run(games: dict[str, list[Row]], only: list[str] | None, rounds: int) -> Iterator[tuple[str, Row]]:
    """Measure all parts, or those in `only`; return each with its name when it is done."""
    names = [*games, "turkey"] if only is None else only
    if "entry" in names or "random" in names:
        measure("entry", {"players": 2})  # leaves the compiled code on the disk, as any use of Raison does
    for name in names:
        yield name, turkey(rounds) if name == "turkey" else part(name, games[name])


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small games only; prints, writes nothing")
    parser.add_argument("--largest", action="store_true", help="also the games of 10**7 states; they need 20 GiB free")
    parser.add_argument("--only", nargs="*", choices=[*FULL, "turkey"], help="these parts only")
    asked = parser.parse_args()
    if asked.quick:
        found = dict(run(QUICK, asked.only, 1))
        print(*tables({**found, "machine": machine()}).values(), sep="\n\n")
        return
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    for name, found in run(FULL, asked.only, 3):
        write(results, name, found)
    if asked.largest:
        write(results, "largest", part("random", LARGEST))
    write_page(results)


def write(results: Row, name: str, found: Row) -> None:
    """Add one part to the results and write them: what is finished is kept, whatever becomes of the rest."""
    results.update({name: found, "machine": machine()})
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
