"""Players: what they can do, what it costs, and what they want.

u_i(x) = sum over motives m of w_im * phi_m(x), in units of shock scale per unit time.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import jax
import numpy as np

from raison.arrays import Number, StateArray, StateMask, StateVector
from raison.errors import CaseError
from raison.game.nature import Hazard
from raison.game.space import Effect, StateSpace


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Action:
    """Something a player may do when it has the chance to act.

    Attributes:
        cost: c(a), in units of shock scale; negative when the act pays. One number, or one in every state. Shape `[]`
            or `[states]`.
        chances: probability of each outcome, one number, or one in every state; they sum to 1. Each of shape `[]` or
            `[states]`.
        is_available: the states in which the action may be taken. Shape `[states]`, bool; None means all.
        name: as the analyst calls it.
        outcomes: the effect of each outcome.
        seen: probability that the act is seen when it is taken, in 0..1: one for each reporting period of the game, or
            one for all.
    """

    cost: Number | StateVector
    chances: tuple[Number | StateVector, ...]
    is_available: StateMask | None
    name: str = field(metadata={"static": True})
    outcomes: tuple[Effect, ...] = field(metadata={"static": True})
    seen: tuple[Number, ...] = (1.0,)

    def __post_init__(self) -> None:
        chances = [chance for chance in self.chances if isinstance(chance, float | int)]
        if len(chances) == len(self.chances) and abs(sum(chances) - 1.0) > 1e-9:
            raise CaseError(f"action `{self.name}`: the chances of its outcomes sum to {sum(chances):g}; need 1.")


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Motive:
    """A feature of the world that a player wants (weight > 0) or fears (weight < 0).

    Attributes:
        weight: w, in units of shock scale per unit time and unit of the feature.
        feature: phi in every state. Shape `[states]`.
        name: the feature's name.
    """

    weight: Number
    feature: StateVector
    name: str = field(metadata={"static": True})


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Player:
    """A decision maker.

    Attributes:
        decision_rate: alpha, chances to act per unit time; may depend on the state.
        discount_rate: rho = 1 / horizon, per unit time; above 0.
        actions: what it can do besides waiting.
        motives: what it wants.
        name: as the analyst calls it.
    """

    decision_rate: Hazard
    discount_rate: Number
    actions: tuple[Action, ...]
    motives: tuple[Motive, ...]
    name: str = field(metadata={"static": True})

    def flow_payoff(self, space: StateSpace) -> StateArray:
        """Return u_i, in units of shock scale per unit time. Shape `[states]`."""
        payoff = np.zeros(space.size)
        for motive in self.motives:
            payoff = payoff + motive.weight * motive.feature
        return payoff
