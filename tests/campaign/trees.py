"""YAML files as trees that can be changed entry by entry, and written again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import ruamel.yaml
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode


class Raw(str):
    """A text that is written as it is, without quotes."""


class Entries(list):
    """A mapping as a list of `[key, value]`, so that a key may stand twice."""


Tree = str | list | Entries
"""A text, a list, or a mapping."""

PLAIN = re.compile(r"\w(?:[\w .<>=!+/%()-]*[\w)%])?")
"""Texts that need no quotes."""


def tree_of(text: str) -> Tree:
    """Return the content of a YAML text."""
    return _tree(ruamel.yaml.YAML(typ="safe", pure=True).compose(text))


def _tree(node: Node) -> Tree:
    if isinstance(node, MappingNode):
        return Entries([_tree(key), _tree(value)] for key, value in node.value)
    if isinstance(node, SequenceNode):
        return [_tree(part) for part in node.value]
    return str(node.value)


def copy_of(tree: Tree) -> Tree:
    """Return a tree that can be changed alone."""
    if isinstance(tree, Entries):
        return Entries([key, copy_of(value)] for key, value in tree)
    return [copy_of(part) for part in tree] if isinstance(tree, list) else tree


def text_of(tree: Tree) -> str:
    """Return a YAML text of a tree: an entry a line, what is inside it in brackets."""
    if isinstance(tree, Entries):
        return "".join(f"{_flow(key)}: {_flow(value)}\n" for key, value in tree)
    if isinstance(tree, list):
        return "".join(f"- {_flow(part)}\n" for part in tree)
    return _flow(tree) + "\n"


def _flow(tree: Tree) -> str:
    if isinstance(tree, Raw):
        return tree
    if isinstance(tree, Entries):
        return "{" + ", ".join(f"{_flow(key)}: {_flow(value)}" for key, value in tree) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(map(_flow, tree)) + "]"
    return tree if PLAIN.fullmatch(tree) else json.dumps(tree)


Slot = tuple[list, int, str]
"""A place in a tree: the list or the mapping that holds it, its position there, and its path in words."""


def slots(tree: Tree, path: str = "") -> Iterator[Slot]:
    """Yield every place in a tree."""
    if isinstance(tree, list):
        for index, part in enumerate(tree):
            name = part[0] if isinstance(tree, Entries) else str(index + 1)
            place = f"{path}.{name}" if path else str(name)
            yield tree, index, place
            yield from slots(part[1] if isinstance(tree, Entries) else part, place)


def value_at(slot: Slot) -> Tree:
    """Return what stands in a place."""
    holder, index, _ = slot
    return holder[index][1] if isinstance(holder, Entries) else holder[index]


def put(slot: Slot, value: Tree) -> None:
    """Put a value into a place."""
    holder, index, _ = slot
    holder[index] = [holder[index][0], value] if isinstance(holder, Entries) else value
