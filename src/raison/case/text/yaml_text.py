"""Read YAML 1.2 into plain lists, mappings and texts, and note where each entry stands.

Every scalar stays text as it was written (`no` is `no`, `1.50` is `1.50`); what it means is decided later.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import ruamel.yaml
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import AliasEvent, Event
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from raison.case.text.files import UNSHOWN
from raison.case.text.places import Path, Place, Places, dotted
from raison.case.text.yaml_mistakes import explain_mistake, glued_key
from raison.errors import CaseError, Problem, quote

MOST_ENTRIES = 50_000
"""Most entries of a YAML file: keys, texts, lists and mappings together."""
DEEPEST = 50
"""How deep entries may be nested."""


def read_yaml(text: str, file: str, places: Places, root: Path = ()) -> Any:
    """Return the content of a YAML text and enter its places under `root`; raise `CaseError` where it is no YAML."""
    yaml = ruamel.yaml.YAML(typ="safe", pure=True)
    yaml.Composer = _Composer
    try:
        node = yaml.compose(text)
    except _Refused as error:
        raise CaseError([Problem(file, error.line, error.column, "", str(error))]) from None
    except MarkedYAMLError as error:
        raise CaseError([explain_mistake(error, text, file)]) from None
    walk = _Walk(text, file, places)
    content = walk.read(node, root)
    if walk.problems:
        raise CaseError(walk.problems)
    return content


class _Refused(Exception):
    """An entry is YAML, but nothing that a case may hold."""

    def __init__(self, event: Event, message: str) -> None:
        super().__init__(message)
        self.line, self.column = event.start_mark.line + 1, event.start_mark.column + 1


class _Composer(Composer):
    """Makes nodes of what the parser finds, up to some number and depth, and follows no `*name`."""

    def __init__(self, loader: Any = None) -> None:
        super().__init__(loader)
        self.warn_double_anchors = False
        self.entries = 0
        self.nesting = 0

    def compose_node(self, parent: Any, index: Any) -> Node:
        event = self.parser.peek_event()
        self.entries += 1
        self.nesting += 1
        if isinstance(event, AliasEvent):
            message = "found `*`, which refers to another entry; put the text in quotes or write the entry out."
            raise _Refused(event, message)
        if getattr(event, "tag", None):
            raise _Refused(event, "a text that starts with `!` must stand in quotes.")
        if self.entries > MOST_ENTRIES:
            raise _Refused(event, f"the file has more than {MOST_ENTRIES:,} entries; it is read no further than here.")
        if self.nesting > DEEPEST:
            raise _Refused(event, f"the entries are nested too deeply; at most {DEEPEST} levels are read.")
        node = super().compose_node(parent, index)
        self.nesting -= 1
        return node


@dataclass
class _Walk:
    """One pass over the nodes of a file."""

    text: str
    file: str
    places: Places
    problems: list[Problem] = field(default_factory=list)

    def read(self, node: Node | None, path: Path) -> Any:
        if node is None:
            return None
        self.places.values[path] = self._place(node)
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.read(part, (*path, index)) for index, part in enumerate(node.value)]
        return self._scalar(node, path) if isinstance(node, ScalarNode) else None

    def _scalar(self, node: ScalarNode, path: Path) -> str | None:
        is_plain = node.style not in ("'", '"', "|", ">")
        if UNSHOWN.search(node.value):
            self._complain(node, path, "found an escape for a sign that cannot be shown or stored; remove it.")
        return None if is_plain and node.value in ("", "~", "null") else str(node.value)

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        content: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self._complain(key_node, path, "a key must be a word, not a list or a mapping.")
                continue
            key = str(key_node.value)
            meant = glued_key(key) if value_node.start_mark.index == value_node.end_mark.index else None
            if UNSHOWN.search(key):
                self._complain(key_node, path, "found an escape for a sign that cannot be shown or stored; remove it.")
                continue
            if meant is not None:
                self._complain(key_node, (*path, meant), "a space is missing after the `:`.")
                continue
            if key in content:
                first = self.places.keys[(*path, key)].line
                self._complain(key_node, (*path, key), f"{quote(key)} stands twice here; the first is on line {first}.")
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
