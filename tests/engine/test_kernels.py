import numpy as np
import pytest
from small_games import demand_game

from raison.engine import kernels
from raison.equilibrium import solve


def _random_arcs(width: int) -> tuple[np.ndarray, ...]:
    """Arcs of seven states with rates, their matrix, the inverse of a diagonal and a field for so many players."""
    rng = np.random.default_rng(width)
    leaving = [(1, 2, 6), (2,), (0, 1, 5), (4, 0), (3, 6, 5, 1), (), (0, 5, 2)]
    first = np.cumsum([0, *(len(targets) for targets in leaving)])
    target = np.array([y for targets in leaving for y in targets], dtype=np.uint32)
    rate, inverse, field = rng.uniform(size=len(target)), rng.uniform(size=7 * width), rng.normal(size=7 * width)
    matrix = np.zeros((7, 7))
    np.add.at(matrix, (np.repeat(np.arange(7), np.diff(first)), target), rate)
    return first, target, rate, inverse, field, matrix


@pytest.mark.parametrize("ahead", [0, 2, 100])
@pytest.mark.parametrize("width", range(1, 10))
def test_any_number_of_players_is_weighed(width: int, ahead: int):
    first, target, rate, inverse, field, matrix = _random_arcs(width)
    out = np.empty_like(field)
    kernels.weigh(0, 7, ahead, width, first, target, rate, inverse, field, out)
    expected = field - inverse * (matrix @ field.reshape(7, width)).reshape(-1)
    np.testing.assert_allclose(out, expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("ahead", [0, 2, 100])
@pytest.mark.parametrize("with_right", [False, True])
@pytest.mark.parametrize("width", range(1, 10))
def test_a_sweep_solves_the_lower_triangle_of_each_chunk(width: int, with_right: bool, ahead: int):
    first, target, rate, inverse, field, matrix = _random_arcs(width)
    rng = np.random.default_rng(100 + width)
    other, right = rng.normal(size=7 * width), rng.normal(size=7 * width) if with_right else np.zeros(7 * width)
    pair = np.concatenate([field, np.full(7 * width, np.nan)])
    sums = np.zeros(2)
    for lo, hi in ((0, 4), (4, 7)):
        added = right if with_right else np.empty(0)
        sums += kernels.sweep(lo, hi, ahead, width, first, target, rate, inverse, added, pair, other)
    lower = np.tril(matrix, -1)
    lower[4:, :4] = 0.0
    expected = np.empty((7, width))
    for i in range(width):
        triangle = np.diag(1.0 / inverse[i::width]) - lower
        expected[:, i] = np.linalg.solve(triangle, right[i::width] + (matrix - lower) @ field[i::width])
    np.testing.assert_allclose(pair[7 * width :], expected.reshape(-1), rtol=0, atol=1e-12)
    np.testing.assert_array_equal(pair[: 7 * width], field)
    image = field - expected.reshape(-1)
    np.testing.assert_allclose(sums, [image @ other, image @ image], rtol=1e-12)


def test_a_gather_takes_the_rates_of_arcs_in_another_order():
    out = np.zeros(5)
    kernels.gather(1, 4, np.array([4, 3, 2, 1, 0]), np.array([0.1, 0.2, 0.3, 0.4, 0.5]), out)
    np.testing.assert_array_equal(out, [0.0, 0.4, 0.3, 0.2, 0.0])


def test_the_steps_of_a_linear_solve_are_those_of_their_formulas():
    rng = np.random.default_rng(4)
    found, left, shadow, image, aimed, aimed_image = rng.normal(size=(6, 9))
    direction = np.concatenate([aimed, aimed - aimed_image])
    kernels.aim(0, 9, np.concatenate([left, left]), direction, 0.7, 0.3)
    np.testing.assert_allclose(direction[:9], left + 0.7 * (aimed - 0.3 * aimed_image), rtol=1e-14)

    direction, pair = np.concatenate([aimed, aimed - aimed_image]), np.concatenate([left, left - image])
    kernels.retreat(0, 9, pair, 0.2, direction)
    np.testing.assert_allclose(pair[:9], left - 0.2 * aimed_image, rtol=1e-13)

    pair, moved = np.concatenate([left, left - image]), found.copy()
    sums = kernels.go(0, 9, moved, 0.2, direction, 0.3, pair, shadow)
    rest = left - 0.3 * image
    np.testing.assert_allclose(moved, found + 0.2 * aimed + 0.3 * left, rtol=1e-13)
    np.testing.assert_allclose(pair[:9], rest, rtol=1e-13)
    np.testing.assert_allclose(sums, [rest @ shadow, rest @ rest], rtol=1e-12)


def test_a_pass_is_cut_into_chunks_that_cover_every_state_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kernels, "CHUNK_WORK", 10)
    cuts = kernels.over_states(lambda lo, hi: (lo, hi), 103, 45)
    assert len(cuts) == 4
    assert [state for lo, hi in cuts for state in range(lo, hi)] == list(range(103))


def test_chunks_of_states_side_by_side_give_the_same_numbers(monkeypatch: pytest.MonkeyPatch):
    game = demand_game(-1.0, firms=5)
    whole = solve(game, tolerance=1e-13)
    monkeypatch.setattr(kernels, "CHUNK_WORK", 50)
    chunked = solve(game, tolerance=1e-13)
    np.testing.assert_allclose(chunked.values, whole.values, rtol=0, atol=1e-8)
