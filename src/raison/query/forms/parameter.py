"""`parameter(NUMBER)`: a number of the case, such as how far a player looks ahead."""

from __future__ import annotations

from dataclasses import dataclass

from raison.query.answers import Answer, Number
from raison.query.conditions import check_number_name
from raison.query.syntax import Syntax
from raison.query.tree import Askable, Form, Names


@dataclass(frozen=True)
class ParameterValue(Form):
    """A number of the case, in its own unit."""

    name: str

    def __str__(self) -> str:
        return f"parameter({self.name})"

    def problems(self, names: Names) -> list[str]:
        return check_number_name(self.name, names)

    def answer(self, world: Askable) -> Answer:
        return Number(world.parameter(self.name))


def _build(name: str) -> ParameterValue:
    return ParameterValue(str(name))


PARAMETER = Syntax("parameter", "PATH", _build, "parameter")
