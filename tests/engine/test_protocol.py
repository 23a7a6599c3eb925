import jax.numpy as jnp
import pytest
from small_games import border

from raison.engine import Engine, Point
from raison.engine.native import NativeEngine
from raison.engine.xla import XlaEngine
from raison.equations.game_arrays import GameArrays


@pytest.mark.parametrize("engine", [NativeEngine, XlaEngine])
def test_an_engine_and_its_points_have_all_that_the_solver_asks_for(engine: type):
    made = engine(GameArrays.of(border()))
    assert isinstance(made, Engine)
    assert isinstance(made.look(made.field(jnp.zeros((3, 24))), 1.0), Point)
