"""Evidence by draws against quadrature, on likelihoods of one and two numbers."""

import math

import numpy as np
import pytest
from scipy.special import expit, logsumexp

from raison.errors import NotConverged
from raison.inference.importance import (
    BATCH,
    FULL,
    Importance,
    Proposal,
    draw_around,
    log_mean,
    smooth_weights,
)
from raison.inference.laplace import Laplace, fit
from raison.inference.likelihood import Evaluation
from raison.inference.model import Parameter
from raison.inference.posterior import PosteriorStatus
from raison.inference.prior import Fixed, Flat, Normal

Q95 = 1.6448536269514722


class Surface:
    """A log likelihood written as a function, its gradient by differences."""

    def __init__(self, function):
        self.function = function
        self.values = 0

    def starting_at(self, numbers: np.ndarray, *, tolerance: float | None = None) -> "Surface":
        return self

    def value(self, numbers: np.ndarray) -> float:
        self.values += 1
        return float(self.function(numbers))

    def evaluate(self, numbers: np.ndarray) -> Evaluation:
        steps = 1e-6 * np.eye(len(numbers))
        slope = [(self.function(numbers + step) - self.function(numbers - step)) / 2e-6 for step in steps]
        return Evaluation(float(self.function(numbers)), np.array(slope))


def standard(count: int) -> tuple[Parameter, ...]:
    """Numbers whose priors are standard normal."""
    return tuple(Parameter(f"number {i}", Normal(-Q95, Q95)) for i in range(count))


def by_quadrature(function, count: int) -> float:
    """Return the log evidence by the trapezoid rule on a fine grid."""
    grid = np.linspace(-9.0, 9.0, 6001 if count == 1 else 601)
    mesh = np.stack(np.meshgrid(*[grid] * count, indexing="ij"), axis=-1).reshape(-1, count)
    log_prior = -0.5 * (mesh**2).sum(axis=1) - 0.5 * count * math.log(2 * math.pi)
    values = np.array([function(point) for point in mesh])
    return float(logsumexp(values + log_prior) + count * math.log(grid[1] - grid[0]))


SURFACES = {
    "normal": (lambda x: -2.0 * (x[0] - 0.7) ** 2, 1),
    "lopsided": (lambda x: 6 * x[0] - 3 * math.exp(x[0]), 1),
    "a threshold": (lambda x: 20 * math.log(expit(2 * x[0] - 1)) + 4 * math.log(expit(1 - 2 * x[0])), 1),
    "no news": (lambda x: -3.0, 1),
    "curved": (lambda x: -0.5 * ((x[0] - 0.5) / 0.6) ** 2 - 0.5 * ((x[1] - 0.4 * x[0] ** 2) / 0.4) ** 2, 2),
    "one informed": (lambda x: 9 * x[0] - 4 * math.exp(x[0]) + 0.0 * x[1], 2),
}


@pytest.mark.parametrize("name", SURFACES)
def test_the_evidence_is_that_of_quadrature_within_its_error(name: str):
    """In 19 of 20 seeds within two standard errors; 17 leaves room for chance (1 in 3,000 below)."""
    function, count = SURFACES[name]
    expected = by_quadrature(function, count)
    laplace = fit(Surface(function), standard(count))
    within = 0
    for seed in range(20):
        found = draw_around(laplace, Surface(function), seed)
        assert found.status is PosteriorStatus.OK
        within += abs(found.log_evidence - expected) <= 2 * found.log_evidence_error + 1e-9
    assert within >= 17


def test_a_draw_that_lies_higher_than_the_mode_leads_to_a_higher_one():
    """From the prior's centre the search climbs the lower of two peaks; draws around it reach the higher one."""

    def peaks(x: np.ndarray) -> float:
        return float(np.logaddexp(-0.5 * ((x[0] + 0.5) / 0.4) ** 2, math.log(50.0) - 0.5 * ((x[0] - 0.7) / 0.15) ** 2))

    surface = Surface(peaks)
    lower = fit(surface, standard(1))
    assert lower.mode[0] == pytest.approx(-0.5 / (1 + 0.4**2), abs=0.02)
    found = draw_around(lower, surface, seed=1)
    assert found.mode[0] == pytest.approx(0.7 / (1 + 0.15**2), abs=0.01)
    assert found.laplace.evaluations > lower.evaluations
    assert abs(found.log_evidence - by_quadrature(peaks, 1)) <= 3 * found.log_evidence_error


def test_a_search_that_leads_back_to_the_mode_leaves_the_draws_as_they_are():
    """A ridge of one point, such as another equilibrium has: a draw lies higher, and no search gets there."""
    surface = Surface(lambda x: -2.0 * x[0] ** 2)
    laplace = fit(surface, standard(1))

    class Spiked(Surface):
        def value(self, numbers: np.ndarray) -> float:
            return super().value(numbers) + (1.0 if self.values == 7 else 0.0)

    spiked = Spiked(surface.function)
    found = draw_around(laplace, spiked, seed=1)
    assert found.laplace is laplace
    assert abs(found.log_evidence - by_quadrature(surface.function, 1)) <= 3 * found.log_evidence_error


def test_where_laplace_is_off_the_draws_are_not():
    surface = Surface(lambda x: -40 * (x[0] - 0.5) ** 4)
    expected = by_quadrature(surface.function, 1)
    laplace = fit(surface, standard(1))
    found = draw_around(laplace, surface, seed=1)
    assert abs(laplace.log_evidence - expected) > 3 * found.log_evidence_error
    assert abs(found.log_evidence - expected) < 3 * found.log_evidence_error


def test_a_second_peak_far_off_shows_in_the_shape_or_is_found():
    """Two peaks: the draws around one of them either reach the other, or say that they do not suffice."""
    surface = Surface(lambda x: float(np.logaddexp(-8 * (x[0] - 2) ** 2, -8 * (x[0] + 2) ** 2)))
    laplace = fit(surface, standard(1))
    expected = by_quadrature(surface.function, 1)
    for seed in range(5):
        found = draw_around(laplace, surface, seed)
        is_within = abs(found.log_evidence - expected) < 3 * found.log_evidence_error
        assert is_within or found.status is PosteriorStatus.HEAVY_TAILS or found.log_evidence_error > 0.1


def test_intervals_are_those_of_the_posterior():
    """With a normal likelihood the posterior is normal: mean m / (1 + v), variance v / (1 + v)."""
    surface = Surface(lambda x: -0.5 * (x[0] - 1.0) ** 2 / 0.25)
    found = draw_around(fit(surface, standard(1)), surface, seed=3)
    centre, spread = 1.0 / 1.25, math.sqrt(0.25 / 1.25)
    np.testing.assert_allclose(found.interval(0), [centre - Q95 * spread, centre + Q95 * spread], atol=0.12)


def test_draws_that_do_not_converge_are_counted_and_weigh_nothing():
    class Broken(Surface):
        def value(self, numbers: np.ndarray) -> float:
            if numbers[0] > 0.5:
                raise NotConverged("not converged.")
            return super().value(numbers)

    function, _ = SURFACES["no news"]
    found = draw_around(fit(Surface(function), standard(1)), Broken(function), seed=2)
    assert isinstance(found, Importance)
    assert found.unconverged == found.diagnostics["draws that did not converge"] > 0
    assert (found.numbers[:, 0] <= 0.5).all()
    assert found.log_evidence == pytest.approx(-3 + math.log(0.6915), abs=0.15)  # the mass below 0.5


def test_the_same_seed_gives_the_same_draws():
    function, count = SURFACES["curved"]
    laplace = fit(Surface(function), standard(count))
    one, other = (draw_around(laplace, Surface(function), seed=7) for _ in range(2))
    np.testing.assert_array_equal(one.numbers, other.numbers)
    assert one.log_evidence == other.log_evidence


def test_no_more_draws_are_made_than_are_needed():
    function, count = SURFACES["normal"]
    surface = Surface(function)
    draw_around(fit(Surface(function), standard(count)), surface, seed=0)
    assert surface.values == FULL.draws
    assert FULL.draws % BATCH == 0


@pytest.mark.parametrize("parameter", [Parameter("known", Fixed(1.0)), Parameter("flat", Flat(1.0, 1.0))])
def test_without_a_proper_prior_of_a_free_number_laplace_stands(parameter: Parameter):
    laplace = fit(Surface(lambda x: -0.5 * x[0] ** 2), (parameter,))
    found = draw_around(laplace, Surface(lambda x: -0.5 * x[0] ** 2), seed=0)
    assert isinstance(found, Laplace)


def test_the_proposal_integrates_to_one():
    laplace = fit(Surface(SURFACES["curved"][0]), standard(2))
    proposal = Proposal.around(laplace)
    grid = np.linspace(-40, 40, 1201)
    mesh = np.stack(np.meshgrid(grid, grid, indexing="ij"), axis=-1).reshape(-1, 2)
    assert logsumexp(proposal.log_density(mesh)) + 2 * math.log(grid[1] - grid[0]) == pytest.approx(0.0, abs=2e-3)


def test_a_direction_that_the_record_does_not_touch_is_drawn_from_the_prior():
    laplace = fit(Surface(SURFACES["one informed"][0]), standard(2))
    assert Proposal.around(laplace).is_informed.sum() == 1


def test_equal_weights_have_their_mean_and_no_error():
    assert log_mean(np.full(8, -5.0)) == (pytest.approx(-5.0), pytest.approx(0.0, abs=1e-12))


def test_smoothing_leaves_the_small_weights_as_they_were():
    log_weights = np.random.default_rng(1).normal(size=400) * 0.8
    smoothed, shape = smooth_weights(log_weights)
    body = np.argsort(log_weights)[:300]
    np.testing.assert_allclose(smoothed[body], log_weights[body], atol=1e-12)
    assert 0.0 < shape < 1.0
