import math

import pytest

from raison.query.claim import CONTRADICTED, SUPPORTED, Trial, verdict_of, word_of


@pytest.mark.parametrize(
    ("probability", "word"),
    [
        (0.0, "contradicted"),
        (0.1, "contradicted"),
        (0.1001, "undecided"),
        (0.5, "undecided"),
        (0.8999, "undecided"),
        (0.9, "supported"),
        (1.0, "supported"),
    ],
)
def test_the_verdict_follows_the_probability_that_the_test_holds(probability: float, word: str):
    assert (CONTRADICTED, SUPPORTED) == (0.1, 0.9)
    assert word_of(probability, probability) == word
    assert verdict_of({"only": Trial(0.0, 0.0, probability)}, {"only": 1.0}).word == word


def test_few_draws_support_less_than_many():
    few, many = ({"only": Trial(0.0, 0.0, 0.96, draws)} for draws in (25, 2500))
    assert verdict_of(few, {"only": 1.0}).word == "undecided"
    assert verdict_of(many, {"only": 1.0}).word == "supported"
    assert verdict_of({"only": Trial(0.0, 0.0, 1.0, 50)}, {"only": 1.0}).word == "supported"


def test_the_interval_is_that_of_the_beta_distribution():
    verdict = verdict_of({"only": Trial(0.0, 0.0, 0.5, 40)}, {"only": 1.0})
    assert (verdict.low, verdict.high) == (pytest.approx(0.372, abs=0.015), pytest.approx(0.628, abs=0.015))


def test_draws_that_did_not_converge_widen_the_interval_and_are_told():
    verdict = verdict_of({"only": Trial(0.0, 0.0, 1.0, 40, unconverged=10)}, {"only": 1.0})
    assert verdict.word == "undecided"
    assert verdict.low < 0.75 < 0.98 < verdict.high
    assert "in 10 draws the game did not converge" in verdict.reason


def test_errors_of_the_evidence_widen_the_interval():
    answers = {"economy": Trial(0.4, 0.2, 1.0), "bluff": Trial(0.1, 0.2, 0.0)}
    posteriors = [{"economy": share, "bluff": 1 - share} for share in (0.7, 0.8, 0.9, 0.99)]
    verdict = verdict_of(answers, {"economy": 0.93, "bluff": 0.07}, posteriors)
    assert (verdict.low, verdict.high) == (pytest.approx(0.7), pytest.approx(0.99))
    assert verdict.word == "undecided"


def test_the_probability_is_averaged_over_the_posterior_of_the_explanations():
    answers = {"economy": Trial(0.4, 0.2, 1.0), "bluff": Trial(0.1, 0.2, 0.2)}
    verdict = verdict_of(answers, {"economy": 0.75, "bluff": 0.25})
    assert verdict.probability == pytest.approx(0.8)
    assert verdict.word == "undecided"
    assert "0.80" in verdict.reason


def test_explanations_that_were_not_asked_do_not_count():
    verdict = verdict_of({"economy": Trial(0.4, 0.2, 1.0)}, {"economy": 0.2, "bluff": 0.8})
    assert verdict.probability == pytest.approx(1.0)


def test_a_verdict_that_another_explanation_turns_is_fragile():
    answers = {"economy": Trial(0.4, 0.2, 1.0), "bluff": Trial(0.1, 0.2, 0.05)}
    verdict = verdict_of(answers, {"economy": 0.99, "bluff": 0.01})
    assert verdict.word == "supported"
    assert verdict.fragile == "other under: bluff (contradicted)"


@pytest.mark.parametrize(("holds", "phrase"), [(1.0, "holds under every"), (0.0, "does not hold under every")])
def test_a_test_on_which_all_agree_is_said_to_be_so_and_is_not_fragile(holds: float, phrase: str):
    answers = {"economy": Trial(0.4, 0.2, holds), "bluff": Trial(0.3, 0.2, holds)}
    verdict = verdict_of(answers, {"economy": 0.5, "bluff": 0.5})
    assert phrase in verdict.reason
    assert verdict.fragile == ""
    assert not math.isnan(verdict.probability)


def test_a_test_on_explanations_that_hangs_on_weak_evidence_is_undecided():
    by_a_hair = {"bluff": Trial(0.4, 0.5, 0.0, 1000, without_record=0.5, is_firm=False)}
    verdict = verdict_of(by_a_hair, {"bluff": 1.0})
    assert verdict.word == "undecided"
    assert "a log Bayes factor that is not above 3 by its error" in verdict.reason


def test_a_test_on_explanations_is_undecided_while_the_record_hardly_moves_its_odds():
    unlikely_either_way = {"bluff": Trial(0.15, 0.5, 0.09, without_record=0.08)}
    verdict = verdict_of(unlikely_either_way, {"bluff": 1.0})
    assert verdict.word == "undecided"
    assert "by a factor of 1.1 only" in verdict.reason


def test_a_test_on_explanations_is_decided_where_the_record_moves_its_odds():
    moved = {"bluff": Trial(0.99, 0.5, 0.97, without_record=0.08)}
    verdict = verdict_of(moved, {"bluff": 1.0})
    assert verdict.word == "supported"
    told = "the posteriors compare so, and still would if one or two log evidences were off by 3"
    assert verdict.reason.startswith(told)


def test_a_test_that_means_nothing_is_neither_supported_nor_contradicted():
    nothing = Trial(math.nan, 1.0, math.nan, 0, undefined=40, why_undefined="0 divided by 0")
    verdict = verdict_of({"only": nothing}, {"only": 1.0})
    assert verdict.word == "undecided"
    assert math.isnan(verdict.probability)
    assert verdict.reason == "the test means nothing: 0 divided by 0"


def test_draws_in_which_a_test_means_nothing_might_count_either_way():
    verdict = verdict_of(
        {"only": Trial(0.0, 0.0, 1.0, 40, undefined=10, why_undefined="0 divided by 0")}, {"only": 1.0}
    )
    assert verdict.word == "undecided"
    assert "in 10 draws the test means nothing: 0 divided by 0" in verdict.reason
    nothing = Trial(0.0, 0.0, math.nan, 0, undefined=40, why_undefined="0 divided by 0")
    both = verdict_of({"one": Trial(0.0, 0.0, 1.0, 40), "two": nothing}, {"one": 0.5, "two": 0.5})
    assert both.word == "undecided"
    assert both.probability == 1.0
    assert both.low < 0.6
