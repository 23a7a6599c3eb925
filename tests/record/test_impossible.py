import numpy as np
import pytest
from small_games import BORDER_SPACE, watched

from raison.chain import Chain, ChainMotion
from raison.record import Move, Reading, Record
from raison.record.impossible import why_impossible

CALM = np.where((BORDER_SPACE.levels_of("tension") == 3) & (BORDER_SPACE.levels_of("army") == 0), 1.0 / 3.0, 0.0)
"""Tension at the brink, where `press` is not available, and an army that is low; nothing known of the mood."""


def why(chain: Chain, *items: Move | Reading, start: np.ndarray = CALM) -> str:
    return why_impossible(ChainMotion(chain), watched(Record(items, 2.0), start=start))


def test_nothing_is_said_of_a_record_that_can_happen(border_chain: Chain) -> None:
    assert why_impossible(ChainMotion(border_chain), watched()) == ""


def test_the_first_item_that_cannot_happen_is_named_with_what_stands_against_it(border_chain: Chain) -> None:
    told = why(
        border_chain,
        Move(0.0, "north", "press", date="2016-01-01"),
        Move(0.0, "north", "press", date="2016-01-02"),
    )
    assert told.startswith("the record cannot happen: 2016-01-01, north press, has probability zero.")
    assert "allows only tension = brink, army = low." in told
    assert "mood" not in told


def test_an_item_without_a_date_is_named_by_its_time(border_chain: Chain) -> None:
    assert "time 0, north press," in why(border_chain, Move(0.0, "north", "press"))


def test_a_move_that_no_state_allows_is_told_as_such(border_chain: Chain) -> None:
    everywhere = np.full(BORDER_SPACE.size, 1.0 / BORDER_SPACE.size)
    told = why(border_chain, Move(0.5, "bystander", "plead"), start=everywhere)
    assert "every level of every variable" in told


@pytest.mark.parametrize("confidence", [0.5, 0.99])
def test_doubt_makes_it_possible_as_the_message_says(confidence: float, border_chain: Chain) -> None:
    sure = Move(0.0, "north", "press")
    assert "lower its confidence below 1" in why(border_chain, sure)
    assert why(border_chain, Move(0.0, "north", "press", confidence=confidence)) == ""


def test_a_reading_against_what_is_known_is_named(border_chain: Chain) -> None:
    assert "time 0, army ready," in why(border_chain, Reading(0.0, "army", "ready", levels=("ready",)))


def test_four_years_of_silence_in_a_busy_world_are_possible(border_chain: Chain) -> None:
    """The probability of the silence is below the smallest number of 64 bits; its log is not."""
    quiet = Record((Move(2_000.0, "south", "talk"),), 2_000.0)
    assert why_impossible(ChainMotion(border_chain), watched(quiet)) == ""
