import math

import pytest

from raison.asked import WHOLE, Asked, Estimate, Under
from raison.query.answers import TOGETHER
from raison.report.asked import asked_table, plus_minus, sentence
from raison.saving import asked_csv, asked_json


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (0.9991, 0.00021, "0.9991 ± 0.0002"),
        (0.25, 0.0312, "0.25 ± 0.03"),
        (-120.4, 12.0, "\N{MINUS SIGN}120 ± 12"),
        (1.0, 1e-9, "1.00"),
        (0.5, 2e-6, "0.5000 ± <0.0001"),
        (3.0, math.nan, "3.0 (error not known)"),
    ],
)
def test_a_number_has_as_many_digits_as_its_error(value: float, error: float, text: str):
    assert plus_minus(Estimate(value, error, value, value)) == text


def _asked(kind: str = "number", question: str = "payoff(north)") -> Asked:
    def whole(value: float) -> Estimate:
        return Estimate(value, 0.1, value - 1, value + 1)

    names = (WHOLE,) if kind != "parts" else ("votes", "its costs", "all together")
    values = (2.0,) if kind != "parts" else (1.5, -1.0, 0.5)
    parts = {name: whole(value) for name, value in zip(names, values, strict=True)}
    more = {name: whole(value + 1) for name, value in zip(names, values, strict=True)}
    under = (
        Under("economy", "Economy", 0.6, parts, 4, 0, 0, ""),
        Under("bluff", "Bluff", 0.3, more, 3, 1, 2, "0 divided by 0"),
        Under("habit and reply", "Habit and reply", 0.1, {}, 0, 4, 0, "nobody weighs anything here"),
    )
    return Asked(question, kind, question.partition("(")[0], False, parts, 0.9, under, "exact", "")


def test_the_sentence_tells_what_is_missing_and_between_which_ends_explanations_lie():
    text = sentence(_asked()).replace("\N{NO-BREAK SPACE}", " ")
    assert text.startswith(
        "2.0 ± 0.1, averaged over the explanations; nine in ten draws of the numbers lie from 1.00 to"
    )
    assert "From 2.0 under Economy to 3.0 under Bluff." in text
    assert "No answer under Habit and reply (10 % of the probability): nobody weighs anything here." in text
    assert "Not defined in 1 draw, which are left out. In 2 draws the game did not converge" in text


def test_what_is_the_same_at_nine_draws_in_ten_is_not_said_to_be_so_at_all():
    def spread(value: float) -> str:
        return sentence(Asked("1", "number", "", False, {WHOLE: Estimate(value, 0.01, 1.0, 1.0)}, 1.0, (), "exact", ""))

    assert "the same at every draw" in spread(1.0)
    assert "the same at nine draws in ten" in spread(0.998)


def test_of_posteriors_that_compare_no_probability_of_what_is_said_is_told():
    found = Asked("1", "test", "", True, {WHOLE: Estimate(0.002, 0.002, 0.0, 0.0)}, 1.0, (), "posteriors", "")
    text = sentence(found)
    assert "It holds with probability" not in text
    assert "how sure their computation is, not how probable what is said of the world" in text


def test_a_reason_names_what_speaks_most_for_and_against():
    text = sentence(_asked("parts", "reason(north press on 2016-01-01)"))
    assert "×1.65 as likely as waiting" in text
    assert "most for it speaks votes (+1.50); most against it its costs (\N{MINUS SIGN}1.00)" in text
    assert "as likely as `court`" in sentence(_asked("parts", "reason(north press over court of 1914)"))


def test_what_was_not_measured_is_not_told_as_exact():
    odd = Asked("1", "number", "", True, {WHOLE: Estimate(0.294, math.nan, math.nan, math.nan)}, 1.0, (), "exact", "")
    assert sentence(odd) == "0.29 (error not known); its spread is not measured here."


def test_steps_tell_first_whether_any_of_ones_own_beats_waiting():
    parts = {"russia ease": Estimate(-0.5, 0.1, -1.0, 0.0), "turkey conciliate": Estimate(0.3, 0.1, 0.0, 0.5)}
    under = (Under("economy", "Economy", 1.0, parts, 4, 0, 0, ""),)
    text = sentence(Asked("steps(russia | record)", "parts", "steps", False, parts, 1.0, under, "exact", ""))
    assert text.startswith("None of its own acts beats waiting (least bad: russia ease, ")
    assert "Worth most is turkey conciliate" in text


def test_what_works_through_a_variable_is_not_told_as_the_whole():
    parts = {"votes": Estimate(0.5, 0.1, 0.0, 1.0), TOGETHER: Estimate(0.5, 0.1, 0.0, 1.0)}
    under = (Under("economy", "Economy", 1.0, parts, 4, 0, 0, ""),)
    question = "reason(turkey apologise on 2016-06-27 through ties)"
    text = sentence(Asked(question, "parts", "reason", False, parts, 1.0, under, "exact", ""))
    assert text.startswith("What works through `ties` makes the act ×1.65 as likely (+0.50)")
    assert "waiting" not in text


def test_no_answer_is_told_as_that():
    empty = Asked(
        "0 / 0", "number", "", False, {}, 0.0, (Under("a", "A", 1.0, {}, 0, 4, 0, "0 divided by 0"),), "exact", ""
    )
    assert sentence(empty) == "It has no answer: 0 divided by 0."
    assert "0 / 0,a,,,,,,0,4,0" in asked_csv((empty,))


def test_what_is_not_finite_is_null_in_json():
    odd = Asked("1", "test", "", False, {WHOLE: Estimate(1.0, 0.1, math.nan, math.nan)}, 1.0, (), "exact", "")
    assert '"low": null' in asked_json((odd,), ("",))


def test_what_would_tell_more_is_told_once_for_all_explanations():
    parts = {
        "ties on 2016-05-01": Estimate(0.12, 0.0, math.nan, math.nan),
        "watching until 2017-02-12": Estimate(0.8, 0.1, math.nan, math.nan),
        "visas on 2016-05-01": Estimate(0.002, 0.0, math.nan, math.nan),
    }
    under = tuple(Under(name, name, 0.5, parts, 1, 0, 0, "") for name in ("a", "b"))
    asked = Asked("tells()", "parts", "tells", True, parts, 1.0, under, "exact", "")
    assert sentence(asked).startswith(
        "A reading of ties on 2016-05-01 would add 0.120; watching until 2017-02-12 0.8 ± 0.1: the mean log Bayes "
    )
    (row,) = asked_table(asked).rows
    assert (row.label, row.more) == ("all", "watching until 2017-02-12 0.80, ties on 2016-05-01 0.12")


def test_options_are_told_by_the_best_and_the_worst():
    parts = {"ease": Estimate(-0.5, 0.1, -1.0, 0.0), "sanction": Estimate(-2.0, 0.2, -3.0, -1.0)}
    under = (Under("economy", "Economy", 1.0, parts, 4, 0, 0, ""),)
    text = sentence(Asked("options(russia | record)", "parts", "options", False, parts, 1.0, under, "exact", ""))
    assert text.startswith(
        "None beats waiting; least bad is ease (\N{MINUS SIGN}0.5 ± 0.1: taken ×0.61 as likely as waiting)"
    )
    assert "least sanction (\N{MINUS SIGN}2.0 ± 0.2)" in text
