"""A game as the solver reads it: numbers over states, and the index maps of what each action does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np

from raison.arrays import Number, PlayerValues, StateArray
from raison.equilibrium.choice import Choice, logit_choice
from raison.equilibrium.generator import Generator, IndexMap, difference, index_map
from raison.game import Effect, Game, Player, StateSpace


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class PlayerArrays:
    """One player, in numbers.

    Attributes:
        payoff: u, per unit time. Shape `[states]`.
        discount_rate: rho, per unit time. Shape `[]`.
        decision_rate: alpha, per unit time. Shape `[states]`.
        costs: c(a). Shape `[actions]`.
        is_available: 1 or 0. Shape `[actions, states]`.
        chances: probability of each outcome of each action.
        seen: probability that each action is seen. Shape `[actions]`.
        outcomes: effect of each outcome of each action.
        actions: names of the actions.
        always_seen: whether each action is known to be seen for sure.
        name: name of the player.
    """

    payoff: StateArray
    discount_rate: jax.Array
    decision_rate: StateArray
    costs: jax.Array
    is_available: jax.Array
    chances: tuple[tuple[jax.Array, ...], ...]
    seen: jax.Array
    outcomes: tuple[tuple[Effect, ...], ...] = field(metadata={"static": True})
    actions: tuple[str, ...] = field(metadata={"static": True})
    always_seen: tuple[bool, ...] = field(metadata={"static": True})
    name: str = field(metadata={"static": True})

    @staticmethod
    def of(player: Player, space: StateSpace) -> PlayerArrays:
        """Return the numbers of `player`."""
        available = [
            np.ones(space.size) if action.is_available is None else np.asarray(action.is_available, dtype=np.float64)
            for action in player.actions
        ]
        return PlayerArrays(
            payoff=player.flow_payoff(space),
            discount_rate=jnp.asarray(player.discount_rate, dtype=jnp.float64),
            decision_rate=player.decision_rate.rate(space),
            costs=_vector([action.cost for action in player.actions]),
            is_available=jnp.asarray(np.stack(available)) if available else jnp.zeros((0, space.size)),
            chances=tuple(
                tuple(jnp.asarray(chance, dtype=jnp.float64) for chance in action.chances) for action in player.actions
            ),
            seen=_vector([action.seen for action in player.actions]),
            outcomes=tuple(action.outcomes for action in player.actions),
            actions=tuple(action.name for action in player.actions),
            always_seen=tuple(isinstance(action.seen, float | int) and action.seen == 1 for action in player.actions),
            name=player.name,
        )


def _vector(numbers: Sequence[Number]) -> jax.Array:
    return jnp.stack([jnp.asarray(number, dtype=jnp.float64) for number in numbers]) if numbers else jnp.zeros(0)


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
            players=tuple(PlayerArrays.of(player, space) for player in game.players),
            nature=tuple(drift.rate(space) for drift in game.drifts),
            effects=tuple(drift.effect for drift in game.drifts),
            drifts=tuple(drift.name for drift in game.drifts),
            space=space,
            shock_mean=game.shock_mean,
        )

    @property
    def discount_rates(self) -> jax.Array:
        """Return rho of every player. Shape `[players, 1]`."""
        return jnp.stack([player.discount_rate for player in self.players])[:, None]

    def advantages(self, values: PlayerValues, player: int) -> jax.Array:
        """Return D(a) = -c(a) + E[V(x after a)] - V(x) of one player. Shape `[actions, states]`."""
        numbers, own = self.players[player], values[player]
        rows = []
        for cost, chances, outcomes in zip(numbers.costs, numbers.chances, numbers.outcomes, strict=True):
            gain = -cost * jnp.ones_like(own)
            for chance, effect in zip(chances, outcomes, strict=True):
                gain = gain + chance * difference(own, self._index(effect))
            rows.append(gain)
        return jnp.stack(rows) if rows else jnp.zeros((0, self.space.size))

    def choices(self, values: PlayerValues, precision: float | jax.Array = 1.0) -> tuple[Choice, ...]:
        """Return the logit response of every player to `values`."""
        return tuple(
            logit_choice(self.advantages(values, i), player.is_available, precision)
            for i, player in enumerate(self.players)
        )

    def generator(self, choices: tuple[Choice, ...]) -> Generator:
        """Return the generator of the world when players choose with `choices`."""
        jumps = list(zip(self.effects, self.nature, strict=True))
        for player, choice in zip(self.players, choices, strict=True):
            for a, (chances, outcomes) in enumerate(zip(player.chances, player.outcomes, strict=True)):
                rate = player.decision_rate * choice.probs[a]
                jumps += [(effect, chance * rate) for chance, effect in zip(chances, outcomes, strict=True)]
        return Generator.of(self.space, jumps)

    def residual(self, values: PlayerValues, precision: float | jax.Array = 1.0) -> PlayerValues:
        """Return F(V), the amount by which the value equations fail, per unit time.

        F_i = u_i + G V_i + alpha_i [surplus_i - sum_a sigma_i(a) E(V_i(x_a) - V_i)] - rho_i V_i

        where G holds nature and all players' choices, player i's own included. Shape `[players, states]`.
        """
        choices = self.choices(values, precision)
        change = self.generator(choices).apply(values)
        rows = []
        for i, (player, choice) in enumerate(zip(self.players, choices, strict=True)):
            own = self.advantages(values, i) + player.costs[:, None]
            bonus = choice.surplus - (choice.probs * own).sum(axis=0) + self.shock_mean
            flow = player.payoff + player.decision_rate * bonus
            rows.append(flow + change[i] - player.discount_rate * values[i])
        return jnp.stack(rows)

    def _index(self, effect: Effect) -> IndexMap:
        return index_map(self.space, effect)
