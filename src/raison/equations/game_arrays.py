"""A game as the solver reads it: numbers over states, and the effects of what each action does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import jax
import numpy as np
from jaxtyping import Array, Float

from raison.arrays import ActionArray, ActionCosts, ActionStateArray, Number, Scalar, StateArray, StateVector, namespace
from raison.errors import CaseError
from raison.game import Action, Effect, Game, Player, StateSpace


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class PlayerArrays:
    """One player, in numbers.

    Attributes:
        payoff: u, per unit time. Shape `[states]`.
        discount_rate: rho, per unit time. Shape `[]`.
        decision_rate: alpha, per unit time. Shape `[states]`.
        costs: c(a), the same in every state or one for each. Shape `[actions, 1]` or `[actions, states]`.
        is_available: 1 or 0. Shape `[actions, states]`.
        chances: probability of each outcome of each action, the same in every state or one for each. Each of shape `[]`
            or `[states]`.
        seen: probability that each action is seen, in every reporting period. Shape `[actions, periods]`.
        outcomes: effect of each outcome of each action.
        actions: names of the actions.
        always_seen: whether each action is known to be seen for sure.
        name: name of the player.
    """

    payoff: StateArray
    discount_rate: Scalar
    decision_rate: StateArray
    costs: ActionCosts
    is_available: ActionStateArray
    chances: tuple[tuple[Scalar | StateArray, ...], ...]
    seen: Float[Array | np.ndarray, "actions periods"]
    outcomes: tuple[tuple[Effect, ...], ...] = field(metadata={"static": True})
    actions: tuple[str, ...] = field(metadata={"static": True})
    always_seen: tuple[bool, ...] = field(metadata={"static": True})
    name: str = field(metadata={"static": True})

    @staticmethod
    def of(player: Player, space: StateSpace, periods: int) -> PlayerArrays:
        """Return the numbers of `player`."""
        available = [
            np.ones(space.size) if action.is_available is None else np.asarray(action.is_available, dtype=np.float64)
            for action in player.actions
        ]
        return PlayerArrays(
            payoff=player.flow_payoff(space),
            discount_rate=_number(player.discount_rate),
            decision_rate=player.decision_rate.rate(space),
            costs=_costs([action.cost for action in player.actions], space.size),
            is_available=np.stack(available) if available else np.zeros((0, space.size)),
            chances=tuple(_chances(action) for action in player.actions),
            seen=_vector([number for action in player.actions for number in _of_periods(action, periods)]).reshape(
                len(player.actions), periods
            ),
            outcomes=tuple(action.outcomes for action in player.actions),
            actions=tuple(action.name for action in player.actions),
            always_seen=tuple(
                all(isinstance(number, float | int) and bool(number == 1) for number in action.seen)
                for action in player.actions
            ),
            name=player.name,
        )


def _chances(action: Action) -> tuple[Scalar | StateArray, ...]:
    """Return the chances of the outcomes of an action.

    Errors:
        `CaseError` if they hang on the state and do not sum to 1 somewhere.
    """
    chances = tuple(_number(chance) for chance in action.chances)
    if any(isinstance(each, np.ndarray) and each.ndim for each in chances):
        total = np.asarray(sum(chances))
        worst = total.flat[np.argmax(np.abs(total - 1.0))]
        if abs(worst - 1.0) > 1e-9:
            message = f"action `{action.name}`: in some state the chances of its outcomes sum to {worst:g}; need 1."
            raise CaseError(message)
    return chances


def _of_periods(action: Action, periods: int) -> tuple[Number, ...]:
    """Return how far an action is seen in every reporting period."""
    return action.seen * periods if len(action.seen) == 1 else action.seen


def _costs(costs: Sequence[Number | StateVector], states: int) -> ActionCosts:
    """Return costs side by side: one column if none hangs on the state."""
    size = states if any(np.ndim(cost) for cost in costs) else 1
    xp = namespace(*costs)
    rows = [xp.broadcast_to(xp.asarray(cost, dtype=np.float64), (size,)) for cost in costs]
    return xp.stack(rows) if rows else np.zeros((0, 1))


def _vector(numbers: Sequence[Number]) -> ActionArray:
    return namespace(*numbers).stack([_number(number) for number in numbers]) if numbers else np.zeros(0)


def _number(number: Number | StateVector) -> Scalar | StateArray:
    return namespace(number).asarray(number, dtype=np.float64)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class GameArrays:
    """All players and nature, in numbers.

    Attributes:
        players: one per player.
        nature: rate of each drift. Each of shape `[states]`.
        effects: effect of each drift.
        drifts: name of each drift.
    """

    players: tuple[PlayerArrays, ...]
    nature: tuple[StateArray, ...]
    effects: tuple[Effect, ...] = field(metadata={"static": True})
    drifts: tuple[str, ...] = field(metadata={"static": True})
    space: StateSpace = field(metadata={"static": True})
    shock_mean: float = field(metadata={"static": True})

    @staticmethod
    def of(game: Game) -> GameArrays:
        """Return the numbers of `game`."""
        space = game.space
        return GameArrays(
            players=tuple(PlayerArrays.of(player, space, game.periods) for player in game.players),
            nature=tuple(drift.rate(space) for drift in game.drifts),
            effects=tuple(drift.effect for drift in game.drifts),
            drifts=tuple(drift.name for drift in game.drifts),
            space=space,
            shock_mean=game.shock_mean,
        )

    @property
    def periods(self) -> int:
        """Return the number of reporting periods."""
        return self.players[0].seen.shape[1] if self.players else 1

    @property
    def discount_rates(self) -> Float[Array | np.ndarray, "players 1"]:
        """Return rho of every player. Shape `[players, 1]`."""
        return _vector([player.discount_rate for player in self.players])[:, None]
