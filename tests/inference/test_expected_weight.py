"""What one more reading would weigh, by enumeration and closed forms."""

import math

import numpy as np
import pytest

from raison.inference.expected_weight import mean_over_pairs, weights_of_reading


def test_a_sure_variable_is_told_by_a_reading_as_far_as_that_is_reliable() -> None:
    levels = np.array([[[1.0, 0.0]], [[0.0, 1.0]]])
    ((_, forth), (back, _)) = weights_of_reading(levels, 0.9)[0]
    assert forth == pytest.approx(0.8 * math.log(9.0))
    assert back == pytest.approx(forth)


def test_the_expected_weight_is_that_of_all_readings_enumerated() -> None:
    rng = np.random.default_rng(3)
    levels = rng.dirichlet(np.ones(4), size=(3, 2))
    found = weights_of_reading(levels, 0.8)
    odds = np.array([[0.8 if level == read else 0.2 for level in range(4)] for read in range(4)])
    named = odds / odds.sum(axis=0)  # P(read | level)
    for time in range(2):
        for true in range(3):
            for rival in range(3):
                q, r = named @ levels[true, time], named @ levels[rival, time]
                assert found[time, true, rival] == pytest.approx(sum(q * np.log(q / r)), abs=1e-12)


def test_explanations_that_agree_learn_nothing() -> None:
    levels = np.full((2, 5, 3), 1.0 / 3.0)
    np.testing.assert_allclose(weights_of_reading(levels, 0.95), 0.0, atol=1e-15)


def test_the_mean_over_pairs_leaves_the_diagonal_out() -> None:
    weights = np.array([[9.0, 1.0, 2.0], [3.0, 9.0, 4.0], [5.0, 6.0, 9.0]])
    assert mean_over_pairs(weights) == pytest.approx(3.5)
