import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raison.case.meaning.ranges import DAYS, Kind, read_number
from raison.inference.prior import Fixed, LogitNormal, LogNormal, Normal


@pytest.mark.parametrize(
    ("text", "kind", "prior"),
    [
        ("3", Kind.NUMBER, Fixed(3.0)),
        ("-0.5", Kind.NUMBER, Fixed(-0.5)),
        ("0.5 to 4", Kind.NUMBER, LogNormal(0.5, 4.0)),
        ("-1 to 2", Kind.NUMBER, Normal(-1.0, 2.0)),
        ("8 to 14 months", Kind.DURATION, LogNormal(8.0, 14.0)),
        ("1 month", Kind.DURATION, Fixed(1.0)),
        ("2 years", Kind.DURATION, Fixed(24.0)),
        ("6 months to 2 years", Kind.DURATION, LogNormal(6.0, 24.0)),
        ("once a year", Kind.RATE, Fixed(1 / 12)),
        ("twice a month", Kind.RATE, Fixed(2.0)),
        ("1 to 3 times a month", Kind.RATE, LogNormal(1.0, 3.0)),
        ("x1.5", Kind.RATIO, Fixed(1.5)),
        ("x0", Kind.RATIO, Fixed(0.0)),
        ("x1.2 to x2", Kind.RATIO, LogNormal(1.2, 2.0)),
        ("0.3", Kind.CHANCE, Fixed(0.3)),
        ("0.1 to 0.3", Kind.CHANCE, LogitNormal(0.1, 0.3)),
    ],
)
def test_each_form_of_a_number_is_read(text: str, kind: Kind, prior: object) -> None:
    assert read_number(text, kind, "month") == prior


@given(
    low=st.floats(0.04, 100),
    factor=st.floats(1.01, 100),
    written=st.sampled_from(sorted(DAYS)),
    unit=st.sampled_from(sorted(DAYS)),
)
def test_a_duration_is_converted_to_the_unit_of_the_case(low: float, factor: float, written: str, unit: str) -> None:
    prior = read_number(f"{low} to {low * factor} {written}s", Kind.DURATION, unit)
    assert isinstance(prior, LogNormal)
    assert prior.low == pytest.approx(low * DAYS[written] / DAYS[unit])
    assert prior.high == pytest.approx(low * factor * DAYS[written] / DAYS[unit])


@given(st.text(max_size=20), st.sampled_from(Kind))
def test_any_other_text_is_refused_by_a_value_error(text: str, kind: Kind) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(read_number(text, kind, "day"), Fixed | LogNormal | Normal)


@pytest.mark.parametrize("text", ["0 to 2", "-2 to 0"])
def test_a_range_that_ends_at_zero_would_reach_beyond_it_and_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"ends at zero.*a wish would be a fear.*`0\.1 to 2`"):
        read_number(text, Kind.NUMBER, "month")


@pytest.mark.parametrize("text", ["1e-320 years", "1e-320 to 2 years"])
def test_a_duration_whose_rate_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="too small to compute with"):
        read_number(text, Kind.DURATION, "month")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1e-9 days", Kind.DURATION),
        ("1e9 years", Kind.DURATION),
        ("1e9 times a day", Kind.RATE),
        ("x3e11", Kind.RATIO),
        ("x1 to x1e308", Kind.RATIO),
        ("1e308", Kind.NUMBER),
    ],
)
def test_a_number_of_another_order_of_magnitude_is_refused(text: str, kind: Kind) -> None:
    with pytest.raises(ValueError, match=r"too (small|large) to compute with; such numbers go"):
        read_number(text, kind, "month")


def test_a_range_that_says_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="spans more than a factor of 1e\\+06; say more about it"):
        read_number("0.001 to 2000", Kind.NUMBER, "month")
