import datetime

import numpy as np
import pytest
from dense import filter_by_matrices
from small_games import BEGIN, BORDER_SPACE, border_record, border_start, watched

from raison.record import Calendar


@pytest.mark.parametrize(("unit", "days"), [("day", 1.0), ("week", 7.0), ("month", 30.4375), ("year", 365.25)])
def test_a_date_and_its_time_are_one(unit: str, days: float) -> None:
    calendar = Calendar(BEGIN, unit, days)
    for offset in (0, 1, 59, 60, 4000):
        date = BEGIN + datetime.timedelta(days=offset)
        assert calendar.time_of(date) == pytest.approx(offset / days)
        assert calendar.date_of(calendar.time_of(date)) == date
        assert calendar.end_of(date) == pytest.approx((offset + 1) / days)


def test_the_watch_ends_on_the_last_day_of_its_record() -> None:
    assert watched().until == BEGIN + datetime.timedelta(days=279)  # 280 whole days, the first included


def test_a_watched_record_has_the_likelihood_of_brute_force(border_chain, border_jumps) -> None:
    expected = filter_by_matrices(border_record(), border_jumps, BORDER_SPACE, border_start()).log_likelihood
    assert watched().log_likelihood(border_chain) == pytest.approx(expected, abs=1e-10)
    value, slope = watched().log_likelihood_slope(border_chain)
    assert value == pytest.approx(expected, abs=1e-10)
    assert len(slope.rates) == len(border_chain.rates)
    assert all(np.isfinite(rate).all() for rate in slope.rates)
