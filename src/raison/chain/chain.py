"""A chain whose jumps keep the name of what made them: a drift of nature or an action of a player."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import jax
import numpy as np
from jaxtyping import Array, Float

from raison.arrays import PeriodArray, StateArray
from raison.equations.game_arrays import GameArrays
from raison.equations.generator import Generator
from raison.equations.play import Play
from raison.errors import CaseError, did_you_mean
from raison.game import Effect, StateSpace

NATURE = "nature"
"""Who makes the jumps that nobody chooses."""


def over_rate(numbers: StateArray, rate: StateArray) -> Float[np.ndarray, " states"]:
    """Return numbers over a rate; zero where the rate is, for what it never lets happen. Shape `[states]`."""
    numbers, rate = np.asarray(numbers), np.asarray(rate)
    return np.divide(numbers, rate, out=np.zeros_like(numbers), where=rate > 0.0)


@dataclass(frozen=True)
class JumpKind:
    """What makes a jump.

    Attributes:
        who: a player, or `nature`.
        what: the action, or the drift.
        effect: where it leads; an action with random outcomes has one kind for each.
        always_seen: an action that is known to be seen whenever it is taken.
    """

    who: str
    what: str
    effect: Effect
    always_seen: bool = False


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Chain:
    """A continuous-time Markov chain with named jumps.

    Attributes:
        rates: rate of each kind of jump, per unit time; acts that change nothing count. Each of shape `[states]`.
        seen: probability that a jump of the kind is seen when it happens, in every reporting period; 0 for nature. Each
            of shape `[periods]`.
        kinds: what makes each.
        space: the state space.
        decisions: rate at which each player has the chance to act, per unit time. Each of shape `[states]`.
        players: their names.
    """

    rates: tuple[StateArray, ...]
    seen: tuple[PeriodArray, ...]
    kinds: tuple[JumpKind, ...] = field(metadata={"static": True})
    space: StateSpace = field(metadata={"static": True})
    decisions: tuple[StateArray, ...] = ()
    players: tuple[str, ...] = field(default=(), metadata={"static": True})

    @staticmethod
    def of(arrays: GameArrays, act_rates: Sequence[Float[Array | np.ndarray, "_ states"]]) -> Chain:
        """Return the chain of a game whose players act at given rates.

        Args:
            arrays: the game in numbers.
            act_rates: per player, the rate of each action. Each of shape `[actions, states]`.
        """
        kinds = [JumpKind(NATURE, name, effect) for name, effect in zip(arrays.drifts, arrays.effects, strict=True)]
        rates: list[StateArray] = list(arrays.nature)
        seen: list[PeriodArray] = [np.zeros(arrays.periods)] * len(kinds)
        for player, acts in zip(arrays.players, act_rates, strict=True):
            for a, action in enumerate(player.actions):
                for chance, effect in zip(player.chances[a], player.outcomes[a], strict=True):
                    kinds.append(JumpKind(player.name, action, effect, player.always_seen[a]))
                    rates.append(chance * acts[a])
                    seen.append(player.seen[a])
        return Chain(
            tuple(rates),
            tuple(seen),
            tuple(kinds),
            arrays.space,
            tuple(player.decision_rate for player in arrays.players),
            tuple(player.name for player in arrays.players),
        )

    def within(self, space: StateSpace) -> Chain:
        """Return the same in a space with more variables before its own, which nothing moves."""
        copies = space.size // self.space.size
        return dataclasses.replace(
            self,
            rates=tuple(np.tile(np.asarray(rate), copies) for rate in self.rates),
            decisions=tuple(np.tile(np.asarray(rate), copies) for rate in self.decisions),
            space=space,
        )

    @staticmethod
    def of_play(arrays: GameArrays, acts: Play) -> Chain:
        """Return the chain of a game whose players do what is given."""
        rates = [player.decision_rate * each.probs for player, each in zip(arrays.players, acts.choices, strict=True)]
        return Chain.of(arrays, rates)

    def generator(self, keep: Callable[[JumpKind], bool] = lambda kind: True) -> Generator:
        """Return the generator of the kinds of jump to keep, all by default."""
        jumps = [(kind.effect, rate) for kind, rate in zip(self.kinds, self.rates, strict=True) if keep(kind)]
        return Generator.of(self.space, jumps)

    def act_rate(self, who: str, what: str) -> StateArray:
        """Return the rate of an action or drift, over all its outcomes. Shape `[states]`."""
        first, *others = [self.rates[i] for i in self.find(who, what)]
        return sum(others, start=first)

    def find(self, who: str, what: str) -> list[int]:
        """Return the positions of the kinds of jump that an action or drift has, one for each outcome.

        Errors:
            `CaseError` if there is none.
        """
        found = [i for i, kind in enumerate(self.kinds) if (kind.who, kind.what) == (who, what)]
        if not found:
            known = sorted({f"{kind.who} {kind.what}" for kind in self.kinds})
            act = f"{who} {what}"
            raise CaseError(f"there is no act `{act}` in this game.{did_you_mean(act, known)}")
        return found
