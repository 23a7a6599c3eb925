"""Which engine works the equations of a game: compiled loops on a CPU, JAX elsewhere."""

from __future__ import annotations

from typing import cast

import jax

from raison.engine.protocol import Devices, Engine
from raison.equations.game_arrays import GameArrays


def engine_of(arrays: GameArrays, devices: Devices | None = None) -> Engine:
    """Return what computes the equations of a game here.

    Args:
        arrays: the game in numbers.
        devices: lay the states over these devices of JAX; by default the computation runs where JAX runs.
    """
    # each engine is loaded when it is first used: numba takes a third of a second, which `raison check` does not need
    if devices is None and jax.default_backend() == "cpu":
        from raison.engine.native import NativeEngine

        return cast(Engine, NativeEngine(arrays))
    from raison.engine.xla import XlaEngine

    return cast(Engine, XlaEngine(arrays, devices))
