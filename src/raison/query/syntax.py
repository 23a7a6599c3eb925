"""How a form of question is written: its piece of the grammar, and what its parts become."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from raison.query.tree import Form


@dataclass(frozen=True)
class Syntax:
    """One form of question in the grammar.

    Attributes:
        name: name of its rule.
        rule: the right side of the rule; it may use the terminals and the rules of `raison.query.grammar`,
            such as WORD, DATE, AT, `condition` and `given`.
        build: makes the question from the parts that the rule keeps.
        keyword: the word that it begins with.
    """

    name: str
    rule: str
    build: Callable[..., Form]
    keyword: str

    @property
    def terminal(self) -> str:
        """Return the name of the keyword's terminal, which the grammar defines."""
        return f"_{self.keyword.upper()}"

    def rules(self) -> str:
        return f'    | {self.terminal} "(" {self.rule} ")" -> {self.name}\n'

    def terminals(self) -> str:
        return f"{self.terminal}.2: /{self.keyword}(?![\\w-])/\n"

    def words(self) -> Mapping[str, str]:
        """Return what a person calls the keyword."""
        return {self.terminal: f"`{self.keyword}(...)`"}
