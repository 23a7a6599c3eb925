"""Other solvers, given the same problem.

QuantEcon and sgamesolver solve games in discrete time without shocks to the payoffs. A game in continuous time becomes
one in discrete time by uniformisation: with L the sum of all rates, one step is one point of a Poisson process of rate
L; it is player i's chance to act with probability alpha_i / L; step payoffs are (u_i - alpha_i cost) / (L + rho), and
the discount factor is L / (L + rho). Shocks vanish as payoffs grow, so both are compared with games whose payoffs are
multiplied by a large precision; Raison's values are then divided by it.
"""

from __future__ import annotations

import itertools

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as spla

from raison.game import Game

DIRECT_UP_TO = 400
"""States up to which policy iteration factorises its matrix; above, an iterative solve is faster."""


class Plain:
    """A game in plain arrays, for games with one outcome per action and rates that are the same in every state.

    Attributes:
        payoffs: u. Shape `[players, states]`.
        rates: alpha. Shape `[players]`.
        discount: rho, the same for all players.
        owners: player of each action. Shape `[actions]`.
        costs: of each action. Shape `[actions]`.
        available: whether it may be taken. Shape `[actions, states]`.
        targets: where it leads. Shape `[actions, states]`.
        drift_rates: of nature. Shape `[drifts]`.
        drift_targets: where they lead. Shape `[drifts, states]`.
    """

    def __init__(self, game: Game) -> None:
        space, players = game.space, game.players
        actions = [(i, action) for i, player in enumerate(players) for action in player.actions]
        everywhere = np.ones(space.size, dtype=bool)
        self.payoffs = np.stack([np.asarray(player.flow_payoff(space)) for player in players])
        self.rates = np.array([player.decision_rate.base for player in players])
        self.discount = players[0].discount_rate
        self.owners = np.array([i for i, _ in actions])
        self.costs = np.array([action.cost for _, action in actions])
        self.available = np.stack([everywhere if a.is_available is None else a.is_available for _, a in actions])
        self.targets = np.stack([action.outcomes[0].targets(space) for _, action in actions])
        self.drift_rates = np.array([drift.hazard.base for drift in game.drifts])
        self.drift_targets = np.stack([drift.effect.targets(space) for drift in game.drifts])

    @property
    def uniform_rate(self) -> float:
        """Return the sum of all rates."""
        return float(self.drift_rates.sum() + self.rates.sum())


class PolicyIteration:
    """Policy iteration with logit shocks on a sparse matrix, with scipy alone; its pattern is built once."""

    def __init__(self, game: Game) -> None:
        self._game = plain = Plain(game)
        self._size = size = game.space.size
        targets = np.concatenate([plain.drift_targets, plain.targets])
        cells, place = np.unique(targets + size * np.arange(size), return_inverse=True)
        self._columns = (cells % size).astype(np.int32)
        self._first = np.searchsorted(cells, size * np.arange(size + 1)).astype(np.int32)
        self._place = place.reshape(targets.shape)[len(plain.drift_targets) :].reshape(-1)
        drift_place = place.reshape(targets.shape)[: len(plain.drift_targets)].reshape(-1)
        self._nature = np.bincount(drift_place, np.repeat(plain.drift_rates, size), minlength=len(cells))

    def solve(self, tolerance: float) -> np.ndarray:
        """Return the values at which the residual, as Raison defines it, is at the tolerance."""
        game = self._game
        values, residual = np.zeros_like(game.payoffs), np.inf
        while residual > tolerance:
            reward, rates = self._respond(values)
            flow = sp.csr_array((self._nature + rates, self._columns, self._first), shape=(self._size, self._size))
            diagonal = game.discount + flow.sum(axis=1)
            failure = reward + (flow @ values.T).T - diagonal * values
            residual = np.abs(failure).max() / diagonal.max() / max(1.0, np.abs(values).max())
            if residual > tolerance:
                values = values + _correct(sp.diags_array(diagonal).tocsr() - flow, diagonal, failure)
        return values

    def _respond(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return rewards, and what choices add to each cell of the matrix."""
        game = self._game
        own = values[game.owners]
        gains = np.take_along_axis(own, game.targets, axis=1) - own
        weights = np.where(game.available, gains - game.costs[:, None], -np.inf)
        reward, probs = game.payoffs.copy(), np.empty_like(weights)
        for i, rate in enumerate(game.rates):
            mine = game.owners == i
            surplus = np.logaddexp.reduce(np.vstack([np.zeros((1, self._size)), weights[mine]]))
            probs[mine] = np.exp(weights[mine] - surplus)
            reward[i] += rate * (surplus - (probs[mine] * gains[mine]).sum(axis=0))
        rates = game.rates[game.owners][:, None] * probs
        return reward, np.bincount(self._place, rates.reshape(-1), minlength=len(self._columns))


def _correct(matrix: sp.csr_array, diagonal: np.ndarray, right: np.ndarray) -> np.ndarray:
    if len(diagonal) <= DIRECT_UP_TO:
        return spla.splu(matrix.tocsc()).solve(right.T).T
    scaled = spla.LinearOperator(matrix.shape, lambda v: v / diagonal)
    return np.stack([spla.bicgstab(matrix, row, rtol=1e-4, M=scaled)[0] for row in right])


def quantecon_problem(game: Game, precision: float):
    """Return a one-player game as QuantEcon's `DiscreteDP`, payoffs divided by `precision`; option 0 is to wait.

    Errors:
        `ModuleNotFoundError` if QuantEcon is not installed.
    """
    from quantecon.markov import DiscreteDP

    plain = Plain(game)
    states, options = np.arange(game.space.size), len(plain.costs) + 1
    uniform, rate = plain.uniform_rate, plain.rates[0]
    targets = np.vstack([states[None], plain.targets])
    rows, columns, shares = [], [], []
    for option in range(options):
        for target, flow in [*zip(plain.drift_targets, plain.drift_rates, strict=True), (targets[option], rate)]:
            rows.append(states * options + option)
            columns.append(target)
            shares.append(np.full(len(states), flow / uniform))
    chances = sp.csr_matrix(
        (np.concatenate(shares), (np.concatenate(rows), np.concatenate(columns))),
        shape=(len(states) * options, len(states)),
    )
    costs = np.concatenate([[0.0], plain.costs])
    rewards = (plain.payoffs[0][:, None] - rate * costs) / precision / (uniform + plain.discount)
    return DiscreteDP(
        rewards.reshape(-1), chances, uniform / (uniform + plain.discount),
        np.repeat(states, options), np.tile(np.arange(options), len(states)),
    )  # fmt: skip


def tracing_problem(game: Game, precision: float):
    """Return a game as sgamesolver's logarithmic tracing homotopy, payoffs divided by `precision`; option 0 is to wait.

    Errors:
        `ModuleNotFoundError` if sgamesolver is not installed.
    """
    from sgamesolver import SGame
    from sgamesolver.homotopy import LogTracing

    np.NaN = np.nan  # sgamesolver was written for numpy 1, where it had this name
    plain = Plain(game)
    uniform = plain.uniform_rate
    payoffs, chances = zip(*(_stage(plain, state, precision) for state in range(game.space.size)), strict=True)
    return LogTracing(SGame(list(payoffs), list(chances), uniform / (uniform + plain.discount)))


def _stage(plain: Plain, state: int, precision: float) -> tuple[np.ndarray, np.ndarray]:
    """Return payoffs (shape `[players, *options]`) and chances (shape `[*options, states]`) of one state."""
    players, states = plain.payoffs.shape
    uniform = plain.uniform_rate
    options = [[None, *np.flatnonzero((plain.owners == i) & plain.available[:, state])] for i in range(players)]
    counts = [len(mine) for mine in options]
    payoffs = np.broadcast_to(plain.payoffs[:, state].reshape(-1, *[1] * players), (players, *counts)).copy()
    chances = np.zeros((*counts, states))
    np.add.at(chances, (..., plain.drift_targets[:, state]), plain.drift_rates / uniform)
    for profile in itertools.product(*(range(count) for count in counts)):
        for i, choice in enumerate(profile):
            action = options[i][choice]
            chances[(*profile, state if action is None else plain.targets[action, state])] += plain.rates[i] / uniform
            payoffs[(i, *profile)] -= 0.0 if action is None else plain.rates[i] * plain.costs[action]
    return payoffs / precision / (uniform + plain.discount), chances
