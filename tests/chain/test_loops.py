"""The loops that numba compiles, against matrices; what the filter makes of them is in test_filters.py."""

import numpy as np
import pytest
import scipy.linalg

from raison.chain import loops
from raison.chain.loops import MAX_LOAD, MAX_TERMS, Flow

STATES = 5
SHIFTS = (1, -1, 2)


def random_flow(seed: int, speed_up: float = 1.0) -> tuple[Flow, np.ndarray]:
    """Return P of a chain that is killed, and the matrix G - diag k."""
    rng = np.random.default_rng(seed)
    matrix, cells, begins, lengths = np.zeros((STATES, STATES)), [], [], []
    for shift in SHIFTS:
        begin, length = max(0, -shift), STATES - abs(shift)
        rates = rng.uniform(0.1, 2.0, length) * speed_up
        begins.append(begin)
        lengths.append(length)
        cells.append(rates)
        matrix[np.arange(begin, begin + length), np.arange(begin, begin + length) + shift] = rates
    matrix -= np.diag(matrix.sum(axis=1) + rng.uniform(0.0, 1.0, STATES) * speed_up)
    speed = float(-matrix.diagonal().min())
    offsets = np.cumsum(lengths) - lengths
    flat = np.append(np.concatenate(cells), 0.0) / speed
    numbers = (np.array(each, dtype=np.int64) for each in (begins, lengths, SHIFTS, offsets))
    return Flow(*numbers, flat, 1.0 + matrix.diagonal() / speed, speed, loops.TOLERANCE, loops.LEAST_TERMS), matrix


def go_silent(flow: Flow, elapsed: float, begin: np.ndarray):
    begins, powers, end = np.empty((64, STATES)), np.empty((MAX_TERMS + 1, STATES)), np.empty(STATES)
    log_mass, mass, last = loops.be_silent(flow, elapsed, begin, begins, powers, end)
    return log_mass, mass, last, begins, powers, end


@pytest.mark.parametrize("elapsed", [0.0, 1e-6, 0.3, 4.0, 80.0])
def test_a_silence_is_the_matrix_exponential(elapsed: float):
    flow, matrix = random_flow(1)
    begin = np.array([0.5, 0.2, 0.3, 0.0, 0.0])
    log_mass, *_, end = go_silent(flow, elapsed, begin)
    expected = begin @ scipy.linalg.expm(matrix * elapsed)
    assert log_mass == pytest.approx(np.log(expected.sum()), abs=1e-9)
    np.testing.assert_allclose(end, expected / expected.sum(), rtol=0, atol=1e-10)


def test_what_remains_of_a_piece_is_right_however_little_it_is():
    """Most of the mass is killed: what is left out is a share of what remains, not of what there was."""
    flow, _matrix = random_flow(2)
    heavy = flow._replace(stay=np.where(np.arange(STATES) == 4, flow.stay, 0.0), rate=flow.rate * 1e-3)
    begin = np.array([1.0, 0.0, 0.0, 0.0, 0.0])
    transition = np.diag(heavy.stay)
    for shift, first, length, offset in zip(heavy.shift, heavy.begin, heavy.length, heavy.offset, strict=True):
        source = np.arange(first, first + length)
        transition[source, source + shift] += heavy.rate[offset : offset + length]
    elapsed = 0.99 * MAX_LOAD / heavy.speed
    expected = begin @ scipy.linalg.expm((transition - np.eye(STATES)) * heavy.speed * elapsed)
    log_mass, *_, end = go_silent(heavy, elapsed, begin)
    assert log_mass == pytest.approx(np.log(expected.sum()), rel=1e-8)
    np.testing.assert_allclose(end, expected / expected.sum(), rtol=1e-7)


@pytest.mark.parametrize("elapsed", [1e-9, 0.3, 4.0, 40.0])
def test_the_way_back_is_that_of_differences(elapsed: float):
    flow, _ = random_flow(3)
    begin, weights = np.full(STATES, 0.2), np.random.default_rng(8).normal(size=STATES)

    def value(flow: Flow, begin: np.ndarray) -> float:
        log_mass, *_, end = go_silent(flow, elapsed, begin)
        return 0.3 * log_mass + float(end @ weights)

    cells, killing = np.zeros(len(flow.rate)), np.zeros(STATES)
    bar = weights.copy()
    _, mass, last, begins, powers, end = go_silent(flow, elapsed, begin)
    work = begins, powers, np.empty(MAX_TERMS + 1), end
    loops.go_back(flow, elapsed, mass, last, *work, 0.3, bar, np.empty((3, STATES)), cells, killing)
    step = 1e-6 if elapsed > 1e-3 else 1e-2
    for cell in range(len(flow.rate) - 1):
        moved = [value(flow._replace(rate=flow.rate + sign * step * (np.arange(len(flow.rate)) == cell)), begin)
                 for sign in (1, -1)]  # fmt: skip
        assert cells[cell] == pytest.approx((moved[0] - moved[1]) / (2 * step), rel=1e-4, abs=1e-8)
    for state in range(STATES):
        moved = [value(flow._replace(stay=flow.stay - sign * step * (np.arange(STATES) == state)), begin)
                 for sign in (1, -1)]  # fmt: skip
        assert killing[state] == pytest.approx((moved[0] - moved[1]) / (2 * step), rel=1e-4, abs=1e-8)


def test_every_piece_has_the_terms_that_derivatives_come_from():
    flow, _ = random_flow(4)
    assert go_silent(flow, 1e-12, np.full(STATES, 0.2))[2] == loops.LEAST_TERMS


def test_no_piece_needs_more_terms_than_there_is_room_for():
    flow, _ = random_flow(5)
    assert go_silent(flow, MAX_LOAD / flow.speed, np.eye(STATES)[0])[2] < MAX_TERMS
