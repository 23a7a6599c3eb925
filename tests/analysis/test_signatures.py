"""What explanations say they predict, tried in the small case."""

import dataclasses

import pytest

from raison.analysis.pool import Processes
from raison.analysis.signatures import DRAWS, try_signatures
from raison.analysis.watch import Watch
from raison.case import BuiltCase, Prediction
from raison.query.conditions import resolve
from raison.query.grammar import parse_test
from raison.study import SignatureResult


def tried(case: BuiltCase, *texts: str, explanation: str = "for-trade") -> tuple[SignatureResult, ...]:
    predictions = tuple(Prediction(explanation, text, resolve(parse_test(text), case.names.actions)) for text in texts)
    return try_signatures(dataclasses.replace(case, predictions=predictions), 0, Watch(), Processes())


def test_what_holds_at_the_middles_and_in_most_draws_passes(case: BuiltCase) -> None:
    holds, fails = tried(
        case,
        "rate(northland offers) > rate(northland speaks)",
        "rate(northland offers) > 10 * rate(northland speaks)",
    )
    assert (holds.is_held, holds.passes, fails.is_held, fails.passes) == (True, True, False, False)
    assert holds.left == fails.left
    assert 10 * holds.right == pytest.approx(fails.right)
    assert holds.draws + holds.unconverged == DRAWS
    assert holds.share > 0.9 > 0.1 > fails.share


def test_the_other_explanation_predicts_the_opposite(case: BuiltCase) -> None:
    (result,) = tried(case, "rate(northland offers) > rate(northland speaks)", explanation="for-votes")
    assert not result.passes


def test_the_chain_of_consequences_is_that_of_the_motive_which_tells_explanations_apart(case: BuiltCase) -> None:
    (result,) = tried(case, "rate(northland offers) > rate(northland speaks)")
    by_act = {chain.action: chain for chain in result.chains}
    assert set(by_act) == {"offer", "speak"}
    assert {chain.feature for chain in result.chains} == {"trade"}
    offer = by_act["offer"]
    assert offer.begins == "border"
    assert [(link.cause, link.effect) for link in offer.links] == [("border", "trade")]
    # a calm mood lets Northland close less often, and offer more
    assert [link.effect for link in by_act["speak"].links] == ["border", "trade"]
    assert by_act["speak"].links[0].share < 0.2


def test_a_prediction_of_a_forecast_shows_the_act_that_serves_the_motive_most(case: BuiltCase) -> None:
    (result,) = tried(case, "P(border = open by 2022-06-30) > 0.01")
    assert [chain.action for chain in result.chains] == ["offer"]


def test_a_case_without_predictions_has_none(case: BuiltCase) -> None:
    assert tried(case) == ()
