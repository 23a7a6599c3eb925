"""The equations of a game on the CPU, by compiled loops (`kernels`) that serve every game."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from raison.arrays import PlayerValues
from raison.equilibrium import kernels
from raison.equilibrium.arcs import Arcs, arcs_of
from raison.equilibrium.arrays import GameArrays
from raison.equilibrium.kernels import Numbers, Structure, over_states

Field = np.ndarray
"""One number per state and player, players innermost. Shape `[states * players]`."""

Weigher = Callable[[Field, Field, Field], tuple[float, ...]]
"""Applies rho - G or its transpose, each row divided by its diagonal, to the first field and writes the third; returns
the sums of products of what it writes with the second field and with itself."""

MAX_KRYLOV = 2000
"""Most iterations of one linear solve."""


class Point(NamedTuple):
    """Values, and all that follows from them.

    Attributes:
        values: V.
        precision: at which players respond.
        rates: rate of each arc. Shape `[arcs]`.
        probs: choice probability of every action. Shape `[states, actions]`.
        failure: F(V).
        inverse: of the diagonal of rho - G.
        residual: change of a uniformised Bellman sweep over max(1, |V|); infinite where it is no number.
        error: most that a player could gain by acting otherwise, over max(1, |V|).
    """

    values: Field
    precision: float
    rates: np.ndarray
    probs: np.ndarray
    failure: Field
    inverse: Field
    residual: float
    error: float

    @property
    def diagonal(self) -> Field:
        """Return the diagonal of rho - G."""
        return 1.0 / self.inverse


class NativeEngine:
    """The equations of one game; see `raison.equilibrium.engine.Engine`."""

    def __init__(self, arrays: GameArrays) -> None:
        self._arcs, self._structure = _structure_of(arrays)
        self._numbers = _numbers_of(arrays, self._arcs)
        self._players = len(arrays.players)
        self._states = arrays.space.size
        self._work = len(self._arcs.target) * self._players

    def field(self, values: PlayerValues) -> Field:
        return np.ascontiguousarray(np.asarray(values, dtype=np.float64).T).reshape(-1)

    def by_player(self, field: Field) -> PlayerValues:
        return jnp.asarray(np.ascontiguousarray(field.reshape(self._states, self._players).T))

    def look(self, values: Field, precision: float) -> Point:
        arcs, numbers = self._arcs, self._numbers
        rates = np.empty(len(arcs.target))
        probs = np.empty((self._states, len(numbers.cost)))
        failure, inverse, image, exits = (*(np.empty_like(values) for _ in range(3)), np.empty(self._states))
        self._over_states(kernels.respond, self._structure, numbers, precision, values, rates, probs, failure, exits)
        self._over_states(kernels.set_inverse, self._players, exits, numbers.discount, inverse)
        self._over_states(kernels.weigh, self._players, arcs.first, arcs.target, rates, inverse, values, values, image)
        found = self._over_states(kernels.fail, self._players, failure, values, inverse, image, failure)
        largest = np.max([by_player for by_player, _ in found], axis=0)
        change = float(np.max(largest / (numbers.discount + exits.max())))
        peak = float(np.max([size for _, size in found]))
        if not (math.isfinite(change) and math.isfinite(peak)):
            return Point(values, precision, rates, probs, failure, inverse, math.inf, math.inf)
        error = float(np.max(largest / numbers.discount))
        return Point(values, precision, rates, probs, failure, inverse, change / max(1.0, peak), error / max(1.0, peak))

    def solve_policy(self, here: Point, right: Field, tolerance: float) -> Field:
        return self._krylov(
            self._weigher(self._arcs.first, self._arcs.target, here.rates, here), right, here, tolerance
        )

    def solve_flow(self, here: Point, right: Field, tolerance: float) -> Field:
        return self._krylov(self._flow(here), right, here, tolerance)

    def respond(self, here: Point, direction: Field) -> Field:
        out = np.zeros_like(direction)
        self._over_states(
            kernels.add_responses, self._structure, self._numbers, here.precision, here.probs, here.values,
            direction, out,
        )  # fmt: skip
        return out

    def respond_transposed(self, here: Point, weights: Field) -> Field:
        out = np.zeros_like(weights)
        kernels.add_responses_transposed(
            0, self._states, self._structure, self._numbers, here.probs, here.values, weights, out
        )
        return out

    def transposed_left(self, here: Point, weights: Field, right: Field) -> Field:
        image = np.empty_like(weights)
        self._flow(here)(weights, weights, image)
        return right + self.respond_transposed(here, weights) - image / here.inverse

    def _over_states(self, kernel: Callable, *args: object) -> list:
        return over_states(kernel, self._states, self._work, *args)

    def _over_field(self, kernel: Callable, *args: object) -> list:
        size = self._states * self._players
        return over_states(kernel, size, size, *args)

    def _weigher(self, first, target, rates, here: Point) -> Weigher:
        return lambda field, other, out: self._sums(
            self._over_states(kernels.weigh, self._players, first, target, rates, here.inverse, field, other, out)
        )

    def _flow(self, here: Point) -> Weigher:
        """Return the application of rho - G', each row divided by its diagonal."""
        into = self._arcs.reversed
        rates = np.empty_like(here.rates)
        over_states(kernels.gather, len(rates), len(rates), into.arc, here.rates, rates)
        return self._weigher(into.first, into.source, rates, here)

    def _krylov(self, apply: Weigher, right: Field, here: Point, tolerance: float) -> Field:
        """Solve apply(d) = inverse * right by BiCGSTAB, where `apply` has its rows divided by their diagonal."""
        left = here.inverse * right
        shadow, found = left.copy(), np.zeros_like(left)
        direction, image, second = np.zeros_like(left), np.zeros_like(left), np.empty_like(left)
        (size,) = self._sums(self._over_field(kernels.dot, left, left))
        along, goal, ratio, omega = size, tolerance**2 * size, 0.0, 0.0
        for _ in range(MAX_KRYLOV):
            if not goal < size < math.inf:
                break
            self._over_field(kernels.aim, left, direction, image, ratio, omega)
            slope, _ = apply(direction, shadow, image)
            if slope == 0.0 or along == 0.0:
                break
            alpha = along / slope
            self._over_field(kernels.retreat, left, alpha, image)
            overlap, square = apply(left, left, second)
            omega = overlap / square if square > 0.0 else 0.0
            steps = self._over_field(kernels.go, found, alpha, direction, omega, left, second, shadow)
            size, following = self._sums(steps)
            ratio, along = (following / along * alpha / omega if omega != 0.0 else 0.0), following
        return found

    @staticmethod
    def _sums(chunks: list) -> tuple[float, ...]:
        """Return the sums over the chunks of each number they gave."""
        rows = [chunk if isinstance(chunk, tuple) else (chunk,) for chunk in chunks]
        return tuple(math.fsum(column) for column in zip(*rows, strict=True))


def _structure_of(arrays: GameArrays) -> tuple[Arcs, Structure]:
    outcomes = tuple(player.outcomes for player in arrays.players)
    arcs, action_of, outcome_of, effect_of = _layout(arrays.space, arrays.effects, outcomes)
    available = np.empty((arrays.space.size, int(action_of[-1])), dtype=bool)
    for j, player in enumerate(arrays.players):
        available[:, action_of[j] : action_of[j + 1]] = np.asarray(player.is_available).T > 0
    return arcs, Structure(arcs.first, arcs.target, arcs.slot, action_of, outcome_of, effect_of, available)


@functools.lru_cache(maxsize=64)
def _layout(space, drifts, outcomes):
    """Return the arcs of a game and where its players' actions and their outcomes lie."""
    by_action = [action for player in outcomes for action in player]
    flat = [effect for action in by_action for effect in action]
    distinct = tuple(dict.fromkeys([*drifts, *flat]))
    number = {effect: u for u, effect in enumerate(distinct)}
    return (
        arcs_of(space, distinct),
        np.cumsum([0, *(len(player) for player in outcomes)]),
        np.cumsum([0, *(len(action) for action in by_action)]),
        np.array([number[effect] for effect in flat], dtype=np.int64),
    )


def _numbers_of(arrays: GameArrays, arcs: Arcs) -> Numbers:
    players, states = arrays.players, arrays.space.size
    nature = np.zeros(len(arcs.target))
    for effect, rate in zip(arrays.effects, arrays.nature, strict=True):
        slot = arcs.slot[:, arcs.effects.index(effect)]
        over_states(kernels.add_rate, states, states, arcs.first, slot, np.asarray(rate), nature)
    return Numbers(
        nature=nature,
        payoff=_columns([player.payoff for player in players], states),
        decision_rate=_columns([player.decision_rate for player in players], states),
        discount=np.array([float(player.discount_rate) for player in players]),
        cost=np.concatenate([np.asarray(player.costs) for player in players]),
        chance=np.array([float(c) for player in players for chances in player.chances for c in chances]),
        shock_mean=float(arrays.shock_mean),
    )


def _columns(rows, states: int) -> np.ndarray:
    """Return arrays over states side by side. Shape `[states, players]`."""
    table = np.empty((states, len(rows)))
    for column, row in enumerate(rows):
        table[:, column] = np.asarray(row)
    return table
