"""The equations of a game on the CPU, by compiled loops (`kernels`, `responses`) that serve every game."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from raison.arrays import PlayerValues, Scalar, StateArray
from raison.engine import kernels, responses
from raison.engine.arcs import Arcs, arcs_of
from raison.engine.kernels import over_states
from raison.engine.protocol import MAX_KRYLOV
from raison.engine.responses import Numbers, Structure
from raison.equations.game_arrays import GameArrays

Field = Float[np.ndarray, " numbers"]
"""One number per state and player, players innermost. Shape `[states * players]`."""

CACHED = 2**24
"""Bytes of a field above which memory is called for ahead of its use: it no longer fits in the processor's caches."""

AHEAD = 240
"""How many arcs ahead."""

NOTHING = np.empty(0)


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
    rates: Float[np.ndarray, " arcs"]
    probs: Float[np.ndarray, "states actions"]
    failure: Field
    inverse: Field
    residual: float
    error: float


class Pool:
    """Arrays of given shapes, to be used again and again: in a large game fresh memory costs as much as the work on it.

    Args:
        shapes: of the arrays that are used together.
    """

    def __init__(self, *shapes: tuple[int, ...]) -> None:
        self._shapes = shapes
        self._spare: list[tuple[np.ndarray, ...]] = []

    def take(self) -> tuple[Float[np.ndarray, ...], ...]:
        """Return arrays that nobody uses; what is in them means nothing."""
        try:
            return self._spare.pop()
        except IndexError:
            return tuple(np.empty(shape) for shape in self._shapes)

    def give(self, arrays: tuple[Float[np.ndarray, ...], ...]) -> None:
        """Take back arrays that are no longer used."""
        self._spare.append(arrays)


class NativeEngine:
    """The equations of one game; see `raison.engine.protocol.Engine`."""

    def __init__(self, arrays: GameArrays) -> None:
        self._arcs, self._structure = _structure_of(arrays)
        self._numbers = _numbers_of(arrays, self._arcs)
        self._players = len(arrays.players)
        self._states = arrays.space.size
        self._work = len(self._arcs.target) * self._players
        size, actions = self._states * self._players, self._numbers.cost.shape[1]
        self._points = Pool((len(self._arcs.target),), (self._states, actions), (size,), (size,))
        self._vectors = Pool((2 * size,), (2 * size,), (size,))
        self._ahead = AHEAD if 8 * size > CACHED else 0

    def field(self, values: PlayerValues) -> Field:
        return np.ascontiguousarray(np.asarray(values, dtype=np.float64).T).reshape(-1)

    def by_player(self, field: Field) -> PlayerValues:
        return np.ascontiguousarray(field.reshape(self._states, self._players).T)

    def look(self, values: Field, precision: float) -> Point:
        discount = self._numbers.discount
        rates, probs, failure, inverse = self._points.take()
        found = self._over_states(
            responses.respond, self._ahead, self._structure, self._numbers, precision, values, rates, probs, failure,
            inverse,
        )  # fmt: skip
        largest, peak, peak_exit = (np.max(column, axis=0) for column in zip(*found, strict=True))
        change, error = np.max(largest / (discount + peak_exit)), np.max(largest / discount)
        if not (np.isfinite(change) and np.isfinite(peak)):
            change = error = math.inf
        scale = max(1.0, float(peak))
        return Point(values, precision, rates, probs, failure, inverse, float(change) / scale, float(error) / scale)

    def release(self, point: Point) -> None:
        self._points.give((point.rates, point.probs, point.failure, point.inverse))

    def solve_policy(self, here: Point, right: Field, tolerance: float) -> Field:
        return self._krylov(self._arcs.first, self._arcs.target, here.rates, here.inverse, right, tolerance)

    def solve_flow(self, here: Point, right: Field, tolerance: float) -> Field:
        return self._krylov(*self._flow(here), here.inverse, right, tolerance)

    def respond(self, here: Point, direction: Field) -> Field:
        out = np.zeros_like(direction)
        self._over_states(
            responses.add_responses, self._structure, self._numbers, here.precision, here.probs, here.values,
            direction, out,
        )  # fmt: skip
        return out

    def respond_transposed(self, here: Point, weights: Field) -> Field:
        out = np.zeros_like(weights)
        responses.add_responses_transposed(
            0, self._states, self._structure, self._numbers, here.probs, here.values, weights, out
        )
        return out

    def transposed_left(self, here: Point, weights: Field, right: Field) -> Field:
        image = np.empty_like(weights)
        self._over_states(kernels.weigh, self._ahead, self._players, *self._flow(here), here.inverse, weights, image)
        return right + self.respond_transposed(here, weights) - image / here.inverse

    def _over_states(self, kernel: Callable, *args: object) -> list:
        return over_states(kernel, self._states, self._work, *args)

    def _over_field(self, kernel: Callable, *args: object) -> list:
        size = self._states * self._players
        return over_states(kernel, size, size, *args)

    def _flow(self, here: Point) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return where the arcs into each state begin, where they come from, and their rates."""
        into = self._arcs.reversed
        rates = np.empty_like(here.rates)
        over_states(kernels.gather, len(rates), len(rates), into.arc, here.rates, rates)
        return into.first, into.source, rates

    def _krylov(
        self, first: np.ndarray, target: np.ndarray, rates: np.ndarray, inverse: Field, right: Field, tolerance: float
    ) -> Field:
        """Solve (rho - G) d = right, or with G', by BiCGSTAB, preconditioned by a Gauss-Seidel sweep.

        Source: vandervorst1992 (docs/reference/references.md)
        """
        size = len(right)

        def sweep(pair: np.ndarray, other: Field, right: Field = NOTHING) -> tuple[float, ...]:
            arcs = (self._ahead, self._players, first, target, rates, inverse)
            return self._sums(self._over_states(kernels.sweep, *arcs, right, pair, other))

        left, direction, shadow = vectors = self._vectors.take()
        found, left[:size], direction[:] = np.zeros(size), 0.0, 0.0
        _, square = sweep(left, right, right)
        left[:size] = shadow[:] = left[size:]
        along, goal, ratio, omega = square, tolerance**2 * square, 0.0, 0.0
        for _ in range(MAX_KRYLOV):
            if not goal < square < math.inf:
                break
            self._over_field(kernels.aim, left, direction, ratio, omega)
            slope, _ = sweep(direction, shadow)
            if slope == 0.0 or along == 0.0:
                break
            alpha = along / slope
            self._over_field(kernels.retreat, left, alpha, direction)
            overlap, length = sweep(left, left[:size])
            omega = overlap / length if length > 0.0 else 0.0
            following, square = self._sums(self._over_field(kernels.go, found, alpha, direction, omega, left, shadow))
            ratio, along = (following / along * alpha / omega if omega != 0.0 else 0.0), following
        self._vectors.give(vectors)
        return found

    @staticmethod
    def _sums(chunks: list) -> tuple[float, ...]:
        """Return the sums over the chunks of each number they gave."""
        return chunks[0] if len(chunks) == 1 else tuple(math.fsum(column) for column in zip(*chunks, strict=True))


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
        np.cumsum([0, *(len(player) for player in outcomes)], dtype=np.uintp),
        np.cumsum([0, *(len(action) for action in by_action)], dtype=np.uintp),
        np.array([number[effect] for effect in flat], dtype=np.uintp),
    )


def _numbers_of(arrays: GameArrays, arcs: Arcs) -> Numbers:
    players, states = arrays.players, arrays.space.size
    nature = np.zeros(len(arcs.target))
    for effect, rate in zip(arrays.effects, arrays.nature, strict=True):
        slot = arcs.slot[:, arcs.effects.index(effect)]
        over_states(responses.add_rate, states, states, arcs.first, slot, np.asarray(rate), nature)
    return Numbers(
        nature=nature,
        payoff=_columns([player.payoff for player in players], states),
        decision_rate=_columns([player.decision_rate for player in players], states),
        discount=np.array([float(player.discount_rate) for player in players]),
        cost=_table([row for player in players for row in player.costs]),
        chance=_table([chance for player in players for chances in player.chances for chance in chances]),
        shock_mean=float(arrays.shock_mean),
    )


def _table(numbers: Sequence[Scalar | StateArray]) -> Float[np.ndarray, "_ numbers"]:
    """Return numbers side by side, each the same in every state or one for each: in one row if none hangs on it."""
    states = max((np.size(each) for each in numbers), default=1)
    table = np.empty((states, len(numbers)))
    for column, each in enumerate(numbers):
        table[:, column] = np.asarray(each)
    return table


def _columns(rows, states: int) -> np.ndarray:
    """Return arrays over states side by side. Shape `[states, players]`."""
    table = np.empty((states, len(rows)))
    for column, row in enumerate(rows):
        table[:, column] = np.asarray(row)
    return table
