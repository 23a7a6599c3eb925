"""What one process measures: `python benchmarks/measure.py NAME ARGUMENTS`, the arguments and the answer as JSON.

Each measurement has a process of its own, so that its peak memory and its first solve are its own.
"""

from __future__ import annotations

import json
import math
import resource
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp
from games import ORDERED, entry_game, random_game
from references import PolicyIteration, quantecon_problem, tracing_problem

from raison.engine import kernels
from raison.engine.arcs import arcs_of
from raison.engine.memory import memory_need
from raison.engine.native import NativeEngine, _layout
from raison.equations.game_arrays import GameArrays
from raison.equilibrium import Equilibrium, solve

Row = dict[str, Any]

ROUNDS = ((7, 1.0), (5, 10.0), (3, 60.0), (1, math.inf))
"""How many rounds are counted where one takes less than so many seconds."""

TIGHT, LOOSE = 1e-10, 1e-8
"""Residuals: of entry games and comparisons, and of random games."""


def seconds(work: Callable[[], object]) -> float:
    """Return the seconds that `work` takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def medians(*works: Callable[[], object]) -> tuple[list[float], int]:
    """Return the median seconds of each of `works`, done in turn, and of how many rounds; fewer where they are slow."""
    first = [seconds(work) for work in works]
    rounds = next(count for count, most in ROUNDS if sum(first) < most)
    times = [[seconds(work) for work in works] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*times, strict=True)], rounds


def peak_bytes() -> int:
    """Return the peak memory of this process so far."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def solved(game: Any, tolerance: float) -> Equilibrium:
    """Return the equilibrium, computed to the end."""
    found = solve(game, tolerance=tolerance)
    found.values.block_until_ready()
    return found


def outcome(found: Equilibrium) -> Row:
    """Return what the solver says of its answer."""
    return {
        "states": found.arrays.space.size,
        "steps": found.steps,
        "newton_steps": found.newton_steps,
        "residual": found.residual,
        "error": found.error,
        "status": found.message,
    }


def solved_again(game: Any, tolerance: float) -> tuple[Equilibrium, float, float, Row]:
    """Return an equilibrium, the seconds of the first solve, the median of later ones, and their rounds and memory."""
    begin = time.perf_counter()
    found = solved(game, tolerance)
    first, peak = time.perf_counter() - begin, peak_bytes()
    (again,), rounds = medians(lambda: solved(found.arrays, tolerance))
    return found, first, again, {"rounds": rounds, "peak": peak, "need": memory_need(game)}


def entry(players: int) -> Row:
    """Solve an entry game: first in this process, then again and again."""
    found, first, warm, taken = solved_again(entry_game(players), TIGHT)
    return {"players": players, **outcome(found), "first": first, "warm": warm, **taken}


def set_up(game: Any) -> float:
    """Return the seconds that it takes to lay a game out for the solver; keep nothing."""
    taken = seconds(lambda: NativeEngine(GameArrays.of(game)))
    arcs_of.cache_clear()
    _layout.cache_clear()
    return taken


def random(family: str, states: int) -> Row:
    """Solve a random game and apply its generator."""
    game = random_game(family, states)
    laying_out = set_up(game)
    found, total, again, taken = solved_again(game, LOOSE)
    return {
        "family": family, **outcome(found), "set_up": laying_out, "total": total, "solve": again, **taken,
        "application": application(found),
    }  # fmt: skip


def application(found: Equilibrium) -> Row:
    """Time one application of the generator to values, on one core and on all, and to distributions, beside scipy."""
    engine = NativeEngine(found.arrays)
    here = engine.look(engine.field(found.values), 1.0)
    arcs, states, players = engine._arcs, found.arrays.space.size, len(found.arrays.players)
    jumps = len(arcs.target)
    field = np.random.default_rng(0).normal(size=states * players)
    out, block, vector = np.empty_like(field), field.reshape(states, players), field[:states].copy()
    out_arcs, in_arcs = (arcs.first, arcs.target, here.rates), engine._flow(here)
    flow = sp.csr_array(
        (here.rates, arcs.target.view(np.int32), arcs.first.astype(np.int32)), shape=(states, states), copy=False
    )

    def apply(along: tuple[np.ndarray, ...]) -> None:
        engine._over_states(kernels.weigh, engine._ahead, players, *along, here.inverse, field, out)

    def difference(along: tuple[np.ndarray, ...], matrix: Any) -> float:
        apply(along)
        return float(np.abs(field - here.inverse * (matrix @ block).reshape(-1) - out).max())

    differences = {"difference": difference(out_arcs, flow), "flow_difference": difference(in_arcs, flow.T)}
    times, rounds = medians(
        lambda: kernels.weigh(0, states, engine._ahead, players, *out_arcs, here.inverse, field, out),
        lambda: apply(out_arcs),
        lambda: apply(in_arcs),
        lambda: flow @ block,
        lambda: flow @ vector,
    )
    names = ("one_core", "all_cores", "flow_all_cores", "scipy_block", "scipy_vector")
    per_product = dict(zip(names, times, strict=True))
    share = {name: taken / jumps / (1 if name == "scipy_vector" else players) for name, taken in per_product.items()}
    return {"jumps_per_state": jumps / states, **differences, "rounds": rounds, **share}


def scipy(family: str, size: int) -> Row:
    """Compare with policy iteration by scipy; `size` is players of an entry game or states of a random one."""
    game, tolerance = (entry_game(size), TIGHT) if family == "entry" else (random_game(family, size), LOOSE)
    reference, found = PolicyIteration(game), solved(game, tolerance)
    difference = relative(np.asarray(found.values), reference.solve(tolerance))
    (ours, theirs), rounds = medians(lambda: solved(found.arrays, tolerance), lambda: reference.solve(tolerance))
    return {
        "family": family, "players": len(game.players), "states": game.space.size, "difference": difference,
        "ours": ours, "theirs": theirs, "rounds": rounds,
    }  # fmt: skip


def quantecon(states: int, method: str) -> Row:
    """Compare one player with QuantEcon's `DiscreteDP`."""
    precision = 1e4
    game = random_game(ORDERED, states, players=1, precision=precision)
    problem, found = quantecon_problem(game, precision), solved(game, TIGHT)
    answer = problem.solve(method, epsilon=1e-8)
    (ours, theirs), rounds = medians(lambda: solved(found.arrays, TIGHT), lambda: problem.solve(method, epsilon=1e-8))
    return {
        "states": game.space.size, "method": method,
        "same_choice": float((options(found)[0].argmax(axis=0) == answer.sigma).mean()),
        "difference": relative(np.asarray(found.values)[0] / precision, answer.v),
        "ours": ours, "theirs": theirs, "rounds": rounds,
    }  # fmt: skip


def sgamesolver(levels: int) -> Row:
    """Compare an entry game of two players with sgamesolver's logarithmic tracing homotopy."""
    precision = 1e3
    game = entry_game(2, levels=levels, precision=precision)
    found = solved(game, TIGHT)
    starting, tracing = [], []

    def trace():
        homotopy = tracing_problem(game, precision)
        starting.append(seconds(homotopy.solver_setup))
        homotopy.solver.verbose = 0
        tracing.append(seconds(homotopy.solve))
        return homotopy.equilibrium

    answer = trace()
    theirs = np.asarray(answer.strategies)[:, :, 1].T
    ours = np.stack([probs[1:].sum(axis=0) for probs in options(found)])
    for _ in range(2):
        trace()
    (warm,), rounds = medians(lambda: solved(found.arrays, TIGHT))
    return {
        "states": game.space.size,
        "choice_difference": float(np.abs(ours - theirs).max()),
        "difference": relative(np.asarray(found.values) / precision, answer.values.T),
        "ours": warm, "starting": statistics.median(starting), "tracing": statistics.median(tracing),
        "rounds": rounds, "their_rounds": len(tracing),
    }  # fmt: skip


def options(found: Equilibrium) -> list[np.ndarray]:
    """Return the probability of waiting and of each action, for each player. Shape `[1 + actions, states]`."""
    by_player = [np.asarray(choice.probs) for choice in found.choices]
    return [np.vstack([1.0 - probs.sum(axis=0), probs]) for probs in by_player]


def relative(values: np.ndarray, others: np.ndarray) -> float:
    """Return the largest difference as a share of the largest value."""
    return float(np.abs(values - others).max() / np.abs(others).max())


MEASUREMENTS = {work.__name__: work for work in (entry, random, scipy, quantecon, sgamesolver)}


def main(name: str, arguments: str) -> int:
    """Measure and print; exit code 4 if a solver to compare with is not installed."""
    try:
        row = MEASUREMENTS[name](**json.loads(arguments))
    except ModuleNotFoundError as missing:
        print(missing.name, file=sys.stderr)
        return 4
    print(json.dumps(row))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
