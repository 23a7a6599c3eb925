"""The draws from which questions are answered: which they are, and their games, solved once and kept with the study."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float32

from raison.analysis.fitting import Rival
from raison.analysis.pool import Pool
from raison.analysis.worlds import worlds_of
from raison.case import BuiltCase
from raison.errors import NotConverged
from raison.inference.posterior import Draws
from raison.query.world import World
from raison.record import bulk
from raison.study import ExplanationResult, Study

DRAWS = 64
"""Draws in all, over the explanations."""

LEAST = 4
"""Draws under each explanation."""

MOST_BYTES = 2**26
"""Memory above which no solved games are kept: what is asked then solves them anew."""

Solved = dict[int, Float32[np.ndarray, "players states"]]
"""Values of the players, by the place of a draw."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """One explanation of a finished study, and the draws from which it answers.

    Attributes:
        result: what the study says of it.
        rival: its likelihood.
        amount: draws.
        seed: of which they are.
    """

    result: ExplanationResult
    rival: Rival
    amount: int
    seed: int

    @property
    def picked(self) -> Counter[int]:
        """Return the places of the draws, with how often each was picked."""
        return Counter(Draws(self.result.draws, self.result.weights).pick(self.amount, self.seed).tolist())

    def worlds(self, case: BuiltCase) -> tuple[World, Callable[[int], World]]:
        """Return the world at the most probable numbers, and what gives that at a draw."""
        result, rival = self.result, self.rival
        values = np.stack([each.reshape(-1) for each in result.values.values()]) if result.values else None
        world = worlds_of(case, rival.explanation, rival.likelihood, rival.records)
        at_mode = world(np.array([each.mode for each in result.parameters]), None, values)
        return at_mode, lambda place: world(result.draws[place], at_mode, result.solved.get(place))


def drawn_of(study: Study, rivals: Sequence[Rival], draws: int = DRAWS) -> list[Drawn]:
    """Return the explanations of a study that have draws; more probable ones get more of so many."""
    by_name = {each.explanation.name: each for each in rivals}
    return [
        Drawn(each, by_name[each.name], _amount(each, draws), study.seed + number)
        for number, each in enumerate(study.explanations)
        if len(each.weights)
    ]


def _amount(result: ExplanationResult, draws: int) -> int:
    return max(LEAST, round(draws * result.posterior))


def with_solved(study: Study, case: BuiltCase, rivals: Sequence[Rival], pool: Pool) -> Study:
    """Return a study with the games of the draws from which questions are answered, solved; none if they are too large.

    Errors:
        `NotConverged` if an explanation cannot be solved at its most probable numbers.
    """
    jobs = drawn_of(study, rivals)
    size = sum(len(each.picked) for each in jobs) * len(case.names.actions) * case.space.size
    if 4 * size > MOST_BYTES:
        return study
    work = functools.partial(_solve, case=case)
    each = pool.side_by_side(work, jobs, bulk=bulk(case.records), done=lambda *_: None, cost=lambda job: job.amount)
    by_name = {job.result.name: solved for job, solved in zip(jobs, each, strict=True)}
    explanations = tuple(replace(each, solved=by_name.get(each.name, {})) for each in study.explanations)
    return replace(study, explanations=explanations)


def _solve(job: Drawn, *, case: BuiltCase) -> Solved:
    """Return the values at the draws of one explanation; those are left out whose game does not converge."""
    _, world_at = job.worlds(case)
    found: Solved = {}
    for place in job.picked:
        try:
            values = world_at(place).values
        except NotConverged:
            continue
        if values is not None:
            found[place] = np.asarray(values, dtype=np.float32)
    return found
