import dataclasses

import numpy as np
import pytest
from small_games import BORDER_SPACE, border_start

from raison.chain import Act, Chain, ChainMotion
from raison.chain.happening import Race, happened_by, with_happening
from raison.errors import NotConverged

ARM = Act("south", "arm")


def test_an_act_marks_the_state_and_moves_it_as_before(border_chain: Chain):
    wide, (happened,) = with_happening(border_chain, [ARM])
    size = BORDER_SPACE.size
    assert wide.space.size == 2 * size
    assert happened.tolist() == [False] * size + [True] * size
    start = np.concatenate([border_start(), np.zeros(size)])
    end = ChainMotion(wide).distribution(start, 1.3)
    plain = ChainMotion(border_chain).distribution(border_start(), 1.3)
    np.testing.assert_allclose(end[:size] + end[size:], plain, rtol=0, atol=1e-12)
    assert 0.0 < end[size:].sum() < 1.0


def test_what_has_happened_by_some_times_is_what_a_race_says(border_chain: Chain):
    times = np.array([0.0, 0.4, 1.3, 5.0])
    for act in (ARM, Act("south", "talk"), Act("north", "press")):
        race = Race.of(border_chain, act)
        expected = [race.won(race.run(race.begin(border_start()), time)) for time in times]
        np.testing.assert_allclose(happened_by(border_chain, act, border_start(), times), expected, rtol=0, atol=1e-10)


def test_an_act_that_never_happens_has_no_chance(border_chain: Chain):
    for act, elapsed in ((Act("bystander", "plead"), 3.0), (ARM, 0.0)):
        race = Race.of(border_chain, act)
        assert race.won(race.run(race.begin(border_start()), elapsed)) == 0.0


def test_a_mean_time_too_long_for_doubles_is_refused(border_chain: Chain):
    """South arms all but never: with a rate of 1e-300 the system is singular."""
    race = Race.of(border_chain, ARM)
    rates = tuple(
        np.asarray(rate) * (1e-300 if i in border_chain.find("south", "arm") else 1.0)
        for i, rate in enumerate(border_chain.rates)
    )
    slow = Race.of(dataclasses.replace(border_chain, rates=rates), ARM)
    assert np.isfinite(race.mean_time(race.begin(border_start())))
    with pytest.raises(NotConverged, match="mean time"):
        slow.mean_time(slow.begin(border_start()))
