import jax
import numpy as np
import pytest
import scipy.stats

from raison.errors import CaseError
from raison.inference.prior import Fixed, Flat, LogitNormal, LogNormal, Normal


@pytest.mark.parametrize("prior", [LogNormal(0.5, 4.0), Normal(-3.0, 1.0), LogitNormal(0.1, 0.4)])
def test_a_range_is_the_central_90_percent_of_its_prior(prior):
    at = scipy.stats.norm.ppf([0.05, 0.95])
    np.testing.assert_allclose(prior.value(at), [prior.low, prior.high], rtol=1e-12)


def test_the_middle_of_a_lognormal_is_the_geometric_mean():
    assert float(LogNormal(0.5, 4.0).value(0.0)) == pytest.approx(2**0.5, rel=1e-14)


def test_a_chance_stays_a_chance():
    values = np.asarray(LogitNormal(0.1, 0.4).value(np.linspace(-30, 30, 7)))
    assert ((values > 0) & (values < 1)).all()
    odds = values[3] / (1 - values[3])
    assert odds == pytest.approx(np.sqrt(0.1 / 0.9 * 0.4 / 0.6), rel=1e-12)


def test_a_fixed_number_does_not_move():
    assert float(Fixed(0.3).value(2.0)) == 0.3
    assert float(jax.grad(Fixed(0.3).value)(1.0)) == 0.0


def test_a_flat_prior_moves_by_its_scale_and_a_positive_one_stays_positive():
    assert float(Flat(-1.0, 0.2).value(3.0)) == pytest.approx(-0.4)
    positive = Flat(0.05, 0.01, is_positive=True)
    assert float(jax.grad(positive.value)(0.0)) == pytest.approx(0.01)
    assert float(positive.value(-100.0)) > 0


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        (LogNormal, 0.0, 1.0),
        (LogNormal, 2.0, 1.0),
        (LogNormal, 1.0, float("inf")),
        (Normal, 1.0, 1.0),
        (Normal, float("nan"), 1.0),
        (LogitNormal, 0.0, 0.5),
        (LogitNormal, 0.5, 1.0),
    ],
)
def test_a_range_that_is_none_is_refused(kind, low: float, high: float):
    with pytest.raises(CaseError, match=r"found the range .* need"):
        kind(low, high)
