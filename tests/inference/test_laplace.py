import math
import pathlib

import numpy as np
import pytest
import scipy.integrate
import scipy.optimize
import scipy.stats
from small_games import bus, watched

from raison.errors import SamplingFailed
from raison.game import Drift, Effect, Game, Hazard, StateSpace, Variable
from raison.inference.laplace import Start, fit
from raison.inference.likelihood import Evaluation, GameLikelihood, HabitLikelihood
from raison.inference.model import Parameter
from raison.inference.posterior import Draws, PosteriorStatus
from raison.inference.prior import Fixed, Flat, LogNormal, Normal
from raison.record import Record, Shock
from raison.record.transitions import Transitions

COUNTS = pathlib.Path(__file__).parents[1] / "data" / "rust-1987-counts.csv"

FREE_MAXIMUM, FIXED_MAXIMUM = -13938.5070681912, -13947.5502306698
"""Published log likelihoods of the bus data, with the rate of decisions free and fixed at 1."""

HESSIAN_STEP = 0.005
"""Absolute step of the differences behind the published standard errors."""


@pytest.fixture(scope="module")
def bus_likelihood() -> GameLikelihood:
    before, after, count = np.loadtxt(COUNTS, delimiter=",", skiprows=3, dtype=int).T
    assert (len(count), count.sum()) == (242, 15406)
    return GameLikelihood(bus, [Transitions(before, after, count, elapsed=1.0)], tolerance=1e-12)


def _bus_parameters(rate):
    return (
        Parameter("lambda", rate),
        Parameter("gamma", Flat(0.5, 0.01, is_positive=True)),
        Parameter("beta", Flat(-1.0, 0.2)),
        Parameter("mu", Flat(-8.0, 0.5)),
    )


@pytest.fixture(scope="module")
def free_rate(bus_likelihood):
    return fit(bus_likelihood, _bus_parameters(Flat(0.05, 0.01, is_positive=True)))


@pytest.fixture(scope="module")
def fixed_rate(bus_likelihood):
    return fit(bus_likelihood, _bus_parameters(Fixed(1.0)))


def test_the_bus_data_have_the_published_log_likelihood_at_the_published_maximum(bus_likelihood):
    found = bus_likelihood.evaluate(np.array([0.03185, 0.52599, -1.25683, -8.07167])).log_likelihood
    assert found == pytest.approx(FREE_MAXIMUM, abs=1e-5)


def test_the_published_estimates_of_the_bus_data_are_found(free_rate, fixed_rate):
    assert free_rate.status is fixed_rate.status is PosteriorStatus.OK
    assert free_rate.log_likelihood == pytest.approx(FREE_MAXIMUM, abs=1e-5)
    assert fixed_rate.log_likelihood == pytest.approx(FIXED_MAXIMUM, abs=1e-5)
    np.testing.assert_allclose(free_rate.mode, [0.032, 0.526, -1.257, -8.072], rtol=0, atol=5.1e-4)
    np.testing.assert_allclose(fixed_rate.mode, [1.0, 0.526, -0.533, -8.081], rtol=0, atol=5.1e-4)
    assert math.isnan(free_rate.log_evidence)


def test_standard_errors_of_the_bus_data_are_those_of_the_exact_curvature(free_rate, fixed_rate):
    np.testing.assert_allclose(free_rate.standard_errors(), [0.00599, 0.00586, 0.2977, 1.3788], rtol=5e-3)
    np.testing.assert_allclose(fixed_rate.standard_errors(), [0.0, 0.00586, 0.05233, 0.39366], rtol=5e-3)
    printed = [free_rate.standard_errors()[1], *fixed_rate.standard_errors()[1:3]]
    np.testing.assert_allclose(printed, [0.006, 0.006, 0.052], rtol=0, atol=5.1e-4)


def test_the_other_published_standard_errors_are_those_of_coarse_differences(bus_likelihood, free_rate, fixed_rate):
    free = _coarse_errors(bus_likelihood, free_rate.mode, range(4))
    fixed = _coarse_errors(bus_likelihood, fixed_rate.mode, range(1, 4))
    np.testing.assert_allclose(free, [0.0054, 0.0059, 0.2850, 1.3435], rtol=0, atol=2e-4)
    np.testing.assert_allclose(fixed, [0.0059, 0.0523, 0.3936], rtol=0, atol=1e-4)
    np.testing.assert_allclose(free, [0.005, 0.006, 0.285, 1.345], rtol=0, atol=2e-3)
    np.testing.assert_allclose(fixed, [0.006, 0.052, 0.393], rtol=0, atol=2e-3)


def _coarse_errors(likelihood, mode, free) -> np.ndarray:
    """Standard errors from central differences of the log likelihood with one absolute step for every number."""

    def value(shift):
        return likelihood.value(mode + shift)

    steps = [HESSIAN_STEP * np.eye(4)[i] for i in free]
    corners = np.array([[value(a + b) - value(a - b) - value(b - a) + value(-a - b) for b in steps] for a in steps])
    return np.sqrt(np.diag(np.linalg.inv(-corners / (4 * HESSIAN_STEP**2))))


class WithValue:
    """A likelihood whose value is that of its evaluation."""

    def starting_at(self, numbers, *, tolerance=None):
        return self

    def value(self, numbers):
        return self.evaluate(numbers).log_likelihood


class Measured(WithValue):
    """A likelihood in closed form: independent normal measurements of the numbers."""

    def __init__(self, values, errors):
        self.values, self.errors = np.array(values), np.array(errors)

    def evaluate(self, numbers):
        distance = (self.values - numbers) / self.errors
        value = -0.5 * float(distance @ distance) - float(np.log(self.errors * math.sqrt(2 * math.pi)).sum())
        return Evaluation(value, distance / self.errors)


def test_laplace_is_exact_where_prior_and_measurement_are_normal():
    prior = Normal(-1.0, 3.0)
    spread = 2.0 / scipy.stats.norm.ppf(0.95)
    posterior = fit(Measured([2.5, 0.0], [0.4, 1.0]), (Parameter("x", prior), Parameter("known", Fixed(0.0))))
    known = scipy.stats.norm.logpdf(0.0)
    expected = scipy.stats.norm.logpdf(2.5, 1.0, math.hypot(spread, 0.4)) + known
    assert posterior.status is PosteriorStatus.OK
    assert posterior.log_evidence == pytest.approx(expected, abs=1e-8)
    precision = spread**-2 + 0.4**-2
    mean = (1.0 / spread**2 + 2.5 / 0.4**2) / precision
    np.testing.assert_allclose(posterior.mode, [mean, 0.0], rtol=1e-6)
    np.testing.assert_allclose(posterior.standard_errors(), [precision**-0.5, 0.0], rtol=1e-6)
    half = scipy.stats.norm.ppf(0.95) * precision**-0.5
    np.testing.assert_allclose(posterior.interval(0), [mean - half, mean + half], rtol=1e-6)
    assert posterior.interval(1) == (0.0, 0.0)


def test_a_number_that_the_record_does_not_touch_adds_nothing_to_the_evidence():
    touched = fit(Measured([2.5], [0.4]), (Parameter("x", Normal(-1.0, 3.0)),))

    class Padded(Measured):
        def evaluate(self, numbers):
            inner = super().evaluate(numbers[:1])
            return Evaluation(inner.log_likelihood, np.append(inner.gradient, 0.0))

    parameters = (Parameter("x", Normal(-1.0, 3.0)), Parameter("idle", LogNormal(1.0, 9.0)))
    padded = fit(Padded([2.5], [0.4]), parameters)
    assert padded.log_evidence == pytest.approx(touched.log_evidence, abs=1e-9)
    assert padded.mode[1] == pytest.approx(3.0)
    np.testing.assert_allclose(padded.interval(1), [1.0, 9.0], rtol=1e-9)


def test_a_posterior_without_free_numbers_is_its_likelihood():
    posterior = fit(Measured([1.0], [0.5]), (Parameter("x", Fixed(0.7)),))
    expected = scipy.stats.norm.logpdf(1.0, 0.7, 0.5)
    assert posterior.log_evidence == pytest.approx(expected, abs=1e-12)
    assert posterior.draws().numbers.tolist() == [[0.7]]


def test_the_best_of_several_modes_is_kept():
    class TwoHills(WithValue):
        def evaluate(self, numbers):
            low, high = math.exp(-8 * (numbers[0] + 2) ** 2), 4 * math.exp(-8 * (numbers[0] - 2) ** 2)
            slope = (-16 * (numbers[0] + 2) * low - 16 * (numbers[0] - 2) * high) / (low + high)
            return Evaluation(math.log(low + high), np.array([slope]))

    parameters = (Parameter("x", Flat(0.0, 1.0)),)
    assert fit(TwoHills(), parameters, starts=[Start(np.array([-1.5]))]).mode[0] == pytest.approx(-2.0, abs=1e-3)
    both = fit(TwoHills(), parameters, starts=[Start(np.array([-1.5])), Start(np.array([1.5]))])
    assert both.mode[0] == pytest.approx(2.0, abs=1e-3)


class Linear(WithValue):
    """Normal measurements of linear combinations of 30 numbers: the posterior is normal, with known evidence."""

    def __init__(self, loadings):
        self.loadings, self.evaluations = loadings, 0

    def evaluate(self, numbers):
        self.evaluations += 1
        off = 1.0 - self.loadings @ numbers
        return Evaluation(float(scipy.stats.norm.logpdf(off).sum()), self.loadings.T @ off)

    def log_evidence(self, spread):
        covariance = np.eye(len(self.loadings)) + spread**2 * self.loadings @ self.loadings.T
        return scipy.stats.multivariate_normal.logpdf(np.ones(len(self.loadings)), cov=covariance)


def test_from_a_nearby_posterior_few_directions_give_the_same_evidence_and_covariance():
    rng = np.random.default_rng(4)
    spread = 1.0 / scipy.stats.norm.ppf(0.95)
    parameters = tuple(Parameter(f"x{i}", Normal(-1.0, 1.0)) for i in range(30))
    loadings = rng.normal(size=(50, 30))
    near = fit(Linear(loadings), parameters)
    moved = Linear(loadings + 0.05 * rng.normal(size=(50, 30)))
    alone = fit(moved, parameters)
    count, moved.evaluations = moved.evaluations, 0
    helped = fit(moved, parameters, starts=[Start(near.z, near.covariance)])
    assert alone.log_evidence == pytest.approx(moved.log_evidence(spread), abs=1e-6)
    assert helped.log_evidence == pytest.approx(moved.log_evidence(spread), abs=0.03)
    np.testing.assert_allclose(np.diag(helped.covariance), np.diag(alone.covariance), rtol=0.1)
    assert moved.evaluations < 0.7 * count


def test_a_far_guess_of_the_covariance_only_takes_more_directions():
    rng = np.random.default_rng(5)
    parameters = tuple(Parameter(f"x{i}", Normal(-1.0, 1.0)) for i in range(30))
    model = Linear(rng.normal(size=(50, 30)))
    far = fit(model, parameters, starts=[Start(np.zeros(30), np.diag(rng.uniform(0.2, 3.0, 30)))])
    assert far.log_evidence == pytest.approx(model.log_evidence(1.0 / scipy.stats.norm.ppf(0.95)), abs=1e-3)


def test_draws_have_the_mean_and_covariance_of_the_posterior():
    posterior = fit(
        Measured([2.5, 1.0], [0.4, 2.0]), (Parameter("x", Normal(-1.0, 3.0)), Parameter("y", Normal(0.0, 1.0)))
    )
    drawn = posterior.draws()
    assert drawn.effective == pytest.approx(len(drawn.numbers))
    np.testing.assert_allclose(drawn.numbers.mean(axis=0), posterior.mode, rtol=0, atol=0.15)
    np.testing.assert_allclose(np.sqrt(np.diag(np.cov(drawn.numbers.T))), posterior.standard_errors(), rtol=0.15)
    np.testing.assert_array_equal(drawn.numbers, posterior.draws().numbers)


def test_likely_draws_are_picked_as_often_as_they_weigh():
    draws = Draws(np.arange(4.0)[:, None], np.array([0.5, 0.25, 0.25, 0.0]))
    assert np.bincount(draws.pick(40, seed=3), minlength=4).tolist() == [20, 10, 10, 0]
    assert draws.effective == pytest.approx(1 / 0.375)


def test_a_flat_likelihood_under_a_flat_prior_is_refused():
    class Level(WithValue):
        def evaluate(self, numbers):
            return Evaluation(0.0, np.zeros(1))

    with pytest.raises(SamplingFailed, match="flat or not at a maximum"):
        fit(Level(), (Parameter("x", Flat(0.0, 1.0)),))


@pytest.mark.parametrize("value", [-math.inf, math.nan])
def test_a_likelihood_that_is_no_number_is_refused_with_the_place(value: float):
    class Broken(WithValue):
        def evaluate(self, numbers):
            return Evaluation(value, np.zeros(1))

    with pytest.raises(SamplingFailed, match="at x = 1"):
        fit(Broken(), (Parameter("x", LogNormal(0.5, 2.0)),))


FLIPS, MONTHS = 12, 8.0
"""A coin that was seen to turn over twelve times in eight months."""

PRIOR = LogNormal(0.5, 2.0)


@pytest.fixture(scope="module")
def coin_posterior():
    coin = Variable("coin", ("heads", "tails"))
    space = StateSpace((coin,))
    turn = Effect((("coin", (1, 0)),))

    def game(numbers):
        return Game((Drift(Hazard(numbers[0]), None, "turns", turn),), (), space)

    times = np.sort(np.random.default_rng(3).uniform(0.0, MONTHS, FLIPS))
    record = Record(tuple(Shock(time, "nature", "turns", drift="turns") for time in times), MONTHS)
    likelihood = HabitLikelihood(game, [watched(record, space=space, start=np.array([1.0, 0.0]))], 0)
    return fit(likelihood, (Parameter("rate", PRIOR),))


def _coin_log_likelihood(z: float) -> float:
    rate = PRIOR.value(z)
    return FLIPS * math.log(rate) - rate * MONTHS


def test_the_mode_of_a_poisson_rate_is_that_of_its_closed_form(coin_posterior):
    spread = math.log(4.0) / (2 * scipy.stats.norm.ppf(0.95))  # the middle of the prior is a rate of one
    z = scipy.optimize.brentq(lambda z: spread * (FLIPS - MONTHS * math.exp(spread * z)) - z, -5, 5)
    assert coin_posterior.z[0] == pytest.approx(z, abs=1e-4)
    assert coin_posterior.log_likelihood == pytest.approx(_coin_log_likelihood(z), abs=1e-6)
    curvature = 1 + spread**2 * MONTHS * math.exp(spread * z)
    laplace = _coin_log_likelihood(z) - z * z / 2 - math.log(curvature) / 2
    assert coin_posterior.log_evidence == pytest.approx(laplace, abs=2e-4)


def test_the_evidence_of_a_poisson_rate_is_that_of_quadrature_to_the_accuracy_of_laplace(coin_posterior):
    integral, _ = scipy.integrate.quad(
        lambda z: math.exp(_coin_log_likelihood(z) + 5.0) * scipy.stats.norm.pdf(z), -8, 8, epsabs=0, epsrel=1e-10
    )
    assert coin_posterior.log_evidence == pytest.approx(math.log(integral) - 5.0, abs=0.01)
