"""Evidence by tempered sequential Monte Carlo against quadrature, on likelihoods of one and two numbers."""

import math

import numpy as np
import pytest
from test_importance import SURFACES, Surface, by_quadrature, standard

from raison.errors import NotConverged, SamplingFailed
from raison.inference.importance import Importance, draw_around
from raison.inference.laplace import Laplace, Start, fit
from raison.inference.posterior import PosteriorStatus
from raison.inference.tempered import RUNS, Run, Tempered, run_tempered


def two_peaks(x: np.ndarray) -> float:
    return float(np.logaddexp(-0.5 * ((x[0] - 1.5) / 0.15) ** 2, 0.3 - 0.5 * ((x[0] + 1.5) / 0.25) ** 2))


def posterior(function, count: int, seed: int, laplace: Laplace) -> Tempered:
    drawn = draw_around(laplace, Surface(function), seed)
    assert isinstance(drawn, Importance)
    return Tempered(drawn, tuple(run_tempered(laplace, Surface(function), (seed, n)) for n in range(RUNS)))


@pytest.mark.parametrize("name", [*SURFACES, "two peaks"])
def test_the_evidence_is_that_of_quadrature_within_its_error(name: str):
    """In 19 of 20 seeds within two standard errors; 16 leaves room for chance (1 in 400 below)."""
    function, count = SURFACES.get(name, (two_peaks, 1))
    expected = by_quadrature(function, count)
    laplace = fit(Surface(function), standard(count))
    found = [posterior(function, count, seed, laplace) for seed in range(20)]
    assert sum(abs(each.log_evidence - expected) <= 2 * each.log_evidence_error + 1e-9 for each in found) >= 16
    assert max(each.log_evidence_error for each in found) < 0.3
    assert all(each.status is PosteriorStatus.OK for each in found)


def test_the_mean_evidence_of_runs_is_the_evidence_however_many_numbers_there_are():
    """A normal prior and likelihood of 40 numbers. Steps chosen by the particles themselves gave 0.75 of it."""
    rng, count, seen = np.random.default_rng(3), 40, 25
    effects, data = 0.5 * rng.standard_normal((seen, count)), 1.2 * rng.standard_normal(seen)
    spread = np.eye(seen) + effects @ effects.T
    expected = -0.5 * (data @ np.linalg.solve(spread, data) + np.linalg.slogdet(spread)[1])

    def normal(z: np.ndarray) -> float:
        return -0.5 * float(np.sum((effects @ z - data) ** 2))

    covariance = np.linalg.inv(np.eye(count) + effects.T @ effects)
    covariance = (covariance + covariance.T) / 2
    laplace = fit(Surface(normal), standard(count), starts=[Start(covariance @ effects.T @ data, covariance)])
    runs = [run_tempered(laplace, Surface(normal), (n,)) for n in range(200)]
    relative = np.exp([run.log_evidence - expected for run in runs])
    error = relative.std() / math.sqrt(len(runs))
    assert error < 0.08
    assert abs(relative.mean() - 1.0) < 3 * error
    assert min(min(run.effective) for run in runs) > 0.1


def test_both_of_two_peaks_are_found_where_laplace_sees_one():
    laplace = fit(Surface(two_peaks), standard(1))
    found = posterior(two_peaks, 1, 3, laplace)
    expected = by_quadrature(two_peaks, 1)
    assert abs(laplace.log_evidence - expected) > 0.3
    assert abs(found.log_evidence - expected) < 0.25
    drawn = found.draws()
    share = drawn.weights[drawn.numbers[:, 0] < 0].sum()
    right, left = (by_quadrature(lambda x, s=s: two_peaks(x) if s * x[0] > 0 else -1e3, 1) for s in (1, -1))
    assert share == pytest.approx(1 / (1 + math.exp(right - left)), abs=0.15)
    assert drawn.weights.sum() == pytest.approx(1.0)


def test_what_stands_in_the_particles_is_the_posterior():
    """A normal prior and likelihood: mean 0.56, standard deviation 1 / sqrt 5."""
    function, _ = SURFACES["normal"]
    found = posterior(function, 1, 0, fit(Surface(function), standard(1)))
    low, high = found.interval(0)
    assert (low, high) == pytest.approx((0.56 - 1.645 / 5**0.5, 0.56 + 1.645 / 5**0.5), abs=0.2)
    assert (found.mode[0], found.log_likelihood) == pytest.approx((0.56, -2 * 0.14**2), abs=1e-6)
    assert found.diagnostics["runs"] == RUNS
    assert found.diagnostics["likelihoods"] == sum(run.evaluations for run in found.runs)


def test_a_run_hangs_on_its_seed_alone():
    function, count = SURFACES["curved"]
    laplace = fit(Surface(function), standard(count))
    one, again, other = (run_tempered(laplace, Surface(function), seed) for seed in ((4, 1), (4, 1), (4, 2)))
    np.testing.assert_array_equal(one.z, again.z)
    assert one.log_evidence == again.log_evidence != other.log_evidence
    assert one.temperatures[-1] == 1.0
    assert list(one.temperatures) == sorted(one.temperatures)
    np.testing.assert_allclose(one.log_likelihoods, [function(z) for z in one.z])


def test_games_that_do_not_converge_weigh_nothing_and_are_counted():
    def half(x: np.ndarray) -> float:
        if x[0] < 0:
            raise NotConverged("not converged.")
        return 0.0

    laplace = fit(Surface(lambda x: 0.0), standard(1))
    runs = [run_tempered(laplace, Surface(half), (n,)) for n in range(30)]
    assert np.mean([math.exp(run.log_evidence) for run in runs]) == pytest.approx(0.5, abs=0.06)
    assert all((run.z > 0).all() for run in runs)
    assert all(run.unconverged > 0 for run in runs)


def test_a_likelihood_nowhere_is_told():
    def nowhere(x: np.ndarray) -> float:
        raise NotConverged("not converged.")

    laplace = fit(Surface(lambda x: 0.0), standard(1))
    with pytest.raises(SamplingFailed, match="no draw from the prior has a likelihood"):
        run_tempered(laplace, Surface(nowhere), (0,))


def test_particles_that_hardly_moved_are_told():
    function, count = SURFACES["normal"]
    found = posterior(function, count, 0, fit(Surface(function), standard(count)))
    first = found.runs[0]
    stuck = Run(first.z, first.log_evidence, first.log_likelihoods, (0.5, 1.0), (0.6, 0.6), (0.4, 0.01), 9, 0)
    assert Tempered(found.by_draws, (stuck, *found.runs[1:])).status is PosteriorStatus.STUCK
