import numpy as np
import pytest
from dense import filter_by_matrices, matrix_of, reach
from scipy.linalg import expm
from small_games import BORDER_SPACE, border_record, border_start

from raison.chain import Act, ChainMotion, Motion
from raison.chain.filter import expected_acts, run_filter, smooth


@pytest.fixture(scope="module")
def motion(border_chain) -> Motion:
    return ChainMotion(border_chain)


def test_the_acts_are_those_of_the_game_once_each(motion: Motion, border_jumps) -> None:
    assert list(motion.acts) == list(dict.fromkeys(Act(jump.who, jump.what) for jump in border_jumps))


def test_an_act_has_the_rate_of_all_its_outcomes(motion: Motion, border_jumps) -> None:
    talk = Act("south", "talk")
    expected = sum(jump.rate for jump in border_jumps if (jump.who, jump.what) == ("south", "talk"))
    np.testing.assert_allclose(motion.rate(talk), expected, rtol=0, atol=1e-10)


def test_a_forecast_is_that_of_the_chain(motion: Motion, border_jumps) -> None:
    target = BORDER_SPACE.levels_of("tension") == 3
    race = motion.race(target)
    hit = reach(border_jumps, 24, border_start(), target, 2.0)
    assert race.won(race.run(race.begin(border_start()), 2.0)) == pytest.approx(hit, abs=1e-10)
    there = expm(2.0 * matrix_of(border_jumps, 24)).T @ border_start()
    np.testing.assert_allclose(motion.distribution(border_start(), 2.0), there, rtol=0, atol=1e-10)


def test_filtering_and_smoothing_are_those_of_the_chain(motion: Motion, border_chain) -> None:
    plan = border_record().plan(BORDER_SPACE)
    filtered = motion.filter(plan, border_start())
    np.testing.assert_array_equal(filtered.after, run_filter(border_chain, plan, border_start()).after)
    np.testing.assert_array_equal(motion.smooth(plan, border_start()), smooth(border_chain, plan, border_start()))
    found, expected = (
        each.acts
        for each in (motion.expected_acts(plan, border_start()), expected_acts(border_chain, plan, border_start()))
    )
    assert found.keys() == expected.keys()
    for act, rows in expected.items():
        np.testing.assert_array_equal(found[act], rows)


def test_what_remains_silent_is_filtered_by_the_silence(motion: Motion, border_jumps) -> None:
    passes = filter_by_matrices(border_record(), border_jumps, BORDER_SPACE, border_start())
    found = motion.remain_silent(border_record().plan(BORDER_SPACE), 0, border_start(), 0.3)
    np.testing.assert_allclose(found, passes.predicted(0, 0.3), rtol=0, atol=1e-10)
