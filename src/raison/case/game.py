"""The game of a case as a function of its numbers: the structure is built once, only the numbers are filled in.

What fills a number in also brings a derivative back to it: `pull` adds, at every slot, the derivative by what was
filled.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from raison.arrays import LevelRatios, Scalar, StateArray
from raison.case.meaning.entries import changes_of_drift, effect_of, feature_values, outcomes_of
from raison.case.meaning.numbers import ActionNumbers, HazardNumbers, Numbers, PlayerNumbers
from raison.case.meaning.ranges import DAYS, middle_of_chance
from raison.case.text.schema import CaseText, WrittenAction, WrittenPlayer
from raison.game import Action, Drift, Effect, Game, Hazard, Motive, Player, StateSpace
from raison.inference.strength import random_whereabouts, spreads
from raison.query.conditions import mask
from raison.query.grammar import parse_condition
from raison.record import WatchedRecord

Theta = Float[np.ndarray, " parameters"]
"""The numbers of a case, by slot; or derivatives by them."""


@dataclass(frozen=True, eq=False)
class RatioSlots:
    """The hazard ratios of one variable: which levels have one, and where it stands among the parameters."""

    name: str
    size: int
    levels: Int[np.ndarray, " written"]
    slots: Int[np.ndarray, " written"]

    def fill(self, theta: Theta) -> LevelRatios:
        """Return a hazard ratio per level, 1 where none is written. Shape `[levels]`."""
        ratios = np.ones(self.size)
        ratios[self.levels] = theta[self.slots]
        return ratios

    def pull(self, by: LevelRatios, out: Theta) -> None:
        np.add.at(out, self.slots, np.asarray(by)[self.levels])


@dataclass(frozen=True, eq=False)
class HazardSlots:
    """A rate: the slot of its base and its ratios. `is_duration` means that the base is one over the number."""

    base: int
    is_duration: bool
    ratios: tuple[RatioSlots, ...]

    def fill(self, theta: Theta) -> Hazard:
        base = 1.0 / theta[self.base] if self.is_duration else theta[self.base]
        names = tuple(ratio.name for ratio in self.ratios)
        return Hazard(base, tuple(ratio.fill(theta) for ratio in self.ratios), names)

    def pull(self, theta: Theta, by: Hazard, out: Theta) -> None:
        out[self.base] += -by.base / theta[self.base] ** 2 if self.is_duration else by.base
        for ratio, by_ratio in zip(self.ratios, by.ratios, strict=True):
            ratio.pull(by_ratio, out)


@dataclass(frozen=True, eq=False)
class DriftSlots:
    """A drift of nature without its numbers."""

    name: str
    effect: Effect
    where: Bool[np.ndarray, " states"] | None
    hazard: HazardSlots

    def fill(self, theta: Theta) -> Drift:
        return Drift(self.hazard.fill(theta), self.where, self.name, self.effect)


@dataclass(frozen=True, eq=False)
class LevelSlots:
    """A number for some levels of one variable: what they add to a cost, or by what they multiply odds.

    Attributes:
        level: of the variable in every state; its place among the written ones, their number where none is written.
        slots: of each written level.
    """

    level: Int[np.ndarray, " states"]
    slots: Int[np.ndarray, " written"]

    def fill(self, theta: Theta, otherwise: float) -> Float[np.ndarray, " states"]:
        """Return the number in every state, `otherwise` at levels that have none."""
        return np.append(theta[self.slots], otherwise)[self.level]

    def pull(self, by: Float[np.ndarray, " states"], out: Theta) -> None:
        by_level = np.bincount(self.level, weights=by, minlength=len(self.slots) + 1)
        np.add.at(out, self.slots, by_level[: len(self.slots)])


@dataclass(frozen=True, eq=False)
class ChanceSlots:
    """The chance c of an outcome beside one that takes the rest.

    Its odds against the rest, (1 - m) / m_rest * c / (1 - c) where the others are at the middles m of their ranges,
    hold whatever the others are; levels of variables multiply them.

    Attributes:
        base: slot of c.
        scale: (1 - m) / m_rest.
        ratios: of the levels of some variables.
    """

    base: int
    scale: float
    ratios: tuple[LevelSlots, ...]

    def odds(self, theta: Theta) -> Float[np.ndarray, "*states"]:
        """Return the odds against the rest: one number, or one in every state. Shape `[]` or `[states]`."""
        odds = np.asarray(self.scale * theta[self.base] / (1.0 - theta[self.base]))
        for each in self.ratios:
            odds = odds * each.fill(theta, 1.0)
        return odds

    def pull(self, theta: Theta, by_odds: Float[np.ndarray, "*states"], out: Theta) -> None:
        factors = [each.fill(theta, 1.0) for each in self.ratios]
        base = self.scale * theta[self.base] / (1.0 - theta[self.base])
        out[self.base] += self.scale / (1.0 - theta[self.base]) ** 2 * np.sum(by_odds * math.prod(factors))
        for number, each in enumerate(self.ratios):
            others = math.prod(factors[:number] + factors[number + 1 :])
            each.pull(base * others * by_odds, out)


@dataclass(frozen=True, eq=False)
class ActionSlots:
    """An action without its numbers.

    Attributes:
        cost: slot of its cost.
        added: what the state adds to it.
        chances: of each outcome; None for the one that takes the rest. Empty for one outcome.
        seen: slot of the chance to be seen in each reporting period, or one for all; empty for an action that is seen
            for sure, under every explanation.
    """

    name: str
    outcomes: tuple[Effect, ...]
    is_available: Bool[np.ndarray, " states"] | None
    cost: int
    added: tuple[LevelSlots, ...]
    chances: tuple[ChanceSlots | None, ...]
    seen: tuple[int, ...]

    def fill(self, theta: Theta) -> Action:
        chances = self._chances(theta) or (1.0,)
        seen = tuple(theta[slot] for slot in self.seen) or (1.0,)
        cost = sum((each.fill(theta, 0.0) for each in self.added), start=theta[self.cost])
        return Action(cost, chances, self.is_available, self.name, self.outcomes, seen)

    def pull(self, theta: Theta, by: Action, out: Theta) -> None:
        out[self.cost] += np.sum(by.cost)
        for added in self.added:
            added.pull(np.asarray(by.cost), out)
        for slot, each in zip(self.seen, by.seen, strict=False):
            out[slot] += each
        chances = self._chances(theta)
        mean = sum(chance * each for chance, each in zip(chances, by.chances, strict=False))
        total = sum(self._odds(theta))
        for slots, each in zip(self.chances, by.chances, strict=False):
            if slots is not None and None not in self.chances:
                out[slots.base] += each
            elif slots is not None:
                slots.pull(theta, np.asarray((each - mean) / total), out)

    def _odds(self, theta: Theta) -> list[Float[np.ndarray, "*states"]]:
        """Return the odds of the outcomes against the one that takes the rest."""
        return [np.ones(()) if each is None else each.odds(theta) for each in self.chances]

    def _chances(self, theta: Theta) -> tuple[Scalar | StateArray, ...]:
        """Return the chances of the outcomes, which sum to 1 in every state."""
        if None not in self.chances:
            return tuple(theta[each.base] for each in self.chances if each is not None)
        odds = self._odds(theta)
        total = sum(odds)
        return tuple(np.asarray(each / total) for each in odds)


@dataclass(frozen=True, eq=False)
class PlayerSlots:
    """A player without its numbers; `motives` are (feature, its slot, its values in every state)."""

    name: str
    acts: HazardSlots
    horizon: int
    actions: tuple[ActionSlots, ...]
    motives: tuple[tuple[str, int, Float[np.ndarray, " states"]], ...]
    months: float
    """Length of the time unit: weights are written per month, whatever the unit."""

    def fill(self, theta: Theta) -> Player:
        return Player(
            decision_rate=self.acts.fill(theta),
            discount_rate=1.0 / theta[self.horizon],
            actions=tuple(action.fill(theta) for action in self.actions),
            motives=tuple(Motive(theta[slot] * self.months, values, feature) for feature, slot, values in self.motives),
            name=self.name,
        )

    def pull(self, theta: Theta, by: Player, out: Theta) -> None:
        self.acts.pull(theta, by.decision_rate, out)
        out[self.horizon] -= by.discount_rate / theta[self.horizon] ** 2
        for action, by_action in zip(self.actions, by.actions, strict=True):
            action.pull(theta, by_action, out)
        for (_, slot, _), motive in zip(self.motives, by.motives, strict=True):
            out[slot] += motive.weight * self.months


@dataclass(frozen=True, eq=False)
class CaseGame:
    """The game of a case as a function of its numbers; see `raison.inference.game_map.GameMap`."""

    space: StateSpace
    drifts: tuple[DriftSlots, ...]
    players: tuple[PlayerSlots, ...]

    @property
    def motives(self) -> tuple[int, ...]:
        """Return the slots of the weights of motives."""
        return tuple(sorted(slot for player in self.players for _, slot, _ in player.motives))

    def __call__(self, numbers: Theta) -> Game:
        """Return the game with these numbers, in the order of the explanations."""
        drifts = tuple(drift.fill(numbers) for drift in self.drifts)
        return Game(drifts, tuple(player.fill(numbers) for player in self.players), self.space)

    def log_strengths(self, numbers: Theta, records: Sequence[WatchedRecord]) -> dict[int, float]:
        """Return, by the slot of its weight, the log strength that weight 1 gives to every motive.

        Args:
            numbers: all numbers; the weights do not matter.
            records: from where and for how long the world is watched.

        Errors:
            `NotConverged` if the values of random play are not found.
        """
        game = self(numbers)
        found = spreads(game, random_whereabouts(game, records))
        return {
            slot: player.months * spread
            for player, each in zip(self.players, found, strict=True)
            for (_, slot, _), spread in zip(player.motives, each, strict=True)
        }

    def pull(self, numbers: Theta, by_game: Game) -> Theta:
        """Return the derivative by the numbers of a scalar, from that by the game there, in its form."""
        out = np.zeros_like(numbers)
        for drift, by_drift in zip(self.drifts, by_game.drifts, strict=True):
            drift.hazard.pull(numbers, by_drift.hazard, out)
        for player, by_player in zip(self.players, by_game.players, strict=True):
            player.pull(numbers, by_player, out)
        return out


def game_of(case: CaseText, space: StateSpace, numbers: Numbers) -> CaseGame:
    """Return the game of a checked case as a function of its numbers."""
    features = {name: feature_values(feature, space) for name, feature in case.features.items()}
    drifts = tuple(
        DriftSlots(
            name,
            effect_of(changes_of_drift(name, drift), space),
            _where(drift.condition, space),
            _hazard(numbers.nature[name], space, is_duration=True),
        )
        for name, drift in case.nature.items()
    )
    months = DAYS[case.time.unit] / DAYS["month"]
    players = tuple(
        _player(name, player, numbers.players[name], features, space, months) for name, player in case.players.items()
    )
    return CaseGame(space, drifts, players)


def _where(condition: str | None, space: StateSpace) -> Bool[np.ndarray, " states"] | None:
    return None if condition is None else mask(parse_condition(condition), space)


def _hazard(numbers: HazardNumbers, space: StateSpace, *, is_duration: bool) -> HazardSlots:
    slots = []
    for name, levels in numbers.ratios.items():
        variable = space.variable(name)
        places = np.array([variable.index(level) for level in levels], dtype=np.int32)
        slots.append(RatioSlots(name, len(variable.levels), places, np.array(list(levels.values()), dtype=np.int32)))
    return HazardSlots(numbers.base, is_duration, tuple(slots))


def _player(
    name: str,
    player: WrittenPlayer,
    numbers: PlayerNumbers,
    features: Mapping[str, Float[np.ndarray, " states"]],
    space: StateSpace,
    months: float,
) -> PlayerSlots:
    return PlayerSlots(
        name=name,
        acts=_hazard(numbers.acts, space, is_duration=False),
        horizon=numbers.looks_ahead,
        actions=tuple(
            _action(action, written, numbers.actions[action], space) for action, written in player.actions.items()
        ),
        motives=tuple((feature, slot, features[feature]) for feature, slot in numbers.wants.items()),
        months=months,
    )


def _by_level(name: str, levels: Mapping[str, int], space: StateSpace) -> LevelSlots:
    place = np.full(len(space.variable(name).levels), len(levels))
    for number, level in enumerate(levels):
        place[space.variable(name).index(level)] = number
    return LevelSlots(place[space.levels_of(name)], np.array(list(levels.values()), dtype=np.int32))


def _chance(numbers: HazardNumbers, middle: float, rest: float, space: StateSpace) -> ChanceSlots:
    """Return the slots of a chance with the middle of its range, and of what the middles leave to the rest."""
    scale = (1.0 - middle) / rest if rest > 0.0 else 1.0  # without an outcome that takes the rest nothing is scaled
    ratios = tuple(_by_level(variable, levels, space) for variable, levels in numbers.ratios.items())
    return ChanceSlots(numbers.base, scale, ratios)


def _action(name: str, action: WrittenAction, numbers: ActionNumbers, space: StateSpace) -> ActionSlots:
    middles = [middle_of_chance(outcome.chance.base) for outcome in action.outcomes or ()]
    return ActionSlots(
        name=name,
        outcomes=tuple(effect_of(changes, space) for changes in outcomes_of(action)),
        is_available=_where(action.condition, space),
        cost=numbers.costs.base,
        added=tuple(_by_level(variable, levels, space) for variable, levels in numbers.costs.ratios.items()),
        chances=tuple(
            None if each is None else _chance(each, middle, 1.0 - sum(middles), space)
            for each, middle in zip(numbers.chances, middles, strict=True)
        ),
        seen=numbers.seen,
    )
