"""The tables and the picture of `docs/reference/benchmarks.md`."""

from __future__ import annotations

import pathlib
import re
import statistics
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

DOCS = pathlib.Path(__file__).parents[1] / "docs"
PAGE, PICTURE = DOCS / "reference" / "benchmarks.md", DOCS / "images" / "solver-growth.svg"
COLORS = {"shuffled": "#0072B2", "ordered": "#D55E00", "entry": "#009E73"}
GIB, MIB, NANO = 2**30, 2**20, 1e9

ENTRY_TARGETS = {8: 0.1, 10: 0.4, 12: 1.3, 16: 40.0}
"""Most seconds that the entry game of so many players may take."""

Row = dict[str, Any]


def tables(results: Row) -> dict[str, str]:
    """Return every table for which there are results, by name."""
    makers = {
        "entry": entry_table, "random": random_table, "application": application_table, "scipy": scipy_table,
        "quantecon": quantecon_table, "sgamesolver": sgamesolver_table, "turkey": turkey_table,
        "machine": machine_line, "targets": targets_table,
    }  # fmt: skip
    needed = {"application": ("random",), "targets": ("entry", "random", "turkey")}
    return {
        name: make(results)
        for name, make in makers.items()
        if all(part in results for part in needed.get(name, [name]))
    }


def write_page(results: Row) -> None:
    """Put the tables between their marks on the page, and draw the picture."""
    text = PAGE.read_text(encoding="utf-8")
    for name, table in tables(results).items():
        mark = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        text = mark.sub(lambda found, table=table: f"{found[1]}\n{table}\n\n{found[2]}", text)
    PAGE.write_text(text, encoding="utf-8")
    if {"entry", "random"} <= set(results):
        draw(results)


def table(titles: str, rows: list[list[str]]) -> str:
    """Return a table, numbers to the right."""
    names = titles.split(" | ")
    lines = [names, ["--:" if i else "---" for i in range(len(names))], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def time_of(seconds: float) -> str:
    """Return seconds in the unit that suits them."""
    if seconds < 1.0:
        return f"{number(1e3 * seconds)} ms"
    return f"{number(seconds)} s"


def number(value: float) -> str:
    """Return a number with two or three digits that count."""
    return f"{value:,.0f}" if value >= 99.5 else f"{value:.3g}" if value >= 9.95 else f"{value:.2g}"


def exact(value: float) -> str:
    """Return a small number in scientific form."""
    return f"{value:.0e}"


def status(row: Row) -> str:
    """Return the first words of a status."""
    return row["status"].partition(":")[0]


def ratio(row: Row, theirs: float) -> str:
    """Return how many times as long the other solver takes."""
    return number(theirs / row["ours"])


def random_rows(results: Row) -> list[Row]:
    """Return the random games, the largest among them if it was solved."""
    rows = results["random"]["rows"] + results.get("largest", {"rows": []})["rows"]
    return sorted(rows, key=lambda row: (row["family"] != "shuffled", row["states"]))


def entry_table(results: Row) -> str:
    """Return the entry games."""
    return table(
        "players | states | first | again | ns per state and player | steps | residual | error | peak, MiB | status",
        [
            [
                str(row["players"]), f"{row['states']:,}", time_of(row["first"]), time_of(row["warm"]),
                number(per_value(row, row["warm"], row["players"])), str(row["steps"]), exact(row["residual"]),
                exact(row["error"]), number(row["peak"] / MIB), status(row),
            ]
            for row in results["entry"]["rows"]
        ],
    )  # fmt: skip


def per_value(row: Row, seconds: float, players: int) -> float:
    """Return nanoseconds per state and player."""
    return NANO * seconds / row["states"] / players


def per_jump(row: Row) -> float:
    """Return nanoseconds per state and jump."""
    return NANO * row["solve"] / row["states"] / row["application"]["jumps_per_state"]


def random_table(results: Row) -> str:
    """Return the random games."""
    return table(
        "game | states | laid out | solved | ns per state | ns per state and jump | steps | residual | error "
        "| peak, GiB | told before, GiB | status",
        [
            [
                row["family"], f"{row['states']:,}", time_of(row["set_up"]), time_of(row["solve"]),
                number(NANO * row["solve"] / row["states"]), number(per_jump(row)), str(row["steps"]),
                exact(row["residual"]),
                exact(row["error"]), f"{row['peak'] / GIB:.2f}", f"{row['need'] / GIB:.2f}", status(row),
            ]
            for row in random_rows(results)
        ],
    )  # fmt: skip


def application_table(results: Row) -> str:
    """Return one application of the generator."""
    rows = [(row, row["application"]) for row in random_rows(results) if row["states"] > 50_000]
    keys = ("one_core", "all_cores", "flow_all_cores", "scipy_block", "scipy_vector")
    return table(
        "game | states | jumps per state | largest difference | one core | all cores | distributions, all cores "
        "| scipy, block | scipy, vector | scipy block / one core | scipy block / all cores",
        [
            [
                row["family"], f"{row['states']:,}", number(product["jumps_per_state"]),
                exact(max(product["difference"], product["flow_difference"])),
                *(f"{NANO * product[key]:.2f}" for key in keys),
                *(number(product["scipy_block"] / product[key]) for key in ("one_core", "all_cores")),
            ]
            for row, product in rows
        ],
    )  # fmt: skip


def scipy_table(results: Row) -> str:
    """Return the comparison with scipy."""
    return table(
        "game | players | states | difference | Raison | scipy | scipy / Raison",
        [
            [
                row["family"], str(row["players"]), f"{row['states']:,}", exact(row["difference"]),
                time_of(row["ours"]), time_of(row["theirs"]), ratio(row, row["theirs"]),
            ]
            for row in results["scipy"]["rows"]
        ],
    )  # fmt: skip


def quantecon_table(results: Row) -> str:
    """Return the comparison with QuantEcon."""
    return table(
        "states | method | states with the same choice | difference | Raison | QuantEcon | QuantEcon / Raison",
        [
            [
                f"{row['states']:,}", row["method"].replace("_", " "), f"{100 * row['same_choice']:.4g} %",
                exact(row["difference"]), time_of(row["ours"]), time_of(row["theirs"]), ratio(row, row["theirs"]),
            ]
            for row in results["quantecon"]["rows"]
        ],
    )  # fmt: skip


def sgamesolver_table(results: Row) -> str:
    """Return the comparison with sgamesolver."""
    return table(
        "states | difference of choices | difference of values | Raison | its start | its path "
        "| path / Raison | both / Raison",
        [
            [
                str(row["states"]), exact(row["choice_difference"]), exact(row["difference"]), time_of(row["ours"]),
                time_of(row["starting"]), time_of(row["tracing"]), ratio(row, row["tracing"]),
                ratio(row, row["starting"] + row["tracing"]),
            ]
            for row in results["sgamesolver"]["rows"]
        ],
    )  # fmt: skip


def turkey_table(results: Row) -> str:
    """Return the bundled case."""
    empty, warm = turkey_times(results)
    rows = [["nothing compiled before", time_of(empty)], ["compiled code on the disk", time_of(warm)]]
    return table("`raison solve turkey-2016 --explanation bluff` | process start to end", rows)


def turkey_times(results: Row) -> tuple[float, float]:
    """Return the median seconds with empty caches and with warm ones."""
    rows = results["turkey"]["rows"]
    return statistics.median(row["empty"] for row in rows), statistics.median(row["warm"] for row in rows)


def machine_line(results: Row) -> str:
    """Return machine, versions and dates."""
    machine = results["machine"]
    parts = [part for part in results.values() if "date" in part]
    dates = sorted({part["date"] for part in parts})
    versions = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    load = max(part["load_before"] for part in parts)
    return (
        f"{machine['cores']} cores ({machine['processor']}), {machine['memory'] / GIB:.0f} GiB, {machine['system']}, "
        f"Python {machine['python']}; {versions}. Measured {' to '.join(dict.fromkeys((dates[0], dates[-1])))}; the "
        f"average load before a part was at most {load:.1f}."
    )


def targets_table(results: Row) -> str:
    """Return targets beside what was measured."""
    rows = [
        [f"entry game, {row['players']} players, residual 1e-10", *met(row["warm"], ENTRY_TARGETS[row["players"]])]
        for row in results["entry"]["rows"]
        if row["players"] in ENTRY_TARGETS
    ]
    for row in random_rows(results):
        name = f"{row['family']}, {row['states']:,} states"
        if 1_000_000 <= row["states"] < 2_000_000:
            rows.append([f"random game, {name}, residual 1e-8", *met(row["solve"], 30.0)])
        if row["states"] >= 100_000:
            slowest = max(row["application"][key] for key in ("all_cores", "flow_all_cores"))
            title = f"one application, {name}, values or distributions, per state, player and jump"
            rows.append([title, *met(NANO * slowest, 1.0, lambda ns: f"{ns:.2f} ns")])
        if row["states"] >= 10_000_000:
            rows.append([f"memory of {name}", *met(row["peak"] / GIB, 24.0, lambda size: f"{size:.1f} GiB")])
    for family in ("shuffled", "ordered"):
        cost = {row["states"]: row["solve"] / row["states"] for row in random_rows(results) if row["family"] == family}
        title = f"largest over smallest cost per state, {family}, {min(cost):,} to {max(cost):,} states"
        rows.append([title, *met(max(cost.values()) / min(cost.values()), 1.5, lambda ratio: f"{ratio:.2f}")])
    rows.append(["`raison solve turkey-2016 --explanation bluff`, cold process", *met(turkey_times(results)[1], 6.0)])
    return table("work | at most | measured | met", rows)


def met(value: float, most: float, words: Callable[[float], str] = time_of) -> tuple[str, str, str]:
    """Return the target, what was measured, and whether it is at most the target."""
    return words(most), words(value), "yes" if value <= most else "no"


def draw(results: Row) -> None:
    """Draw cost per state and memory by size."""
    mpl.rcParams["svg.hashsalt"] = "raison"
    figure = Figure(figsize=(8.0, 3.2), layout="constrained")
    cost, memory = figure.subplots(1, 2)
    for family in ("shuffled", "ordered"):
        rows = [row for row in random_rows(results) if row["family"] == family]
        states, color = [row["states"] for row in rows], COLORS[family]
        cost.plot(
            states, [per_value(row, row["solve"], 4) for row in rows], "o-", color=color, label=f"random, {family}"
        )
        memory.plot(states, [row["peak"] / GIB for row in rows], "o-", color=color, label=f"random, {family}")
        memory.plot(states, [row["need"] / GIB for row in rows], ":", color=color)
    rows = results["entry"]["rows"]
    states, color = [row["states"] for row in rows], COLORS["entry"]
    cost.plot(states, [per_value(row, row["warm"], row["players"]) for row in rows], "s-", color=color, label="entry")
    memory.plot(states, [row["peak"] / GIB for row in rows], "s-", color=color, label="entry")
    memory.plot([], [], ":", color="black", label="told before")
    for axes, title in ((cost, "ns per state and player, solved"), (memory, "peak memory, GiB")):
        axes.set(xscale="log", yscale="log", xlabel="states", title=title)
        axes.grid(visible=True, alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    memory.legend(frameon=False)
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, metadata={"Date": None})
