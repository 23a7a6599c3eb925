import dataclasses
import datetime
import math

import numpy as np
import pandas
import pytest

from raison.analysis import run_study, simulate
from raison.analysis.asking import ask
from raison.asked import WHOLE
from raison.errors import CaseError, QueryError
from raison.saving import paths_csv

END = datetime.date(2022, 12, 31)


@pytest.fixture(scope="module")
def study(case):
    return run_study(case, seed=3, search=False)


@pytest.fixture(scope="module")
def paths(study):
    return simulate(study, END, paths=4000, seed=1)


def last_rows(paths) -> np.ndarray:
    """Return the last row of every path."""
    return np.append(np.flatnonzero(np.diff(paths.path)), len(paths.path) - 1)


def test_paths_end_where_the_exact_forecast_says(study, paths):
    (exact,) = ask(study, ["P(border = open at 2022-12-31 | record)"], draws=2000)
    levels = np.array(paths.levels["border"])[last_rows(paths)]
    assert len(levels) == len(paths.explanation) == 4000
    assert np.mean(levels == "open") == pytest.approx(exact.parts[WHOLE].value, abs=4 * 0.5 / np.sqrt(4000) + 0.02)


def test_explanations_have_as_many_paths_as_they_are_probable(study, paths):
    for each in study.explanations:
        share = np.mean(np.array(paths.explanation) == each.name)
        assert share == pytest.approx(each.posterior, abs=4 * 0.5 / np.sqrt(4000))


def test_every_path_starts_with_its_start_and_goes_on_in_order(paths):
    first = np.append(0, last_rows(paths)[:-1] + 1)
    assert {paths.what[row] for row in first} == {"start"}
    assert sum(what == "start" for what in paths.what) == 4000
    days = np.array(paths.date, dtype="datetime64[D]")
    inside = np.diff(paths.path) == 0
    assert (np.diff(days)[inside] >= np.timedelta64(0, "D")).all()
    assert days.min() == np.datetime64("2022-07-01")  # the day after the record
    assert days.max() <= np.datetime64(END)


def test_acts_come_as_often_as_they_are_to_be_expected(study, paths):
    (exact,) = ask(study, ["E(number of southland protest from 2022-07-01 to 2022-12-31 | record)"], draws=2000)
    counts = np.bincount(paths.path, weights=[what == "protest" for what in paths.what], minlength=4000)
    error = counts.std() / np.sqrt(4000)
    assert counts.mean() == pytest.approx(exact.parts[WHOLE].value, abs=4 * error + 0.05 * exact.parts[WHOLE].value)


def test_what_is_changed_is_changed_in_every_path(study):
    closed = simulate(study, END, paths=50, given="record, do(northland never offers), do(mood = angry)", seed=2)
    assert "offer" not in closed.what
    assert set(closed.levels["mood"]) == {"angry"}
    known = simulate(study, END, paths=20, given="record to 2021-11-14", explanation="for-votes")
    assert set(known.explanation) == {"for-votes"}
    assert min(known.date) == datetime.date(2021, 11, 15)
    fresh = simulate(study, datetime.date(2021, 3, 1), paths=5, given="")
    assert min(fresh.date) == datetime.date(2021, 1, 4)


def test_the_same_seed_draws_the_same_paths(study):
    first, again, other = (paths_csv(simulate(study, END, paths=20, seed=seed)) for seed in (5, 5, 6))
    assert first == again != other


def test_paths_as_arrays_and_as_csv_hold_the_same(study):
    paths = simulate(study, END, paths=7, seed=4)
    data = paths.dataset()
    assert dict(data.sizes) == {"row": len(paths.path)}
    assert set(data.explanation.to_numpy()) <= set(paths.explanation)
    header, *rows = paths_csv(paths).splitlines()
    assert header == "path,explanation,date,who,what,border,trade,mood"
    assert len(rows) == len(paths.path)
    assert rows[-1].split(",")[-1] == str(data["mood"].values[-1]) == paths.levels["mood"][-1]
    assert str(data["date"].values[0])[:10] == rows[0].split(",")[2]


@pytest.mark.parametrize("day", ["2023-06-30", datetime.datetime(2023, 6, 30, 12), pandas.Timestamp("2023-06-30")])
def test_the_last_day_may_be_given_as_a_text_or_a_timestamp(study, day):
    paths = simulate(study, day, paths=5, seed=4)
    assert paths_csv(paths) == paths_csv(simulate(study, datetime.date(2023, 6, 30), paths=5, seed=4))


def test_what_cannot_be_drawn_is_told(study):
    with pytest.raises(CaseError, match=r"no explanation `for-vote`\. Did you mean `for-votes`"):
        simulate(study, END, explanation="for-vote")
    with pytest.raises(CaseError, match="found soon as the last day; need a day such as"):
        simulate(study, "soon")
    with pytest.raises(QueryError, match="the forecast starts on 2022-06-30"):
        simulate(study, datetime.date(2021, 12, 31))
    with pytest.raises(QueryError, match="player `northland` has no action `ofer`"):
        simulate(study, END, given="record, do(northland never ofer)")
    with pytest.raises(QueryError, match="found `recrd`") as caught:
        simulate(study, END, given="recrd")
    assert caught.value.problems[0].column == 1
    empty = dataclasses.replace(study, case=dataclasses.replace(study.case, files={}))
    with pytest.raises(CaseError, match="holds no case or no draws"):
        simulate(empty, END)


def test_paths_through_a_change_that_begins_and_ends_are_those_that_are_expected(study):
    given = "record, do(border = closed from 2022-10-01 to 2022-12-31)"
    paths = simulate(study, datetime.date(2023, 6, 30), paths=2000, given=given, seed=3)
    ends = paths.dataset().to_dataframe().groupby("path").last()["border"].value_counts(normalize=True)
    levels = ("closed", "partial", "open")
    answers = ask(study, [f"P(border = {level} at 2023-06-30 | {given})" for level in levels])
    for level, answer in zip(levels, answers, strict=True):
        exact = answer.parts[""]
        assert abs(ends[level] - exact.value) < 4.0 * math.hypot(exact.error, math.sqrt(0.25 / 2000))
