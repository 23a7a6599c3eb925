"""Whether acts have happened, as part of the state: what may be asked of a state may then be asked of an act."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from raison.arrays import StateMask
from raison.chain.chain import Chain
from raison.chain.plan import Act
from raison.game import Effect, StateSpace, Variable

HAPPENED = ("no", "yes")
"""Levels of the variable that tells whether an act has happened."""


def with_happening(chain: Chain, acts: Sequence[Act]) -> tuple[Chain, tuple[StateMask, ...]]:
    """Return a chain whose state tells whether each of some acts has happened, and where it does.

    Its space has a variable for each act before its own ones; all are at `no` in its first states. After an act has
    happened it may happen again, which changes nothing. Shapes of the masks `[states]`.

    Errors:
        `CaseError` if there is no such act.
    """
    for act in acts:
        chain.find(act.who, act.what)
    variables = tuple(Variable(f"{act} has happened", HAPPENED) for act in acts)
    space = StateSpace((*variables, *chain.space.variables))
    marks = {act: Effect.become(variable, "yes") for act, variable in zip(acts, variables, strict=True)}
    kinds = []
    for kind in chain.kinds:
        mark = marks.get(Act(kind.who, kind.what))
        kinds.append(kind if mark is None else dataclasses.replace(kind, effect=kind.effect.and_(mark)))
    wide = dataclasses.replace(chain.within(space), kinds=tuple(kinds))
    return wide, tuple(space.levels_of(variable.name) == 1 for variable in variables)
