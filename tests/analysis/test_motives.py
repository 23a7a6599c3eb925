import math
import pathlib

import numpy as np
import pytest

from raison.analysis.motives import measure_motives, motive_warnings
from raison.case import build, check_case, read_case
from raison.case.template import write_template
from raison.cases import open_case
from raison.errors import CaseError
from raison.inference.prior import Fixed, LogNormal
from raison.study import WEAK


@pytest.fixture
def small(tmp_path: pathlib.Path):
    """The template with some of its text changed; returns the path of the case."""

    def write(*changes: tuple[str, str]) -> pathlib.Path:
        path = tmp_path / str(len(list(tmp_path.iterdir()))) / "case.yaml"
        write_template(path.parent)
        text = path.read_text()
        for old, new in changes:
            assert text.count(old) == 1
            text = text.replace(old, new)
        path.write_text(text)
        return path

    return write


HARDLY = """
title: A wish that is hardly in reach
time: {unit: month, from: 2020-01-01, until: 2021-01-01}
variables: {tariff: {levels: [low, high], at start: high}, sky: {levels: [grey, blue], at start: grey}}
nature:
  sky rises: {every: 6 months, basis: assumed}
  sky falls: {every: 6 months, basis: assumed}
  tariff rises: {every: 6 months, basis: assumed}
players:
  ministry:
    acts: once a month
    looks ahead: 1 year
    basis: assumed
    actions:
      cut: {changes: {tariff: low}, if: tariff = high, costs: 2}
      pray: {outcomes: [{chance: 0.002, changes: {sky: blue}}, {chance: rest}], costs: 1}
features: {open: tariff = low, sky: sky = blue}
explanations:
  vain: {wants: {ministry: {sky: x3 to x30}}, basis: assumed}
  plain: {wants: {ministry: {open: x3 to x30}}, basis: assumed}
record: [{date: 2020-10-05, kind: move, who: ministry, what: cut}]
"""


def weights(built, explanation: int = 0) -> dict[str, object]:
    return {each.name: each.prior for each in built.explanations[explanation].parameters if ".wants." in each.name}


TRADE = "players.northland.wants.trade"


def with_wants(text: str) -> tuple[str, str]:
    return "wants: {northland: {trade: x3 to x30}}", f"wants: {{northland: {{trade: {text}}}}}"


def test_a_strength_becomes_the_weight_that_has_it(small) -> None:
    built = open_case(small(with_wants("x3 to x30")))
    slot = [each.name for each in built.own.parameters].index(TRADE)
    unit = built.game.log_strengths(built.explanations[0].centre, built.records)[slot]
    assert weights(built)[TRADE] == LogNormal(math.log(3.0) / unit, math.log(30.0) / unit)
    single = open_case(small(with_wants("x5")))
    assert weights(single)[TRADE] == Fixed(math.log(5.0) / unit)
    assert weights(single, 1)[TRADE] == Fixed(0.0)


def test_the_same_strength_in_another_unit_of_time_is_the_same_game(small) -> None:
    monthly = open_case(small(with_wants("x3 to x30")))
    daily = open_case(small(with_wants("x3 to x30"), ("unit: month", "unit: day")))
    month, day = (each.game(each.explanations[0].centre).players[0].motives[0].weight for each in (monthly, daily))
    assert month / day == pytest.approx(365.25 / 12, rel=1e-6)


def test_strengths_are_measured_as_the_explanation_sees_the_other_numbers(small) -> None:
    slower = (
        "wants: {northland: {calm: x3 to x30}}",
        "wants: {northland: {trade: x3}}\n    sees: {nature.trade rises.every: 40 months}",
    )
    built = open_case(small(with_wants("x3"), slower))
    first, second = (weights(built, number)[TRADE] for number in (0, 1))
    assert second.at > 1.02 * first.at  # offers pay less where trade hardly ever rises


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x1", "above x1, which moves nobody"),
        ("x0.2 to x0.5", "want the opposite"),
        ("x5 to x3", "the high end of a strength lies above its low end"),
        ("x5 to x5", "the high end of a strength lies above its low end"),
        ("x3 to x1e9", "too large to compute with; strengths go up to x1e\\+06"),
        ("strong", "need a strength such as `x5` or `x3 to x30`, or a plain weight"),
        ("0 to 2", "a wish would be a fear"),
    ],
)
def test_what_is_no_strength_is_refused_with_the_way_out(small, text: str, message: str) -> None:
    with pytest.raises(CaseError, match=message) as caught:
        open_case(small(with_wants(text)))
    assert [problem.path for problem in caught.value.problems] == ["explanations.for-trade.wants.northland.trade"]


def test_a_strength_of_what_nobody_can_serve_is_refused_at_its_place(small) -> None:
    changes = (
        ("  trade: trade, from 0 to 1\n", "  trade: trade, from 0 to 1\n  weather: weather = fair\n"),
        ("  mood:   {levels", "  weather: {levels: [foul, fair], at start: foul}\n  mood:   {levels"),
        ("  mood falls: ", "  weather rises: {every: 1 month, basis: assumed}\n  mood falls: "),
        with_wants("x3, weather: x2"),
    )
    with pytest.raises(
        CaseError, match="`northland` can do in the states where the world goes makes `weather`"
    ) as caught:
        open_case(small(*changes))
    assert [problem.path for problem in caught.value.problems] == ["explanations.for-trade.wants.northland.weather"]


def test_what_a_motive_does_is_told_with_the_motives_of_everybody(small) -> None:
    built = open_case(small(with_wants("x3 to x30")))
    found = {(each.explanation, each.player, each.feature): each for each in measure_motives(built)}
    assert set(found) == {
        ("for-trade", "northland", "trade"),
        ("for-trade", "southland", "trade"),
        ("for-votes", "northland", "calm"),
        ("for-votes", "southland", "trade"),
    }
    trade = found["for-trade", "northland", "trade"]
    np.testing.assert_allclose([trade.low, trade.high], [3.0, 30.0], rtol=1e-9)
    assert trade.likelier["offer"] > 1.5
    assert list(trade.likelier) == ["offer", "speak"]  # there is nothing to close: the border is closed on that day
    assert found["for-votes", "northland", "calm"].likelier["speak"] > 1.5


def test_a_feared_feature_has_a_strength_below_one(small) -> None:
    built = open_case(small(with_wants("-3 to -1")))
    trade = measure_motives(built)[0]
    assert trade.low < trade.middle < trade.high < 1.0
    assert trade.likelier["offer"] < 0.5


def test_a_motive_that_hardly_moves_anyone_is_warned_of_where_it_is_written(small) -> None:
    written = read_case(small(with_wants("0.01 to 0.02"), ("wants: {trade: x2 to x8}", "wants: {trade: 0.01}")))
    check_case(written)
    warnings = motive_warnings(written, measure_motives(build(written)))
    assert [warning.path for warning in warnings] == [
        "players.southland.wants.trade",
        "explanations.for-trade.wants.northland.trade",
    ]
    assert all(f"below x{WEAK}" in warning.message for warning in warnings)


def test_a_motive_that_its_owner_can_hardly_serve_is_warned_of(tmp_path: pathlib.Path) -> None:
    (tmp_path / "case.yaml").write_text(HARDLY)
    written = read_case(tmp_path / "case.yaml")
    check_case(written)
    results = {each.feature: each for each in measure_motives(build(written))}
    (warning,) = motive_warnings(written, results.values())  # type: ignore[arg-type]
    assert warning.path == "explanations.vain.wants.ministry.sky"
    assert "can hardly serve this motive" in warning.message
    assert f"lie {results['sky'].stake:,.0f} units of the shocks" in warning.message
    assert results["sky"].stake > 50.0 * results["open"].stake > 0.0


def test_a_motive_that_only_others_can_serve_is_told_as_that() -> None:
    folder = pathlib.Path(__file__).parents[2] / "examples" / "cod-war-1976"
    written = read_case(folder)
    (warning,) = motive_warnings(written, measure_motives(build(written)))
    assert warning.path == "players.iceland.wants.recognition"
    assert "works only through what they answer" in warning.message
