"""How much memory a game needs, told before the work begins.

The count follows what the solver on the CPU holds at its peak, inside the linear solve of a policy step; it was
checked against the measured peak (tests/engine/test_memory.py, docs/reference/benchmarks.md). Newton steps keep
more vectors, as many as fit in half of what is free then.
"""

from __future__ import annotations

import math
from pathlib import Path

import jax
import numpy as np
import psutil

from raison.equations.game_arrays import GameArrays
from raison.errors import TooLarge
from raison.game import Effect, Game, StateSpace

NUMBER, INDEX, MARK = 8, 4, 1
"""Bytes of a 64-bit float, of the number of a state, and of a truth value."""

FIELDS = 24
"""Numbers per player and state: payoffs and decision rates twice, values before and after a step with what follows
from them, and the vectors of the linear solve."""

SMALL = 10_000
"""States below which a game fits wherever the program does: some tens of MiB with hundreds of effects."""

BASE = 430 * 2**20
"""Bytes of the program itself."""


def memory_need(game: Game | GameArrays) -> int:
    """Return the bytes that solving `game` takes at its peak, the program included."""
    if isinstance(game, Game):
        outcomes = [effect for player in game.players for action in player.actions for effect in action.outcomes]
        actions = sum(len(player.actions) for player in game.players)
        drifts = [drift.effect for drift in game.drifts]
    else:
        outcomes = [effect for player in game.players for action in player.outcomes for effect in action]
        actions = sum(len(player.outcomes) for player in game.players)
        drifts = list(game.effects)
    distinct = set(outcomes) | set(drifts)
    arcs = sum(_moving_share(game.space, effect) for effect in distinct)
    per_state = (
        FIELDS * NUMBER * len(game.players)
        + 3 * NUMBER * actions  # availability as given, choice probabilities before and after a step
        + MARK * actions
        + np.min_scalar_type(len(distinct)).itemsize * len(distinct)  # slots
        + NUMBER * len(drifts)
        + arcs * (INDEX + 3 * NUMBER)  # target, rate of nature, rate before and after a step
        + 3 * NUMBER
    )
    return BASE + math.ceil(per_state * game.space.size)


def _moving_share(space: StateSpace, effect: Effect) -> float:
    """Return the share of states that an effect changes."""
    staying = 1.0
    for _, level_map in effect.maps:
        staying *= sum(after == level for level, after in enumerate(level_map)) / len(level_map)
    return 1.0 - staying


def memory_available() -> int:
    """Return the bytes that this process may still take, by the machine and by the limits of its container."""
    free = psutil.virtual_memory().available
    for limit, used in (
        ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ):
        try:
            free = min(free, int(Path(limit).read_text()) - int(Path(used).read_text()))
        except (OSError, ValueError):
            continue
    return free


def check_memory(game: Game | GameArrays) -> None:
    """Refuse a game that does not fit; of a game in numbers, these are in memory already.

    Errors:
        `TooLarge`, with the need and what is free.
    """
    if game.space.size < SMALL:
        return
    held = 0 if isinstance(game, Game) else sum(leaf.nbytes for leaf in jax.tree.leaves(game))
    need, free = memory_need(game) - held, memory_available()
    if need > free:
        raise TooLarge(
            f"a game of {game.space.size:,} states needs about {need / 2**30:.1f} GiB, {free / 2**30:.1f} GiB are free."
            " Merge levels, leave a variable out, or use a machine with more memory."
        )
