"""What clues say of the explanations: judged by people, not computed from a game.

    l_ke = log(c_k r_ke + 1 - c_k)      log r_ke = log p_ke less its mean over the explanations
    S_e  = sum over groups of the mean of l_ke over the clues k of the group
    posterior(e) = weight(e) evidence(e) exp(gamma S_e) / sum over all explanations

p_ke is how probable the clue would be if e were the main truth, c_k how sure it is that the clue is real. Clues of one
origin are a group and count once. The exponent gamma makes all of them count for less, since judgements err together;
there is nothing from which it could be learned, so posteriors are averaged over its prior and over the judgements. Only
ratios of judgements count. An explanation that nobody judged, a null among them, gets the mean of the others.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from raison.inference.evidence import posterior_probabilities
from raison.inference.prior import Q95, Prior

DRAWS = 2000
"""Draws of the judgements and the exponent."""


@dataclass(frozen=True)
class Clue:
    """A dated piece of evidence about motives.

    Attributes:
        confidence: probability that it is real and rightly dated, in (0, 1].
        group: its origin; clues of one origin count once.
    """

    id: str
    date: str
    says: str
    group: str
    source: str
    confidence: float


@dataclass(frozen=True, eq=False)
class Clues:
    """The clues of a case as they were judged.

    Attributes:
        clues: at least one.
        explanations: names of those that were judged.
        raters: who judged.
        judged: log of the low and the high end of each judged probability, nan where a rater did not judge.
            Shape `[raters, clues, explanations, 2]`.
        exponent: prior of gamma.
    """

    clues: tuple[Clue, ...]
    explanations: tuple[str, ...]
    raters: tuple[str, ...]
    judged: Float[np.ndarray, "raters clues explanations ends"]
    exponent: Prior

    @property
    def groups(self) -> tuple[str, ...]:
        """Return the origins, in the order in which they first come."""
        return tuple(dict.fromkeys(clue.group for clue in self.clues))

    def middles(self) -> Float[np.ndarray, "clues explanations"]:
        """Return l_ke at the middles of the judgements, less its mean. Shape `[clues, explanations]`."""
        return self._weights(self._middles())

    def drawn(self, rng: np.random.Generator, draws: int = DRAWS) -> Float[np.ndarray, "draws clues explanations"]:
        """Return draws of l_ke, less its mean over the explanations. Shape `[draws, clues, explanations]`.

        Judgements are lognormal around the mean of the raters' middles, 90 % as wide as all their ranges together.
        """
        low, high = np.nanmin(self.judged[..., 0], axis=0), np.nanmax(self.judged[..., 1], axis=0)
        middles = self._middles()
        return self._weights(middles + (high - low) / (2 * Q95) * rng.standard_normal((draws, *middles.shape)))

    def _middles(self) -> Float[np.ndarray, "clues explanations"]:
        """Return the log of the judged probabilities: the mean over raters of the middles of their ranges."""
        return np.nanmean(self.judged.mean(axis=-1), axis=0)

    def _weights(
        self, log_probability: Float[np.ndarray, "*draws clues explanations"]
    ) -> Float[np.ndarray, "*draws clues explanations"]:
        sure = np.array([clue.confidence for clue in self.clues])[:, None]
        return _centred(np.log(sure * np.exp(_centred(log_probability)) + 1.0 - sure))

    def sums(
        self, weights: Float[np.ndarray, "*draws clues explanations"], without: Sequence[int] = ()
    ) -> Float[np.ndarray, "*draws explanations"]:
        """Return S_e from the l_ke of every clue, some left out. Shape `[..., explanations]`."""
        counted = [place for place in range(len(self.clues)) if place not in without]
        sizes = {group: sum(self.clues[place].group == group for place in counted) for group in self.groups}
        share = np.zeros(len(self.clues))
        share[counted] = [1.0 / sizes[self.clues[place].group] for place in counted]
        return np.einsum("...ke,k->...e", weights, share)


def _centred(values: Float[np.ndarray, "*any explanations"]) -> Float[np.ndarray, "*any explanations"]:
    return values - values.mean(axis=-1, keepdims=True)


@dataclass(frozen=True, eq=False)
class Shares:
    """Posterior probabilities of some explanations over draws.

    Attributes:
        mean: shape `[explanations]`, sum 1.
        low: 5 % points. Shape `[explanations]`.
        high: 95 % points.
        draws: shape `[draws, explanations]`.
    """

    mean: Float[np.ndarray, " explanations"]
    low: Float[np.ndarray, " explanations"]
    high: Float[np.ndarray, " explanations"]
    draws: Float[np.ndarray, "draws explanations"]


def shares(log_weights: Float[np.ndarray, "draws explanations"], prior_weights: Sequence[float]) -> Shares:
    """Return the posterior of the explanations, averaged over draws of the log of what speaks for each."""
    draws = posterior_probabilities(log_weights, prior_weights)
    return Shares(draws.mean(axis=0), np.quantile(draws, 0.05, axis=0), np.quantile(draws, 0.95, axis=0), draws)


@dataclass(frozen=True)
class Agreement:
    """How far raters agree on the log of the judged probabilities relative to the mean over the explanations.

    Attributes:
        raters: how many.
        cells: clue and explanation, judged by at least two.
        alpha: Krippendorff's alpha for interval data: 1 if they agree, 0 if as chance would have it; nan if all
            judgements are alike.
        correlation: Pearson's, the mean over pairs of raters; nan if one of a pair never distinguishes.

    Source:
        krippendorff2004
    """

    raters: int
    cells: int
    alpha: float
    correlation: float


def agreement(clues: Clues) -> Agreement | None:
    """Return how far the raters agree; None if no clue was judged by two."""
    middles = _centred(clues.judged.mean(axis=-1))
    cells = middles.reshape(len(clues.raters), -1)
    cells = cells[:, (~np.isnan(cells)).sum(axis=0) > 1]
    if cells.size == 0:
        return None
    return Agreement(len(clues.raters), cells.shape[1], _alpha(cells), _correlation(cells))


def _alpha(cells: Float[np.ndarray, "raters cells"]) -> float:
    """Return 1 - observed / expected disagreement, both mean squared differences of pairs.

    The sum of squared differences over ordered pairs of m values is 2 m^2 times their variance.
    """
    judged = (~np.isnan(cells)).sum(axis=0)
    total = int(judged.sum())
    observed = float((2 * judged**2 * np.nanvar(cells, axis=0) / (judged - 1)).sum()) / total
    expected = 2 * total * float(np.nanvar(cells)) / (total - 1)
    return 1.0 - observed / expected if expected > 0.0 else math.nan


def _correlation(cells: Float[np.ndarray, "raters cells"]) -> float:
    found = []
    for first, second in itertools.combinations(cells, 2):
        both = ~np.isnan(first) & ~np.isnan(second)
        if both.sum() < 2:
            continue
        a, b = first[both] - first[both].mean(), second[both] - second[both].mean()
        size = math.sqrt(float(a @ a) * float(b @ b))
        found.append(float(a @ b) / size if size > 0.0 else math.nan)
    return float(np.mean(found)) if found else math.nan
