"""`paths(PLAYER ACTION on DATE)`: through which variables an act worked.

Of the act's advantage over waiting, or over another action, what is lost if nothing moves a variable, the act included,
while everybody goes on choosing in every state as before. What works through two variables in turn counts in both, so
that these do not add up to the advantage.
"""

from __future__ import annotations

from dataclasses import dataclass

from raison.query.answers import Answer, Number, Parts, Undefined
from raison.query.forms.reason import Reason, read_reason
from raison.query.syntax import Syntax
from raison.query.tree import Actions, Askable, Form, Names

LEAST = 1e-9
"""What counts as nothing: such variables are left out, if anything is left."""


@dataclass(frozen=True)
class Paths(Form):
    """Through which variables the advantage of acts comes; `reason` says which acts, and over what."""

    reason: Reason

    def __str__(self) -> str:
        return f"paths({self.reason.body})"

    def resolved(self, actions: Actions) -> Paths:
        return Paths(self.reason.resolved(actions))

    def problems(self, names: Names) -> list[str]:
        return self.reason.problems(names)

    def answer(self, world: Askable) -> Answer:
        reasons, moments = world.reasons(), self.reason.moments(world)
        if isinstance(moments, Undefined):
            return moments
        if isinstance(reasons, Undefined):
            return reasons
        found = {
            name: sum(
                weight * float(reasons.all_through(act, name, self.reason.instead or None) @ where)
                for act, where, weight in moments
            )
            for name in world.space.names
        }
        known = {name: each for name, each in found.items() if abs(each) > LEAST}
        return Parts({name: Number(each) for name, each in (known or found).items()})


def _build(*parts: object) -> Paths:
    return Paths(read_reason(*parts))  # pyright: ignore[reportArgumentType]


PATHS = Syntax("paths", "WORD WORD? (_ON DATE)? over? whose?", _build, "paths")
