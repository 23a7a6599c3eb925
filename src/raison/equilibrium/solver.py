"""The Markov perfect equilibrium with logit shocks.

Both kinds of step solve a linear system for a correction d of the values V, without a matrix:

    policy step   (rho - G_sigma) d = F(V)     rivals' choices held still; the full Newton step for one player
    Newton step   -F'(V) d          = F(V)     rivals' responses included

Policy steps are cheap and safe while the best-response map contracts; where they do not, Newton steps take over.
Where these get stuck, policy steps are mixed with the few before them (Anderson acceleration), which breaks circles of
best responses; and where that fails too, the branch of equilibria is followed from precision 0, where players act at
random and values are unique. Derivatives of the solution follow from F(V, numbers) = 0 by one transposed linear solve.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import enum
import functools
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from raison.arrays import PlayerValues
from raison.engine import Devices, Engine, Field, Point, engine_of
from raison.engine.memory import check_memory, memory_available, memory_need
from raison.equations.choice import Choice
from raison.equations.game_arrays import GameArrays
from raison.equations.game_slope import failure_slope
from raison.equations.play import Play, play
from raison.equilibrium.continuation import Path, follow
from raison.equilibrium.linear import overlap, solve_newton, solve_transposed
from raison.errors import NotConverged
from raison.game import Game

TOLERANCE = 1e-10
"""Default residual at which values count as converged, relative to max(1, |V|)."""

RANDOM_PLAY, NEARBY, MIXED, FOLLOWED = ORIGINS = (
    "policy steps from random play",
    "policy steps from nearby values",
    "mixed policy steps from random play",
    "the branch followed from precision 0",
)
"""How an equilibrium was found."""

ROUGH, FINE = 0.1, 1e-3
"""Largest and smallest share of its right-hand side that the linear solve of one step may leave. In between, as much
as half of what the last step left: solving finer would be undone by the responses of rivals."""

ERROR_SHARE = 100.0
"""The error may be so many times the tolerance of the residual. In a game whose rates differ by many orders of
magnitude the residual, measured against the fastest, says little."""

LEAST_ERROR = 1e-7
"""Error that is small enough however small the tolerance: below it rounding counts in games of very different rates."""

ROUNDING = 1e-15
"""Residual below which a step changes nothing but rounding."""

START_TOLERANCE = 1e-2
"""Residual to which the values of random play are solved before the search begins."""

MEMORY, MOST_MIXED = 3, 80
"""How many steps before it a policy step is mixed with, and how many mixed steps are taken at most."""

MIXED_SHARE = 1e-2
"""Share of its right-hand side that the linear solve of a mixed step may leave."""

NEAR = 1e-5
"""Residual at which Newton steps take over from mixed ones."""

ADJOINT_TOLERANCE = 1e-9
"""Largest entry that the linear solve behind a gradient leaves by default, as a share of the largest of its right-hand
side."""

ADJOINT_BOUND = 1e-6
"""Share that it may leave at worst: beyond it the gradient counts as not found."""

ADJOINT_STEP = 1e-2
"""Share of its right-hand side that one round of that solve may leave."""

MAX_ADJOINT_ROUNDS = 60
"""Most rounds of it."""

SLOW = 0.5
"""A step or round is slow if it leaves more than this share of what was left before."""

PATIENCE = 3
"""So many slow policy steps in a row hand over to Newton steps; so many slow rounds end the solve behind a gradient."""

CYCLE = 12
"""So do so many policy steps that together leave more than a slow one may: best responses that go round in circles are
slow only every few steps."""


class Status(enum.Enum):
    """How a solve ended. The value is the message, with places for the numbers of the solution."""

    CONVERGED = "converged"
    TOO_STIFF = (
        "not converged: a player could still gain {error:.1e} of the largest value, {needed:.0e} at most is wanted. "
        "The rates differ by too many orders of magnitude, or a horizon is too long for them: bring them nearer."
    )
    NOT_CONVERGED = (
        "not converged: residual {residual:.1e} after {steps} steps, {tolerance:.0e} needed. The payoffs may be too "
        "large for the shocks (weights times horizon above a few hundred): lower the weights or shorten the horizon."
    )


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

    @functools.cached_property
    def play(self) -> Play:
        """Return what players do."""
        return play(self.arrays, self.values)


@dataclass(frozen=True)
class Run:
    """What one run of the iteration at one precision gave; values in the layout of the engine."""

    values: Field
    residual: float
    error: float
    steps: int
    newton_steps: int

    def has_converged(self, tolerance: float) -> bool:
        """Return whether the values are those of an equilibrium."""
        return status_of(self.residual, self.error, tolerance) is Status.CONVERGED


def status_of(residual: float, error: float, tolerance: float) -> Status:
    """Return how a solve ended."""
    if not residual <= tolerance:
        return Status.NOT_CONVERGED
    return Status.CONVERGED if error <= most_error(tolerance) else Status.TOO_STIFF


def most_error(tolerance: float) -> float:
    """Return the error at which values count as converged, for a tolerance of the residual."""
    return max(ERROR_SHARE * tolerance, LEAST_ERROR)


def solve(
    game: Game | GameArrays,
    *,
    start: PlayerValues | None = None,
    tolerance: float = TOLERANCE,
    max_steps: int = 100,
    devices: Devices | None = None,
) -> Equilibrium:
    """Solve `game`, starting from players who act at random.

    Args:
        game: the game, or the same in numbers.
        start: values to start from instead, such as those of a nearby game. Shape `[players, states]`.
        tolerance: residual at which the values count as converged, relative to max(1, |V|).
        max_steps: most steps of one search, and most points of the branch.
        devices: lay the states over these devices of JAX; by default the computation runs where JAX runs.

    Returns:
        The equilibrium. Look at `status`: nothing is raised when the iteration fails.

    Errors:
        `TooLarge` if the game does not fit in memory.

    Source:
        arcidiacono2016, doraszelski2012, walker2011 (docs/reference/references.md)
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
    engine: Engine, arrays: GameArrays, start: PlayerValues | None, tolerance: float, max_steps: int
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
    mixed = _mix(engine, random_play)
    if mixed is not None:
        run = _add(run, iterate(engine, mixed.values, 1.0, tolerance, max_steps, patience=0), steps=mixed.steps)
        if run.has_converged(tolerance):
            return run, MIXED
    path = follow_branch(engine, arrays, tolerance, max_steps)
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
    end = iterate(engine, path.values, 1.0, tolerance, max_steps, patience=0)
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
        if size <= tolerance * scale or slow_rounds >= PATIENCE:
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
            "Rates that differ by many orders of magnitude make the system stiff: check the ranges of the case."
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


def iterate(
    engine: Engine, start: Field, precision: float, tolerance: float, max_steps: int, *, patience: int = PATIENCE
) -> Run:
    """Take policy steps from `start` until the residual is at the tolerance; where these are slow, Newton steps.

    Args:
        engine: the equations.
        start: values, in the layout of the engine.
        precision: at which players respond.
        tolerance: residual to reach.
        max_steps: most steps.
        patience: slow policy steps in a row that hand over to Newton steps; 0 for Newton steps only.
    """
    here = engine.look(start, precision)
    steps, newton_steps, slow_steps, left = 0, 0, 0, 1.0
    least, since = here.residual, 0
    while not _is_done(here, tolerance, left if steps else 0.0) and steps < max_steps:
        use_newton = newton_steps > 0 or slow_steps >= patience or since >= CYCLE
        enough = min(0.5, 0.2 * tolerance / here.residual)
        share = enough if precision == 0.0 else max(FINE, min(ROUGH, 0.5 * left), enough)
        if use_newton:
            after = _go(engine, here, solve_newton(engine, here, here.failure, share), precision, here.residual)
        else:
            after = _go(engine, here, engine.solve_policy(here, here.failure, share), precision, math.inf)
        steps, newton_steps = steps + 1, newton_steps + use_newton
        is_better = after.residual < (0.99 * here.residual if use_newton else math.inf)
        if not is_better or (here.residual <= tolerance and after.error > here.error):
            break
        left = after.residual / here.residual if here.residual > 0.0 else 0.0
        slow_steps = slow_steps + 1 if left > SLOW else 0
        least, since = (after.residual, 0) if after.residual < SLOW * least else (least, since + 1)
        engine.release(here)
        here = after
    engine.release(here)
    return Run(here.values, here.residual, here.error, steps, newton_steps)


class _Mixed(NamedTuple):
    """Where mixed steps led, and how many were taken."""

    values: Field
    steps: int


def _mix(engine: Engine, start: Field) -> _Mixed | None:
    """Take policy steps mixed with those before until Newton steps can take over; None if they do not get so far.

    With d the policy step from V, the next values are those of the combination of the last few points whose steps
    cancel best.

    Source: walker2011 (docs/reference/references.md)
    """
    values, moves, changes = start, [], []
    before: tuple[Field, Field] | None = None
    for steps in range(MOST_MIXED):
        here = engine.look(values, 1.0)
        engine.release(here)
        if here.residual <= NEAR:
            return _Mixed(values, steps)
        if not math.isfinite(here.residual):
            return None
        step = engine.solve_policy(here, here.failure, MIXED_SHARE)
        if before is not None:
            moves = [*moves, values - before[0]][-MEMORY:]
            changes = [*changes, step - before[1]][-MEMORY:]
        before = values, step
        products = np.array([[overlap(one, other) for other in [*changes, step]] for one in changes])
        if changes:
            weights = np.linalg.lstsq(products[:, :-1], products[:, -1])[0]
            step = step - sum(w * (move + change) for w, move, change in zip(weights, moves, changes, strict=True))
        values = values + step
    return None


def _is_done(here: Point, tolerance: float, left: float) -> bool:
    """Return whether the residual is at the tolerance, and the error too, as far as rounding lets it.

    `left` is the share that the last step left; 0 before the first, so that one is taken before rounding is blamed.
    """
    is_at_rounding = here.residual <= ROUNDING or left > SLOW
    return here.residual <= tolerance and (here.error <= ERROR_SHARE * tolerance or is_at_rounding)


def _go(engine: Engine, here: Point, correction: Field, precision: float, bound: float) -> Point:
    """Take the correction, halved while the residual exceeds `bound`; a residual that is no number is infinite."""
    scale = 1.0
    while True:
        point = engine.look(here.values + scale * correction, precision)
        if point.residual <= bound or scale < 1e-3:
            return point
        engine.release(point)
        scale /= 2
