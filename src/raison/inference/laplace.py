"""The posterior of the numbers of a case under one explanation: its mode, its spread, its evidence.

In standardised parameters z (see `prior`) the log posterior is  l(z) - z'z / 2 + const, and Laplace's method gives

    log evidence = l(z*) - z*'z* / 2 - log det(H) / 2,     H = I - l''(z*)     (H = -l'' for flat priors: no evidence)

H by differences of the exact gradient. Directions that the record does not touch add nothing. With H0, that of a
nearby posterior or else of the prior, only what differs is sought: with H0 = L L', the matrix L^-1 H L^-T is near the
identity, and Lanczos steps find the directions in which it is not, and their share of log det H.

Source: tierney1986 (docs/reference/references.md)
"""

from __future__ import annotations

import contextlib
import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy.optimize
from jaxtyping import Float
from scipy.special import ndtri

from raison.errors import NotConverged, SamplingFailed
from raison.inference.game_map import NumberVector
from raison.inference.likelihood import Evaluation, Likelihood
from raison.inference.model import Parameter
from raison.inference.posterior import Draws, PosteriorStatus, free_of

Point = Float[np.ndarray, " free"]
"""Standardised free parameters, or a slope by them."""

Square = Float[np.ndarray, "free free"]
"""A covariance, or second derivatives."""

GRADIENT_TOLERANCE = 1e-2
"""Largest slope of the log posterior, per standard deviation of the prior, at which Newton steps take over."""

SEARCH_TOLERANCE = 1e-8
"""Residual to which games are solved during the search; log likelihoods are then good to about five digits."""

MAX_POLISH = 4
"""Most Newton steps after the search."""

NEGLIGIBLE = 1e-4
"""Newton step, in standard deviations of the prior, that is not worth taking."""

DIFFERENCE = 1e-3
"""Step of the differences of gradients, in standard deviations of the prior (or steps of a flat one)."""

LOG_DET_TOLERANCE = 0.01
"""Lanczos steps stop when the last few together changed log det H by less than this."""

LANCZOS_WINDOW, LEAST_LANCZOS = 5, 12
"""How many steps that is, and how many are always taken."""

REFUSED = 1e12
"""Minus the log posterior, for the search, of a point without a likelihood."""

LEAST_CURVATURE = 0.1
"""Curvature below which a step of the repair is no longer than this would make it."""

LONGEST_STEP = 3.0
"""Longest step of the repair, in standard deviations of the prior."""

CLOSE = 0.05
"""Standard deviations of the posterior within which the search must end."""

MAX_STEPS = 200
"""Most steps of one search."""


DRAWS = 256
"""Draws that are made from the normal approximation, where it has to do."""

MOST_NAMED = 5
"""Numbers that the message on a failure names."""

MOST_REPAIRS = 6
"""Most times that a search which did not end at a maximum is taken up again."""


@dataclass(frozen=True)
class Laplace:
    """The posterior under one explanation, by Laplace's method: normal in the standardised parameters z.

    Attributes:
        parameters: all numbers, free and fixed.
        mode: most probable numbers.
        z: the same, standardised, for the free ones.
        covariance: of z.
        log_likelihood: at the mode.
        log_evidence: log marginal likelihood; nan where a prior is flat.
        evaluations: how many gradients were computed.
        distance: how far the search stopped from the mode, in standard deviations of the posterior.
    """

    parameters: tuple[Parameter, ...]
    mode: NumberVector
    z: Point
    covariance: Square = field(repr=False)
    log_likelihood: float
    log_evidence: float
    evaluations: int
    distance: float

    @property
    def log_evidence_error(self) -> float:
        """Return nan: the method does not know its error; 0 where nothing is free."""
        return math.nan if len(self.z) else 0.0

    @property
    def status(self) -> PosteriorStatus:
        return PosteriorStatus.OK if self.distance < CLOSE else PosteriorStatus.STOPPED_EARLY

    @property
    def diagnostics(self) -> dict[str, float]:
        return {"distance from the mode": self.distance, "gradients": float(self.evaluations)}

    def standard_errors(self) -> NumberVector:
        """Return the standard error of each number, by the delta method; 0 if fixed."""
        errors = np.zeros(len(self.parameters))
        for position, i in enumerate(free_of(self.parameters)):
            slope = self.parameters[i].prior.slope(float(self.z[position]))
            errors[i] = abs(slope) * math.sqrt(self.covariance[position, position])
        return errors

    def interval(self, i: int, probability: float = 0.9) -> tuple[float, float]:
        """Return the central posterior interval of number `i`."""
        if not self.parameters[i].prior.is_free:
            return float(self.mode[i]), float(self.mode[i])
        position = free_of(self.parameters).index(i)
        half = float(ndtri((1 + probability) / 2)) * math.sqrt(self.covariance[position, position])
        low, high = (self.parameters[i].prior.value(float(self.z[position]) + side * half) for side in (-1, 1))
        return low, high

    def draws(self) -> Draws:
        """Return draws from the normal approximation, all of one weight; the mode alone where nothing is free."""
        if not len(self.z):
            return Draws(self.mode[None], np.ones(1))
        noise = np.random.default_rng(0).standard_normal((DRAWS, len(self.z)))
        drawn = self.z + noise @ np.linalg.cholesky(self.covariance).T
        return Draws(np.array([numbers_at(self.parameters, z) for z in drawn]), np.full(DRAWS, 1.0 / DRAWS))


def numbers_at(parameters: Sequence[Parameter], z: Point) -> NumberVector:
    """Return the vector of numbers at standardised parameters `z`."""
    numbers = np.array([parameter.prior.value(0.0) for parameter in parameters])
    for position, i in enumerate(free_of(tuple(parameters))):
        numbers[i] = parameters[i].prior.value(float(z[position]))
    return numbers


class _Target:
    """Minus the log posterior of z, with its gradient."""

    def __init__(self, likelihood: Likelihood, parameters: Sequence[Parameter]) -> None:
        self.likelihood = likelihood
        self.parameters = tuple(parameters)
        self.free = free_of(self.parameters)
        self.proper = np.array([parameters[i].prior.is_proper for i in self.free], dtype=float)
        self._evaluated = [0]  # one count for all targets that are near this one

    @property
    def evaluations(self) -> int:
        return self._evaluated[0]

    def near(self, z: Point, *, tolerance: float | None = None) -> _Target:
        """Return the same target, quick to evaluate near `z`; itself where the game there cannot be solved."""
        nearby = copy.copy(self)
        with contextlib.suppress(NotConverged):
            nearby.likelihood = self.likelihood.starting_at(numbers_at(self.parameters, z), tolerance=tolerance)
        return nearby

    def evaluate(self, z: Point) -> tuple[Evaluation, Point]:
        """Return the likelihood at z and the gradient of minus the log posterior."""
        self._evaluated[0] += 1
        try:
            evaluation = self.likelihood.evaluate(numbers_at(self.parameters, z))
        except NotConverged as error:
            raise NotConverged(f"{error} This was at {self._describe(z)}.") from error
        if not (math.isfinite(evaluation.log_likelihood) and np.isfinite(evaluation.gradient).all()):
            raise SamplingFailed(f"the log likelihood is {evaluation.log_likelihood:g} at {self._describe(z)}.")
        slopes = [self.parameters[i].prior.slope(float(each)) for i, each in zip(self.free, z, strict=True)]
        return evaluation, self.proper * z - evaluation.gradient[list(self.free)] * np.array(slopes)

    def __call__(self, z: Point) -> tuple[float, Point]:
        """For the search: a point without a likelihood is refused by a value that no step accepts."""
        try:
            evaluation, gradient = self.evaluate(z)
        except (NotConverged, SamplingFailed):
            return REFUSED, np.zeros_like(z)
        return -evaluation.log_likelihood + 0.5 * float(self.proper @ z**2), gradient

    def _describe(self, z: Point) -> str:
        """Name the numbers that lie farthest from the middle of their priors."""
        numbers = numbers_at(self.parameters, z)
        far = sorted(np.argsort(-np.abs(z), kind="stable")[:MOST_NAMED])
        named = ", ".join(f"{self.parameters[self.free[k]].name} = {numbers[self.free[k]]:.3g}" for k in far)
        return named + (", the others nearer to the middle of their ranges" if len(z) > MOST_NAMED else "")


@dataclass(frozen=True, eq=False)
class Start:
    """Where a search begins.

    Attributes:
        z: standardised point. Shape `[free]`.
        covariance: that of a nearby posterior, if one is known. Shape `[free, free]`.
    """

    z: Point
    covariance: Square | None = None


def fit(likelihood: Likelihood, parameters: Sequence[Parameter], *, starts: Sequence[Start] | None = None) -> Laplace:
    """Find the mode of the posterior and Laplace's approximation there.

    Args:
        likelihood: of what was seen, by the numbers.
        parameters: the numbers and their priors.
        starts: where to search from; by default the prior's centre. The best mode is kept.

    Returns:
        The posterior. Its `status` says when the search did not end at a maximum.

    Errors:
        `NotConverged` if the game at the mode cannot be solved; `SamplingFailed` if the likelihood is not a number.
    """
    target = _Target(likelihood, parameters)
    starts = starts if starts is not None else [Start(np.zeros(len(target.free)))]
    found = [_search(target, start) for start in starts]
    z = min(found, key=lambda point: target(point)[0]) if len(found) > 1 else found[0]
    target = target.near(z)
    evaluation, gradient = target.evaluate(z)
    hessian = _hessian(target, z, gradient, _guess(starts))
    z, evaluation, gradient, hessian = _repair(target, z, evaluation, gradient, hessian)
    z, evaluation, gradient = _polish(target, z, evaluation, gradient, hessian)
    covariance, log_det, distance = _invert(hessian, gradient)
    log_evidence = evaluation.log_likelihood - 0.5 * float(z @ z) - 0.5 * log_det
    return Laplace(
        parameters=tuple(parameters),
        mode=numbers_at(parameters, z),
        z=z,
        covariance=covariance,
        log_likelihood=evaluation.log_likelihood,
        log_evidence=log_evidence if target.proper.all() else math.nan,
        evaluations=target.evaluations,
        distance=distance,
    )


def _search(target: _Target, start: Start) -> Point:
    if not len(start.z):
        return start.z
    options = {"gtol": GRADIENT_TOLERANCE, "maxiter": MAX_STEPS}
    if start.covariance is not None:
        options["hess_inv0"] = start.covariance
    rough = target.near(start.z, tolerance=SEARCH_TOLERANCE)
    return scipy.optimize.minimize(rough, start.z, jac=True, method="BFGS", options=options).x


def _guess(starts: Sequence[Start]) -> Square | None:
    """Return the covariance of a nearby posterior, if one is known."""
    return next((start.covariance for start in starts if start.covariance is not None), None)


def _hessian(target: _Target, z: Point, at: Point, near: Square | None) -> Square:
    """Return the second derivatives of minus the log posterior; `near` is the covariance of a nearby posterior.

    Where none is known, that of the prior is the nearest.
    """
    if near is None and len(z) > LEAST_LANCZOS and target.proper.all():
        near = np.eye(len(z))
    return _all_directions(target, z, at) if near is None else _correct(target, z, at, near)


def _correct(target: _Target, z: Point, at: Point, near: Square) -> Square:
    """Return the Hessian that Lanczos steps make of the inverse of the covariance `near`."""
    size = len(z)
    root = np.linalg.cholesky(near)  # near = root root', so H0 = L L' with L = root^-T

    def apply(direction: Point) -> Point:
        step = DIFFERENCE * (root @ direction)
        return root.T @ ((target.evaluate(z + step)[1] - at) / DIFFERENCE)

    basis, images = np.zeros((0, size)), np.zeros((0, size))
    following = np.random.default_rng(0).standard_normal(size)
    log_dets = [0.0]
    while len(basis) < size:
        following = following - basis.T @ (basis @ following)
        following = following - basis.T @ (basis @ following)
        following = following / np.linalg.norm(following)
        image = apply(following)
        basis, images = np.vstack([basis, following]), np.vstack([images, image])
        small = _symmetric(basis @ images.T)
        eigenvalues = np.linalg.eigvalsh(small)
        log_dets.append(float(np.log(np.maximum(eigenvalues, 1e-300)).sum()))
        change = abs(log_dets[-1] - log_dets[-1 - min(LANCZOS_WINDOW, len(basis))])
        if len(basis) >= LEAST_LANCZOS and change < LOG_DET_TOLERANCE:
            break
        following = image
    core = np.eye(size) + basis.T @ (small - np.eye(len(basis))) @ basis
    lower = np.linalg.inv(root).T
    return _symmetric(lower @ core @ lower.T)


def _symmetric(matrix: Float[np.ndarray, "n n"]) -> Float[np.ndarray, "n n"]:
    return (matrix + matrix.T) / 2


def _all_directions(target: _Target, z: Point, at: Point) -> Square:
    """Return the Hessian by a difference along each axis; directions with no slope anywhere are skipped."""
    hessian = np.diag(target.proper)
    for i in range(len(z)):
        if at[i] == target.proper[i] * z[i]:
            continue
        step = np.zeros(len(z))
        step[i] = DIFFERENCE
        hessian[i] = (target.evaluate(z + step)[1] - at) / DIFFERENCE
    return _symmetric(hessian)


def _repair(target: _Target, z: Point, evaluation: Evaluation, gradient: Point, hessian: Square):
    """Go on by Newton steps where the search did not end at a maximum: downhill wherever the surface bends."""
    for _ in range(MOST_REPAIRS if len(z) else 0):
        curvatures, vectors = np.linalg.eigh(hessian)
        along = vectors.T @ gradient
        if curvatures[0] > 0 and np.sqrt((along**2 / np.abs(curvatures)).sum()) < CLOSE:
            break
        step = -vectors @ (along / np.maximum(np.abs(curvatures), LEAST_CURVATURE))
        if not step.any():
            break
        here = target(z)[0]
        lengths = (0.5**k * min(1.0, LONGEST_STEP / float(np.linalg.norm(step))) for k in range(12))
        length = next((length for length in lengths if target(z + length * step)[0] < here), None)
        if length is None:
            break
        z = z + length * step
        evaluation, gradient = target.evaluate(z)
        hessian = _all_directions(target, z, gradient)
    return z, evaluation, gradient, hessian


def _polish(target: _Target, z: Point, evaluation: Evaluation, gradient: Point, hessian: Square):
    """Take Newton steps while they are small and shrink the slope; the Hessian is taken as unchanged over them."""
    if not len(z) or np.linalg.eigvalsh(hessian)[0] <= 0:
        return z, evaluation, gradient
    for _ in range(MAX_POLISH):
        step = -np.linalg.solve(hessian, gradient)
        if not NEGLIGIBLE < np.abs(step).max() < 0.5:
            break
        try:
            trial, slope = target.evaluate(z + step)
        except NotConverged:
            break
        if np.abs(slope).max() >= np.abs(gradient).max():
            break
        z, evaluation, gradient = z + step, trial, slope
    return z, evaluation, gradient


def _invert(hessian: Square, gradient: Point) -> tuple[Square, float, float]:
    """Return covariance, log determinant, and how far the gradient says that the mode is, in standard deviations."""
    if not len(gradient):
        return np.zeros((0, 0)), 0.0, 0.0
    eigenvalues, vectors = np.linalg.eigh(hessian)
    if eigenvalues[0] <= 1e-8 * max(eigenvalues[-1], 1.0):
        raise SamplingFailed(
            "the search ended where the posterior is flat or not at a maximum "
            f"(smallest curvature {eigenvalues[0]:.2g}). "
            "Give the numbers narrower ranges, or start elsewhere."
        )
    distance = float(np.sqrt(((vectors.T @ gradient) ** 2 / eigenvalues).sum()))
    root = vectors / np.sqrt(eigenvalues)
    return root @ root.T, float(np.log(eigenvalues).sum()), distance
