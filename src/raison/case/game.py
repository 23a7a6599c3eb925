"""The game of a case as a function of its numbers: the structure is built once, only the numbers are traced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from raison.case.meaning.entries import changes_of_drift, effect_of, feature_values, outcomes_of
from raison.case.meaning.numbers import wanted
from raison.case.meaning.ranges import DAYS, middle_of_chance
from raison.case.text.schema import CaseText, Ratios, WrittenAction, WrittenPlayer
from raison.game import Action, Drift, Effect, Game, Hazard, Motive, Player, StateSpace
from raison.query.conditions import mask
from raison.query.grammar import parse_condition

Index = Mapping[str, int]
"""Position of each number in the vector of parameters, by its dotted path."""


@dataclass(frozen=True, eq=False)
class RatioSlots:
    """The hazard ratios of one variable: which levels have one, and where it stands among the parameters."""

    name: str
    size: int
    levels: np.ndarray
    slots: np.ndarray

    def fill(self, theta: jax.Array) -> jax.Array:
        """Return a hazard ratio per level, 1 where none is written. Shape `[levels]`."""
        return jnp.ones(self.size).at[self.levels].set(theta[self.slots])


@dataclass(frozen=True, eq=False)
class HazardSlots:
    """A rate: the slot of its base and its ratios. `is_duration` means that the base is one over the number."""

    base: int
    is_duration: bool
    ratios: tuple[RatioSlots, ...]

    def fill(self, theta: jax.Array) -> Hazard:
        base = 1.0 / theta[self.base] if self.is_duration else theta[self.base]
        names = tuple(ratio.name for ratio in self.ratios)
        return Hazard(base, tuple(ratio.fill(theta) for ratio in self.ratios), names)


@dataclass(frozen=True, eq=False)
class DriftSlots:
    """A drift of nature without its numbers."""

    name: str
    effect: Effect
    where: np.ndarray | None
    hazard: HazardSlots

    def fill(self, theta: jax.Array) -> Drift:
        return Drift(self.hazard.fill(theta), self.where, self.name, self.effect)


@dataclass(frozen=True, eq=False)
class ActionSlots:
    """An action without its numbers.

    Attributes:
        chances: slot of the chance of each outcome, None for the one that takes the rest; empty for one outcome.
        middles: with a rest, the middle of the range of each chance; the rest's own is what they leave.
        seen: slot of the chance to be seen; None for an action that is seen for sure, under every explanation.
    """

    name: str
    outcomes: tuple[Effect, ...]
    is_available: np.ndarray | None
    cost: int
    chances: tuple[int | None, ...]
    middles: tuple[float, ...]
    seen: int | None

    def fill(self, theta: jax.Array) -> Action:
        chances = self._chances(theta) or (1.0,)
        seen = 1.0 if self.seen is None else theta[self.seen]
        return Action(theta[self.cost], chances, self.is_available, self.name, self.outcomes, seen)

    def _chances(self, theta: jax.Array) -> tuple[jax.Array, ...]:
        """Return the chances of the outcomes, which sum to 1.

        A written chance c is that of its outcome while the others are at the middles m of their ranges. Its odds
        against the rest, (1 - m) / m_rest * c / (1 - c), hold whatever the others are.
        """
        if None not in self.chances:
            return tuple(theta[slot] for slot in self.chances)
        rest = 1.0 - sum(self.middles)
        odds = [
            1.0 if slot is None else (1.0 - middle) / rest * theta[slot] / (1.0 - theta[slot])
            for slot, middle in zip(self.chances, self.middles, strict=True)
        ]
        total = sum(odds)
        return tuple(jnp.asarray(each / total) for each in odds)


@dataclass(frozen=True, eq=False)
class PlayerSlots:
    """A player without its numbers; `motives` are (feature, its slot, its values in every state)."""

    name: str
    acts: HazardSlots
    horizon: int
    actions: tuple[ActionSlots, ...]
    motives: tuple[tuple[str, int, np.ndarray], ...]
    months: float
    """Length of the time unit: weights are written per month, whatever the unit."""

    def fill(self, theta: jax.Array) -> Player:
        return Player(
            decision_rate=self.acts.fill(theta),
            discount_rate=1.0 / theta[self.horizon],
            actions=tuple(action.fill(theta) for action in self.actions),
            motives=tuple(Motive(theta[slot] * self.months, values, feature) for feature, slot, values in self.motives),
            name=self.name,
        )


@dataclass(frozen=True, eq=False)
class CaseGame:
    """The game of a case as a function of its numbers; traceable by JAX."""

    space: StateSpace
    drifts: tuple[DriftSlots, ...]
    players: tuple[PlayerSlots, ...]

    def __call__(self, theta: jax.Array) -> Game:
        """Return the game with the numbers `theta`, shape `[parameters]`, in the order of the explanations."""
        drifts = tuple(drift.fill(theta) for drift in self.drifts)
        return Game(drifts, tuple(player.fill(theta) for player in self.players), self.space)


def game_of(case: CaseText, space: StateSpace, names: Sequence[str]) -> CaseGame:
    """Return the game of a checked case as a function of the numbers called `names`."""
    sure = _sure(case)
    index = {name: slot for slot, name in enumerate(names) if name not in sure}
    features = {name: feature_values(feature, space) for name, feature in case.features.items()}
    drifts = []
    for name, drift in case.nature.items():
        hazard = _hazard(f"nature.{name}", f"nature.{name}.every", drift.when, space, index, is_duration=True)
        effect = effect_of(changes_of_drift(name, drift), space)
        drifts.append(DriftSlots(name, effect, _where(drift.condition, space), hazard))
    players = tuple(_player(case, name, player, features, space, index) for name, player in case.players.items())
    return CaseGame(space, tuple(drifts), players)


def _sure(case: CaseText) -> set[str]:
    """Return the names of the chances to be seen that nobody writes: those acts are seen for sure."""
    doubted = {path for explanation in case.explanations.values() for path in explanation.sees}
    paths = (
        (f"players.{name}.actions.{action}.seen", written.seen)
        for name, player in case.players.items()
        for action, written in player.actions.items()
    )
    return {path for path, seen in paths if seen is None and path not in doubted}


def _where(condition: str | None, space: StateSpace) -> np.ndarray | None:
    return None if condition is None else mask(parse_condition(condition), space)


def _hazard(root: str, base: str, ratios: Ratios, space: StateSpace, index: Index, *, is_duration: bool) -> HazardSlots:
    slots = []
    for name, written in ratios.items():
        variable = space.variable(name)
        levels = np.array([variable.index(level) for level in written], dtype=np.int32)
        places = np.array([index[f"{root}.when.{name}.{level}"] for level in written], dtype=np.int32)
        slots.append(RatioSlots(name, len(variable.levels), levels, places))
    return HazardSlots(index[base], is_duration, tuple(slots))


def _player(
    case: CaseText,
    name: str,
    player: WrittenPlayer,
    features: Mapping[str, np.ndarray],
    space: StateSpace,
    index: Index,
) -> PlayerSlots:
    root = f"players.{name}"
    return PlayerSlots(
        name=name,
        acts=_hazard(f"{root}.acts", f"{root}.acts", player.acts.when, space, index, is_duration=False),
        horizon=index[f"{root}.looks ahead"],
        actions=tuple(
            _action(f"{root}.actions.{action}", action, written, space, index)
            for action, written in player.actions.items()
        ),
        motives=tuple((feature, index[f"{root}.wants.{feature}"], features[feature]) for feature in wanted(case, name)),
        months=DAYS[case.time.unit] / DAYS["month"],
    )


def _action(root: str, name: str, action: WrittenAction, space: StateSpace, index: Index) -> ActionSlots:
    outcomes = tuple(effect_of(changes, space) for changes in outcomes_of(action))
    written = [outcome.chance for outcome in action.outcomes or ()]
    return ActionSlots(
        name=name,
        outcomes=outcomes,
        is_available=_where(action.condition, space),
        cost=index[f"{root}.costs"],
        chances=tuple(index.get(f"{root}.outcomes.{number}.chance") for number in range(1, len(written) + 1)),
        middles=tuple(middle_of_chance(chance) for chance in written),
        seen=index.get(f"{root}.seen"),
    )
