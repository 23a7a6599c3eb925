import numpy as np
import pytest
import scipy.stats

from raison.errors import CaseError
from raison.inference.prior import Q95, Fixed, Flat, LogitNormal, LogNormal, Narrowed, Normal


@pytest.mark.parametrize("prior", [LogNormal(0.5, 4.0), Normal(-3.0, 1.0), LogitNormal(0.1, 0.4)])
def test_a_range_is_the_central_90_percent_of_its_prior(prior):
    at = scipy.stats.norm.ppf([0.05, 0.95])
    np.testing.assert_allclose([prior.value(z) for z in at], [prior.low, prior.high], rtol=1e-12)


@pytest.mark.parametrize(
    "prior",
    [
        Fixed(0.3),
        LogNormal(0.5, 4.0),
        Normal(-3.0, 1.0),
        LogitNormal(0.1, 0.4),
        Narrowed(LogitNormal(0.1, 0.4), 0.5),
        Flat(2.0, 0.3),
        Flat(2.0, 0.3, True),
    ],
)
def test_the_slope_is_that_of_differences(prior):
    for z in (-2.0, 0.0, 1.3):
        difference = (prior.value(z + 1e-5) - prior.value(z - 1e-5)) / 2e-5
        assert prior.slope(z) == pytest.approx(difference, rel=1e-8, abs=1e-12)


def test_the_middle_of_a_lognormal_is_the_geometric_mean():
    assert LogNormal(0.5, 4.0).value(0.0) == pytest.approx(2**0.5, rel=1e-14)


def test_a_chance_stays_a_chance():
    values = np.array([LogitNormal(0.1, 0.4).value(z) for z in np.linspace(-30, 30, 7)])
    assert ((values > 0) & (values < 1)).all()
    odds = values[3] / (1 - values[3])
    assert odds == pytest.approx(np.sqrt(0.1 / 0.9 * 0.4 / 0.6), rel=1e-12)


def test_a_fixed_number_does_not_move():
    assert Fixed(0.3).value(2.0) == 0.3
    assert Fixed(0.3).slope(1.0) == 0.0


def test_a_flat_prior_moves_by_its_scale_and_a_positive_one_stays_positive():
    assert Flat(-1.0, 0.2).value(3.0) == pytest.approx(-0.4)
    positive = Flat(0.05, 0.01, is_positive=True)
    assert positive.slope(0.0) == pytest.approx(0.01)
    assert positive.value(-100.0) > 0


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


@pytest.mark.parametrize(
    "prior",
    [
        LogNormal(0.2, 5.0),
        Normal(-1.0, 3.0),
        LogitNormal(0.1, 0.4),
        Narrowed(LogNormal(0.2, 5.0), 0.5),
        Flat(2.0, 0.3),
        Flat(2.0, 0.3, is_positive=True),
    ],
)
@pytest.mark.parametrize("z", [-2.0, 0.0, 0.7])
def test_the_standardised_parameter_of_a_number_is_where_it_came_from(prior, z):
    assert prior.standardised(prior.value(z)) == pytest.approx(z, abs=1e-12)


def test_a_range_half_as_wide_keeps_its_middle_and_its_form():
    for prior in (LogNormal(0.25, 4.0), Normal(-3.0, 1.0), LogitNormal(0.1, 0.4)):
        half = Narrowed(prior, 0.5)
        assert half.value(0.0) == prior.value(0.0)
        assert (half.is_free, half.is_proper) == (True, True)
    ends = [Narrowed(LogNormal(0.25, 4.0), 0.5).value(side * Q95) for side in (-1.0, 1.0)]
    assert ends == pytest.approx([0.5, 2.0])
    assert not Narrowed(Fixed(3.0), 0.5).is_free
