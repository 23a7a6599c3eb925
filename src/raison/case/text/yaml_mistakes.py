"""Word what a YAML reader stumbles over for people who write cases: indents, colons, quotes, brackets."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import ruamel.yaml
from ruamel.yaml.error import MarkedYAMLError, StringMark
from ruamel.yaml.tokens import ScalarToken

from raison.errors import Problem, quote

_GLUED = re.compile(r"\s*(?:- +)*(?P<key>[\w -]*\w):(?=[^\s:])")
"""A key whose colon no space follows."""
_KEY = re.compile(r"""\s*(?:- +)*(?:[^\s'"\[{][^:]*?|"[^"]*"|'[^']*')\s*:(?:\s|$)""")
"""A line that starts an entry."""
_CLOSING = {"[": "]", "{": "}"}


@dataclass(frozen=True)
class _Stop:
    """Where a reader stopped; lines and columns count from 0.

    Attributes:
        text: the text of the file.
        lines: its lines.
        problem: what the reader says.
        line: where it stopped.
        column: where it stopped.
        begun: line and column of what it was reading then; where it stopped if it does not say.
    """

    text: str
    lines: list[str]
    problem: str
    line: int
    column: int
    begun: tuple[int, int]

    @property
    def before(self) -> str:
        """The line up to where the reader stopped."""
        return self.lines[self.line][: self.column]

    @property
    def sign(self) -> str:
        """The character at which the reader stopped; empty at the end of a line."""
        return self.lines[self.line][self.column : self.column + 1]

    @property
    def opening(self) -> str:
        """The first character of what the reader was reading."""
        return self.lines[self.begun[0]][self.begun[1] : self.begun[1] + 1]


_Found = tuple[int, int, str]
"""Line and column from 0, and the message."""


def explain_mistake(error: MarkedYAMLError, text: str, file: str) -> Problem:
    """Return the problem that stopped the YAML reader, where the user made it, with what to do."""
    lines = [*text.split("\n"), ""]
    marks = [mark for mark in (error.problem_mark, error.context_mark) if isinstance(mark, StringMark)]
    places = [(mark.line, mark.column) for mark in marks] or [(0, 0)]
    problem = " ".join(filter(None, (error.context, error.problem)))
    stop = _Stop(text, lines, problem, *places[0], places[-1])
    for words, explain in _MISTAKES:
        found = explain(stop) if re.search(words, problem) else None
        if found is not None:
            break
    else:
        found = stop.line, stop.column, f"this cannot be read as YAML: {error.problem}; mend it here or just above."
    line, column, message = found
    return Problem(file, line + 1, column + 1, "", message)


def glued_key(key: str) -> str | None:
    """Return the key that was meant where a colon has no space after it (`costs:1`); None if there is no such."""
    match = _GLUED.match(key)
    return None if match is None else match["key"]


def _tab(stop: _Stop) -> _Found | None:
    line = stop.lines[stop.line]
    if stop.sign == "\t" or "\t" in line[: len(line) - len(line.lstrip())]:
        return stop.line, stop.column, "found a tab; YAML is indented with spaces only."
    return None


def _colon(stop: _Stop) -> _Found:
    """Explain a colon that starts no entry."""
    above = stop.line - 1
    while above > 0 and not stop.lines[above].split("#")[0].strip():
        above -= 1
    if _KEY.match(stop.before) or above < 0 or not stop.lines[above].strip():
        return stop.line, stop.column, "found a `:` that starts no entry; put the text in quotes."
    if not _KEY.match(stop.lines[above]):
        return _no_colon(stop, above)
    message = (
        f"{quote(stop.before.strip())} is indented more than the entry on line {above + 1}, "
        "which has a value already; give both the same indent."
    )
    return stop.line, _indent(stop.before), message


def _simple_key(stop: _Stop) -> _Found:
    return _no_colon(stop, stop.begun[0])


def _no_colon(stop: _Stop, line: int) -> _Found:
    text = stop.lines[line]
    key = glued_key(text)
    if key is not None:
        return line, text.index(":"), f"a space is missing after the `:` of {quote(key)}."
    message = f"found {quote(text.strip())}, which is no entry; write `key: value`, with `:` and a space after the key."
    return line, _indent(text), message


def _quote_closed_late(stop: _Stop) -> _Found | None:
    """Explain text that follows a quote: often one that was opened long before."""
    if not stop.before.rstrip().endswith(("'", '"')):
        return None
    opened = _last_quoted(stop)
    if opened is None or opened.start_mark.line == stop.line:
        return stop.line, stop.column, "text follows the closing quote; put the whole text in quotes, or none of it."
    mark = opened.start_mark
    return mark.line, mark.column, f"the quote that opens here is closed only on line {stop.line + 1}; close it before."


def _last_quoted(stop: _Stop) -> ScalarToken | None:
    """Return the last text in quotes before the reader stopped."""
    last = None
    for token in ruamel.yaml.YAML(typ="safe", pure=True).scan(stop.text):
        if (token.start_mark.line, token.start_mark.column) >= (stop.line, stop.column):
            break
        last = token if isinstance(token, ScalarToken) and token.style in ("'", '"') else last
    return last


def _quote_never_closed(stop: _Stop) -> _Found:
    return *stop.begun, "the quote that opens here is never closed."


def _bracket(stop: _Stop) -> _Found | None:
    """Explain what stands in a list or mapping in brackets where it should go on or end."""
    if stop.opening not in _CLOSING:
        return None
    opening, closing = stop.opening, _CLOSING[stop.opening]
    line, column = stop.begun
    if stop.sign in ("]", "}"):
        message = f"found `{stop.sign}`, but the `{opening}` of column {column + 1}"
        message += f" on line {line + 1}" if line != stop.line else ""
        return stop.line, stop.column, f"{message} is still open; close it with `{closing}`, or remove this."
    if line != stop.line:
        return line, column, f"the `{opening}` that opens here is not closed where it should be; write `{closing}`."
    if stop.before.endswith(":"):
        return stop.line, stop.column - 1, "a space is missing after the `:`."
    if stop.sign == ":":
        return stop.line, stop.column, "found a second `:`; put a comma between entries, and a text with `:` in quotes."
    return stop.line, stop.column, "a comma is missing before this."


def _misplaced(stop: _Stop) -> _Found:
    message = f"found `{stop.sign}`, which does not belong here; is a `:` or a bracket missing before it?"
    return stop.line, stop.column, message


def _item(stop: _Stop) -> _Found:
    return stop.line, stop.column, "this is no item of the list above it; an item starts with `-` and a space."


def _stray_text(stop: _Stop) -> _Found:
    if not stop.before.strip():
        return _no_colon(stop, stop.line)
    return stop.line, stop.column, "text follows a bracket that is closed; remove the bracket or the text."


def _begins_anew(stop: _Stop) -> _Found:
    message = "what stands above this is indented otherwise or is no entry; a comment starts with `#`."
    return stop.line, stop.column, message


def _list_in_line(stop: _Stop) -> _Found:
    return stop.line, stop.column, "a list begins on a line of its own, each item with `-` and a space."


def _block_text(stop: _Stop) -> _Found:
    sign = stop.opening
    return *stop.begun, f"after `{sign}` a text begins on the next line; one that starts with `{sign}` needs quotes."


def _misaligned(stop: _Stop) -> _Found:
    entry = stop.lines[stop.line].strip().split(":")[0]
    message = f"{quote(entry)} is indented by {stop.column}, like no entry above it; indent it like its neighbours."
    return stop.line, stop.column, message


def _start(stop: _Stop) -> _Found:
    return *stop.begun, f"a text that starts with `{stop.opening}` must stand in quotes."


def _escape(stop: _Stop) -> _Found:
    message = r"found `\`, which has a meaning of its own in double quotes; use single quotes, or write `\\`."
    return stop.line, stop.column, message


def _empty(stop: _Stop) -> _Found:
    return stop.line, stop.column, f"an entry is missing before this `{stop.sign}`."


def _second_document(stop: _Stop) -> _Found:
    return stop.line, stop.column, "found a second document after `---`; one file holds one."


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


_MISTAKES: tuple[tuple[str, Callable[[_Stop], _Found | None]], ...] = (
    ("", _tab),
    ("mapping values are not allowed", _colon),
    ("could not find expected ':'", _simple_key),
    ("quoted scalar found unexpected", _quote_never_closed),
    ("found unknown escape|expected escape sequence", _escape),
    ("(scanning|parsing) an? (anchor|alias|tag|directive)|that cannot start any token", _start),
    ("single document", _second_document),
    ("but (found|got)", _quote_closed_late),
    ("but got", _bracket),
    ("node content, but found '[,:-]'", _empty),
    (r"but found '([][{},]|<tag>)'|node content, but found|mapping keys are not allowed", _misplaced),
    ("but found '<block (mapping|sequence) start>'", _misaligned),
    ("block mapping .*but found '-'", _misaligned),
    ("block collection .*but found", _item),
    ("but found '<scalar>'", _stray_text),
    ("expected '<document start>'", _begins_anew),
    ("sequence entries are not allowed", _list_in_line),
    ("scanning a block scalar", _block_text),
)
"""What the reader says, and who explains it: the first that finds an explanation."""
