"""What the tests share: annotations that run, and one small game, solved by the package and by brute force."""

import hypothesis
import jax
import numpy as np
import pytest
from annotations import check_annotations

jax.config.update("jax_enable_x64", True)  # Raison warns where it finds JAX counting in 32 bits
check_annotations()

from dense import Dense
from small_games import border, watched

from raison.chain import Chain
from raison.equilibrium import Equilibrium, solve
from raison.inference.likelihood import GameLikelihood

# no test hangs on how busy the machine is
hypothesis.settings.register_profile("no clock", deadline=None)
hypothesis.settings.load_profile("no clock")


@pytest.fixture(scope="session")
def border_solved() -> Equilibrium:
    return solve(border(), tolerance=1e-14)


@pytest.fixture(scope="session")
def border_chain(border_solved: Equilibrium) -> Chain:
    return Chain.of_play(border_solved.arrays, border_solved.play)


@pytest.fixture(scope="session")
def border_dense() -> Dense:
    return Dense(border())


@pytest.fixture(scope="session")
def border_values(border_dense: Dense) -> np.ndarray:
    """V by brute force."""
    return border_dense.solve()


@pytest.fixture(scope="session")
def border_jumps(border_dense: Dense, border_values: np.ndarray) -> list:
    return border_dense.jumps(border_values)


@pytest.fixture(scope="session")
def border_likelihood() -> GameLikelihood:
    """The likelihood of the border record by the numbers of the border game."""
    return GameLikelihood(border, [watched()], tolerance=1e-13)
