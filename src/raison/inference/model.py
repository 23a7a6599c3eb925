"""What each explanation believes of the numbers of a model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from raison.inference.prior import Prior

NO_MOTIVES, SHARED_MOTIVES, HABIT = ("no motives", "shared motives only", "habit and reply")
"""Names of the nulls, which every study adds; they have spaces, which the names in a case have not."""


@dataclass(frozen=True)
class Parameter:
    """One number of the game under one explanation.

    Attributes:
        name: dotted path of the number in the case, such as `players.turkey.wants.power`.
        prior: what is believed of it.
        basis: `assumed ...` or the keys of the sources.
    """

    name: str
    prior: Prior
    basis: str = ""


@dataclass(frozen=True)
class Explanation:
    """A rival account of the motives: a prior for every number of the game.

    Attributes:
        parameters: one per entry of the vector that the game function takes, in its order.
        weight: relative prior weight among the explanations; above 0.
    """

    name: str
    parameters: tuple[Parameter, ...]
    label: str = ""
    held_by: str = ""
    weight: float = 1.0

    @property
    def centre(self) -> Float[np.ndarray, " parameters"]:
        """Return the middle of the prior of every number."""
        return np.array([parameter.prior.value(0.0) for parameter in self.parameters])
