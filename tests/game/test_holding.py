import numpy as np
import pytest
from dense import Dense
from small_games import BORDER_SPACE, border

from raison.errors import CaseError
from raison.game.holding import holding


def test_nothing_moves_a_variable_that_is_held_and_all_else_moves_as_before():
    axis = BORDER_SPACE.axis("tension")
    levels = np.stack(np.unravel_index(np.arange(24), BORDER_SPACE.shape), axis=1)
    values = np.zeros((3, 24))
    for free, held in zip(
        Dense(border()).jumps(values), Dense(holding(border(), "tension")).jumps(values), strict=True
    ):
        there, here = levels[free.target], levels[held.target]
        assert (here[:, axis] == levels[:, axis]).all()
        assert (np.delete(here, axis, axis=1) == np.delete(there, axis, axis=1)).all()


def test_a_variable_that_is_not_there_cannot_be_held():
    with pytest.raises(CaseError, match="tensoin"):
        holding(border(), "tensoin")
