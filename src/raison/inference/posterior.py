"""What is known of the numbers of a case once the record is seen, however it was computed.

`Laplace` (laplace.py) is one way; a sampler is another file that returns something of this form.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from raison.inference.game_map import NumberVector
from raison.inference.model import Parameter


class PosteriorStatus(enum.Enum):
    """How far a posterior may be trusted."""

    OK = "ok"
    STOPPED_EARLY = "the search stopped before the mode: treat the evidence as rough"
    STUCK = "the particles hardly moved at some temperature: treat the evidence as rough"
    HEAVY_TAILS = (
        "the draws miss part of the posterior (k above 0.7): the evidence is rough, and its error is at least what "
        "is said; give the widest numbers narrower ranges"
    )


@dataclass(frozen=True)
class Draws:
    """Weighted draws from a posterior.

    Attributes:
        numbers: one vector per draw. Shape `[draws, parameters]`.
        weights: of each draw; sum 1. Shape `[draws]`.
    """

    numbers: Float[np.ndarray, "draws parameters"]
    weights: Float[np.ndarray, " draws"]

    @property
    def effective(self) -> float:
        """Return how many equally weighted draws would say as much."""
        return effective_number(self.weights)

    def interval(self, i: int, probability: float) -> tuple[float, float]:
        """Return the central interval of number `i` that holds so much of the weight."""
        return weighted_interval(self.numbers[:, i], self.weights, probability)

    def pick(self, count: int, seed: int) -> Int[np.ndarray, " count"]:
        """Return the positions of `count` equally weighted draws; likely ones stand there more than once."""
        marks = (np.arange(count) + np.random.default_rng(seed).uniform()) / count
        passed = np.cumsum(self.weights) / self.weights.sum()
        return np.searchsorted(passed, marks, side="right").clip(max=len(self.weights) - 1)


def effective_number(weights: Float[np.ndarray, " draws"]) -> float:
    """Return how many equally weighted draws say as much as draws of these weights, whose sum is 1."""
    return float(1.0 / np.square(weights).sum())


def weighted_interval(
    values: Float[np.ndarray, " draws"], weights: Float[np.ndarray, " draws"], probability: float
) -> tuple[float, float]:
    """Return the central interval that holds so much of the weight; weights sum to 1."""
    order = np.argsort(values, kind="stable")
    passed = np.cumsum(weights[order]) - weights[order] / 2
    low, high = np.interp(((1 - probability) / 2, (1 + probability) / 2), passed, values[order])
    return float(low), float(high)


@runtime_checkable
class Posterior(Protocol):
    """The posterior under one explanation."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Return all numbers, free and fixed."""
        ...

    @property
    def mode(self) -> NumberVector:
        """Return the most probable numbers."""
        ...

    @property
    def log_likelihood(self) -> float:
        """Return the log likelihood at the mode."""
        ...

    @property
    def log_evidence(self) -> float:
        """Return the log marginal likelihood; nan where a prior is flat."""
        ...

    @property
    def log_evidence_error(self) -> float:
        """Return the standard error of the log evidence, as it was measured; nan if it was not."""
        ...

    @property
    def status(self) -> PosteriorStatus: ...

    @property
    def diagnostics(self) -> Mapping[str, float]:
        """Return the numbers on which the status rests, by name."""
        ...

    def interval(self, i: int, probability: float = 0.9) -> tuple[float, float]:
        """Return the central posterior interval of number `i`."""
        ...

    def draws(self) -> Draws:
        """Return weighted draws of the numbers."""
        ...


def free_of(parameters: tuple[Parameter, ...]) -> tuple[int, ...]:
    """Return the positions of the numbers that are not known."""
    return tuple(i for i, parameter in enumerate(parameters) if parameter.prior.is_free)
