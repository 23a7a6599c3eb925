"""The chain of consequences along which an act serves a motive: which variable moves what.

Variable X moves variable Y as far as the rate at which Y rises (or falls, or becomes some level) differs between the
levels of X at which the world is found, all other variables as they are over the record's time:

    r(l) = sum over the other variables x' of m(x') rate at which Y rises in (l, x')
    share = 1 - min r(l) / max r(l)

The share is how much of an effect on X the link passes on to Y. An act passes on to a variable the chance that it moves
it. The chain of an act is the one, from the act to a variable of the feature, whose product of shares is largest, of
those that work for the feature and come to no variable twice: where variables are ordered, each step has a direction.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from raison.arrays import Scalar, StateArray, StateVector
from raison.chain import Act, Motion
from raison.game import Effect, Game

FOUND = 0.05
"""Share of the time from which the world is found at a level; if that leaves one level only, all count."""

NOTHING = 1e-12
"""Rate, chance and share below which nothing is passed on."""


@dataclass(frozen=True)
class Link:
    """One step: the rate at which `effect` moves depends on `cause`.

    Attributes:
        cause: a variable.
        effect: the variable that moves.
        move: how it moves: `rises`, `falls` or `becomes LEVEL`.
        act: the act, or the drift of `nature`, through which the dependence comes most.
        slow: the level of `cause`, of those at which the world is found, at which it moves least often.
        fast: the level at which it moves most often.
        slow_rate: how often it moves there, by whatever moves it, per unit of time.
        fast_rate: at the other.
        is_fast_high: 1 if `fast` is the higher level of the two, -1 if the lower, 0 if levels have no order.
    """

    cause: str
    effect: str
    move: str
    act: Act
    slow: str
    fast: str
    slow_rate: float
    fast_rate: float
    is_fast_high: int

    @property
    def share(self) -> float:
        """Return how much of an effect on the cause is passed on, in 0..1."""
        return 1.0 - self.slow_rate / self.fast_rate

    @property
    def direction(self) -> int:
        """Return 1 if a higher level of the cause makes the effect higher, -1 if lower, 0 if that cannot be said."""
        upward = {"rises": 1, "falls": -1}.get(self.move, 0)
        return upward * self.is_fast_high


@dataclass(frozen=True)
class Consequences:
    """How an act serves a feature.

    Attributes:
        begins: the variable that it moves.
        chance: that it does, where the world is.
        links: from that variable to one of the feature's; none where it is one itself.
    """

    begins: str
    chance: float
    links: tuple[Link, ...]

    @property
    def share(self) -> float:
        """Return how much the act passes on to the feature, in 0..1."""
        return self.chance * math.prod(link.share for link in self.links)


def links(game: Game, motion: Motion, where: StateVector) -> tuple[Link, ...]:
    """Return every link that passes something on.

    Args:
        game: the game that is played.
        motion: how the world moves in it.
        where: share of the time that the world spends in each state. Shape `[states]`, sums to 1.
    """
    share = np.asarray(where).reshape(game.space.shape)
    found = []
    for (effect, move), by_act in _moves(game, motion).items():
        total = sum(by_act.values(), start=np.zeros(game.space.size))
        for axis, cause in enumerate(game.space.variables):
            if cause.name == effect:
                continue
            others = tuple(each for each in range(share.ndim) if each != axis)
            rest = share.sum(axis=axis, keepdims=True)

            def by_level(rate: StateVector, others=others, rest=rest) -> StateVector:
                return (rate.reshape(game.space.shape) * rest).sum(axis=others)

            rates = by_level(total)
            is_found = share.sum(axis=others) >= FOUND
            counts = is_found if is_found.sum() > 1 else np.ones_like(is_found)
            slow = int(np.where(counts, rates, np.inf).argmin())
            fast = int(np.where(counts, rates, -np.inf).argmax())
            if rates[fast] <= NOTHING or 1.0 - rates[slow] / rates[fast] <= NOTHING:
                continue
            gains = {act: np.subtract(*by_level(rate)[[fast, slow]]) for act, rate in by_act.items()}
            act = max(gains, key=lambda each: gains[each])
            ends = (cause.levels[slow], cause.levels[fast], float(rates[slow]), float(rates[fast]))
            is_fast_high = (1 if fast > slow else -1) if cause.is_ordered else 0
            found.append(Link(cause.name, effect, move, act, *ends, is_fast_high))
    return tuple(found)


def consequences(
    known: Sequence[Link], game: Game, where: StateVector, act: Act, feature: StateVector
) -> Consequences | None:
    """Return how an act serves a feature: the chain that passes on most; None if there is no chain.

    Args:
        known: the links of the game.
        game: the game.
        where: share of the time that the world spends in each state. Shape `[states]`, sums to 1.
        act: a player and one of its actions.
        feature: value of the feature in every state. Shape `[states]`.
    """
    ends = _slopes(game, feature)
    turn = itertools.count()  # of two chains that pass on as much, the shorter, and then the one found first
    heap = [
        (-math.log(chance), 0, next(turn), name, way, Consequences(name, chance, ()))
        for (name, way), chance in _chances(game, where, act).items()
        if chance > NOTHING
    ]
    heapq.heapify(heap)
    done: set[tuple[str, int]] = set()
    while heap:
        cost, length, _, name, way, chain = heapq.heappop(heap)
        if name in ends and way * ends[name] >= 0:
            return chain
        if (name, way) in done:
            continue
        done.add((name, way))
        for link in known:
            there = (link.effect, way * link.direction)
            came_by = {chain.begins, *(each.effect for each in chain.links)}
            if link.cause == name and there not in done and link.effect not in came_by:
                longer = Consequences(chain.begins, chain.chance, (*chain.links, link))
                heapq.heappush(heap, (cost - math.log(link.share), length + 1, next(turn), *there, longer))
    return None


def _slopes(game: Game, feature: StateVector) -> dict[str, int]:
    """Return for each variable of a feature 1 if it rises with it, -1 if it falls, 0 if neither can be said."""
    values = np.asarray(feature).reshape(game.space.shape)
    found = {}
    for axis, variable in enumerate(game.space.variables):
        steps = np.diff(values, axis=axis)
        if (steps != 0.0).any():
            up, down = bool((steps >= 0.0).all()), bool((steps <= 0.0).all())
            found[variable.name] = (int(up) - int(down)) * int(variable.is_ordered)
    return found


def _outcomes(game: Game) -> Sequence[tuple[Act, Sequence[Scalar | StateArray], Sequence[Effect]]]:
    """Return every act and drift with the chances and the effects of its outcomes."""
    drifts = [(Act("nature", drift.name), [np.ones(())], (drift.effect,)) for drift in game.drifts]
    acts = [
        (Act(player.name, action.name), [np.asarray(chance) for chance in action.chances], action.outcomes)
        for player in game.players
        for action in player.actions
    ]
    return [*drifts, *acts]


def _moves(game: Game, motion: Motion) -> Mapping[tuple[str, str], Mapping[Act, StateVector]]:
    """Return by variable and move the rate in every state at which each act or drift makes it."""
    found: dict[tuple[str, str], dict[Act, StateVector]] = defaultdict(lambda: defaultdict(lambda: np.zeros(())))
    for act, chances, effects in _outcomes(game):
        rate = np.asarray(motion.rate(act))
        for chance, effect in zip(chances, effects, strict=True):
            for name, level_map in effect.maps:
                variable, levels = game.space.variable(name), game.space.levels_of(name)
                after = np.asarray(level_map)[levels]
                if variable.is_ordered:
                    ways = {"rises": after > levels, "falls": after < levels}
                else:
                    ways = {f"becomes {variable.levels[to]}": (after == to) & (levels != to) for to in set(level_map)}
                for way, there in ways.items():
                    if there.any():
                        found[name, way][act] = found[name, way][act] + chance * rate * there
    return found


def _chances(game: Game, where: StateVector, act: Act) -> dict[tuple[str, int], float]:
    """Return the chance that an act moves each variable up (1), down (-1), or at all (0) if levels have no order."""
    found: dict[tuple[str, int], float] = defaultdict(float)
    (only,) = [(chances, effects) for each, chances, effects in _outcomes(game) if each == act]
    for chance, effect in zip(*only, strict=True):
        for name, level_map in effect.maps:
            levels = game.space.levels_of(name)
            ways = np.sign(np.asarray(level_map)[levels] - levels)
            for way in (1, -1):
                there = float((chance * np.asarray(where))[ways == way].sum())
                found[name, way * int(game.space.variable(name).is_ordered)] += there
    return found
