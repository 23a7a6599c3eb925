import os
import subprocess
import sys
from pathlib import Path

import pytest
from small_games import border, demand_game

from raison.engine import memory
from raison.equations.game_arrays import GameArrays
from raison.equilibrium import solve
from raison.errors import TooLarge


def test_a_game_that_does_not_fit_is_refused_before_any_work(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(memory, "memory_available", lambda: 2**20)
    with pytest.raises(
        TooLarge, match=r"a game of 12,288 states needs about 0\.5 GiB, 0\.0 GiB are free\. Merge levels"
    ):
        solve(demand_game(-0.1, firms=11))


def test_nobody_asks_for_memory_before_a_small_game(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(memory, "memory_available", lambda: 0)
    assert solve(border()).has_converged


def test_what_a_game_in_numbers_takes_already_is_not_asked_for_again(monkeypatch: pytest.MonkeyPatch):
    game = demand_game(-0.1, firms=11)
    need, arrays = memory.memory_need(game), GameArrays.of(game)
    monkeypatch.setattr(memory, "memory_available", lambda: need - 1)
    with pytest.raises(TooLarge):
        memory.check_memory(game)
    memory.check_memory(arrays)


def test_the_need_is_the_same_before_and_after_the_game_is_in_numbers():
    assert memory.memory_need(border()) == memory.memory_need(GameArrays.of(border()))


def test_the_need_grows_with_the_states_by_the_bytes_of_each():
    small, large = (memory.memory_need(demand_game(-0.1, firms=6, levels=levels)) for levels in (32, 64))
    assert large - memory.BASE == pytest.approx(2 * (small - memory.BASE), rel=0.02)


def _measured(firms: int) -> tuple[int, int]:
    """Need told and peak measured, in bytes, of an entry game solved in a process of its own."""
    script = f"""
from pathlib import Path
from small_games import demand_game
from raison.equilibrium import solve
from raison.engine.memory import memory_need
game = demand_game(-0.1, 0.2, firms={firms})
assert solve(game, tolerance=1e-6).newton_steps == 0
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(memory_need(game), 1024 * int(peak.split()[1]))
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    need, peak = map(int, done.stdout.split())
    return need, peak


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process is read from /proc")
def test_the_need_covers_the_measured_peak_without_waste():
    _measured(2)  # compiles the loops, which takes memory of its own
    need, peak = _measured(13)
    assert 0.9 * peak < need < 1.6 * peak
