"""Time the solver on entry games against policy iteration on a sparse matrix, in the same run.

N firms are in or out of a market whose demand drifts over 6 levels: 2**N * 6 states. A firm in the market earns
0.8 * demand / 5 - 0.3 * (rivals in the market) / (N - 1) per month and may leave; a firm outside may enter at cost 2.

    python benchmarks/equilibrium.py [most players, 10 if not said]
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as spla

from raison.equilibrium import solve
from raison.game import Action, Drift, Effect, Game, Hazard, Motive, Player, StateSpace, Variable

DEMAND, DRIFT_RATE, DECISION_RATE, DISCOUNT_RATE, ENTRY_COST = 6, 0.3, 1.0, 0.05, 2.0
TOLERANCE = 1e-10
REPEATS = 5
DIRECT_UP_TO = 400
"""States up to which the reference factorises its matrix; above, an iterative solve is faster."""


def payoff(levels: np.ndarray, firm: int) -> np.ndarray:
    """Return the flow payoff of a firm; `levels` has a row per firm and the demand last. Shape `[states]`."""
    is_in, firms = levels[:-1], len(levels) - 1
    rivals = (is_in.sum(axis=0) - is_in[firm]) / (firms - 1)
    return is_in[firm] * (0.8 * levels[-1] / (DEMAND - 1) - 0.3 * rivals)


def entry_game(firms: int) -> Game:
    """Return the game, built as a user of the Python interface would."""
    markets = tuple(Variable(f"firm{i}", ("out", "in")) for i in range(firms))
    demand = Variable("demand", tuple(str(level) for level in range(DEMAND)))
    space = StateSpace((*markets, demand))
    levels = np.stack([space.levels_of(name) for name in space.names])

    def player(i: int) -> Player:
        is_in = levels[i] == 1
        leave = Action(0.0, (1.0,), is_in, "leave", (Effect.become(markets[i], "out"),))
        enter = Action(ENTRY_COST, (1.0,), ~is_in, "enter", (Effect.become(markets[i], "in"),))
        motive = Motive(1.0, payoff(levels, i), "profit")
        return Player(Hazard(DECISION_RATE), DISCOUNT_RATE, (leave, enter), (motive,), f"firm{i}")

    drifts = tuple(Drift(Hazard(DRIFT_RATE), None, f"demand {by:+d}", Effect.shift(demand, by)) for by in (+1, -1))
    return Game(drifts, tuple(player(i) for i in range(firms)), space)


def reference(firms: int) -> np.ndarray:
    """Return the values by policy iteration with scipy, written without Raison. Shape `[firms, states]`."""
    shape = (2,) * firms + (DEMAND,)
    size = int(np.prod(shape))
    here = np.arange(size)
    levels = np.stack(np.unravel_index(here, shape))
    payoffs = np.stack([payoff(levels, i) for i in range(firms)])
    stride = DEMAND * 2 ** (firms - 1 - np.arange(firms))
    flipped = np.stack([here + np.where(levels[i] == 1, -stride[i], stride[i]) for i in range(firms)])
    costs = np.where(levels[:-1] == 1, 0.0, ENTRY_COST)
    up, down = here[levels[-1] < DEMAND - 1], here[levels[-1] > 0]
    nature = sp.csr_array(
        (np.full(len(up) + len(down), DRIFT_RATE), (np.r_[up, down], np.r_[up + 1, down - 1])), shape=(size, size)
    )
    rows, columns = np.tile(here, firms), flipped.reshape(-1)
    values, residual = np.zeros((firms, size)), np.inf
    while residual > TOLERANCE:
        gains = np.stack([values[i, flipped[i]] - values[i] for i in range(firms)])
        surplus = np.logaddexp(0.0, gains - costs)
        flips = DECISION_RATE * np.exp(gains - costs - surplus)
        flow = nature + sp.csr_array((flips.reshape(-1), (rows, columns)), shape=(size, size))
        diagonal = DISCOUNT_RATE + flow.sum(axis=1)
        failure = payoffs + DECISION_RATE * surplus - flips * gains + (flow @ values.T).T - diagonal * values
        residual = np.abs(failure).max() / diagonal.max() / max(1.0, np.abs(values).max())
        values = values + _solve(sp.diags_array(diagonal) - flow, diagonal, failure)
    return values


def _solve(matrix: sp.sparray, diagonal: np.ndarray, right: np.ndarray) -> np.ndarray:
    if len(diagonal) <= DIRECT_UP_TO:
        return spla.splu(matrix.tocsc()).solve(right.T).T
    scaled = spla.LinearOperator(matrix.shape, lambda v: v / diagonal)
    rows = [spla.bicgstab(matrix.tocsr(), row, rtol=1e-4, M=scaled)[0] for row in right]
    return np.stack(rows)


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that `work` takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def main(most: int) -> None:
    """Print a table: the same answer first, then medians of both and their ratio."""
    titles = ("players", "states", "difference", "steps", "first", "raison", "scipy", "ratio")
    print("{:>7} {:>7} {:>11} {:>5} {:>8} {:>9} {:>9} {:>6}".format(*titles))
    for firms in range(2, most + 1):
        game = entry_game(firms)
        begin = time.perf_counter()
        found = solve(game, tolerance=TOLERANCE)
        found.values.block_until_ready()
        first = time.perf_counter() - begin
        difference = np.abs(np.asarray(found.values) - reference(firms)).max()
        if not found.has_converged or difference > 1e-6:
            sys.exit(f"{firms} players: {found.status}; the answers differ by {difference:.1e}")
        pairs = [
            (
                timed(lambda g=game: solve(g, tolerance=TOLERANCE).values.block_until_ready()),
                timed(lambda n=firms: reference(n)),
            )
            for _ in range(REPEATS)
        ]
        ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(
            f"{firms:>7} {game.space.size:>7} {difference:>11.1e} {found.steps:>5} "
            f"{first:>7.2f}s {ours:>8.4f}s {theirs:>8.4f}s {theirs / ours:>6.1f}",
            flush=True,
        )
    print("\nfirst: with compiling. raison, scipy: medians of runs in turn. ratio: scipy / raison.")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
