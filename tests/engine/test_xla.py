import os
import subprocess
import sys
from pathlib import Path


def test_a_game_laid_over_as_many_of_four_devices_as_divide_its_states_has_the_same_values():
    script = """
import jax, numpy as np
from small_games import border, demand_game
from raison.engine.xla import XlaEngine
from raison.equations.game_arrays import GameArrays
from raison.equilibrium import solve
assert jax.device_count() == 4
assert XlaEngine(GameArrays.of(demand_game(-1.0, firms=1, levels=3)), jax.devices())._mesh.size == 3
for game in (border(), demand_game(-1.0, firms=4)):
    alone, spread = solve(game, tolerance=1e-14), solve(game, tolerance=1e-14, devices=jax.devices())
    assert spread.has_converged
    assert len(spread.values.sharding.device_set) == 4, spread.values.sharding
    np.testing.assert_allclose(spread.values, alone.values, rtol=0, atol=1e-9)
"""
    environment = {
        **os.environ,
        "XLA_FLAGS": "--xla_force_host_platform_device_count=4",
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
