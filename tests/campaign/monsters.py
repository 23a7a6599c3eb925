"""Cases too large for anybody: each must be read or refused in seconds and in little memory."""

from __future__ import annotations

from collections.abc import Callable

from campaign.starts import start_of
from campaign.trees import Entries, Raw, Tree, copy_of, text_of

MIB = 2**20

Files = dict[str, bytes]


def _with_record(content: bytes) -> Files:
    return {**start_of("smallest").files, "record.csv": content}


def _header() -> bytes:
    return start_of("smallest").files["record.csv"].splitlines(keepends=True)[0]


def _with_entry(name: str, value: Tree) -> Files:
    tree = copy_of(start_of("readme").trees["case.yaml"])
    assert isinstance(tree, Entries)
    kept = [entry for entry in tree if entry[0] != name]
    return {"case.yaml": text_of(Entries([*kept, [name, value]])).encode()}


def _variables(count: int, levels: int) -> Files:
    tree = copy_of(start_of("readme").trees["case.yaml"])
    assert isinstance(tree, Entries)
    words = [f"l{level}" for level in range(levels)]
    more = [[f"v{number}", Entries([["levels", words], ["at start", "l0"]])] for number in range(count)]
    variables = next(value for key, value in tree if key == "variables")
    variables.extend(more)
    return {"case.yaml": text_of(tree).encode()}


def _actions(count: int) -> Files:
    tree = copy_of(start_of("readme").trees["case.yaml"])
    assert isinstance(tree, Entries)
    players = next(value for key, value in tree if key == "players")
    actions = next(value for key, value in players[0][1] if key == "actions")
    actions.extend([f"a{number}", copy_of(actions[0][1])] for number in range(count))
    return {"case.yaml": text_of(tree).encode()}


def _explanations(count: int) -> Files:
    tree = copy_of(start_of("readme").trees["case.yaml"])
    assert isinstance(tree, Entries)
    explanations = next(value for key, value in tree if key == "explanations")
    explanations.extend([f"e{number}", copy_of(explanations[0][1])] for number in range(count))
    return {"case.yaml": text_of(tree).encode()}


def _claims(count: int, test: str) -> Files:
    claim = [["says", "x"], ["kind", "causal"], ["test", test]]
    return _with_entry("claims", [Entries([["id", f"c{number}"], *claim]) for number in range(count)])


def _record_in_place(count: int) -> Files:
    item = [["date", "2022-10-05"], ["kind", "move"], ["who", "ministry"], ["what", "cut"]]
    return _with_entry("record", [Entries(item) for _ in range(count)])


def _sources(count: int) -> Tree:
    return Entries([f"s{number}", Entries([["title", "a"]])] for number in range(count))


def _anchors(count: int) -> Tree:
    return [Raw("&a0 a"), *(Raw(f"&a{number} [*a{number - 1}, *a{number - 1}]") for number in range(1, count))]


MONSTERS: dict[str, Callable[[], Files]] = {
    "a cell of 63 MiB": lambda: _with_record(_header() + b"2022-03-15,reading,price," + b"a" * 63 * MIB + b"\n"),
    "a quoted cell of 63 MiB": lambda: _with_record(_header() + b'2022-03-15,move,bank,"' + b"a" * 63 * MIB + b'"\n'),
    "a quote that is not closed before 60 MiB": lambda: _with_record(_header() + b'"' + b"a,b\n" * 15 * MIB),
    "a quote in every one of a million lines": lambda: _with_record(_header() + b'"a,b\n' * MIB),
    "3 million short rows": lambda: _with_record(_header() + b"2022-03-15\n" * 3 * MIB),
    "a million good rows": lambda: _with_record(_header() + b"2022-08-20,move,bank,warn,,,\n" * MIB),
    "63 MiB of commas": lambda: _with_record(_header() + b"," * 63 * MIB),
    "63 MiB of empty lines": lambda: _with_record(_header() + b"\n" * 63 * MIB + b"2022-08-20,move,bank,warn,,,\n"),
    "a header of 20 MiB": lambda: _with_record(b"date," + b"x," * 10 * MIB + b"kind\n"),
    "65 MiB": lambda: _with_record(_header() + b"\n" * 65 * MIB),
    "63 MiB of bad bytes": lambda: _with_record(_header() + b"\xff" * 63 * MIB),
    "15,000 variables": lambda: _variables(15_000, 2),
    "20 variables of two levels": lambda: _variables(18, 2),
    "one variable of 200,000 levels": lambda: _variables(1, 200_000),
    "5,000 actions": lambda: _actions(5_000),
    "5,000 explanations": lambda: _explanations(5_000),
    "20,000 items in place": lambda: _record_in_place(20_000),
    "20,000 claims": lambda: _claims(20_000, "posterior(voters) > 0.5"),
    "2,000 claims with a forecast": lambda: _claims(2_000, "P(tariff = low by 2023-01-01) > 0.5"),
    "a test of 100,000 brackets": lambda: _claims(1, "(" * 100_000),
    "a test of 300,000 sums": lambda: _claims(1, "1 + " * 300_000 + "1 < 2"),
    "a title of 2 MiB": lambda: _with_entry("title", "a" * (2 * MIB - 2_000)),
    "a million brackets": lambda: _with_entry("title", Raw("[" * 1_000_000)),
    "20,000 open mappings": lambda: _with_entry("title", Raw("{a: " * 20_000)),
    "2,000 lists in each other": lambda: _with_entry("title", Raw("[" * 2_000 + "]" * 2_000)),
    "2,000 indents": lambda: _with_entry("title", Raw("".join(f"\n{' ' * (number + 1)}a:" for number in range(2_000)))),
    "a thousand anchors": lambda: _with_entry("title", _anchors(1_000)),
    "100,000 sources": lambda: _with_entry("sources", _sources(100_000)),
    "200,000 things left out": lambda: _with_entry("leaves out", ["a"] * 200_000),
}  # fmt: skip
"""By what they are."""
