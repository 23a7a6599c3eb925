"""What clues say, against closed forms, quadrature and published numbers."""

import csv
import math
import pathlib

import numpy as np
import pytest
from numpy.polynomial.hermite_e import hermegauss

from raison.inference.clues import Clue, Clues, agreement, shares
from raison.inference.prior import Q95, Fixed, LogNormal

TURKEY = pathlib.Path(__file__).parents[1] / "data" / "turkey-2016-clues.csv"
NO_RECORD = 0.0


def clue(id: str, *, group: str = "", confidence: float = 1.0) -> Clue:
    return Clue(id, "2016-05-01", "", group or id, "", confidence)


def clues_of(*rows: tuple[Clue, list], exponent=None) -> Clues:
    """Clues judged by one rater; a judgement is a number or a pair of ends."""
    names = tuple("abcdefg"[: len(rows[0][1])])
    ends = [[each if isinstance(each, tuple) else (each, each) for each in judged] for _, judged in rows]
    return Clues(tuple(row[0] for row in rows), names, ("one",), np.log([ends]), exponent or Fixed(1.0))


def published() -> Clues:
    lines = [line for line in TURKEY.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    rows = list(csv.DictReader(lines))
    names = tuple(name for name in rows[0] if name not in ("id", "date", "group", "rater"))
    first = {row["id"]: row for row in rows}
    judged = np.full((2, len(first), len(names), 2), math.nan)
    for row in rows:
        ends = [[float(end) for end in row[name].split(" to ")] for name in names]
        judged["ab".index(row["rater"]), list(first).index(row["id"])] = np.log(ends)
    made = tuple(Clue(row["id"], row["date"], "", row["group"], "", 1.0) for row in first.values())
    return Clues(made, names, ("a", "b"), judged, LogNormal(0.3, 1.0))


def test_one_clue_with_known_numbers_is_bayes_rule() -> None:
    clues = clues_of((clue("one"), [0.6, 0.3, 0.1]))
    found = shares(clues.sums(clues.drawn(np.random.default_rng(0), 5)), [1.0, 2.0, 1.0])
    np.testing.assert_allclose(found.mean, np.array([0.6, 0.6, 0.1]) / 1.3, rtol=1e-12)
    np.testing.assert_allclose(found.low, found.mean, rtol=1e-12)


def test_one_clue_with_ranges_is_the_average_over_them_by_quadrature() -> None:
    clues = clues_of((clue("one"), [(0.4, 0.8), (0.1, 0.3)]))
    found = shares(clues.sums(clues.drawn(np.random.default_rng(1), 40_000)), [1.0, 1.0])
    nodes, weights = hermegauss(40)
    weights = weights / weights.sum()
    first = np.log(math.sqrt(0.4 * 0.8)) + math.log(2.0) / (2 * Q95) * nodes
    second = np.log(math.sqrt(0.1 * 0.3)) + math.log(3.0) / (2 * Q95) * nodes
    expected = weights @ (1 / (1 + np.exp(second[None, :] - first[:, None]))) @ weights
    assert found.mean[0] == pytest.approx(expected, abs=0.002)
    assert found.low[0] < expected < found.high[0]


def test_only_ratios_count_and_a_clue_that_is_alike_under_all_says_nothing() -> None:
    one = clues_of((clue("one"), [0.6, 0.3])).middles()
    np.testing.assert_allclose(clues_of((clue("one"), [0.06, 0.03])).middles(), one, atol=1e-12)
    np.testing.assert_allclose(clues_of((clue("one"), [0.2, 0.2])).middles(), 0.0, atol=1e-12)


def test_a_doubtful_clue_is_a_mixture_of_the_clue_and_of_nothing() -> None:
    ((first, second),) = clues_of((clue("one", confidence=0.7), [0.8, 0.2])).middles()
    assert first - second == pytest.approx(math.log((0.7 * 2.0 + 0.3) / (0.7 * 0.5 + 0.3)))


def test_clues_of_one_origin_count_once() -> None:
    alone = clues_of((clue("one"), [0.6, 0.3]))
    twice = clues_of((clue("one", group="press"), [0.6, 0.3]), (clue("two", group="press"), [0.6, 0.3]))
    apart = clues_of((clue("one"), [0.6, 0.3]), (clue("two"), [0.6, 0.3]))
    np.testing.assert_allclose(twice.sums(twice.middles()), alone.sums(alone.middles()), atol=1e-12)
    np.testing.assert_allclose(apart.sums(apart.middles()), 2 * alone.sums(alone.middles()), atol=1e-12)


def test_leaving_one_out_is_the_study_of_the_others() -> None:
    rows = [
        (clue("one", group="press"), [0.6, 0.3]),
        (clue("two", group="press"), [0.2, 0.5]),
        (clue("three"), [0.9, 0.8]),
    ]
    clues = clues_of(*rows)
    for left in range(3):
        others = clues_of(*(row for place, row in enumerate(rows) if place != left))
        np.testing.assert_allclose(
            clues.sums(clues.middles(), [left]), others.sums(others.middles()), atol=1e-12, err_msg=str(left)
        )
    np.testing.assert_allclose(clues.sums(clues.middles(), [0, 1, 2]), 0.0)


def test_raters_are_combined_by_the_mean_of_logs_and_a_range_that_spans_both() -> None:
    judged = np.log([[[(0.2, 0.4), (0.5, 0.5)]], [[(0.3, 0.8), (0.5, 0.5)]]])
    clues = Clues((clue("one"),), ("a", "b"), ("x", "y"), judged, Fixed(1.0))
    drawn = clues.drawn(np.random.default_rng(0), 40_000)[:, 0, :]
    difference = drawn[:, 0] - drawn[:, 1]
    middle = (math.log(0.2 * 0.4) + math.log(0.3 * 0.8)) / 4 - math.log(0.5)
    assert difference.mean() == pytest.approx(middle, abs=0.01)
    assert difference.std() == pytest.approx(math.log(0.8 / 0.2) / (2 * Q95), rel=0.02)


def test_the_agreement_of_two_readers_is_the_published_one() -> None:
    found = agreement(published())
    assert found is not None
    assert (found.raters, found.cells) == (2, 420)
    assert found.alpha == pytest.approx(0.73, abs=0.005)
    assert found.correlation == pytest.approx(0.85, abs=0.005)


def test_the_sums_of_each_reader_are_the_published_ones() -> None:
    both = published()
    early = [place for place, each in enumerate(both.clues) if each.date <= "2016-08-12"]
    for reader, expected in enumerate(([4.4, -1.2, -4.9, -5.6, 4.2, 2.7, 0.3], [1.4, -0.3, -2.8, -2.4, 2.6, 1.3, 0.2])):
        kept = tuple(both.clues[place] for place in early)
        one = Clues(kept, both.explanations, ("one",), both.judged[[reader]][:, early], both.exponent)
        np.testing.assert_allclose(one.sums(one.middles()), expected, atol=0.051)


def test_agreement_of_raters_who_are_alike_opposed_or_alone() -> None:
    judged = np.log([[[(0.2, 0.2), (0.4, 0.4)]], [[(0.4, 0.4), (0.2, 0.2)]]])
    opposed = agreement(Clues((clue("one"),), ("a", "b"), ("x", "y"), judged, Fixed(1.0)))
    assert opposed is not None
    assert opposed.correlation == pytest.approx(-1.0)
    assert opposed.alpha == pytest.approx(1 - 4 / (2 * 4 / 3))  # observed 4 d^2, expected 2 * 4/3 d^2
    alike = agreement(Clues((clue("one"),), ("a", "b"), ("x", "y"), judged[[0, 0]], Fixed(1.0)))
    assert alike is not None
    assert alike.alpha == pytest.approx(1.0)
    assert agreement(clues_of((clue("one"), [0.5, 0.4]))) is None
    flat = agreement(Clues((clue("one"),), ("a", "b"), ("x", "y"), np.zeros((2, 1, 2, 2)), Fixed(1.0)))
    assert flat is not None
    assert math.isnan(flat.alpha)


def test_a_third_rater_who_judged_one_clue_only_counts_there() -> None:
    judged = np.log(np.full((3, 2, 2, 2), 0.3))
    judged[0, :, 0], judged[1, :, 0] = math.log(0.5), math.log(0.45)
    judged[2, 1] = math.nan
    found = agreement(Clues((clue("one"), clue("two")), ("a", "b"), ("x", "y", "z"), judged, Fixed(1.0)))
    assert found is not None
    assert found.cells == 4
    cells = [[(each[0], each[1]) for each in rater] for rater in judged.mean(axis=-1).tolist()]
    values = [
        [(rater[c][e] - sum(rater[c]) / 2) for rater in cells if not math.isnan(rater[c][e])]
        for c in (0, 1)
        for e in (0, 1)
    ]
    total = sum(len(unit) for unit in values)
    pairs = sum(sum((a - b) ** 2 for a in unit for b in unit) / (len(unit) - 1) for unit in values) / total
    pool = [value for unit in values for value in unit]
    chance = sum((a - b) ** 2 for a in pool for b in pool) / (total * (total - 1))
    assert found.alpha == pytest.approx(1 - pairs / chance)
