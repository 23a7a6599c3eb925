"""Paths of a chain per second: Raison, GillesPy2 and a loop in plain NumPy, on one process.

python benchmarks/paths.py

The process: eight independent variables of three levels each, up and down by one at rates that hang on the level, which
a network of sixteen reactions has, too; 6,561 states. Whoever is not installed is skipped. Then the Turkey case at the
middles of its first explanation, Raison alone.
"""

from __future__ import annotations

import importlib.util
import statistics
import sys
import threading
import time
from collections.abc import Callable

import numpy as np

from raison import open_case
from raison.chain import Chain
from raison.chain.simulation import Simulator
from raison.equations import GameArrays
from raison.game import Drift, Effect, Game, Hazard, StateSpace, Variable
from raison.inference.likelihood import GameLikelihood, chain_of

VARIABLES, LEVELS, UP, DOWN = 8, 3, 0.7, 1.1
END, PATHS, REPEATS = 200.0, 200, 5


def network() -> Chain:
    """Return the process as a chain: up at UP for each level that is missing, down at DOWN for each that is there."""
    variables = tuple(Variable(f"x{i}", tuple(map(str, range(LEVELS)))) for i in range(VARIABLES))
    drifts = []
    for variable in variables:
        missing = tuple(float(LEVELS - 1 - level) for level in range(LEVELS))
        there = tuple(float(level) for level in range(LEVELS))
        for rate, factors, step in ((UP, missing, 1), (DOWN, there, -1)):
            hazard = Hazard(rate, (np.array(factors),), (variable.name,))
            drifts.append(Drift(hazard, None, f"{variable.name}{step:+d}", Effect.shift(variable, step)))
    return Chain.of(GameArrays.of(Game(tuple(drifts), (), StateSpace(variables))), [])


def by_raison(chain: Chain, start: int, end: float, paths: int, seed: int) -> int:
    """Draw paths; return how many jumps they have."""
    simulator, rng = Simulator(chain), np.random.default_rng(seed)
    return sum(len(simulator.path(start, 0.0, end, rng).time) for _ in range(paths))


def by_raison_on_two(chain: Chain, start: int, end: float, paths: int, seed: int) -> int:
    """Draw paths in two threads; return how many jumps they have."""
    found = [0, 0]

    def half(side: int) -> None:
        found[side] = by_raison(chain, start, end, paths // 2, seed + side)

    threads = [threading.Thread(target=half, args=(side,)) for side in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(found)


def by_numpy(chain: Chain, start: int, end: float, paths: int, seed: int) -> int:
    """Draw paths one jump at a time as anybody would write it down; return how many jumps they have."""
    rng = np.random.default_rng(seed)
    rates = np.stack([np.asarray(rate) for rate in chain.rates], axis=1)
    targets = np.stack([kind.effect.targets(chain.space) for kind in chain.kinds], axis=1)
    jumps = 0
    for _ in range(paths):
        state, now = start, 0.0
        while True:
            here = np.cumsum(rates[state])
            now += rng.exponential(1.0 / here[-1])
            if now >= end:
                break
            state = targets[state, np.searchsorted(here, rng.random() * here[-1], side="right")]
            jumps += 1
    return jumps


def by_gillespy2(solver: str) -> Callable[[], int]:
    """Return what draws the same by GillesPy2 and tells how many jumps are to be expected: it keeps none."""
    import gillespy2

    model = gillespy2.Model(name="network")
    for i in range(VARIABLES):
        there, missing = gillespy2.Species(f"x{i}", 0), gillespy2.Species(f"y{i}", LEVELS - 1)
        up, down = gillespy2.Parameter(f"u{i}", UP), gillespy2.Parameter(f"d{i}", DOWN)
        model.add_species([there, missing])
        model.add_parameter([up, down])
        model.add_reaction(gillespy2.Reaction(f"r{i}", {missing: 1}, {there: 1}, rate=up))
        model.add_reaction(gillespy2.Reaction(f"s{i}", {there: 1}, {missing: 1}, rate=down))
    model.timespan(np.linspace(0.0, END, 2))
    made = getattr(gillespy2, solver)(model=model)
    paths = PATHS if solver == "SSACSolver" else 4

    def draw() -> int:
        model.run(solver=made, number_of_trajectories=paths, seed=1)
        level = UP / (UP + DOWN) * (LEVELS - 1)
        return round(paths * END * 2 * DOWN * level * VARIABLES)  # in its long run as many go up as down

    return draw


def pace(draw: Callable[[], int]) -> float:
    """Return jumps per second, the median of some repeats after one that does not count."""
    draw()
    found = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        jumps = draw()
        found.append(jumps / (time.perf_counter() - begin))
    return statistics.median(found)


def main() -> int:
    """Print a row for each."""
    chain = network()
    rows = [
        ("Raison, one thread", pace(lambda: by_raison(chain, 0, END, PATHS, 1))),
        ("Raison, two threads", pace(lambda: by_raison_on_two(chain, 0, END, PATHS, 1))),
        ("plain NumPy", pace(lambda: by_numpy(chain, 0, END, 4, 1))),
    ]
    if importlib.util.find_spec("gillespy2"):
        rows += [(f"GillesPy2, {name}", pace(by_gillespy2(name))) for name in ("NumPySSASolver", "SSACSolver")]
    case = open_case("turkey-2016")
    turkey = chain_of(GameLikelihood(case.game, ()).solve(case.explanations[0].centre))
    start = int(np.argmax(case.records[0].start))
    rows.append(("Turkey case, Raison, one thread", pace(lambda: by_raison(turkey, start, 2000.0, 20, 1))))
    rows.append(("Turkey case, Raison, two threads", pace(lambda: by_raison_on_two(turkey, start, 2000.0, 20, 1))))
    best = rows[0][1]
    for name, found in rows:
        print(f"{name:<34} {found / 1e6:>8.2f} million jumps a second  {found / best:>8.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
