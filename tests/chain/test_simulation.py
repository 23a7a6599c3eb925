import numpy as np
import pytest
from small_games import BORDER_SPACE, border, border_start

from raison.chain import Chain, distribution_at
from raison.chain.simulation import Simulator
from raison.equilibrium import solve
from raison.errors import TooFast


@pytest.fixture(scope="module")
def chain() -> Chain:
    solved = solve(border())
    return Chain.of_play(solved.arrays, solved.play)


def test_where_paths_end_is_the_distribution_of_the_chain(chain: Chain) -> None:
    simulator, rng = Simulator(chain), np.random.default_rng(0)
    begin = int(np.argmax(border_start()))
    ends = [simulator.path(begin, 0.0, 2.0, rng).end for _ in range(20_000)]
    start = np.zeros(BORDER_SPACE.size)
    start[begin] = 1.0
    expected = np.asarray(distribution_at(chain, start, 2.0)) * 20_000
    found = np.bincount(ends, minlength=BORDER_SPACE.size)
    kept = expected > 5.0
    chi_square = ((found - expected)[kept] ** 2 / expected[kept]).sum()
    assert chi_square < kept.sum() + 4.0 * np.sqrt(2.0 * kept.sum())


def test_jumps_come_at_the_rates_of_the_states_in_which_the_path_is(chain: Chain) -> None:
    path = Simulator(chain).path(0, 0.0, 5_000.0, np.random.default_rng(1))
    rates = np.stack(chain.rates, axis=1)
    before = np.concatenate([[0], path.state[:-1]])
    stays = np.diff(np.concatenate([[0.0], path.time, [5_000.0]]))
    time_in = np.bincount(np.append(before, path.end), weights=stays, minlength=BORDER_SPACE.size)
    expected = time_in @ rates
    counts = np.bincount(path.kind, minlength=rates.shape[1])
    assert (np.abs(counts - expected) < 5.0 * np.sqrt(expected) + 1e-9).all()
    for kind, state, after in zip(path.kind, before, path.state, strict=True):
        assert rates[state, kind] > 0.0
        assert after == chain.kinds[kind].effect.targets(BORDER_SPACE)[state]


def test_a_path_is_the_same_for_the_same_generator_and_needs_no_jump(chain: Chain) -> None:
    simulator = Simulator(chain)
    first, second = (simulator.path(3, 1.0, 9.0, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first.time, second.time)
    assert ((first.time > 1.0) & (first.time < 9.0)).all()
    nothing = simulator.path(3, 1.0, 1.0, np.random.default_rng(7))
    assert (len(nothing.time), nothing.end) == (0, 3)


def test_a_path_with_too_many_jumps_is_refused(chain: Chain) -> None:
    with pytest.raises(TooFast, match="more than 10,000,000 jumps before time"):
        Simulator(chain).path(0, 0.0, 1e9, np.random.default_rng(0))
