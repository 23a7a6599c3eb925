"""What is known of the numbers of a case once the record is seen, however it was computed.

`Laplace` (laplace.py) is one way; a sampler is another file that returns something of this form.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from raison.inference.likelihood import NumberVector
from raison.inference.model import Parameter


class PosteriorStatus(enum.Enum):
    """How far a posterior may be trusted."""

    OK = "ok"
    STOPPED_EARLY = "the search stopped before the mode: treat the evidence as rough"


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
        """Return the standard error of the log evidence."""
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

    def draws(self, count: int, seed: int) -> Float[np.ndarray, "draws parameters"]:
        """Return vectors of numbers drawn from the posterior."""
        ...


def free_of(parameters: tuple[Parameter, ...]) -> tuple[int, ...]:
    """Return the positions of the numbers that are not known."""
    return tuple(i for i, parameter in enumerate(parameters) if parameter.prior.is_free)
