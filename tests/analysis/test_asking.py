import dataclasses
import math

import numpy as np
import pytest

from raison.analysis import run_study
from raison.analysis.asking import answer_questions, ask
from raison.analysis.pool import Processes
from raison.analysis.watch import Watch
from raison.analysis.worlds import world_of
from raison.asked import WHOLE
from raison.errors import CaseError, QueryError
from raison.inference.posterior import Draws
from raison.query.grammar import parse_query
from raison.query.world import Facts
from raison.report.asked import asked_table, sentence
from raison.saving import load_study, save_study

FORECAST = "P(border = open at 2022-12-31 | record)"


@pytest.fixture(scope="module")
def study(case):
    return run_study(case, seed=3, search=False)


def test_a_study_can_be_asked(study):
    assert repr(study.ask(FORECAST)) == repr(ask(study, [FORECAST]))


def test_one_question_may_be_asked_alone(study):
    assert ask(study, FORECAST) == ask(study, [FORECAST])


def test_what_is_so_from_the_first_is_said_to_be(study):
    now = "P(border <= open by 2022-12-31 | record)"
    told, other = ask(study, [now, FORECAST.replace("at 2022", "by 2022").replace("open", "closed")])
    assert "it is so already when what is asked begins" in told.assumes
    assert told.parts[WHOLE].value == pytest.approx(1.0)
    assert "already" not in other.assumes


def test_an_answer_says_how_far_its_games_were_solved(study):
    chance, worth, both = ask(study, [FORECAST, "payoff(northland)", f"payoff(northland) * {FORECAST}"], draws=20)
    assert "games solved to 1e-5)" in chance.method
    assert "games solved to 1e-9)" in worth.method
    assert both.method == worth.method


def test_a_study_is_shown_in_a_line(study):
    assert repr(study).startswith(f"<Study {study.case.name}: ")
    assert len(repr(study)) < 200


def test_the_average_weighs_explanations_by_their_posterior(study):
    (found,) = ask(study, [FORECAST])
    means = [each.parts[WHOLE].value for each in found.under]
    shares = [each.posterior for each in study.explanations]
    assert found.parts[WHOLE].value == pytest.approx(np.average(means, weights=shares), abs=1e-12)
    assert found.defined == pytest.approx(1.0)
    assert found.parts[WHOLE].low <= found.parts[WHOLE].value <= found.parts[WHOLE].high
    assert found.kind == "number"


def test_the_answer_under_an_explanation_is_the_mean_over_draws_that_are_kept(study, case, rivals):
    (found,) = ask(study, [FORECAST], draws=20)
    result, under, rival = study.explanations[0], found.under[0], rivals[0]
    picked = Draws(result.draws, result.weights).pick(under.draws, study.seed)
    numbers = np.tile(rival.explanation.centre, (len(picked), 1))
    free = [i for i, parameter in enumerate(rival.explanation.parameters) if parameter.prior.is_free]
    numbers[:, free] = result.draws[picked]
    facts = Facts(case.space, case.records)
    answers = [world_of(case, rival.likelihood, facts, row, None).answer(parse_query(FORECAST)) for row in numbers]
    assert under.parts[WHOLE].value == pytest.approx(np.mean([each.value for each in answers]), abs=1e-4)


def test_the_stated_error_is_that_of_the_mean_over_draws(study):
    whole = ask(study, [FORECAST], draws=2000)[0].parts[WHOLE]
    off = []
    for seed in range(12):
        found = ask(dataclasses.replace(study, seed=100 * seed), [FORECAST], draws=60)[0].parts[WHOLE]
        off.append((found.value - whole.value) / math.hypot(found.error, whole.error))
    assert np.sqrt(np.mean(np.square(off))) < 2.0


def test_several_questions_are_those_asked_one_by_one(study):
    questions = [FORECAST, "reason(northland offers on 2021-11-15)", "posterior(for-trade) > posterior(for-votes)"]
    together = ask(study, questions)
    assert together == tuple(ask(study, [each])[0] for each in questions)


def test_a_reason_is_undefined_where_nobody_weighs_anything(study):
    (found,) = ask(study, ["reason(northland offers on 2021-11-15)"])
    habits = found.under[-1]
    assert not habits.parts
    assert "habit" in habits.why_undefined
    assert found.defined == pytest.approx(1.0 - habits.posterior)
    *parts, whole = found.parts.values()
    assert sum(each.value for each in parts) == pytest.approx(whole.value, abs=1e-9)
    trade, votes = (each.parts for each in found.under[:2])
    assert abs(trade["trade"].value) > abs(trade["calm"].value) == 0.0
    assert votes["trade"].value == 0.0


def test_the_posterior_is_that_of_the_study_within_the_error_of_its_evidence(study):
    (found,) = ask(study, ["posterior(for-trade)"])
    (whole,) = found.parts.values()
    kept = study.explanations[0]
    assert found.is_about_explanations
    assert whole.value == pytest.approx(kept.posterior, abs=3 * whole.error)
    expected = kept.posterior * (1 - kept.posterior) * kept.log_evidence_error
    assert 0.5 * expected < whole.error < 3 * expected + 1e-6


def test_what_would_tell_more_is_what_the_study_found(study):
    best, of_trade = ask(study, ["tells()", "tells(trade)"])
    variables = {each.variable for each in study.next_evidence}
    assert len(best.parts) == len(variables - {""}) + sum(not each.variable for each in study.next_evidence)
    for longer in (each for each in study.next_evidence if not each.variable):
        told = best.parts[f"watching until {longer.date}"]
        assert (told.value, told.error) == (longer.expected, longer.error)
    readings = [each for each in study.next_evidence if each.variable == "trade"]
    assert {name: each.value for name, each in of_trade.parts.items()} == {
        f"trade on {each.date}": each.expected for each in readings
    }
    assert readings[0].expected == max(each.expected for each in readings)
    assert best.parts[f"trade on {readings[0].date}"].value == readings[0].expected
    assert [each.parts for each in best.under] == [best.parts] * len(best.under)


def test_what_is_undefined_has_no_answer_and_no_probability(study):
    ratio, test, infinite = ask(study, ["0 / 0", "0 / 0 >= 0", "1 / 0"])
    assert ratio.parts == test.parts == infinite.parts == {}
    assert ratio.defined == 0.0
    assert ratio.under[0].why_undefined == "0 divided by 0"
    assert "infinite" in infinite.under[0].why_undefined


def test_a_test_that_always_holds_in_few_draws_has_an_error(study):
    (found,) = ask(study, ["P(border = open at 2022-12-31) >= 0"])
    assert found.kind == "test"
    assert found.parts[WHOLE].value == 1.0
    assert 0.0 < found.parts[WHOLE].error < 0.1


def test_a_study_read_back_from_its_files_gives_the_same_answers(study, tmp_path):
    save_study(study, tmp_path)
    assert ask(load_study(tmp_path), [FORECAST]) == ask(study, [FORECAST])


def test_all_bad_questions_are_told_at_once(study):
    with pytest.raises(QueryError) as told:
        ask(study, ["P(bordr = open at 2022-12-31)", "rate(", "reason(northland welcomes)", "payoff(nobody)"])
    text = str(told.value)
    for part in ("bordr", "expected a name", "has no action `welcomes`", "no player `nobody`"):
        assert part in text
    with pytest.raises(QueryError, match="begin on the day after"):
        ask(study, ["E(number of northland offer from 2022-06-30 to 2022-12-31 | record)"])
    with pytest.raises(QueryError, match="one after the other"):
        ask(study, ["posterior(for-trade) * P(border = open at 2022-12-31)"])
    with pytest.raises(QueryError, match="must not be after"):
        ask(study, ["E(number of northland offer from 2022-02-01 to 2022-01-01)"])


def test_a_study_without_its_case_or_its_draws_cannot_be_asked(study):
    bare = dataclasses.replace(study, case=dataclasses.replace(study.case, files={}))
    with pytest.raises(CaseError, match="makes one anew"):
        ask(bare, ["1"])


@pytest.mark.parametrize(
    "question",
    [
        "P(border = open at 9999-12-31)",
        "E(number of northland offer from 2021-01-05 to 9999-12-31)",
        "rate(northland offer at 9999-12-31)",
        "payoff(northland at 9999-12-31)",
        "1e308 * 10",
        "reason(southland over protest) - 1",
    ],
)
def test_every_question_has_an_answer_or_a_reason_why_not(study, question: str):
    (found,) = ask(study, [question], draws=8)
    assert found.parts or found.under[0].why_undefined


HAD = "P(northland offer by 2022-06-30 | record, had(trade = good))"


def test_what_would_have_been_stands_beside_what_was(study):
    (found,) = ask(study, [HAD])
    assert found.unchanged[WHOLE].value == 1.0  # the offer is in the record, beyond doubt
    assert all(each.unchanged[WHOLE].value == 1.0 for each in found.under)
    (forecast,) = ask(study, [FORECAST])
    assert forecast.unchanged == {}
    assert forecast.over_time == forecast.lived_again == ()


def test_a_question_of_the_case_is_told_over_time_and_its_histories_are_shown(study, case, rivals):
    asking = dataclasses.replace(case, questions=(FORECAST, HAD, "reason(northland)"), in_words={HAD: "What if?"})
    (forecast, had, reason), _ = answer_questions(study, asking, rivals, Watch(), Processes())
    assert [each.in_words for each in (forecast, had, reason)] == ["", "What if?", ""]
    assert had.over_time[-1].date == "2022-06-30"
    for each in (forecast, had):
        assert each.over_time[-1].value == pytest.approx(each.parts[WHOLE].value, abs=1e-12)
    assert reason.over_time == ()
    assert [each.variable for each in had.lived_again] == list(case.space.names)
    trade = next(each for each in had.lived_again if each.variable == "trade")
    good = case.space.variable("trade").index("good")
    assert trade.would_be == pytest.approx([float(good)] * len(trade.dates))
    assert min(trade.was) < good
    assert forecast.lived_again == ()


def test_every_move_of_the_record_has_its_reasons(study, case):
    (asked,) = ask(study, ["reason(northland offers on 2021-11-15)"])
    (offer,) = [each for each in study.reasons if (each.action, each.date) == ("offer", "2021-11-15")]
    assert offer.parts == asked.parts
    assert "habit and reply" not in offer.under
    dates = [each.date for each in study.reasons]
    assert dates == sorted(dates)


def test_where_numbers_turn_an_outcome_is_a_table_under_each_explanation(study):
    text = "border = open at 2022-12-31 | record"
    pivots, slopes = ask(study, [f"pivots({text})", f"sensitivity({text})"])
    assert pivots.kind == "table"
    assert pivots.parts == {}
    for each in pivots.under:
        assert each.table or each.why_undefined
        for row in each.table.values():
            assert list(row) == ["now", "turns at", "range from", "to"]
    assert any(each.table for each in pivots.under)
    assert "turns if" in sentence(pivots)
    assert [each.draws for each in slopes.under] == [each.draws for each in ask(study, FORECAST)[0].under]
    assert all(part.error > 0.0 for part in slopes.parts.values() if part.low < part.high)
    assert any(part.low < part.high for part in slopes.parts.values())


def test_what_a_restraint_is_worth_is_the_mean_over_draws(study, case, rivals):
    (found,) = ask(study, ["restraints(southland | record)"], draws=8)
    result, under, rival = study.explanations[0], found.under[0], rivals[0]
    facts = Facts(case.space, case.records)
    answers = []
    for place in Draws(result.draws, result.weights).pick(under.draws, study.seed):
        numbers = rival.explanation.centre
        numbers[[i for i, each in enumerate(rival.explanation.parameters) if each.prior.is_free]] = result.draws[place]
        world = world_of(case, rival.likelihood, facts, numbers, None)
        answers.append(world.answer(parse_query("restraints(southland | record)")).shares)
    assert list(under.parts) == list(answers[0])
    for name, part in under.parts.items():
        assert part.value == pytest.approx(np.mean([each[name].value for each in answers]), abs=1e-3)
        assert part.low <= part.value <= part.high


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("outcome(northland offer by 2022-06-30 | record to 2021-06-30)", "Brier score"),
        ("again(northland offers on 2021-11-15 | had(trade = good))", "By Gumbel-max"),
        ("paths(northland offers on 2021-11-15)", "works through"),
        ("share(northland at 2021-11-14 | record to 2021-11-14)", "drives its options apart"),
        ("why(northland offers at 2021-11-14 against 2021-04-01)", "as likely as on the other day"),
        ("steps(southland | record)", "Worth most"),
        ("sensitivity(border = open at 2022-12-31 | record)", "odds of the outcome"),
        (HAD, "Without the change it is 1"),
    ],
)
def test_every_form_of_answer_is_told_in_words(study, question: str, says: str):
    (found,) = ask(study, [question])
    assert says in sentence(found)
    assert asked_table(found).rows
