"""The posterior by draws around its mode, weighted by how much likelier they are than the density they come from.

In standardised parameters z, with q the density of the draws,

    w_d = exp(l(z_d)) N(z_d; 0, I) / q(z_d),     evidence = mean of w,     its error from the scatter of w

Directions in which the record leaves the prior as it was are drawn from the normal that Laplace's method has there; the
others, together, from a multivariate Student t around the mode. Draws come in pairs on opposite sides of the mode, so
that what is lopsided cancels. A draw that lies higher than the mode shows that there is a higher one: a search begins
from it, and as many draws are made around the mode that it finds; q is then the mean of both densities. The largest
weights are smoothed by a Pareto tail, whose shape k tells whether they can be trusted: above 0.7 neither the mean nor
its error can.

Source: vehtari2024 (docs/reference/references.md)
"""

from __future__ import annotations

import abc
import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import gammaln, logsumexp

from raison.errors import NotConverged, SamplingFailed
from raison.inference.game_map import NumberVector
from raison.inference.laplace import Laplace, Start, fit, numbers_at
from raison.inference.likelihood import Likelihood
from raison.inference.model import Parameter
from raison.inference.posterior import Draws, PosteriorStatus, effective_number

LEAST_FREEDOM = 5
"""Degrees of freedom of the Student t, less the number of its directions: with as many as directions, draws lie about
as far from the mode as those of a normal, and still have heavier tails."""

TOUCHED = 0.05
"""A direction counts as informed by the record if its variance differs from the prior's by more than this share."""

BATCH = 64
"""Draws that are made at a time."""

MOST_DRAWS = 1024
"""Draws that are made at most."""

TOLERANCE = 1e-5
"""Residual to which the games behind draws are solved."""

SOLVED = 1e-3
"""How good log likelihoods then are, about: what the error of the log evidence cannot be below."""

WORST_SHAPE = 0.7
"""Shape k of the tail of the weights beyond which their mean means little."""

HIGHER = 0.1
"""Log posterior density by which a draw, or a mode, must lie above another mode to count as higher."""

EQUAL = 1e-9
"""Log weights that differ by less have no tail."""


@dataclass(frozen=True)
class Effort:
    """When draws are enough.

    Attributes:
        draws: that are made at least.
        error: standard error of the log evidence from which no more are made.
        effective: equally weighted draws that they must be worth.
    """

    draws: int
    error: float
    effective: float


FULL, ROUGH = Effort(128, 0.15, 50.0), Effort(64, 0.3, 25.0)
"""For a study, and for what is only compared with it."""

Points = Float[np.ndarray, "draws free"]
"""Standardised points, one per draw."""

Column = Float[np.ndarray, " draws"]
"""One number per draw."""


class AtMode(abc.ABC):
    """What a posterior by draws takes from the mode that Laplace's method found, and from its own draws."""

    laplace: Laplace
    """The posterior by Laplace's method."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return self.laplace.parameters

    @property
    def mode(self) -> NumberVector:
        return self.laplace.mode

    @property
    def log_likelihood(self) -> float:
        return self.laplace.log_likelihood

    @abc.abstractmethod
    def draws(self) -> Draws:
        """Return weighted draws."""

    def interval(self, i: int, probability: float = 0.9) -> tuple[float, float]:
        """Return the central posterior interval of number `i`."""
        return self.draws().interval(i, probability)


@dataclass(frozen=True)
class Importance(AtMode):
    """The posterior under one explanation, by weighted draws around its mode.

    Attributes:
        laplace: the posterior by Laplace's method.
        numbers: the draws whose game converged. Shape `[draws, parameters]`.
        weights: of each, sum 1. Shape `[draws]`.
        unconverged: draws whose game did not converge, or whose likelihood was no number; they count as weight zero.
        shape: k of the tail of the weights.
        log_evidence: log marginal likelihood.
        log_evidence_error: its standard error.
    """

    laplace: Laplace
    numbers: Float[np.ndarray, "draws parameters"] = field(repr=False)
    weights: Column = field(repr=False)
    unconverged: int
    shape: float
    log_evidence: float
    log_evidence_error: float

    @property
    def status(self) -> PosteriorStatus:
        if self.laplace.status is not PosteriorStatus.OK:
            return self.laplace.status
        return PosteriorStatus.OK if self.shape <= WORST_SHAPE else PosteriorStatus.HEAVY_TAILS

    @property
    def diagnostics(self) -> dict[str, float]:
        return {
            **self.laplace.diagnostics,
            "log evidence by Laplace's method": self.laplace.log_evidence,
            "draws": float(len(self.weights) + self.unconverged),
            "draws that did not converge": float(self.unconverged),
            "effective draws": Draws(self.numbers, self.weights).effective,
            "Pareto k": self.shape,
        }

    def draws(self) -> Draws:
        """Return the weighted draws."""
        return Draws(self.numbers, self.weights)


def draw_around(laplace: Laplace, likelihood: Likelihood, seed: int, effort: Effort = FULL) -> Laplace | Importance:
    """Return the posterior by draws around the mode that Laplace's method found, and around higher ones that they find.

    Where nothing is free there is nothing to draw, and where a prior is flat there is no evidence to be had: then
    Laplace's method stands.

    Args:
        laplace: what it found.
        likelihood: of what was seen, by the numbers.
        seed: of the draws.
        effort: when they are enough.

    Errors:
        `SamplingFailed` if no draw at all has a likelihood.
    """
    if not len(laplace.z) or math.isnan(laplace.log_evidence):
        return laplace
    near, highest = likelihood.starting_at(laplace.mode, tolerance=TOLERANCE), _height(laplace)
    proposals, counts = [Proposal.around(laplace)], [0]
    rng, points, densities = np.random.default_rng(seed), np.empty((0, len(laplace.z))), np.empty(0)
    while len(points) < MOST_DRAWS:
        which = int(np.argmin(counts))
        points = np.vstack([points, proposals[which].draw(BATCH, rng)])
        densities = np.append(densities, _log_densities(laplace, near, points[-BATCH:]))
        counts[which] += BATCH
        best = int(np.argmax(densities))
        if densities[best] > highest + HIGHER:
            highest, higher = densities[best], _search_from(points[best], laplace, likelihood)
            if higher is not None:
                laplace, proposals, counts = higher, [*proposals, Proposal.around(higher)], [*counts, 0]
        smoothed, shape = smooth_weights(densities - _mixed(proposals, counts, points))
        if len(points) >= effort.draws * len(proposals) and shape <= WORST_SHAPE and _are_enough(smoothed, effort):
            break
    return _posterior(laplace, points, smoothed, shape)


def _mixed(proposals: Sequence[Proposal], counts: Sequence[int], points: Points) -> Column:
    """Return the log density at each point from which so many draws of each proposal come, together."""
    drawn = [(each, count) for each, count in zip(proposals, counts, strict=True) if count]
    logs = [each.log_density(points) + math.log(count / len(points)) for each, count in drawn]
    return np.logaddexp.reduce(np.array(logs), axis=0)


def _height(laplace: Laplace) -> float:
    """Return the log posterior density at the mode, but for the evidence."""
    return laplace.log_likelihood - float(_log_normal(laplace.z[None])[0])


def _search_from(z: Float[np.ndarray, " free"], laplace: Laplace, likelihood: Likelihood) -> Laplace | None:
    """Return the mode to which a search from a point leads, if it is higher than the one that is known."""
    try:
        found = fit(likelihood, laplace.parameters, starts=[Start(z)])
    except (NotConverged, SamplingFailed):
        return None
    found = replace(found, evaluations=laplace.evaluations + found.evaluations)
    return found if _height(found) > _height(laplace) + HIGHER else None


def _are_enough(log_weights: Column, effort: Effort) -> bool:
    """Return whether draws settle the evidence, and are enough to answer from."""
    weights = np.exp(log_weights - logsumexp(log_weights))
    return effective_number(weights) >= effort.effective and log_mean(log_weights)[1] < effort.error


def _posterior(laplace: Laplace, points: Points, log_weights: Column, shape: float) -> Importance:
    is_drawn = np.isfinite(log_weights)
    log_evidence, error = log_mean(log_weights)
    if (
        shape > WORST_SHAPE
    ):  # the scatter says too little: the two methods differ by at least as much as one of them errs
        error = max(error, abs(log_evidence - laplace.log_evidence))
    return Importance(
        laplace=laplace,
        numbers=np.array([numbers_at(laplace.parameters, z) for z in points[is_drawn]]),
        weights=np.exp(log_weights[is_drawn] - logsumexp(log_weights[is_drawn])),
        unconverged=int(np.sum(~is_drawn)),
        shape=shape,
        log_evidence=log_evidence,
        log_evidence_error=math.hypot(error, SOLVED),
    )


def _log_densities(laplace: Laplace, likelihood: Likelihood, points: Points) -> Column:
    """Return log likelihood plus log prior at each point; minus infinity where there is none."""
    return np.array([log_likelihood_at(laplace, likelihood, z) for z in points]) - _log_normal(points)


def _log_normal(points: Points) -> Column:
    """Return minus the log density of independent standard normals."""
    return 0.5 * (points**2).sum(axis=1) + 0.5 * points.shape[1] * math.log(2 * math.pi)


def log_likelihood_at(laplace: Laplace, likelihood: Likelihood, z: Float[np.ndarray, " free"]) -> float:
    """Return the log likelihood at a standardised point; minus infinity where there is none."""
    try:
        value = likelihood.value(numbers_at(laplace.parameters, z))
    except NotConverged:
        return -math.inf
    return value if math.isfinite(value) else -math.inf


@dataclass(frozen=True, eq=False)
class Proposal:
    """The density from which draws around a mode come.

    Attributes:
        centre: the mode. Shape `[free]`.
        root: root of the covariance: a column for each direction. Shape `[free, free]`.
        is_informed: whether the record says something of each direction.
    """

    centre: Float[np.ndarray, " free"]
    root: Float[np.ndarray, "free free"]
    is_informed: Bool[np.ndarray, " free"]

    @property
    def freedom(self) -> float:
        """Return the degrees of freedom of the Student t."""
        return float(LEAST_FREEDOM + self.is_informed.sum())

    @staticmethod
    def around(laplace: Laplace) -> Proposal:
        """Return the density around the mode of Laplace's method."""
        variances, vectors = np.linalg.eigh(laplace.covariance)
        return Proposal(laplace.z, vectors * np.sqrt(variances), np.abs(variances - 1.0) > TOUCHED)

    def draw(self, count: int, rng: np.random.Generator) -> Points:
        """Return points in pairs on opposite sides of the centre."""
        noise = rng.standard_normal((count // 2, len(self.centre)))
        stretch = np.sqrt(self.freedom / rng.chisquare(self.freedom, (count // 2, 1)))
        noise = np.where(self.is_informed, noise * stretch, noise)
        return self.centre + np.stack([noise, -noise], axis=1).reshape(count, -1) @ self.root.T

    def log_density(self, points: Points) -> Column:
        """Return the log density at each point."""
        standard = np.linalg.solve(self.root, (points - self.centre).T).T
        informed, rest = standard[:, self.is_informed], standard[:, ~self.is_informed]
        size = informed.shape[1]
        student = (
            gammaln((self.freedom + size) / 2)
            - gammaln(self.freedom / 2)
            - size / 2 * math.log(self.freedom * math.pi)
            - (self.freedom + size) / 2 * np.log1p((informed**2).sum(axis=1) / self.freedom)
        )
        return student - _log_normal(rest) - np.linalg.slogdet(self.root)[1]


def smooth_weights(log_weights: Column) -> tuple[Column, float]:
    """Return log weights whose largest are smoothed by a Pareto tail, not normalised, and the shape k of that tail.

    Weights of zero stay. Raises `SamplingFailed` if all are.
    """
    is_drawn = np.isfinite(log_weights)
    if not is_drawn.any():
        raise SamplingFailed("no draw around the mode has a likelihood: the game did not converge at any of them.")
    drawn = log_weights[is_drawn]
    if np.ptp(drawn) < EQUAL:
        return log_weights, 0.0
    with np.errstate(all="ignore"):  # ties in the tail
        normalised, shape = _pareto()(-drawn)  # it is told log likelihoods left out, and weighs by their inverse
    smallest = int(np.argmin(drawn))  # not in the tail, so that it tells what was taken off all of them
    smoothed = log_weights.copy()
    smoothed[is_drawn] = normalised + (drawn[smallest] - normalised[smallest])
    return smoothed, float(shape)


@functools.cache
def _pareto() -> Callable[[Column], tuple[Column, float]]:
    """Return what smooths weights; it is loaded when it is first used, since it loads much of SciPy."""
    from arviz_stats.base.array import array_stats

    return array_stats.psislw  # pyright: ignore[reportReturnType]  (its annotations hold for any number of axes)


def log_mean(log_weights: Sequence[float] | Column) -> tuple[float, float]:
    """Return the log of the mean of weights that come in pairs, and its standard error, by the scatter of the pairs."""
    peak = np.max(log_weights)
    pairs = np.exp(np.asarray(log_weights) - peak).reshape(-1, 2).mean(axis=1)
    error = pairs.std(ddof=1) / math.sqrt(len(pairs)) / pairs.mean()
    return float(peak + math.log(pairs.mean())), float(error)
