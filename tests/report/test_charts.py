import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest
from make_study import make_study

from raison.report.charts import forecast_chart, posterior_chart, timeline_chart, weights_chart
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
