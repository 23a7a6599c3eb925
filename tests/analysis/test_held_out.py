"""How a forecast did on what followed: scores by hand, probabilities by the query language."""

import dataclasses
import datetime
import math

import numpy as np
import pytest

from raison.analysis.fitting import Fit
from raison.analysis.held_out import DRAWS, HORIZONS, LEAST, _Drawn, brier, calibration, log_score, score_forecasts
from raison.analysis.pool import Processes
from raison.analysis.watch import Watch
from raison.analysis.worlds import world_of
from raison.case import BuiltCase
from raison.case.builder import HeldOut
from raison.query.answers import Number
from raison.query.grammar import parse_query
from raison.query.world import Facts
from raison.record import Move, Reading
from raison.study import HeldOutResult

UNTIL = datetime.date(2023, 6, 30)


def test_scores_by_hand() -> None:
    probs, came = np.array([0.8, 0.5, 1.0]), np.array([1.0, 0.0, 0.9])
    assert brier(probs, came) == pytest.approx((0.04 + 0.25 + 0.1) / 3)
    assert log_score(probs[:2], came[:2]) == pytest.approx((math.log(0.8) + math.log(0.5)) / 2)
    assert log_score(probs, came) == -math.inf  # it was sure of what is in doubt
    assert log_score(np.array([0.0, 1.0]), np.array([0.0, 1.0])) == 0.0
    assert math.isnan(brier(probs[:0], came[:0]))


def test_what_is_certain_is_scored_best_by_the_truth() -> None:
    """Both scores are proper: none does better on average than the probability with which things come about."""
    truth = 0.3
    for other in (0.1, 0.2, 0.4, 0.9):
        for score, sign in ((brier, -1.0), (log_score, 1.0)):
            came = np.array([truth])
            assert sign * score(np.array([truth]), came) > sign * score(np.array([other]), came)


def test_bins_hold_every_forecast_once() -> None:
    probs = np.array([0.0, 0.19, 0.2, 0.59, 1.0])
    bins = calibration(probs, np.array([0.0, 1.0, 1.0, 0.0, 1.0]))
    assert [(each.low, each.forecasts, each.came) for each in bins] == [
        (0.0, 2, 0.5), (0.2, 1, 1.0), (0.4, 1, 0.0), (0.8, 1, 1.0),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def later(case: BuiltCase) -> BuiltCase:
    """The small case, with an offer and a doubtful closing held out, and a reading."""
    calendar = case.records[0].calendar

    def time(date: str) -> float:
        return calendar.time_of(datetime.date.fromisoformat(date))

    offer, closing, mood = "2022-08-01", "2022-12-01", "2022-10-01"
    items = (
        Move(time(offer), "northland", "offer", offer, confidence=1.0),
        Reading(time(mood), "mood", "", mood, levels=(case.space.variable("mood").levels[0],), reliability=0.9),
        Move(time(closing), "northland", "close", closing, confidence=0.8),
    )
    return dataclasses.replace(case, held_out=HeldOut(UNTIL, items))


@pytest.fixture(scope="module")
def found(later: BuiltCase, fits: tuple[Fit, ...]) -> HeldOutResult:
    result = score_forecasts(later, fits, 0, Watch(), Processes())
    assert result is not None
    return result


def test_every_act_is_foreseen_at_every_horizon_and_every_reading(found: HeldOutResult, case: BuiltCase) -> None:
    acts = sum(len(actions) for actions in case.names.actions.values())
    horizons = sum(case.records[0].until + datetime.timedelta(days=each) < UNTIL for each in HORIZONS) + 1
    assert len(found.forecasts) == acts * horizons + 1
    came = {each.question: each.came for each in found.forecasts}
    assert came[f"P(northland offer by {UNTIL} | record)"] == 1.0
    assert came["P(northland offer by 2022-07-30 | record)"] == 0.0
    assert came[f"P(northland close by {UNTIL} | record)"] == pytest.approx(0.8)
    assert found.forecasts[-1].came == 0.9


def test_a_forecast_is_the_answer_to_its_question(
    found: HeldOutResult, later: BuiltCase, fits: tuple[Fit, ...]
) -> None:
    """Averaged over the draws that were picked, with their seed."""
    for number, fit in enumerate(fits):
        facts = Facts(fit.motion.space, fit.records)
        draws = fit.posterior.draws()
        picked = draws.pick(max(LEAST, round(DRAWS * fit.share)), number)
        worlds = [world_of(later, fit.likelihood, facts, draws.numbers[each], None) for each in picked]
        for each in (*found.forecasts[:4], found.forecasts[-1]):
            answers = [world.answer(parse_query(each.question)) for world in worlds]
            values = [answer.value for answer in answers if isinstance(answer, Number)]
            assert each.by[fit.explanation.name] == pytest.approx(np.mean(values), abs=2e-4)


def test_the_average_weighs_explanations_by_their_posterior(found: HeldOutResult, fits: tuple[Fit, ...]) -> None:
    for each in found.forecasts:
        mean = sum(fit.share * each.by[fit.explanation.name] for fit in fits)
        assert each.probability == pytest.approx(mean, abs=1e-12)


def test_a_score_has_the_error_of_its_draws() -> None:
    """Of a mean of independent draws it is their standard error; of equal draws it is zero."""
    rng = np.random.default_rng(0)
    probs = rng.uniform(0.2, 0.4, (40, 1))
    drawn = _Drawn(probs, np.ones(40))
    assert drawn.error_of(lambda mean: float(mean[0])) == pytest.approx(float(probs.std(ddof=1)) / math.sqrt(40))
    assert _Drawn(np.full((5, 2), 0.3), np.ones(5)).error_of(lambda mean: float(mean.sum())) == pytest.approx(0.0)
    assert math.isnan(_Drawn(probs[:1], np.ones(1)).error_of(lambda mean: float(mean[0])))


def test_nothing_held_out_is_not_scored(case: BuiltCase, fits: tuple[Fit, ...]) -> None:
    assert score_forecasts(case, fits, 0, Watch(), Processes()) is None
