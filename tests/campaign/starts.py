"""The cases that mutations start from: those of the documentation, the template, the example, the bundled one."""

from __future__ import annotations

import functools
import importlib.resources
import pathlib
import re
from dataclasses import dataclass

from campaign.trees import Tree, tree_of
from raison.cases import bundled, find_case

ROOT = pathlib.Path(__file__).parents[2]
SMALLEST = pathlib.Path(__file__).parent / "smallest"
"""A case with one of everything, as quick to run as a case can be."""

WEIGHTS = {"readme": 50, "smallest": 30, "tutorial": 9, "template": 7, "cod-war-1976": 3, "turkey-2016": 1}
"""How often each case is the start: small ones are quick to try."""


@dataclass(frozen=True)
class Start:
    """A case before it is changed: its files, and what those in YAML hold."""

    name: str
    files: dict[str, bytes]
    trees: dict[str, Tree]


@functools.cache
def start_of(name: str) -> Start:
    """Return the case that mutations called `name` start from."""
    pages = {"readme": ROOT / "README.md", "tutorial": ROOT / "docs" / "tutorial" / "first-case.md"}
    folders = {"smallest": SMALLEST, "cod-war-1976": ROOT / "examples" / "cod-war-1976"}
    folders |= {case: find_case(case) for case in bundled()}
    if name in pages:
        files = {"case.yaml": _case_on(pages[name]).encode()}
    else:
        template = importlib.resources.files("raison.case") / "template"
        inside = template if name == "template" else folders[name]
        files = {file.name: file.read_bytes() for file in inside.iterdir() if file.name.endswith((".yaml", ".csv"))}
    trees = {file: tree_of(content.decode()) for file, content in files.items() if file.endswith(".yaml")}
    return Start(name, dict(sorted(files.items())), dict(sorted(trees.items())))


def _case_on(page: pathlib.Path) -> str:
    found = re.search(
        r"^<!-- case: [\w-]+ -->\n```yaml\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    assert found is not None, page
    return found[1]
