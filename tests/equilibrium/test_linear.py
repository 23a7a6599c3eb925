import numpy as np
import pytest
from dense import Dense
from small_games import border

from raison.engine import engine_of
from raison.equations.game_arrays import GameArrays
from raison.equilibrium import linear
from raison.equilibrium.linear import gmres, solve_newton, solve_transposed

VALUES = np.random.default_rng(12).normal(size=(3, 24))


@pytest.fixture(scope="module")
def slope() -> np.ndarray:
    """F'(V) by differences of brute force; rows and columns over players and states."""
    dense, step = Dense(border()), 1e-5
    units = np.eye(VALUES.size).reshape(-1, *VALUES.shape)
    return np.stack(
        [((dense.failure(VALUES + step * u) - dense.failure(VALUES - step * u)) / (2 * step)).ravel() for u in units],
        axis=1,
    )


@pytest.mark.parametrize(("solve", "is_transposed"), [(solve_newton, False), (solve_transposed, True)])
def test_a_system_with_responses_is_solved_as_by_dense_algebra(solve, is_transposed: bool, slope: np.ndarray):
    engine = engine_of(GameArrays.of(border()))
    here = engine.look(engine.field(VALUES), 1.0)
    found = np.ravel(engine.by_player(solve(engine, here, here.failure, 1e-12)))
    expected = np.linalg.solve(-(slope.T if is_transposed else slope), np.ravel(engine.by_player(here.failure)))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * np.abs(expected).max())


def test_little_memory_leaves_fewer_vectors_and_the_same_solution(monkeypatch: pytest.MonkeyPatch):
    rng = np.random.default_rng(1)
    matrix, right = np.eye(6) + 0.05 * rng.normal(size=(6, 6)), rng.normal(size=6)
    monkeypatch.setattr(linear, "memory_available", lambda: 0)
    found = gmres(6, lambda vector: matrix @ vector, right, 1e-10)
    np.testing.assert_allclose(found, np.linalg.solve(matrix, right), rtol=1e-6)
