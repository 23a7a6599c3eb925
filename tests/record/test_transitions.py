import numpy as np
import pytest
import scipy.linalg
from dense import matrix_of
from small_games import BORDER_SPACE

from raison.errors import CaseError
from raison.record import Transitions


def test_the_log_likelihood_adds_up_counted_transitions(border_chain, border_jumps):
    matrix = scipy.linalg.expm(matrix_of(border_jumps, 24) * 0.8)
    before, after = np.nonzero(matrix > 1e-6)
    count = np.random.default_rng(2).integers(0, 9, len(before))
    transitions = Transitions(before, after, count, elapsed=0.8)
    expected = (count * np.log(matrix[before, after])).sum()
    assert transitions.log_likelihood(border_chain) == pytest.approx(expected, rel=1e-8)
    value, slope = transitions.log_likelihood_slope(border_chain)
    assert value == pytest.approx(expected, rel=1e-8)
    assert all(np.isfinite(rate).all() for rate in slope.rates)


def test_looks_far_apart_are_cut_for_the_way_back(border_chain, border_jumps):
    matrix = scipy.linalg.expm(matrix_of(border_jumps, 24) * 40.0)
    before, after = np.array([0, 7]), matrix[[0, 7]].argmax(axis=1)
    transitions = Transitions(before, after, np.array([2, 5]), elapsed=40.0)
    expected = 2 * np.log(matrix[0, after[0]]) + 5 * np.log(matrix[7, after[1]])
    value, slope = transitions.log_likelihood_slope(border_chain)
    assert value == pytest.approx(expected, rel=1e-8)
    assert all(np.isfinite(rate).all() for rate in slope.rates)


COOL, WARM = BORDER_SPACE.state({"tension": "calm", "mood": "cool", "army": "low"}), 0
"""A mood that is left never to return, and another."""


def test_a_transition_that_cannot_be_has_log_likelihood_minus_infinity(border_chain):
    transitions = Transitions(np.array([WARM]), np.array([COOL]), np.array([2]), elapsed=0.4)
    assert transitions.log_likelihood(border_chain) == -np.inf


def test_a_transition_that_cannot_be_and_was_never_seen_says_nothing(border_chain):
    seen = Transitions(np.array([COOL]), np.array([COOL]), np.array([5]), elapsed=0.4)
    padded = Transitions(np.array([COOL, WARM]), np.array([COOL, COOL]), np.array([5, 0]), elapsed=0.4)
    assert padded.log_likelihood(border_chain) == seen.log_likelihood(border_chain)


@pytest.mark.parametrize(
    ("columns", "elapsed"),
    [(([], [], []), 1.0), (([0], [1], [-1]), 1.0), (([0], [1], [1]), 0.0)],
)
def test_transitions_that_cannot_be_are_refused(columns, elapsed: float):
    with pytest.raises(CaseError, match="transitions need"):
        Transitions(*[np.array(column, dtype=int) for column in columns], elapsed)
