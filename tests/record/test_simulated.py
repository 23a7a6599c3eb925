import dataclasses
import itertools

import numpy as np
import pytest
from small_games import BORDER_NUMBERS, BORDER_SPACE, border, border_record, watched

from raison.chain import Chain
from raison.chain.simulation import Simulator
from raison.equilibrium import solve
from raison.record import Move, Reading, Record, Shock
from raison.record.record import reading_probability
from raison.record.simulated import simulate_record


def chain_at(numbers: np.ndarray = BORDER_NUMBERS) -> Chain:
    solved = solve(border(numbers))
    return Chain.of_play(solved.arrays, solved.play)


def sure(record: Record) -> Record:
    """Return the record without doubts about its moves."""
    items = (dataclasses.replace(item, confidence=1.0) if isinstance(item, Move) else item for item in record.items)
    return Record(tuple(items), record.until)


def test_another_game_is_as_likely_on_average_as_the_one_that_makes_the_records() -> None:
    here, there = chain_at(), chain_at(BORDER_NUMBERS * 1.15)
    given, simulator, rng = watched(sure(border_record())), Simulator(chain_at()), np.random.default_rng(0)
    ratios = []
    for _ in range(800):
        made = simulate_record(simulator, given, rng)
        ratios.append(np.exp(made.log_likelihood(there) - made.log_likelihood(here)))
    error = np.std(ratios) / np.sqrt(len(ratios))
    assert error < 0.1
    assert np.mean(ratios) == pytest.approx(1.0, abs=4.0 * error)


def test_the_watch_is_that_of_the_record() -> None:
    given, rng = watched(), np.random.default_rng(1)
    made = simulate_record(Simulator(chain_at()), given, rng)
    fixed = [item for item in border_record().items if isinstance(item, Reading)]
    read = [item for item in made.record.items if isinstance(item, Reading)]
    assert [(item.time, item.who, len(item.levels), item.reliability) for item in read] == [
        (item.time, item.who, len(item.levels), item.reliability) for item in fixed
    ]
    outside = [item for item in made.record.items if isinstance(item, Shock) and not item.drift]
    assert outside == [item for item in border_record().items if isinstance(item, Shock) and not item.drift]
    assert made.record.until == 7.0
    assert made.plan.observed <= given.plan.observed
    assert all(isinstance(item, Move) or item.kind != "move" for item in made.record.items)


def test_drifts_that_a_record_names_are_seen_and_no_others() -> None:
    given, rng, simulator = watched(), np.random.default_rng(2), Simulator(chain_at())
    named = {
        item.drift
        for _ in range(50)
        for item in simulate_record(simulator, given, rng).record.items
        if isinstance(item, Shock) and item.drift
    }
    assert named == {"storm"}


def test_moves_are_as_doubtful_as_those_of_the_record() -> None:
    moves = (Move(1.0, "north", "declare", confidence=0.6), Move(2.0, "north", "declare", confidence=0.9))
    given, rng, simulator = watched(Record(moves, 7.0)), np.random.default_rng(3), Simulator(chain_at())
    made = [simulate_record(simulator, given, rng).record for _ in range(1000)]
    declared = [
        item.confidence for record in made for item in record.items if isinstance(item, Move) and item.what == "declare"
    ]
    others = {
        item.confidence for record in made for item in record.items if isinstance(item, Move) and item.what != "declare"
    }
    assert others == {1.0}
    assert set(declared) == {0.6, 0.9}
    plain = [simulate_record(simulator, watched(Record((), 7.0)), rng).record for _ in range(1000)]
    really = sum(item.what == "declare" for record in plain for item in record.items) / 1000
    assert len(declared) / 1000 == pytest.approx(really + 0.5, abs=0.15)  # 0.4 and 0.1 stand there by error
    surer = really * 0.9 / 1.5 + 0.1  # of those that happened drawn by 0.9, and of those by error by 0.1
    assert declared.count(0.9) / 1000 == pytest.approx(surer, abs=0.15)


@pytest.mark.parametrize(
    ("variable", "levels"), [("tension", ("high",)), ("tension", ("calm", "high")), ("mood", ("sour",))]
)
def test_what_a_reading_shows_is_as_likely_as_the_filter_takes_it(variable: str, levels: tuple[str, ...]) -> None:
    reading = Reading(0.0, variable, "|".join(levels), levels=levels, reliability=0.8)
    start = np.zeros(BORDER_SPACE.size)
    start[BORDER_SPACE.state({"tension": "high", "mood": "cool", "army": "low"})] = 1.0
    given = watched(Record((reading,), 1e-9), start=start)
    simulator, rng = Simulator(chain_at()), np.random.default_rng(4)
    shown = [
        item.levels
        for _ in range(4000)
        for item in simulate_record(simulator, given, rng).record.items
        if isinstance(item, Reading)
    ]
    sets = list(itertools.combinations(BORDER_SPACE.variable(variable).levels, len(levels)))
    weights = np.array([reading_probability(BORDER_SPACE, variable, each, 0.8) @ start for each in sets])
    for each, chance in zip(sets, weights / weights.sum(), strict=True):
        assert shown.count(each) / 4000 == pytest.approx(chance, abs=4.0 * np.sqrt(0.25 / 4000))
