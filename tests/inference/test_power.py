import math

import numpy as np
import pytest
from small_games import watched

from raison.chain import Chain, JumpKind
from raison.game import NO_CHANGE, StateSpace, Variable
from raison.inference.model import Explanation, Parameter
from raison.inference.power import (
    certain,
    gain_of,
    leads,
    lengthened,
    mean_of_pairs,
    narrowed,
    numbers_drawn,
    pair_of,
    weigh_records,
    with_readings,
)
from raison.inference.prior import Fixed, LogNormal, Normal
from raison.record import Move, Reading, Record

ROOM = StateSpace((Variable("door", ("closed", "open")),))
HERE = np.array([1.0, 0.0])
THRESHOLDS = (1.0, 3.0)


def bell(rate: float) -> Chain:
    """A bell that rings at a constant rate, in a room where nothing else happens."""
    return Chain((np.full(2, rate),), (np.ones(1),), (JumpKind("porter", "ring", NO_CHANGE, always_seen=True),), ROOM)


def in_room(until: float, *items):
    return watched(Record(tuple(items), until), space=ROOM, start=HERE)


def divergence(true: float, rival: float, until: float) -> float:
    return until * (true * math.log(true / rival) - true + rival)


@pytest.mark.parametrize(("rates", "until"), [((1.0, 1.3), 8.0), ((2.0, 0.5), 8.0), ((1.0, 1.02), 8.0)])
def test_what_a_record_tells_of_two_rates_is_its_closed_form(rates: tuple[float, float], until: float) -> None:
    weights = weigh_records([bell(rate) for rate in rates], [in_room(until)], 400, np.random.default_rng(0))
    for true, rival in ((0, 1), (1, 0)):
        pair = pair_of(weights, true, rival, THRESHOLDS)
        expected = divergence(rates[true], rates[rival], until)
        assert pair.expected == pytest.approx(expected, abs=4.0 * pair.error + 1e-9)
        plain = weights[true, :, true] - weights[true, :, rival]
        assert pair.error <= plain.std(ddof=1) / math.sqrt(400)
        assert pair.above == tuple((plain > threshold).mean() for threshold in THRESHOLDS)


def clustered(rng: np.random.Generator, draws: int, together: int) -> np.ndarray:
    """Weights of two rivals, whose records have much in common where they were made at one draw."""
    common = np.repeat(rng.normal(2.0, 1.0, draws), together)
    weights = np.zeros((2, draws * together, 2))
    for true in range(2):
        weights[true, :, true] = common + 0.1 * rng.normal(size=draws * together)
    return weights


def test_the_error_of_the_mean_over_pairs_knows_what_records_of_one_draw_have_in_common() -> None:
    rng = np.random.default_rng(3)
    told = [mean_of_pairs(clustered(rng, 8, 2), 2, 2) for _ in range(400)]
    spread = np.std([mean for mean, _ in told])
    assert np.mean([error for _, error in told]) == pytest.approx(spread, rel=0.1)
    blind = [mean_of_pairs(clustered(rng, 8, 2), 2)[1] for _ in range(400)]
    assert np.mean(blind) < 0.8 * spread


def test_what_a_change_adds_is_told_beside_records_of_the_same_draws() -> None:
    rng = np.random.default_rng(4)
    before = clustered(rng, 8, 2)
    assert gain_of(before, before, 2, 2) == (0.0, 0.0)
    after = before.copy()
    after[[0, 1], :, [0, 1]] += 0.5 + 0.1 * rng.normal(size=(2, 16))
    gain, error = gain_of(after, before, 2, 2)
    assert gain == pytest.approx(0.5, abs=4.0 * error)
    assert error < 0.3 * mean_of_pairs(before, 2, 2)[1]


def test_records_that_cannot_happen_under_a_rival_tell_without_end() -> None:
    weights = clustered(np.random.default_rng(5), 4, 2)
    weights[0, 3, 1] = -np.inf
    assert mean_of_pairs(weights, 2, 2) == (math.inf, 0.0)
    assert gain_of(weights, weights, 2, 2) == (0.0, 0.0)


def test_the_likelihoods_of_several_records_multiply_and_twice_the_time_tells_twice_as_much() -> None:
    chains, rng = [bell(1.0), bell(1.5)], np.random.default_rng(1)
    once, twice = in_room(6.0), lengthened(in_room(6.0), 2.0)
    single = pair_of(weigh_records(chains, [once], 250, rng), 0, 1, ())
    for watch in ([once, once], [twice]):
        double = pair_of(weigh_records(chains, watch, 250, rng), 0, 1, ())
        assert double.expected == pytest.approx(2.0 * single.expected, abs=4.0 * (double.error + 2.0 * single.error))


def test_a_record_that_cannot_happen_under_a_rival_decides() -> None:
    silent = Chain((np.zeros(2),), (np.ones(1),), bell(1.0).kinds, ROOM)
    weights = weigh_records([bell(3.0), silent], [in_room(8.0)], 20, np.random.default_rng(2))
    assert pair_of(weights, 0, 1, THRESHOLDS).expected == math.inf
    assert pair_of(weights, 1, 0, THRESHOLDS).expected == pytest.approx(24.0)
    np.testing.assert_array_equal(leads(weights, [1.0, 1.0]), np.eye(2))


def test_rivals_that_agree_share_the_lead() -> None:
    weights = weigh_records([bell(1.0), bell(1.0), bell(9.0)], [in_room(5.0)], 50, np.random.default_rng(3))
    found = leads(weights, [1.0, 1.0, 1.0])
    np.testing.assert_allclose(found[:2, :2], 0.5)
    assert found[2, 2] == 1.0
    pair = pair_of(weights, 0, 1, THRESHOLDS)
    assert (pair.expected, pair.error, pair.above) == (0.0, 0.0, (0.0, 0.0))


def test_prior_weights_count_in_who_leads() -> None:
    weights = weigh_records([bell(1.0), bell(1.0)], [in_room(5.0)], 10, np.random.default_rng(4))
    np.testing.assert_array_equal(leads(weights, [1.0, 3.0]), [[0.0, 1.0], [0.0, 1.0]])


def test_rivals_share_all_numbers_but_their_motives() -> None:
    first = Explanation(
        "a", (Parameter("rate", LogNormal(1.0, 4.0)), Parameter("w", LogNormal(1.0, 9.0)), Parameter("v", Fixed(0.0)))
    )
    second = Explanation(
        "b", (Parameter("rate", LogNormal(1.0, 4.0)), Parameter("w", Fixed(0.0)), Parameter("v", Normal(-1.0, 3.0)))
    )
    z = np.array([0.7, 1.9, -2.2])
    one, other = (numbers_drawn(each, (1, 2), z) for each in (first, second))
    assert one[0] == other[0] == LogNormal(1.0, 4.0).value(0.7)
    np.testing.assert_allclose(one[1:], [3.0, 0.0])
    np.testing.assert_allclose(other[1:], [0.0, 1.0])
    assert numbers_drawn(first, (1, 2), z, motives_at=1.6448536269514722)[1] == pytest.approx(9.0)


def test_a_longer_watch_reads_as_often_and_is_as_doubtful() -> None:
    reading = Reading(2.0, "door", "open", levels=("open",), reliability=0.8)
    move = Move(3.0, "porter", "ring", confidence=0.6)
    longer = lengthened(in_room(5.0, reading, move), 2.0).record
    assert longer.until == 10.0
    assert [(item.time, item.kind) for item in longer.items] == [
        (2.0, "reading"), (3.0, "move"), (7.0, "reading"), (8.0, "move"),
    ]  # fmt: skip


def test_readings_are_added_at_equal_steps_within_the_watch() -> None:
    read = with_readings(in_room(5.0, Move(2.5, "porter", "ring")), "door", 0.9, 2.0).record
    assert [(item.time, item.kind) for item in read.items] == [(2.0, "reading"), (2.5, "move"), (4.0, "reading")]
    assert all(item.reliability == 0.9 for item in read.items if isinstance(item, Reading))


def test_a_shorter_watch_keeps_its_first_part_and_a_longer_one_repeats_it() -> None:
    reading = Reading(1.0, "door", "open", levels=("open",), reliability=0.9)
    late = Move(4.0, "porter", "open")
    watched = in_room(5.0, reading, late)
    half = lengthened(watched, 0.5).record
    assert ([item.time for item in half.items], half.until) == ([1.0], 2.5)
    longer = lengthened(watched, 2.5).record
    assert ([item.time for item in longer.items], longer.until) == ([1.0, 4.0, 6.0, 9.0, 11.0], 12.5)
    assert lengthened(watched, 1.0).record == watched.record


def test_a_record_without_doubt_has_the_same_watch() -> None:
    items = (
        Move(1.0, "porter", "ring", confidence=0.5),
        Reading(2.0, "door", "open", levels=("open",), reliability=0.8),
    )
    sure = certain(in_room(8.0, *items)).record
    assert [item.time for item in sure.items] == [1.0, 2.0]
    assert [item.certainty for item in sure.items] == [1.0, 1.0]
    assert certain(in_room(8.0)).record.items == ()


def test_ranges_are_narrowed_but_those_of_motives() -> None:
    parameters = (
        Parameter("pace", LogNormal(0.25, 4.0)),
        Parameter("wish", LogNormal(1.0, 9.0)),
        Parameter("known", Fixed(2.0)),
    )
    pace, wish, known = narrowed(Explanation("any", parameters), [1], 0.5).parameters
    assert pace.prior.value(1.0) == pytest.approx(LogNormal(0.25, 4.0).value(0.5))
    assert (wish.prior, known.prior.value(1.0)) == (LogNormal(1.0, 9.0), 2.0)
