"""Whether acts have happened, as part of the state: what may be asked of a state may then be asked of an act.

Which of two events comes about first is told by a chain that stops at either.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from raison.arrays import StateArray, StateMask, StateNumbers
from raison.chain.chain import Chain
from raison.chain.filter import stopped_at
from raison.chain.plan import Act
from raison.game import Effect, StateSpace, Variable

Event = StateMask | Act
"""What may come about: that a condition holds, or that an act happens."""

Wide = Float[np.ndarray, " wide"]
"""Weights of the states of a chain that also tells whether acts have happened."""

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


@dataclass(frozen=True, eq=False)
class Race:
    """A chain that stops where one of two events has come about.

    A condition that holds at the start has come about; an act has to happen after it. Where both come about at once,
    the other was first.

    Attributes:
        chain: in the space that tells whether acts have happened.
        reached: where the event has come about, and the other has not. Shape `[wide]`, bool.
        stopping: where one of the two has. Shape `[wide]`, bool.
    """

    chain: Chain
    reached: StateMask
    stopping: StateMask

    @staticmethod
    def of(chain: Chain, event: Event, other: Event | None = None) -> Race:
        """Return the race between two events; of one event alone if there is no other."""
        events = [event] if other is None else [event, other]
        acts = list(dict.fromkeys(each for each in events if isinstance(each, Act)))
        wide, happened = with_happening(chain, acts) if acts else (chain, ())
        masks = dict(zip(acts, happened, strict=True))
        copies = wide.space.size // chain.space.size
        where = [masks[each] if isinstance(each, Act) else np.tile(np.asarray(each), copies) for each in events]
        barred = where[1] if len(where) > 1 else np.zeros(wide.space.size, dtype=bool)
        return Race(wide, where[0] & ~barred, where[0] | barred)

    def begin(self, where: StateArray) -> Wide:
        """Return a distribution of the states of the world in which nothing has happened yet."""
        where = np.asarray(where, dtype=np.float64)
        return np.concatenate([where, np.zeros(self.chain.space.size - len(where))])

    def run(self, weights: Wide, elapsed: float) -> Wide:
        """Return the weights after `elapsed`."""
        return np.asarray(stopped_at(self.chain, weights, self.stopping, elapsed))

    def moved(self, weights: Wide, target: StateNumbers) -> Wide:
        """Return the weights after a change from outside that leads every state of the world to another."""
        copies = len(weights) // len(target)
        into = np.tile(target, copies) + np.repeat(np.arange(copies) * len(target), len(target))
        into = np.where(self.stopping, np.arange(len(weights)), into)
        return np.bincount(into, weights=weights, minlength=len(weights))

    def won(self, weights: Wide) -> float:
        """Return the probability that the event has come about, and before the other."""
        return float(weights[self.reached].sum())
