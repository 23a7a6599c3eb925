import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest
from make_study import make_study

from raison.asked import AskedOn, LivedAgain
from raison.report.charts import (
    forecast_chart,
    lived_again_chart,
    over_time_chart,
    posterior_chart,
    reasons_chart,
    structure_chart,
    timeline_chart,
    weights_chart,
)
from raison.report.charts.canvas import date_ticks, ordinal


def timeline(study):
    return timeline_chart(study, study.records[0])


CHARTS = [timeline, posterior_chart, weights_chart, forecast_chart]


@pytest.fixture(scope="module")
def study():
    return make_study()


@pytest.fixture(scope="module")
def drawn(study):
    return [draw(study) for draw in CHARTS]


def texts(chart):
    return ["".join(each.itertext()) for each in ElementTree.fromstring(chart.svg).iter() if each.tag.endswith("text")]


@pytest.mark.parametrize("place", range(4))
def test_a_chart_is_an_svg_that_can_be_read_out_and_keeps_text_as_text(place, drawn):
    chart = drawn[place]
    root = ElementTree.fromstring(chart.svg)
    assert root.get("role") == "img"
    assert len(root.get("aria-label")) > 20
    assert any("Bluff to <press>" in text or "Russia & its <government>" in text for text in texts(chart))


def test_the_reasons_of_acts_stand_in_order_of_time_with_a_colour_for_each_motive(study):
    shown = texts(reasons_chart(study))
    assert [text for text in shown if text.startswith("2016-06-")] == sorted(
        text for text in shown if text.startswith("2016-06-")
    )
    assert any("votes" in text for text in shown)
    assert not any("its costs" in text for text in shown)
    assert reasons_chart(replace(study, reasons=())) is None


def test_an_answer_over_time_shows_what_was_beside_what_would_have_been(study):
    asked = study.questions[1]
    assert over_time_chart(asked, 0) is None
    days = [AskedOn(f"2016-0{month}-01", 0.1 * month, 0.0, 1.0, 0.05 * month) for month in (1, 2, 3)]
    chart = over_time_chart(replace(asked, over_time=tuple(days)), 0)
    assert "with the change" in texts(chart)
    alone = replace(asked, over_time=tuple(replace(day, unchanged=None) for day in days))
    assert "with the change" not in texts(over_time_chart(alone, 0))


def test_histories_that_were_lived_again_name_every_variable_and_its_levels(study):
    asked, (name, levels) = study.questions[1], next(iter(study.game.variables.items()))
    assert lived_again_chart(study, asked, 0) is None
    dates = ("2016-01-01", "2016-02-01", "2016-03-01")
    lived = LivedAgain(name, dates, (0.0, 0.5, 1.0), (0.0, 0.1, 0.2), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    shown = texts(lived_again_chart(study, replace(asked, lived_again=(lived,)), 0))
    assert levels[0] in shown


def test_ids_of_different_charts_differ(drawn):
    ids = [{each.get("id") for each in ElementTree.fromstring(one.svg).iter() if each.get("id")} for one in drawn]
    assert sum(map(len, ids)) == len(set().union(*ids))


def test_the_heat_map_names_every_item(study, drawn):
    shown = texts(drawn[2])
    assert all(any(text.startswith(item.date) for text in shown) for item in study.items)


def test_the_focal_decision_is_marked_only_if_there_is_one(study, drawn):
    without = replace(study, records=(replace(study.records[0], focal_date=""),))
    assert any("focal decision" in text for text in texts(drawn[0]))
    assert not any("focal decision" in text for text in texts(timeline(without)))


def test_dollars_and_foreign_letters_in_names_are_drawn_as_they_are(study):
    odd = replace(study, explanations=(replace(study.explanations[0], label="costs $x_1$ 中"), *study.explanations[1:]))
    assert "costs $x_1$ 中" in texts(posterior_chart(odd))


def test_without_forecasts_there_is_no_forecast_chart(study):
    silent = tuple(replace(each, forecasts=()) for each in study.explanations)
    assert forecast_chart(replace(study, explanations=silent)) is None


def test_without_paths_the_timeline_says_so(study):
    bare = tuple(replace(each, paths={}) for each in study.explanations)
    assert "No smoothed variables" in timeline(replace(study, explanations=bare)).caption


@pytest.mark.parametrize(
    ("begin", "end"), [("2016-01-01", "2016-01-09"), ("2015-11-24", "2018-09-30"), ("1950-01-01", "1999-01-01")]
)
def test_ticks_are_few_and_lie_within_the_record(begin, end):
    days, labels = date_ticks(ordinal(begin), ordinal(end))
    assert 2 <= len(days) == len(labels) <= 15
    assert ordinal(begin) <= min(days)
    assert max(days) <= ordinal(end)


def test_a_variable_on_which_an_act_on_another_hangs_is_drawn_and_told(study):
    text = structure_chart(study).svg
    assert "by acts that hang on sanctions" in text
    without = replace(study, structure=tuple(replace(row, allows={}) for row in study.structure))
    assert "by acts that hang on" not in structure_chart(without).svg
    assert text.count("<path") > structure_chart(without).svg.count("<path")
