"""Nature: jumps that nobody chooses.

rate(x) = base * product over variables of the hazard ratio of the variable's level in x
"""

from __future__ import annotations

from dataclasses import dataclass, field

import jax
import numpy as np

from raison.arrays import LevelRatios, Number, StateArray, StateMask
from raison.game.space import Effect, StateSpace


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Hazard:
    """A rate that depends on the state by proportional hazards.

    Attributes:
        base: rate per unit time where every ratio is 1; at least 0.
        ratios: for each variable that matters, its name (in `names`) and a hazard ratio per level.
            Each has shape `[levels]`, at least 0.
        names: the variables of `ratios`, in the same order.
    """

    base: Number
    ratios: tuple[LevelRatios, ...] = ()
    names: tuple[str, ...] = field(default=(), metadata={"static": True})

    def rate(self, space: StateSpace) -> StateArray:
        """Return the rate in every state, per unit time. Shape `[states]`."""
        rate = np.ones(space.size) * self.base
        for name, ratio in zip(self.names, self.ratios, strict=True):
            rate = rate * ratio[space.levels_of(name)]
        return rate


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Drift:
    """A family of jumps of nature: one effect at a rate that may depend on the state.

    Attributes:
        hazard: the rate, per unit time.
        where: the states in which the drift acts. Shape `[states]`, bool; None means everywhere.
        name: as the analyst calls it, such as `economy falls`.
        effect: what the jump does. Where it would change nothing there is no jump.
    """

    hazard: Hazard
    where: StateMask | None
    name: str = field(metadata={"static": True})
    effect: Effect = field(metadata={"static": True})

    def rate(self, space: StateSpace) -> StateArray:
        """Return the rate in every state, zero where the drift cannot act. Shape `[states]`."""
        return self.acts(space) * self.hazard.rate(space)

    def acts(self, space: StateSpace) -> StateMask:
        """Return the states in which the drift can act. Shape `[states]`, bool."""
        acts = self.effect.targets(space) != np.arange(space.size)
        return acts if self.where is None else acts & self.where
