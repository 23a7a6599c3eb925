"""How many equilibria a game has, as far as a search can tell, and how each was found.

Three ways lead to further equilibria:

    the branch     followed from precision 0 by arc length, around its folds
    other starts   policy and Newton steps from the values of a game in which acts are paid or taxed at random
    deflation      Newton steps on F(V) * product over known V* of (1 / |V - V*|^2 + 1), which known equilibria repel;
                   it finds equilibria that best responses run away from

A search can miss an equilibrium; it never counts one twice.

Source: farrell2015 (docs/reference/references.md)
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import os
from dataclasses import dataclass

import numpy as np
import scipy.sparse.linalg as spla

from raison.engine import Engine, Field, engine_of
from raison.equations.game_arrays import GameArrays
from raison.equilibrium.continuation import Path
from raison.equilibrium.iteration import Run, iterate
from raison.equilibrium.linear import Vector, solve_newton
from raison.equilibrium.solver import (
    FOLLOWED,
    START_TOLERANCE,
    TOLERANCE,
    Equilibrium,
    end_of,
    equilibrium_of,
    follow_branch,
    random_play_values,
    solve,
)
from raison.game import Game

SAME = 1e-5
"""Largest difference of values, over max(1, |V|), at which two equilibria count as one."""

MAX_PATH = 400
"""Most points of the branch."""

ROUGHLY = 1e-2
"""Tolerance of what only leads to another start."""

DEFLATION_UP_TO = 4_000
"""Players times states up to which deflation is tried: far from any equilibrium its linear systems are slow."""

MAX_DEFLATED = 60
"""Most Newton steps of a search that known equilibria repel."""

DENSE_UP_TO = 40
"""Unknowns up to which the best-response map is written out."""

SEARCHED = "policy steps from a game with other costs"
DEFLATED = "Newton steps away from the others"
"""How an equilibrium was found, besides those of the solver."""


@dataclass(frozen=True)
class Branches:
    """The equilibria that a search found.

    Attributes:
        equilibria: all different; the first is the known one, or the one that `solve` gives.
        folds: precisions at which the branch from precision 0 turns.
        principal: position of the equilibrium in which that branch ends; None if it did not reach precision 1.
        radii: spectral radius of the best-response map at each: above 1, best responses lead away from it.
        searches: how many searches were made.
        failures: how many of them ended nowhere.
        was_deflated: whether the search by deflation was among them; in large games it is left out.
    """

    equilibria: tuple[Equilibrium, ...]
    folds: tuple[float, ...]
    principal: int | None
    radii: tuple[float, ...]
    searches: int
    failures: int
    was_deflated: bool

    @property
    def count(self) -> int:
        """Return how many equilibria were found."""
        return len(self.equilibria)


def find_branches(
    game: Game | GameArrays,
    *,
    known: Equilibrium | None = None,
    starts: int = 24,
    patience: int = 24,
    seed: int = 0,
    tolerance: float = TOLERANCE,
    max_steps: int = 60,
) -> Branches:
    """Search the equilibria of `game`.

    Args:
        game: the game, or the same in numbers.
        known: an equilibrium to begin with; by default the one that `solve` gives.
        starts: how many other starts to search from.
        patience: searches by deflation in a row that may find nothing new before they are given up.
        seed: of the random starts.
        tolerance: residual at which values count as converged.
        max_steps: most steps of one search.

    Returns:
        What was found; empty if not even the first search converged.
    """
    arrays = game if isinstance(game, GameArrays) else GameArrays.of(game)
    search = _Search(arrays, tolerance, max_steps)
    search.keep(known or solve(arrays, tolerance=tolerance))
    path = search.follow()
    principal = search.position(path.values) if path.values is not None else None
    search.from_other_costs(starts, seed)
    is_small = arrays.space.size * len(arrays.players) <= DEFLATION_UP_TO
    if is_small:
        search.by_deflation(patience, seed)
    found = tuple(search.found)
    radii = tuple(best_response_radius(equilibrium) for equilibrium in found)
    return Branches(found, path.folds, principal, radii, search.searches, search.failures, is_small)


def best_response_radius(equilibrium: Equilibrium) -> float:
    """Return the spectral radius of the best-response map at an equilibrium.

    Below 1, policy steps started nearby lead to it, at this rate; above 1 they lead away from it.
    """
    engine = engine_of(equilibrium.arrays)
    here = engine.look(engine.field(equilibrium.values), 1.0)
    shape, size = np.shape(here.values), np.size(here.values)

    def change(direction: Vector) -> Vector:
        responses = engine.respond(here, direction.reshape(shape))
        return np.ravel(engine.solve_policy(here, responses, 1e-8))

    start = np.random.default_rng(0).standard_normal(size)
    image = change(start)
    if np.linalg.norm(image) <= 1e-12 * np.linalg.norm(start):
        return 0.0
    if size <= DENSE_UP_TO:
        matrix = np.stack([change(column) for column in np.eye(size)], axis=1)
        return float(np.abs(np.linalg.eigvals(matrix)).max())
    arnoldi = {"k": 1, "v0": start, "tol": 1e-3, "maxiter": 30, "return_eigenvectors": False}
    try:
        values = spla.eigs(spla.LinearOperator((size, size), matvec=change, dtype=np.float64), **arnoldi)  # pyright: ignore
    except spla.ArpackNoConvergence as error:
        values = error.eigenvalues if len(error.eigenvalues) else np.array([np.nan])
    return float(np.abs(values).max())


class _Search:
    """The equilibria found so far."""

    def __init__(self, arrays: GameArrays, tolerance: float, max_steps: int) -> None:
        self._arrays, self._tolerance, self._max_steps = arrays, tolerance, max_steps
        self._engine: Engine = engine_of(arrays)
        self._fields: list[Field] = []
        self.found: list[Equilibrium] = []
        self.searches, self.failures = 0, 0

    def keep(self, equilibrium: Equilibrium) -> bool:
        """Keep an equilibrium if it converged and is new; return whether it was."""
        self.searches += 1
        if not equilibrium.has_converged:
            self.failures += 1
            return False
        field = self._engine.field(equilibrium.values)
        if self.position(field) is not None:
            return False
        self._fields.append(field)
        self.found.append(equilibrium)
        return True

    def position(self, field: Field) -> int | None:
        """Return which equilibrium these values are; None for a new one."""
        for number, known in enumerate(self._fields):
            if float(abs(known - field).max()) <= SAME * max(1.0, float(abs(known).max())):
                return number
        return None

    def follow(self) -> Path:
        """Follow the branch from precision 0 and keep its end."""
        path = follow_branch(self._engine, self._arrays, self._tolerance, MAX_PATH)
        if path.values is None:
            self.searches, self.failures = self.searches + 1, self.failures + 1
        else:
            self.keep(self._equilibrium(end_of(self._engine, path, self._tolerance, self._max_steps), FOLLOWED))
        return path

    def from_other_costs(self, starts: int, seed: int) -> None:
        """Search from the values of games with random costs, side by side."""
        rng = np.random.default_rng(seed)
        size = max([3.0, *(_largest_gain(equilibrium) for equilibrium in self.found)])
        games = [_with_other_costs(self._arrays, size, rng) for _ in range(starts)]

        def search(other: GameArrays) -> Equilibrium:
            engine = engine_of(other)
            start = iterate(engine, random_play_values(engine, other, ROUGHLY), 1.0, ROUGHLY, 8).values
            run = iterate(self._engine, start, 1.0, self._tolerance, self._max_steps, newton=True)
            return self._equilibrium(run, SEARCHED)

        with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            for equilibrium in pool.map(search, games):
                self.keep(equilibrium)

    def by_deflation(self, patience: int, seed: int) -> None:
        """Search with the known equilibria repelling, from between them and random play, until `patience` searches
        in a row find nothing new."""
        rng = np.random.default_rng(seed)
        random_play = random_play_values(self._engine, self._arrays, START_TOLERANCE)
        misses = 0
        while self._fields and misses < patience:
            known = [random_play, *self._fields]
            first, second = (known[i] for i in rng.integers(len(known), size=2))
            share, noise = rng.uniform(), 0.1 * rng.standard_normal(np.shape(first))
            mixed = random_play if misses == 0 else (share * first + (1.0 - share) * second) * (1.0 + noise)
            misses = 0 if self.keep(self._equilibrium(self._deflated(mixed), DEFLATED)) else misses + 1

    def _deflated(self, start: Field) -> Run:
        """Take Newton steps that the known equilibria repel."""
        values, steps = start, 0
        while steps < MAX_DEFLATED:
            here = self._engine.look(values, 1.0)
            if here.residual <= 1e-4 or not here.residual < np.inf:
                break
            direction = solve_newton(self._engine, here, here.failure, ROUGHLY)
            stretch = 1.0 / _away_from_zero(1.0 - self._pull(values, direction))
            longest = (1.0 + float(abs(values).max())) / max(float(abs(direction).max()), 1e-300)
            values, steps = values + np.clip(stretch, -longest, longest) * direction, steps + 1
        run = iterate(self._engine, values, 1.0, self._tolerance, self._max_steps, newton=True)
        return dataclasses.replace(run, steps=steps + run.steps, newton_steps=steps + run.newton_steps)

    def _pull(self, values: Field, direction: Field) -> float:
        """Return the change of the logarithm of the deflation along `direction`."""
        total = 0.0
        for known in self._fields:
            scale = max(1.0, float(abs(known).max())) ** 2 * np.size(known)
            off = values - known
            square = max(float(np.vdot(off, off)) / scale, 1e-300)
            total -= 2.0 * float(np.vdot(off, direction)) / scale / (square * (1.0 + square))
        return total

    def _equilibrium(self, run: Run, origin: str) -> Equilibrium:
        return equilibrium_of(self._engine, self._arrays, run, origin, self._tolerance)


def _away_from_zero(number: float) -> float:
    return number if abs(number) > 1e-3 else np.copysign(1e-3, number)


def _largest_gain(equilibrium: Equilibrium) -> float:
    """Return the largest advantage of any act over waiting, as far as its log odds tell."""
    largest = 0.0
    for choice in equilibrium.choices:
        probs = np.asarray(choice.probs)
        wait = 1.0 - probs.sum(axis=0)
        with np.errstate(divide="ignore"):
            odds = np.abs(np.log(probs) - np.log(np.maximum(wait, 1e-300)))
        if np.isfinite(odds).any():
            largest = max(largest, float(odds[np.isfinite(odds)].max()))
    return min(largest, 50.0)


def _with_other_costs(arrays: GameArrays, size: float, rng: np.random.Generator) -> GameArrays:
    players = [
        dataclasses.replace(player, costs=player.costs + rng.normal(0.0, size, np.shape(player.costs)))
        for player in arrays.players
    ]
    return dataclasses.replace(arrays, players=tuple(players))
