import dataclasses

import numpy as np
import pytest
from small_games import border, border_record, watched

from raison.chain import Act, Chain, ChainMotion
from raison.equilibrium import solve
from raison.inference.residuals import Course, joined, residuals, share_as_large, simulate_residuals
from raison.record import Move, Record
from raison.record.simulated import simulate_record


@pytest.fixture(scope="module")
def motion() -> ChainMotion:
    solved = solve(border())
    return ChainMotion(Chain.of_play(solved.arrays, solved.play))


def course(acts: list[float], rate: float, until: float = 10.0) -> Course:
    """Acts at some times where they are expected at a constant rate."""
    time = np.array([0.0, *acts, until])
    return Course(time, rate * time, np.array([0, *range(1, len(acts) + 1), len(acts)]))


def test_a_crowd_is_found_with_its_ends() -> None:
    found = course([1.0, 7.0, 7.2, 7.9, 8.0, 8.3], 0.5).stretch()
    assert (found.is_crowd, found.begin, found.end, found.seen) == (True, 7.0, 8.3, 5)
    assert found.expected == pytest.approx(0.65)
    assert found.size == pytest.approx(5 * np.log(5 / 0.65) - (5 - 0.65))


def test_acts_of_a_moment_are_one_affair_and_lie_in_a_tenth_of_the_record() -> None:
    found = course([4.0, 4.0, 4.0], 0.3).stretch()
    assert (found.is_crowd, found.seen) == (True, 3)
    assert found.end - found.begin == pytest.approx(1.0)
    assert found.expected == pytest.approx(0.3)
    first_day = course([0.0, 0.0, 0.0], 0.3).stretch()
    assert (first_day.begin, first_day.end, first_day.seen) == (0.0, 1.0, 3)


def test_a_lull_is_found_with_its_ends() -> None:
    acts = [0.5, 1.0, 1.5, 2.0, 2.5, 9.0, 9.5, 10.0]
    found = course(acts, 0.8).stretch()
    assert (found.is_crowd, found.begin, found.end, found.seen) == (False, 2.5, 9.0, 0)
    assert found.size == pytest.approx(6.5 * 0.8)


def test_an_act_that_never_came_is_missing_all_the_time() -> None:
    found = course([], 0.3).stretch()
    assert (found.is_crowd, found.begin, found.end, found.seen) == (False, 0.0, 10.0, 0)
    assert found.size == pytest.approx(3.0)


def test_expected_acts_add_up_and_doubts_add_to_them(motion: ChainMotion) -> None:
    found = residuals(motion, watched())
    plain = motion.expected_acts(watched().plan, watched().start).acts
    talk = found.courses[Act("south", "talk")]  # two moves, one of them 70 % sure
    assert talk.expected[-1] == pytest.approx(plain[Act("south", "talk")].sum() + 0.3)
    assert talk.seen[-1] == 2
    assert set(found.readings) == {"tension", "mood"}
    assert all(act.who != "nature" for act in found.courses)


def p_values(motion: ChainMotion, records: list, luck) -> np.ndarray:
    act = Act("north", "declare")
    sizes = [residuals(motion, record).courses[act].stretch().size for record in records]
    return np.array([share_as_large(size, luck.sizes[act]) for size in sizes])


def test_p_values_are_uniform_on_records_that_the_game_makes(motion: ChainMotion) -> None:
    given = watched(Record(border_record().items, 7.0))
    luck = joined([simulate_residuals(motion, given, range(begin, begin + 100)) for begin in (0, 100)])
    rng, simulator = np.random.default_rng(5), motion.simulator()
    records = [simulate_record(simulator, given, rng) for _ in range(200)]
    found = np.sort(p_values(motion, records, luck))
    furthest = np.abs(found - np.arange(1, 201) / 200).max()
    assert furthest < 1.63 * np.sqrt(2.0 / 200) + 1.0 / 201  # Kolmogorov and Smirnov, two samples, 1 %
    reads = [residuals(motion, record).readings["tension"] for record in records]
    read = np.sort([share_as_large(-each, -luck.readings["tension"]) for each in reads])
    assert np.abs(read - np.arange(1, 201) / 200).max() < 1.63 * np.sqrt(2.0 / 200) + 0.05  # few values: ties


def test_a_planted_crowd_is_named(motion: ChainMotion) -> None:
    given = watched(Record((), 20.0))
    made = simulate_record(motion.simulator(), given, np.random.default_rng(6))
    planted = [Move(10.0 + 0.2 * each, "north", "declare") for each in range(8)]
    items = sorted([*made.record.items, *planted], key=lambda item: item.time)
    crowded = dataclasses.replace(given, record=Record(tuple(items), 20.0))
    luck = simulate_residuals(motion, crowded, range(199))
    found = residuals(motion, crowded)
    p = {act: share_as_large(each.stretch().size, luck.sizes[act]) for act, each in found.courses.items()}
    named = found.courses[Act("north", "declare")].stretch()
    assert p[Act("north", "declare")] < 0.01
    assert min(p, key=lambda act: p[act]) == Act("north", "declare")
    assert named.is_crowd
    assert 8.0 < named.begin <= 10.2
    assert 11.0 <= named.end < 13.5


def test_luck_comes_out_the_same_for_the_same_seeds(motion: ChainMotion) -> None:
    whole = simulate_residuals(motion, watched(), [(0, 1), (0, 2), (0, 3)])
    parts = joined(
        [simulate_residuals(motion, watched(), [(0, 1)]), simulate_residuals(motion, watched(), [(0, 2), (0, 3)])]
    )
    for act, sizes in whole.sizes.items():
        np.testing.assert_array_equal(sizes, parts.sizes[act])
        np.testing.assert_array_equal(whole.off[act], parts.off[act])
