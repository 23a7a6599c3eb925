from dataclasses import dataclass

import numpy as np
import pytest
from small_games import BORDER_SPACE, border_record

from raison.chain import NATURE, Act, Sight
from raison.errors import CaseError
from raison.game import NO_CHANGE, StateSpace
from raison.record import Item, Move, Reading, Record
from raison.record.record import reading_probability


def test_every_item_ends_one_row_and_the_silence_after_the_last_ends_the_plan():
    plan = border_record().plan(BORDER_SPACE)
    assert plan.item.tolist() == list(range(12))
    assert plan.items == 12
    np.testing.assert_allclose(plan.time, [0.5, 0.5, 1, 1, 1.8, 2, 2.5, 2.5, 2.5, 5.5, 5.5, 7])
    np.testing.assert_allclose(plan.elapsed.sum(), 7.0)
    assert plan.jumps[plan.jump[-1]] == NO_CHANGE
    assert plan.observed == {Act(NATURE, "storm")}


@dataclass(frozen=True)
class Stay(Item):
    """A variable was seen at a level when an interval began and when it ended: an item that covers an interval."""

    kind = "stay"

    since: float = 0.0

    @property
    def begin(self) -> float:
        return self.since

    def sights(self, record: Record, space: StateSpace) -> tuple[Sight, ...]:
        weights = reading_probability(space, self.who, (self.what,), 0.9)
        return Sight(self.since, weights=weights), Sight(self.time, weights=weights)


def test_an_item_may_cover_an_interval_in_which_others_stand():
    record = Record((Move(1.0, "south", "talk"), Stay(2.0, "tension", "high", since=0.5)), 3.0)
    plan = record.plan(BORDER_SPACE)
    np.testing.assert_allclose(plan.time, [0.5, 1.0, 2.0, 3.0])
    assert plan.item.tolist() == [1, 0, 1, 2]
    with pytest.raises(CaseError, match=r"begins at 2\.5; need a time from 0 to 2"):
        Record((Stay(2.0, "tension", "high", since=2.5),), 3.0).plan(BORDER_SPACE)


def test_a_doubtful_move_stands_in_the_record_by_error_as_often_as_such_moves_do():
    plan = border_record().plan(BORDER_SPACE)
    talk = [3, 10]
    np.testing.assert_allclose(plan.error_rate[talk], 2 / 7.0)
    np.testing.assert_allclose(plan.confidence[talk], [0.7, 1.0])


@pytest.mark.parametrize(
    ("levels", "reliability", "expected"),
    [
        (("calm",), 1.0, [1, 0, 0, 0]),
        (("high",), 0.7, [0.3, 0.3, 0.7, 0.3]),
        (("high", "brink"), 0.8, [0.2, 0.2, 0.8, 0.8]),
        (("calm", "raised", "high", "brink"), 0.6, [1, 1, 1, 1]),
    ],
)
def test_a_reading_weighs_as_often_as_it_is_right_whatever_it_allows(levels, reliability: float, expected):
    row = reading_probability(BORDER_SPACE, "tension", levels, reliability)
    np.testing.assert_allclose(row.reshape(4, 6), np.tile(np.array(expected)[:, None], 6), rtol=1e-14)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (
            Record((Move(2.0, "north", "press"), Move(1.0, "south", "talk", date="2016-05-04")), 3.0),
            "record out of order: `south talk` at 2016-05-04 stands after a later item. Sort the items by time.",
        ),
        (Record((Move(-0.5, "north", "press"),), 3.0), "record out of order: `north press` at -0.5"),
        (Record((Move(4.0, "north", "press"),), 3.0), "the record ends at 3, but an item stands at 4"),
        (Record((Reading(1.0, "tenson", "calm", levels=("calm",)),), 3.0), "no variable `tenson`. Did you mean"),
        (Record((Reading(1.0, "tension", "clam", levels=("clam",)),), 3.0), "variable `tension` has no level `clam`"),
    ],
)
def test_a_record_that_cannot_be_is_refused(record: Record, message: str):
    with pytest.raises(CaseError, match=message):
        record.plan(BORDER_SPACE)


def test_a_record_that_ends_as_it_begins_has_a_plan_or_is_refused():
    try:
        plan = Record((Move(0.0, "north", "press"),), 0.0).plan(BORDER_SPACE)
    except CaseError:
        return
    assert np.isfinite(plan.error_rate).all()
