import math
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raison.report import words

EDGES = [entry.high for entry in words.PROBABILITY_WORDS[:-1]]


def shown(text):
    return float(re.sub(r"[^0-9.]", "", text))


@given(st.floats(0, 1))
def test_the_word_of_a_probability_matches_the_number_that_is_shown(p):
    value, word = shown(words.percent(p)), words.probability_word(p)
    entry = next(each for each in words.PROBABILITY_WORDS if each.word == word)
    assert entry.low <= value <= entry.high


@given(st.floats(0, 1))
def test_no_probability_is_shown_as_impossible_or_as_sure(p):
    assert 0 < shown(words.percent(p)) < 100


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_larger_probability_never_gets_a_weaker_word(p, q):
    order = [each.word for each in words.PROBABILITY_WORDS]
    low, high = sorted((p, q))
    assert order.index(words.probability_word(low)) <= order.index(words.probability_word(high))


@pytest.mark.parametrize("edge", EDGES)
def test_a_probability_on_an_edge_takes_the_word_nearer_to_even(edge):
    entries = words.PROBABILITY_WORDS
    below = next(place for place, each in enumerate(entries) if each.high == edge)
    expected = entries[below + 1] if edge < 50 else entries[below]
    assert words.probability_word(edge / 100) == expected.word


@given(st.floats(0, 1))
def test_a_probability_and_its_opposite_mirror_each_other(p):
    order = [each.word for each in words.PROBABILITY_WORDS]
    assert order.index(words.probability_word(p)) + order.index(words.probability_word(1 - p)) in (5, 6, 7)


def test_the_tables_have_no_gaps():
    for table in (words.PROBABILITY_WORDS, words.EVIDENCE_WORDS):
        assert all(one.high == following.low for one, following in pairwise(table))


@given(st.floats(-50, 50))
def test_the_word_of_the_evidence_matches_the_number_that_is_shown(factor):
    entry = next(each for each in words.EVIDENCE_WORDS if each.word == words.evidence_word(factor))
    assert entry.low <= shown(words.log_number(factor)) <= entry.high


@pytest.mark.parametrize(
    ("factor", "word"),
    [(0.94, "not worth more than a bare mention"), (1.2, "positive"), (-3.2, "strong"), (5.2, "very strong")],
)
def test_evidence_is_worded_after_kass_and_raftery(factor, word):
    assert words.evidence_word(factor) == word


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.0, "<0.1 %"), (1e-9, "<0.1 %"), (0.004, "0.4 %"), (0.5, "50 %"), (0.9951, "99.5 %"), (1.0, ">99.9 %")],
)
def test_percentages_are_written_with_the_digits_they_deserve(p, text):
    assert words.percent(p).replace("\u00a0", " ") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0999, "0.10"), (1234.5, "1,200"), (-0.034, "−0.034"), (3e-11, "3.0 × 10⁻¹¹"), (0, "0"), (99.6, "100")],
)
def test_numbers_are_written_with_two_digits_and_never_in_computer_notation(value, text):
    assert words.number(value).replace("\u00a0", " ") == text


@pytest.mark.parametrize(
    ("value", "text"), [(-0.04, "0.0"), (0.06, "+0.1"), (-math.inf, "−∞"), (math.inf, "+∞"), (math.nan, "not known")]
)
def test_weights_carry_their_sign(value, text):
    assert words.signed(value) == text


@pytest.mark.parametrize(
    ("factor", "text"), [(0.0, "about 1.0 to 1"), (-1.1, "about 3 to 1"), (5.9, "about 370 to 1"), (math.inf, "more")]
)
def test_bayes_factors_are_also_given_as_odds(factor, text):
    assert words.odds(factor).startswith(text)


def test_dates_are_written_out_and_other_text_is_left_alone():
    assert words.day("2016-05-03") == "3\u00a0May\u00a02016"
    assert words.day("") == ""


def test_an_unknown_verdict_is_shown_as_it_is():
    assert words.verdict_word("odd").verdict == "odd"
