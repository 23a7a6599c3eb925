import dataclasses

import numpy as np
import pytest

from raison.analysis import drawn, run_study
from raison.analysis.asking import ask, case_of, rivals_of
from raison.analysis.drawn import drawn_of, with_solved
from raison.analysis.pool import Processes
from raison.asked import WHOLE
from raison.saving import load_study, save_study

FORECAST = "P(border = open at 2022-12-31 | record)"


@pytest.fixture(scope="module")
def study(case):
    return run_study(case, seed=3, search=False)


def test_the_games_of_the_draws_that_answer_are_kept(study, case):
    jobs = drawn_of(study, rivals_of(study, case_of(study)))
    for job in jobs:
        plays = job.result.equilibrium is not None
        assert set(job.result.solved) == (set(job.picked) if plays else set())
        for values in job.result.solved.values():
            assert values.dtype == np.float32
            assert values.shape == (len(case.names.actions), case.space.size)


def test_answers_are_the_same_with_and_without_them(study):
    bare = dataclasses.replace(
        study, explanations=tuple(dataclasses.replace(each, solved={}) for each in study.explanations)
    )
    (kept,), (anew,) = ask(study, [FORECAST]), ask(bare, [FORECAST])
    assert kept.parts[WHOLE].value == pytest.approx(anew.parts[WHOLE].value, abs=1e-4)


def test_they_come_back_from_the_disk_as_they_were(study, tmp_path):
    save_study(study, tmp_path)
    loaded = load_study(tmp_path)
    for was, came in zip(study.explanations, loaded.explanations, strict=True):
        np.testing.assert_equal(came.solved, was.solved)
    assert ask(loaded, [FORECAST]) == ask(study, [FORECAST])


def test_games_that_would_fill_the_disk_are_not_kept(study, case, monkeypatch):
    monkeypatch.setattr(drawn, "MOST_BYTES", 100)
    found = with_solved(study, case, rivals_of(study, case), Processes())
    assert found is study


def test_more_probable_explanations_get_more_draws(study, case):
    jobs = drawn_of(study, rivals_of(study, case), 40)
    assert [job.amount for job in jobs] == [max(4, round(40 * job.result.posterior)) for job in jobs]
