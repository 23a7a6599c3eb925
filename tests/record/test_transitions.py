import numpy as np
import pytest
import scipy.linalg
from dense import matrix_of
from small_games import BORDER_SPACE

from raison.errors import CaseError
from raison.record.transitions import Transitions, transitions_load, transitions_log_likelihood


def test_the_log_likelihood_adds_up_counted_transitions(border_chain, border_jumps):
    matrix = scipy.linalg.expm(matrix_of(border_jumps, 24) * 0.8)
    before, after = np.nonzero(matrix > 1e-6)
    count = np.random.default_rng(2).integers(0, 9, len(before))
    transitions = Transitions(before, after, count, elapsed=0.8)
    steps = int(np.ceil(transitions_load(border_chain, transitions)))
    expected = (count * np.log(matrix[before, after])).sum()
    for cut in (steps, 2 * steps + 1):
        assert float(transitions_log_likelihood(border_chain, transitions, cut)) == pytest.approx(expected, rel=1e-8)


COOL, WARM = BORDER_SPACE.state({"tension": "calm", "mood": "cool", "army": "low"}), 0
"""A mood that is left never to return, and another."""


def test_a_transition_that_cannot_be_has_log_likelihood_minus_infinity(border_chain):
    transitions = Transitions(np.array([WARM]), np.array([COOL]), np.array([2]), elapsed=0.4)
    assert float(transitions_log_likelihood(border_chain, transitions)) == -np.inf


def test_a_transition_that_cannot_be_and_was_never_seen_says_nothing(border_chain):
    seen = Transitions(np.array([COOL]), np.array([COOL]), np.array([5]), elapsed=0.4)
    padded = Transitions(np.array([COOL, WARM]), np.array([COOL, COOL]), np.array([5, 0]), elapsed=0.4)
    assert float(transitions_log_likelihood(border_chain, padded)) == float(
        transitions_log_likelihood(border_chain, seen)
    )


@pytest.mark.parametrize(
    ("columns", "elapsed"),
    [(([0], [1, 2], [1]), 1.0), (([], [], []), 1.0), (([0], [1], [-1]), 1.0), (([0], [1], [1]), 0.0)],
)
def test_a_panel_that_cannot_be_is_refused(columns, elapsed: float):
    with pytest.raises(CaseError, match="transitions need"):
        Transitions(*[np.array(column) for column in columns], elapsed)
