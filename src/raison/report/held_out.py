"""How the forecast did on what followed, as rows, and in a sentence."""

from __future__ import annotations

import math

from raison.report.asked import MINUS
from raison.report.names import explanation_label
from raison.report.parts import CalibrationRow, HeldOutTable, ScoreRow, SurpriseRow
from raison.report.words import count, day, percent
from raison.study import A_HALF, NO_BETTER, ForecastScore, HeldOutForecast, HeldOutResult, Study

MOST_SURPRISES = 6
"""Forecasts that are shown, those that did worst."""


def make_held_out(study: Study) -> HeldOutTable | None:
    """Return how the forecast did; None if nothing is held out."""
    found = study.held_out
    if found is None:
        return None
    by_name = sorted(found.scores[1:], key=lambda each: each.acts_brier)
    rows = [_row("All together, by their posterior", found.scores[0])]
    rows += [_row(explanation_label(study, each.explanation), each) for each in by_name]
    pace = ForecastScore("", found.pace_brier, math.nan, found.pace_log, math.nan, math.nan)
    half = ForecastScore("", A_HALF, math.nan, math.log(0.5), A_HALF, math.log(0.5))
    rows += [_row("Each act at its pace in the record", pace), _row("A half for everything", half)]
    worst = sorted(found.forecasts, key=_loss, reverse=True)[:MOST_SURPRISES]
    return HeldOutTable(
        sentence=held_out_sentence(found),
        scores=tuple(rows),
        surprises=tuple(SurpriseRow(each.question, percent(each.probability), _came(each.came)) for each in worst),
        calibration=tuple(
            CalibrationRow(
                f"{100 * each.low:.0f} to {100 * each.high:.0f} %",
                count(each.forecasts, "forecast"),
                percent(each.probability),
                percent(each.came),
            )
            for each in found.calibration
        ),
    )


def held_out_sentence(found: HeldOutResult) -> str:
    """Return how the forecast did against one who always says a half, and one who expects the pace of the record."""
    own = found.scores[0].acts_brier
    acts = sum(" by " in each.question for each in found.forecasts)
    return (
        f"Forecast from the end of the record and held against what followed to {day(found.until)}, to which nothing "
        f"was fitted: {count(acts, 'forecast')} of acts have a Brier score of {own:.2f} (0 is perfect), "
        f"{_against(own, A_HALF)} the {A_HALF:.2f} of one who says a half to everything, and "
        f"{_against(own, found.pace_brier)} the {found.pace_brier:.2f} of one who expects each act at its pace in the "
        "record."
    )


def _against(own: float, other: float) -> str:
    return "better than" if own < other - NO_BETTER else "worse than" if own > other + NO_BETTER else "no better than"


def _row(label: str, each: ForecastScore) -> ScoreRow:
    acts, *others = (
        "" if math.isnan(number) else f"{number:.2f}".replace("-", MINUS)
        for number in (each.acts_brier, each.acts_log, each.readings_brier, each.readings_log)
    )
    error = "" if math.isnan(each.acts_error) else f" ± {max(each.acts_error, 0.01):.2f}"
    return ScoreRow(label, f"{acts}{error}", *others)


def _loss(each: HeldOutForecast) -> float:
    return each.came * (1.0 - each.probability) ** 2 + (1.0 - each.came) * each.probability**2


def _came(came: float) -> str:
    return "yes" if came > 0.99 else "no" if came < 0.01 else f"{percent(came)} sure"
