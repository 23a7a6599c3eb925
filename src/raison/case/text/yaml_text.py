"""Read YAML 1.2 into plain lists, mappings and texts, and note where each entry stands.

Every scalar stays text as it was written (`no` is `no`, `1.50` is `1.50`); what it means is decided later.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import ruamel.yaml
from ruamel.yaml.error import MarkedYAMLError, StringMark
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from raison.case.text.places import Path, Place, Places, dotted
from raison.errors import CaseError, Problem


def read_yaml(text: str, file: str, places: Places, root: Path = ()) -> Any:
    """Return the content of a YAML text and enter its places under `root`; raise `CaseError` where it is no YAML."""
    try:
        node = ruamel.yaml.YAML(typ="safe", pure=True).compose(text)
        walk = _Walk(text, file, places)
        content = walk.read(node, root)
    except MarkedYAMLError as error:
        raise CaseError([_explain(error, text, file)]) from None
    except ReaderError as error:
        before = text[: error.position]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise CaseError([Problem(file, line, column, "", "found a sign that cannot be shown; remove it.")]) from None
    except RecursionError:
        raise CaseError([Problem(file, 0, 0, "", "the entries are nested too deeply.")]) from None
    if walk.problems:
        raise CaseError(walk.problems)
    return content


@dataclass
class _Walk:
    """One pass over the nodes of a file."""

    text: str
    file: str
    places: Places
    problems: list[Problem] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)

    def read(self, node: Node | None, path: Path) -> Any:
        if node is None:
            return None
        self.places.values[path] = self._place(node)
        if id(node) in self.seen:
            self._complain(node, path, "an anchor is used twice; write the entry out instead of `*name`.")
            return None
        self.seen.add(id(node))
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.read(part, (*path, index)) for index, part in enumerate(node.value)]
        return _scalar(node) if isinstance(node, ScalarNode) else None

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        content: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self._complain(key_node, path, "a key must be a word, not a list or a mapping.")
                continue
            key = str(key_node.value)
            if key in content:
                first = self.places.keys[(*path, key)].line
                self._complain(key_node, (*path, key), f"`{key}` stands twice here; the first is on line {first}.")
                continue
            self.places.keys[(*path, key)] = self._place(key_node)
            content[key] = self.read(value_node, (*path, key))
            if value_node.start_mark.index == value_node.end_mark.index:
                self.places.values[(*path, key)] = self.places.keys[(*path, key)]
        return content

    def _place(self, node: Node) -> Place:
        start, end = node.start_mark, node.end_mark
        source = self.text[start.index : end.index] if isinstance(node, ScalarNode) else ""
        return Place(self.file, start.line + 1, start.column + 1, source)

    def _complain(self, node: Node, path: Path, message: str) -> None:
        place = self._place(node)
        self.problems.append(Problem(self.file, place.line, place.column, dotted(path), message))


def _scalar(node: ScalarNode) -> str | None:
    is_plain = node.style not in ("'", '"', "|", ">")
    return None if is_plain and node.value in ("", "~", "null") else str(node.value)


def _explain(error: MarkedYAMLError, text: str, file: str) -> Problem:
    """Word what the YAML reader stumbled over."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if isinstance(mark, StringMark) else (0, 0)
    lines = text.split("\n")
    at = lines[line] if line < len(lines) else ""
    problem = error.problem or error.context or "the text breaks off"
    if "\t" in at[: len(at) - len(at.lstrip())] or "'\\t'" in problem:
        message = "found a tab; YAML is indented with spaces only."
    elif "mapping values are not allowed" in problem:
        message = "found a `:` that starts no entry; put the text in quotes or mend the indent above."
    elif "single document" in (error.context or ""):
        message = "found a second document after `---`; one file holds one."
    elif "undefined alias" in problem:
        message = "found `*`, which refers to another entry; put the text in quotes or write the entry out."
    else:
        message = f"this cannot be read as YAML: {problem}; mend brackets, quotes or indent here or just above."
    return Problem(file, line + 1, column + 1, "", message)
