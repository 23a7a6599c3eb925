"""The Markov perfect equilibrium with logit shocks.

Both kinds of step solve a linear system for a correction d of the values V, without a matrix:

    policy step   (rho - G_sigma) d = F(V)     rivals' choices held still; the full Newton step for one player
    Newton step   -F'(V) d          = F(V)     rivals' responses included

Policy steps are cheap and safe while the best-response map contracts; where they would be many, Newton steps take
over, and where these get stuck policy steps go on. If neither leads from the values of a similar game to an
equilibrium, the search begins anew from random play; then policy steps are mixed with the few before them (Anderson
acceleration), which breaks circles of best responses; and where that fails too, the branch of equilibria is followed
from precision 0, where players act at random and values are unique. Derivatives of the solution follow from
F(V, numbers) = 0 by one transposed linear solve.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from raison.arrays import PlayerValues
from raison.engine import Devices, Engine, Field, engine_of
from raison.engine.memory import check_memory, memory_available, memory_need
from raison.equations.choice import Choice
from raison.equations.game_arrays import GameArrays
from raison.equations.game_slope import failure_slope
from raison.equations.play import Play, play
from raison.equilibrium.continuation import Path, follow
from raison.equilibrium.iteration import (
    Run,
    Status,
    iterate,
    mix,
    most_error,
    status_of,
)
from raison.equilibrium.linear import solve_transposed
from raison.errors import NotConverged
from raison.game import Game
from raison.notebook import html_table
from raison.once import once

if TYPE_CHECKING:
    import xarray

TOLERANCE = 1e-10
"""Default residual at which values count as converged, relative to max(1, |V|)."""

RANDOM_PLAY, NEARBY, MIXED, FOLLOWED = ORIGINS = (
    "policy steps from random play",
    "policy steps from nearby values",
    "mixed policy steps from random play",
    "the branch followed from precision 0",
)
"""How an equilibrium was found."""

START_TOLERANCE = 1e-2
"""Residual to which the values of random play are solved before the search begins."""

MOST_POINTS = 100
"""Most points of a branch that is followed as the last resort: each costs as much as many policy steps."""

ADJOINT_TOLERANCE = 1e-9
"""Largest entry that the linear solve behind a gradient leaves by default, as a share of the largest of its right-hand
side."""

ADJOINT_BOUND = 1e-6
"""Share that it may leave at worst: beyond it the gradient counts as not found."""

ADJOINT_STEP = 1e-2
"""Share of its right-hand side that one round of that solve may leave."""

MAX_ADJOINT_ROUNDS = 60
"""Most rounds of it."""

SLOW, SLOW_ROUNDS = 0.5, 3
"""A round is slow if it leaves more than this share of what was left; so many slow ones in a row end the solve."""


@dataclass(frozen=True)
class Equilibrium:
    """A solved game.

    Attributes:
        values: V in units of shock scale. Shape `[players, states]`.
        arrays: the game in numbers.
        residual: change that one more uniformised Bellman sweep would make, over max(1, |V|).
        error: most that a player could gain by acting otherwise in any state, max |F_i| / rho_i, over max(1, |V|).
        steps: policy and Newton steps taken.
        newton_steps: how many of them were Newton steps.
        origin: where the search that found it began: one of `ORIGINS`.
        tolerance: residual at which the values count as converged.
    """

    values: PlayerValues = field(repr=False)
    arrays: GameArrays = field(repr=False)
    residual: float
    error: float
    steps: int
    newton_steps: int
    origin: str
    tolerance: float

    @property
    def status(self) -> Status:
        """Return whether the values converged, or what went wrong and what to do."""
        return status_of(self.residual, self.error, self.tolerance)

    @property
    def has_converged(self) -> bool:
        return self.status is Status.CONVERGED

    @property
    def message(self) -> str:
        """Return the status in words, with the numbers of this solution."""
        needed = most_error(self.tolerance)
        return self.status.value.format(
            residual=self.residual, steps=self.steps, tolerance=self.tolerance, error=self.error, needed=needed
        )

    @property
    def choices(self) -> tuple[Choice, ...]:
        """Return the choice probabilities of every player."""
        return self.play.choices

    @once
    def play(self) -> Play:
        """Return what players do."""
        return play(self.arrays, self.values)

    def dataset(self) -> xarray.Dataset:
        """Return values and choice probabilities as arrays with named axes: one for each variable, by its levels.

        `value` has an axis `player` besides, `probability` an axis `act`, such as `turkey conciliate`. What a player
        does not choose, it waits.
        """
        import xarray  # half a second to load, and few ask for it

        space, players = self.arrays.space, self.arrays.players
        acts = [f"{player.name} {action}" for player in players for action in player.actions]
        probs = np.concatenate([np.zeros((0, space.size)), *(np.asarray(choice.probs) for choice in self.choices)])
        return xarray.Dataset(
            {
                "value": (("player", *space.names), np.asarray(self.values).reshape(-1, *space.shape)),
                "probability": (("act", *space.names), probs.reshape(-1, *space.shape)),
            },
            coords={
                "player": [player.name for player in players],
                "act": acts,
                **{variable.name: list(variable.levels) for variable in space.variables},
            },
        )

    def _repr_html_(self) -> str:
        players = self.arrays.players
        rows = [(player.name, ", ".join(player.actions)) for player in players]
        title = f"{self.arrays.space.size:,} states, {self.message.split(':')[0]} ({self.origin})"
        return html_table(title, ("player", "actions"), rows)


def solve(
    game: Game | GameArrays,
    *,
    start: PlayerValues | None = None,
    tolerance: float = TOLERANCE,
    max_steps: int = 200,
    devices: Devices | None = None,
) -> Equilibrium:
    """Solve `game`, starting from players who act at random.

    Args:
        game: the game, or the same in numbers.
        start: values to start from instead, such as those of a similar game. Shape `[players, states]`.
        tolerance: residual at which the values count as converged, relative to max(1, |V|).
        max_steps: most steps of one search, and most points of the branch if it is followed.
        devices: lay the states over these devices of JAX; by default the computation runs where JAX runs.

    Returns:
        The equilibrium. Look at `status`: nothing is raised when the iteration fails.

    Errors:
        `TooLarge` if the game does not fit in memory.

    Source:
        arcidiacono2016, doraszelski2012 (docs/reference/references.md)
    """
    check_memory(game)
    arrays = game if isinstance(game, GameArrays) else GameArrays.of(game)
    engine = engine_of(arrays, devices)
    run, origin = _search(engine, arrays, start, tolerance, max_steps)
    return equilibrium_of(engine, arrays, run, origin, tolerance)


def equilibrium_of(engine: Engine, arrays: GameArrays, run: Run, origin: str, tolerance: float) -> Equilibrium:
    """Return what a run of the iteration at precision 1 found."""
    return Equilibrium(
        engine.by_player(run.values), arrays, run.residual, run.error, run.steps, run.newton_steps, origin, tolerance
    )


def solve_all(
    games: Sequence[Game | GameArrays], *, start: PlayerValues | None = None, tolerance: float = TOLERANCE
) -> tuple[Equilibrium, ...]:
    """Solve many games side by side, such as one game at many draws of its numbers.

    As many at a time as there are cores and as fit in memory. Games of one structure share what follows from it.

    Args:
        games: the games.
        start: values to start each from. Shape `[players, states]`.
        tolerance: as in `solve`.

    Errors:
        `TooLarge` if one of them does not fit in memory.
    """
    if not games:
        return ()
    largest = max(memory_need(game) for game in games)
    at_once = max(1, min(os.cpu_count() or 1, memory_available() // largest))
    with concurrent.futures.ThreadPoolExecutor(max_workers=at_once) as pool:
        return tuple(pool.map(lambda game: solve(game, start=start, tolerance=tolerance), games))


def _search(
    engine: Engine,
    arrays: GameArrays,
    start: PlayerValues | None,
    tolerance: float,
    max_steps: int,
) -> tuple[Run, str]:
    """Search from `start`, else from random play, else by mixed steps, else along the branch from precision 0."""
    run = None
    if start is not None:
        run = iterate(engine, engine.field(start), 1.0, tolerance, max_steps)
        if run.has_converged(tolerance):
            return run, NEARBY
    random_play = random_play_values(engine, arrays, START_TOLERANCE)
    run = _add(run, iterate(engine, random_play, 1.0, tolerance, max_steps))
    if run.has_converged(tolerance):
        return run, RANDOM_PLAY
    mixed = mix(engine, random_play)
    if mixed is not None:
        run = _add(run, iterate(engine, mixed.values, 1.0, tolerance, max_steps, newton=True), steps=mixed.steps)
        if run.has_converged(tolerance):
            return run, MIXED
    path = follow_branch(engine, arrays, tolerance, min(max_steps, MOST_POINTS))
    if path.values is None:
        taken = dataclasses.replace(run, steps=path.steps, newton_steps=path.steps)
        return _add(run, taken), RANDOM_PLAY
    return _add(run, end_of(engine, path, tolerance, max_steps)), FOLLOWED


def follow_branch(engine: Engine, arrays: GameArrays, tolerance: float, max_points: int) -> Path:
    """Follow the branch of equilibria from random play."""
    return follow(engine, random_play_values(engine, arrays, tolerance), tolerance, max_points=max_points)


def end_of(engine: Engine, path: Path, tolerance: float, max_steps: int) -> Run:
    """Return the end of a path that reached precision 1; its steps are those of the path and what was left to do."""
    assert path.values is not None
    end = iterate(engine, path.values, 1.0, tolerance, max_steps, newton=True)
    return dataclasses.replace(end, steps=path.steps + end.steps, newton_steps=path.steps + end.newton_steps)


def checked(equilibrium: Equilibrium) -> Equilibrium:
    """Return `equilibrium`, or raise `NotConverged` with its message."""
    if not equilibrium.has_converged:
        raise NotConverged(equilibrium.message)
    return equilibrium


class Pulled(NamedTuple):
    """The derivative of a scalar through an equilibrium.

    Attributes:
        numbers: by the game's numbers, in their form.
        adjoint: w, to start a nearby computation from. Shape `[players, states]`.
    """

    numbers: GameArrays
    adjoint: PlayerValues


def pull_back(
    equilibrium: Equilibrium,
    cotangent: PlayerValues,
    *,
    start: PlayerValues | None = None,
    tolerance: float = ADJOINT_TOLERANCE,
) -> Pulled:
    """Return the derivative of a scalar by the game's numbers, through its derivative by the values.

    From F(V, numbers) = 0:  d/d numbers = (dF/d numbers)' w  with  -F'(V)' w = cotangent.
    The system is solved as the policy step is, rivals' responses put to the right, round after round while that
    contracts fast; else with the responses.

    Args:
        equilibrium: a converged equilibrium.
        cotangent: derivative of the scalar by the values. Shape `[players, states]`.
        start: w of a nearby computation.
        tolerance: largest entry that the linear solve may leave, as a share of the largest of its right-hand side.

    Errors:
        `NotConverged` if the linear solve fails.
    """
    arrays = equilibrium.arrays
    engine = engine_of(arrays)
    here = engine.look(engine.field(equilibrium.values), 1.0)
    right = engine.field(cotangent)
    scale = max(float(abs(right).max()), 1e-300)
    adjoint = 0.0 * right if start is None else engine.field(start)
    left = engine.transposed_left(here, adjoint, right)
    size = least = float(abs(left).max())
    is_whole, slow_rounds = False, 0
    for _ in range(MAX_ADJOINT_ROUNDS):
        if size <= tolerance * scale or slow_rounds >= SLOW_ROUNDS:
            break
        step = (
            solve_transposed(engine, here, left, ADJOINT_STEP)
            if is_whole
            else engine.solve_flow(here, left, ADJOINT_STEP)
        )
        adjoint = adjoint + step
        left = engine.transposed_left(here, adjoint, right)
        size = float(abs(left).max())
        # where rates differ much, what is left may grow in one round and shrink all the more in the next
        slow_rounds = 0 if size < SLOW * least else slow_rounds + 1
        least = min(least, size)
        if slow_rounds > 1 and not is_whole:
            is_whole, slow_rounds, least = True, 0, size
    if not size <= ADJOINT_BOUND * scale:
        raise NotConverged(
            "the gradient through the equilibrium was not found: "
            f"linear residual {size / scale:.1e}, {ADJOINT_BOUND:.0e} needed. "
            "Two equilibria may be about to meet at these numbers, and none has a gradient where they do: weaker "
            "motives keep them apart. Or rates differ by many orders of magnitude: bring them nearer."
        )
    weights = engine.by_player(adjoint)
    return Pulled(failure_slope(arrays, equilibrium.values, equilibrium.play, weights), weights)


def _add(before: Run | None, run: Run, *, steps: int = 0) -> Run:
    """Return `run` with the steps of the run before it, and so many more, added to its own."""
    before = before or dataclasses.replace(run, steps=0, newton_steps=0)
    return dataclasses.replace(
        run, steps=before.steps + steps + run.steps, newton_steps=before.newton_steps + run.newton_steps
    )


def random_play_values(engine: Engine, arrays: GameArrays, tolerance: float) -> Field:
    """Return the values at precision 0, where choices do not depend on values, in the layout of the engine."""
    zero = engine.field(np.zeros((len(arrays.players), arrays.space.size)))
    return iterate(engine, zero, 0.0, tolerance, 12).values
