"""What would tell more in the small case."""

import dataclasses

import numpy as np
import pytest

from raison.analysis.description import Described
from raison.analysis.fitting import Fit
from raison.analysis.next_best import MONTHS, next_best
from raison.analysis.pool import Processes
from raison.analysis.watch import Watch
from raison.study import NextEvidence


@pytest.fixture(scope="module")
def found(fits: tuple[Fit, ...], described: Described) -> tuple[NextEvidence, ...]:
    return next_best(fits, (described,), 0, Watch(), Processes())


def test_every_variable_and_date_has_its_weight_the_most_promising_first(
    found: tuple[NextEvidence, ...], described: Described
) -> None:
    readings = [each for each in found if each.variable]
    assert len(readings) == 3 * len(described.dates)
    assert [each.expected for each in found] == sorted((each.expected for each in found), reverse=True)
    assert all(each.expected >= 0.0 for each in readings)
    assert {each.true for each in found} | {each.rival for each in found} == {"for-trade", "for-votes"}


def test_what_was_read_surely_is_not_worth_reading_again(found: tuple[NextEvidence, ...]) -> None:
    # every act that moves the border is seen, so that nobody doubts where it is
    assert all(each.expected < 1e-6 for each in found if each.variable == "border")
    assert max(each.expected for each in found if each.variable == "mood") > 1e-4


def test_a_longer_watch_tells_more_the_longer_it_is(found: tuple[NextEvidence, ...]) -> None:
    longer = sorted((each for each in found if not each.variable), key=lambda each: each.date)
    assert [each.date for each in longer] == ["2022-09-30", "2022-12-31", "2023-07-01"]
    assert len(longer) == len(MONTHS)
    assert longer[-1].expected > longer[0].expected
    assert all(each.error > 0.0 for each in longer)


def test_explanations_that_are_the_same_cannot_be_told_by_anything(fits: tuple[Fit, ...], described: Described) -> None:
    first = fits[0]
    twin = dataclasses.replace(first, explanation=dataclasses.replace(first.explanation, name="twin"))
    same = dataclasses.replace(described, each=(described.each[0], described.each[0]))
    found = next_best((first, twin), (same,), 0, Watch(), Processes())
    np.testing.assert_allclose([each.expected for each in found], 0.0, atol=1e-9)


def test_one_explanation_has_nothing_to_be_told_from(fits: tuple[Fit, ...], described: Described) -> None:
    assert next_best(fits[:1], (described,), 0, Watch(), Processes()) == ()
