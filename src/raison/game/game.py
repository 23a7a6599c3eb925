"""A game: the space, nature and the players. Data only; how it is played is `raison.equilibrium`."""

from __future__ import annotations

from dataclasses import dataclass, field

import jax

from raison.errors import CaseError
from raison.game.nature import Drift
from raison.game.players import Player
from raison.game.space import StateSpace

EULER = 0.5772156649015329
"""Mean of the standard type 1 extreme value distribution."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Game:
    """A continuous-time Markov game with logit shocks.

    Attributes:
        drifts: the jumps of nature.
        players: who decides.
        space: the state space.
        shock_mean: mean of the private shock of each option: 0, or `EULER` to match published
            games that do not remove it. It is paid at every chance to act, waiting included.
    """

    drifts: tuple[Drift, ...]
    players: tuple[Player, ...]
    space: StateSpace = field(metadata={"static": True})
    shock_mean: float = field(default=0.0, metadata={"static": True})

    def __post_init__(self) -> None:
        if len(counts := {len(each.seen) for player in self.players for each in player.actions} - {1}) > 1:
            found = " and ".join(map(str, sorted(counts)))
            raise CaseError(f"actions are seen in {found} reporting periods; all need as many, or one.")

    @property
    def periods(self) -> int:
        """Return the number of reporting periods: times in which actions are seen with their own chances."""
        return max((len(each.seen) for player in self.players for each in player.actions), default=1)
