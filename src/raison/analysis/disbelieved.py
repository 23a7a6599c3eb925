"""Readings that the model disbelieves, before any fit: under every explanation, at the middles of all ranges."""

from __future__ import annotations

import math

import numpy as np

from raison.case import BuiltCase, WrittenCase
from raison.case.meaning.episodes import episodes_of
from raison.chain import ChainMotion
from raison.chain.filter import item_weights
from raison.equilibrium.solver import checked, solve_all
from raison.errors import Problem
from raison.inference.likelihood import chain_of
from raison.record import Reading

BELIEVED = 0.05
"""Probability of what was read, given the record before it, below which the model disbelieves it."""

TOLERANCE = 1e-6
"""Residual to which the games are solved."""


def disbelieved_readings(written: WrittenCase, case: BuiltCase) -> tuple[Problem, ...]:
    """Return a warning for every reading whose levels are improbable under every explanation.

    Errors:
        `NotConverged` if a game is not solved.
    """
    games = [case.game(explanation.centre) for explanation in case.explanations]
    motions = [ChainMotion(chain_of(checked(each))) for each in solve_all(games, tolerance=TOLERANCE)]
    warnings = []
    for watched, episode in zip(case.records, episodes_of(written.text), strict=True):
        acts = [item_weights(each.filter(watched.plan, watched.start), watched.plan)[0] for each in motions]
        for number, item in enumerate(watched.record.items):
            if not isinstance(item, Reading):
                continue
            best = max(_believed(item, float(act[number])) for act in acts)
            if math.isfinite(best) and best < BELIEVED:
                warnings.append(
                    written.places.problem(
                        (*episode.items, number),
                        f"no explanation expects to find `{item.who}` at `{item.what}` on {item.date}: at the middles "
                        f"of the ranges its probability is {best:.2g} at most, given the record before it. Is the "
                        "reading right, or is a cause missing?",
                    )
                )
    return tuple(warnings)


def _believed(item: Reading, act: float) -> float:
    """Return the probability of the levels that a reading allows, from the log probability of the reading itself."""
    doubt = 1.0 - item.reliability
    return float(np.clip((math.exp(act) - doubt) / (item.reliability - doubt), 0.0, 1.0))
