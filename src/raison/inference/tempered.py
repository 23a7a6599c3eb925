"""The posterior by tempered sequential Monte Carlo, which needs no mode to be the only one.

Particles begin as draws z from the prior and pass through the densities

    N(z; 0, I) exp(t l(z)),     t from 0 to 1

The t are fixed before a run: each as far from the last as would leave three fifths of the particles effective if the
posterior were the normal of Laplace's method. (If the particles themselves said how far, the evidence would come out
too low: with 32 of them and 40 numbers by a quarter.) At each t particles are weighted, drawn anew by their weights,
and moved until little is left of where they stood. The product of the mean weights is the evidence; its error is the
scatter between independent runs. A move keeps the normal density that Laplace's method would have at t, and is
accepted by what the true density differs from it: bad as that may be, the answer stays right.

Source: delmoral2006, cotter2013 (docs/reference/references.md)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy.optimize
from jaxtyping import Float
from scipy.special import ndtri, stdtrit

from raison.errors import SamplingFailed
from raison.inference.importance import TOLERANCE, AtMode, Column, Importance, Points, log_likelihood_at
from raison.inference.laplace import Laplace, numbers_at
from raison.inference.likelihood import Likelihood
from raison.inference.posterior import Draws, PosteriorStatus, effective_number
from raison.once import once

PARTICLES = 32
"""Particles of one run."""

RUNS = 8
"""Independent runs."""

EFFECTIVE = 0.6
"""Share of the particles that a step of the temperature leaves effective, if the posterior is normal."""

FORGOTTEN = 0.3
"""Correlation with where they stood at which particles have moved enough."""

MOST_MOVES = 24
"""Most moves at one temperature."""

ACCEPTED = 0.35
"""Share of moves accepted at which they are neither too short nor too long."""

FIRST_LENGTH, LEAST_LENGTH = 0.7, 0.02
"""Length of the first moves, and the shortest, as a share of that which forgets everything."""

STUCK = 0.02
"""Share of moves accepted below which particles hardly moved."""


@dataclass(frozen=True, eq=False)
class Run:
    """One run from the prior to the posterior.

    Attributes:
        z: where its particles ended, all of one weight. Shape `[particles, free]`.
        log_evidence: what it says of the log evidence.
        log_likelihoods: of the particles.
        temperatures: through which it went, without 0.
        effective: share of the particles effective at each, when they were weighted.
        accepted: share of moves accepted at each.
        evaluations: likelihoods computed.
        unconverged: of these, those whose game did not converge; they count as likelihood zero.
    """

    z: Points = field(repr=False)
    log_evidence: float
    log_likelihoods: Column = field(repr=False)
    temperatures: tuple[float, ...]
    effective: tuple[float, ...]
    accepted: tuple[float, ...]
    evaluations: int
    unconverged: int


@dataclass(frozen=True, eq=False)
class Tempered(AtMode):
    """The posterior under one explanation, by independent runs of tempered sequential Monte Carlo.

    Attributes:
        by_draws: the posterior by draws around the mode, found before.
        runs: the runs.
    """

    by_draws: Importance
    runs: tuple[Run, ...]

    @property
    def laplace(self) -> Laplace:
        return self.by_draws.laplace

    @property
    def log_evidence(self) -> float:
        """Return the log of the mean evidence of the runs."""
        return float(np.logaddexp.reduce([run.log_evidence for run in self.runs]) - math.log(len(self.runs)))

    @property
    def log_evidence_error(self) -> float:
        """Return the standard error of the log evidence, by the scatter between the runs.

        Widened, since so few runs hardly know their scatter, so that two errors hold 19 in 20 as those of a normal do.
        """
        relative = np.exp([run.log_evidence - self.log_evidence for run in self.runs])
        wider = stdtrit(len(relative) - 1, 0.975) / ndtri(0.975)
        return float(wider * relative.std(ddof=1) / math.sqrt(len(relative)))

    @property
    def status(self) -> PosteriorStatus:
        is_stuck = min(share for run in self.runs for share in run.accepted) < STUCK
        return PosteriorStatus.STUCK if is_stuck else PosteriorStatus.OK

    @property
    def diagnostics(self) -> dict[str, float]:
        return {
            **self.by_draws.diagnostics,
            "log evidence by draws around the mode": self.by_draws.log_evidence,
            "its error": self.by_draws.log_evidence_error,
            "runs": float(len(self.runs)),
            "particles of a run": float(len(self.runs[0].z)),
            "most temperatures": float(max(len(run.temperatures) for run in self.runs)),
            "least share of particles effective": min(share for run in self.runs for share in run.effective),
            "least share of moves accepted": min(share for run in self.runs for share in run.accepted),
            "likelihoods": float(sum(run.evaluations for run in self.runs)),
            "likelihoods without convergence": float(sum(run.unconverged for run in self.runs)),
        }

    def draws(self) -> Draws:
        """Return the particles of all runs; those of a run share what its evidence weighs."""
        return self._draws

    @once
    def _draws(self) -> Draws:
        log_weights = np.concatenate(
            [np.full(len(run.z), run.log_evidence - math.log(len(run.z))) for run in self.runs]
        )
        numbers = [numbers_at(self.parameters, z) for run in self.runs for z in run.z]
        return Draws(np.array(numbers), np.exp(log_weights - float(np.logaddexp.reduce(log_weights))))


def run_tempered(
    laplace: Laplace, likelihood: Likelihood, seed: int | Sequence[int], *, particles: int = PARTICLES
) -> Run:
    """Take particles from the prior to the posterior.

    Args:
        laplace: what Laplace's method found; it shapes the moves and nothing else.
        likelihood: of what was seen, by the numbers.
        seed: of this run.
        particles: how many.

    Errors:
        `SamplingFailed` if no particle has a likelihood.
    """
    rng, near = np.random.default_rng(seed), likelihood.starting_at(laplace.mode, tolerance=TOLERANCE)
    z = rng.standard_normal((particles, len(laplace.z)))
    values = np.array([log_likelihood_at(laplace, near, each) for each in z])
    evaluations, unconverged = len(z), int(np.sum(~np.isfinite(values)))
    if not np.isfinite(values).any():
        raise SamplingFailed("no draw from the prior has a likelihood: the game did not converge at any of them.")
    before, log_evidence, length = 0.0, 0.0, FIRST_LENGTH
    temperatures, effective, accepted = _temperatures(laplace), [], []
    for temperature in temperatures:
        log_weights = (temperature - before) * values
        total = float(np.logaddexp.reduce(log_weights))
        log_evidence += total - math.log(particles)
        weights = np.exp(log_weights - total)
        chosen = Draws(z, weights).pick(particles, int(rng.integers(2**62)))
        z, values, before = z[chosen], values[chosen], temperature
        normal = _Normal.at(temperature, laplace)
        correlation, shares = 1.0, []
        while correlation > FORGOTTEN and len(shares) < MOST_MOVES:
            proposed = normal.move(z, length, rng)
            theirs = np.array([log_likelihood_at(laplace, near, each) for each in proposed])
            ratio = normal.excess(proposed, theirs) - normal.excess(z, values)
            is_accepted = np.log(rng.uniform(size=particles)) < ratio
            z, values = np.where(is_accepted[:, None], proposed, z), np.where(is_accepted, theirs, values)
            share = float(np.mean(np.exp(np.minimum(ratio, 0.0))))
            correlation *= 1.0 - share * (1.0 - math.sqrt(1.0 - length**2))
            length = min(1.0, max(LEAST_LENGTH, length * math.exp(share - ACCEPTED)))
            shares.append(share)
            evaluations, unconverged = evaluations + particles, unconverged + int(np.sum(~np.isfinite(theirs)))
        effective.append(effective_number(weights) / particles)
        accepted.append(float(np.mean(shares)))
    return Run(z, log_evidence, values, temperatures, tuple(effective), tuple(accepted), evaluations, unconverged)


def _temperatures(laplace: Laplace) -> tuple[float, ...]:
    """Return the temperatures of a run, without 0, by the normal density that Laplace's method would have at each.

    With Z(t) its integral, a step s from t leaves the share Z(t + s)^2 / (Z(t) Z(t + 2 s)) of the particles effective.
    """
    variances, directions = np.linalg.eigh(laplace.covariance)
    mode = directions.T @ laplace.z

    def log_integral(t: float) -> float:
        """Return log Z(t), less what rises evenly with t; infinite where the density has no integral."""
        precisions = 1.0 - t + t / variances
        if (precisions <= 0.0).any():
            return math.inf
        return float(np.sum(-0.5 * np.log(precisions) + 0.5 * (t * mode / variances) ** 2 / precisions))

    def effective(t: float, step: float) -> float:
        return math.exp(2.0 * log_integral(t + step) - log_integral(t) - log_integral(t + 2.0 * step))

    found = [0.0]
    while found[-1] < 1.0:
        here, most = found[-1], 1.0 - found[-1]
        if effective(here, most) >= EFFECTIVE:
            found.append(1.0)
        else:
            step = scipy.optimize.brentq(lambda step, t=here: effective(t, step) - EFFECTIVE, 0.0, most)
            found.append(here + step)  # pyright: ignore[reportOperatorIssue]
    return tuple(found[1:])


@dataclass(frozen=True, eq=False)
class _Normal:
    """The normal density that Laplace's method would have at one temperature.

    Attributes:
        temperature: t.
        mean: shape `[free]`.
        precision: inverse of the covariance. Shape `[free, free]`.
        root: of the covariance. Shape `[free, free]`.
    """

    temperature: float
    mean: Float[np.ndarray, " free"]
    precision: Float[np.ndarray, "free free"]
    root: Float[np.ndarray, "free free"]

    @staticmethod
    def at(temperature: float, laplace: Laplace) -> _Normal:
        """Return it: minus its log is z'z / 2 less t times the likelihood's parabola at the mode."""
        hessian = np.linalg.inv(laplace.covariance)
        precision = (1.0 - temperature) * np.eye(len(laplace.z)) + temperature * (hessian + hessian.T) / 2
        covariance = np.linalg.inv(precision)
        mean = covariance @ (temperature * hessian @ laplace.z)
        return _Normal(temperature, mean, precision, np.linalg.cholesky((covariance + covariance.T) / 2))

    def move(self, z: Points, length: float, rng: np.random.Generator) -> Points:
        """Return points moved so that this density stays as it is."""
        noise = rng.standard_normal(z.shape) @ self.root.T
        return self.mean + math.sqrt(1.0 - length**2) * (z - self.mean) + length * noise

    def excess(self, z: Points, log_likelihoods: Column) -> Column:
        """Return the log of the true density at each point over this one."""
        off = z - self.mean
        return (
            self.temperature * log_likelihoods
            - 0.5 * np.einsum("di,di->d", z, z)
            + 0.5 * np.einsum("di,ij,dj->d", off, self.precision, off)
        )
