import numpy as np
import pytest
from dense import Dense, matrix_of
from small_games import border

from raison.engine import native
from raison.engine.native import NativeEngine, Pool
from raison.equations.game_arrays import GameArrays

VALUES = np.random.default_rng(6).normal(size=(3, 24))


@pytest.fixture(scope="module")
def engine() -> NativeEngine:
    return NativeEngine(GameArrays.of(border()))


def test_a_field_holds_the_players_of_a_state_side_by_side(engine: NativeEngine):
    field = engine.field(VALUES)
    np.testing.assert_array_equal(field[3:6], VALUES[:, 1])
    np.testing.assert_array_equal(engine.by_player(field), VALUES)


def test_the_rates_of_arcs_are_those_of_the_generator(engine: NativeEngine):
    here = engine.look(engine.field(VALUES), 1.0)
    dense = Dense(border())
    matrix = matrix_of(dense.jumps(VALUES), dense.size)
    leaving = 1.0 / here.inverse.reshape(24, 3) - np.array(dense.rhos)
    np.testing.assert_allclose(leaving, -np.tile(np.diag(matrix)[:, None], 3), rtol=0, atol=1e-12)
    np.testing.assert_allclose(here.rates.sum(), -np.trace(matrix), rtol=1e-13)


@pytest.mark.parametrize("size", ["in the cache", "beyond it"])
def test_memory_called_for_ahead_changes_no_number(monkeypatch: pytest.MonkeyPatch, engine: NativeEngine, size: str):
    monkeypatch.setattr(native, "CACHED", 2**24 if size == "in the cache" else 0)
    other = NativeEngine(GameArrays.of(border()))
    here, there = (each.look(each.field(VALUES), 0.7) for each in (engine, other))
    np.testing.assert_array_equal(here.failure, there.failure)
    steps = [each.solve_policy(point, point.failure, 1e-12) for each, point in ((engine, here), (other, there))]
    np.testing.assert_array_equal(*steps)


def test_values_that_are_no_numbers_have_an_infinite_residual(engine: NativeEngine):
    values = VALUES.copy()
    values[1, 5] = np.nan
    here = engine.look(engine.field(values), 1.0)
    assert here.residual == here.error == np.inf


def test_arrays_given_back_are_used_again():
    pool = Pool((3,), (2, 4))
    first = pool.take()
    assert [array.shape for array in first] == [(3,), (2, 4)]
    second = pool.take()
    assert second[0] is not first[0]
    pool.give(first)
    assert pool.take()[0] is first[0]
