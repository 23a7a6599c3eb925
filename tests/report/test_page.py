import math
import re
from dataclasses import replace

import numpy as np
import pytest
from make_study import make_study, with_episodes, with_posteriors, with_variants

from raison.report.answer import fragility_lines, make_answer
from raison.report.evidence import deciding_rows, differences, groupings, item_rows, relative_weights, silence_share
from raison.report.motives import UNSERVED, WEAKLY
from raison.report.names import explanation_label
from raison.report.page import make_page
from raison.report.verdicts import claim_rows, forecast_rows, notable_claims, parameter_tables, verdict_counts
from raison.study import ItemResult, ItemWeight


@pytest.fixture(scope="module")
def study():
    return make_study()


@pytest.fixture(scope="module")
def page(study):
    return make_page(study)


def plain(text):
    return text.replace("\u00a0", " ")


def test_the_headline_says_provisional_and_for_which_list_it_holds(study):
    headline = plain(make_answer(study).headline)
    assert headline.startswith("Provisional: “Economy and votes” is likely (64 %)")
    assert "given this model and the listed explanations" in headline


def test_a_null_is_the_headline_if_it_wins(study):
    won = with_posteriors(study, [0.02] * 6 + [0.88], is_provisional=False)
    assert make_answer(won).headline.startswith("None of the listed explanations")


def test_a_leader_below_even_is_not_called_the_answer(study):
    split = with_posteriors(study, [0.3, 0.2, 0.2, 0.1, 0.1, 0.05, 0.05], is_provisional=False)
    assert make_answer(split).headline.startswith("No listed explanation is more likely than not")


def test_no_posterior_gives_no_answer(study):
    assert make_answer(with_posteriors(study, [math.nan] * 7)).headline.startswith("No answer")


def test_a_bad_status_and_an_unsolved_game_are_warned_of(study):
    warnings = " ".join(make_answer(study).warnings)
    assert "stopped at the edge of the prior" in warnings
    assert "not converged after 200 rounds" in warnings


def test_a_leader_no_better_than_rates_without_motives_is_warned_of(study):
    none = replace(study.explanations[-1], log_evidence=study.explanations[0].log_evidence - 0.5)
    weak = replace(study, explanations=(*study.explanations[:-1], none))
    assert any("hardly better" in warning for warning in make_answer(weak).warnings)


def test_the_fragility_box_names_every_check(study):
    labels = [line.label for line in fragility_lines(study)]
    assert labels == [
        "Standing",
        "Runner-up",
        "Largest single item",
        "Without that item",
        "By fit alone",
        "Near the focal decision",
        "Silence",
        "Not told apart",
    ]


@pytest.mark.parametrize("check", ["leader_without_it", "leader_by_fit"])
def test_a_leader_that_a_check_turns_is_not_called_stable(study, check):
    turned = replace(study.fragility, is_provisional=False, leader_without_it="economy-and-votes")
    assert not fragility_lines(replace(study, fragility=turned))[0].is_warning
    turned = replace(turned, **{check: "bluff"})
    assert fragility_lines(replace(study, fragility=turned))[0].is_warning


def test_an_unknown_share_near_the_focus_is_said_to_be_unknown(study):
    bare = replace(study, fragility=replace(study.fragility, share_near_focus=math.nan))
    line = next(line for line in fragility_lines(bare) if line.label == "Near the focal decision")
    assert line.text.startswith("Not known")


def test_relative_weights_are_centred_on_the_rows_that_are_finite(study):
    relative = relative_weights(study)
    sums = np.where(np.isfinite(relative), relative, 0).sum(axis=0)
    np.testing.assert_allclose(sums, 0, atol=1e-9)
    assert np.isneginf(relative).sum() == 1


def test_explanations_that_are_tied_are_named_and_none_of_them_leads(study):
    leader, other = study.fragility.leader, study.fragility.runner_up
    tied = replace(study, fragility=replace(study.fragility, indistinct=((leader, other),)))
    answer = make_page(tied).answer
    names = f"“{explanation_label(study, leader)}”, “{explanation_label(study, other)}”"
    assert answer.headline == (
        f"The record cannot tell. 2\u00a0explanations fit it about equally well, given this model: {names}."
    )
    assert not any(sentence.startswith("Next comes") for sentence in answer.sentences)


def test_what_such_a_record_could_tell_is_the_first_sentence(study):
    first = make_page(study).answer.sentences[0]
    assert first.startswith("Hardly any record like this one could tell, before anything")


def test_what_nobody_explains_is_told_at_the_top_the_worst_first(study):
    page = make_page(study)
    assert page.unexplained is not None
    assert len(page.unexplained.sentences) == 2
    assert page.answer.warnings[1:3] == tuple(f"Not explained: {each}" for each in page.unexplained.sentences)
    assert any("8 of 10 acts fall from 24\u00a0May\u00a02016" in text for text in page.unexplained.sentences)
    assert sum(row.is_unexplained for row in page.unexplained.rows) == 2
    calm = replace(study, residuals=study.residuals[1:], reading_residuals=())
    calm_page = make_page(calm)
    assert calm_page.unexplained is not None
    assert calm_page.unexplained.sentences == ()
    assert calm_page.unexplained.summary.startswith("Nothing stands out")
    assert make_page(replace(study, residuals=(), reading_residuals=())).unexplained is None


def test_motives_that_all_share_stand_once_and_weak_ones_are_flagged(study):
    shared, weak = make_page(study).motives
    assert (shared.under, shared.strength, shared.span) == ("all", "×1.70", "×1.10 to ×6.30")
    assert shared.acts == "confront ×0.61, takes a step towards Russia ×1.42"
    assert (shared.flag, weak.flag, weak.under) == ("", "hardly moves anyone", "Economy and votes")
    far = tuple(replace(each, stake=1e4) for each in study.motives)
    assert [row.flag for row in make_page(replace(study, motives=far)).motives] == [UNSERVED, WEAKLY]


def test_deciding_items_are_ordered_by_size_and_keep_act_and_silence_apart(study):
    rows = deciding_rows(study, item_rows(study))
    acts, silences = differences(study)
    assert len(rows) == 12
    assert rows[0] == item_rows(study)[int(np.argmax(np.abs(acts + silences)))]


def test_an_item_that_one_of_the_two_rules_out_comes_first(study):
    weights = study.items[9].weights | {study.fragility.runner_up: ItemWeight(-math.inf, 0.0)}
    items = (*study.items[:9], replace(study.items[9], weights=weights), *study.items[10:])
    ruled_out = replace(study, items=items)
    rows = deciding_rows(ruled_out, item_rows(ruled_out))
    assert rows[0].total == "+∞"


def test_a_background_item_among_the_drivers_is_flagged(page):
    for row in page.deciding:
        days = int(re.sub(r"\D", "", row.distance) or 0)
        assert ("background" in row.flags) == (days > 60)


def test_counting_a_group_once_takes_the_mean_of_its_acts():
    base = make_study(items=4)
    names = [each.name for each in base.explanations]
    leader = base.fragility.leader

    def item(day, act, silence):
        weights = {name: ItemWeight(0.0, 0.0) for name in names} | {leader: ItemWeight(act, silence)}
        return ItemResult(
            base.records[0].name, day, "move", "turkey", "confront", "one", "", "", "", None, 1.0, weights
        )

    items = (item("2016-01-01", 1.0, 0.2), item("2016-01-01", 3.0, 0.0), item("2016-02-01", 1.0, 0.3))
    by_source, by_day = groupings(replace(base, items=items))
    assert "+5.5 if all acts are independent; +2.2 if acts of one source count once" in by_source.summary
    assert "+3.5 if acts of one day count once" in by_day.summary
    assert (by_day.rows[0].items, by_day.rows[0].raw, by_day.rows[0].once) == (2, "+4.0", "+2.0")
    assert silence_share(replace(base, items=items)) == pytest.approx(0.5 / 5.5)


def test_every_claim_has_a_row_and_the_counts_add_up(study):
    rows = claim_rows(study)
    assert [row.id for row in rows] == [claim.id for claim in study.claims]
    assert sum(each.claims for each in verdict_counts(study)) == len(rows) == 69


def test_notable_claims_hold_both_firm_verdicts(study):
    assert {row.verdict for row in notable_claims(study)} == {"contradicted", "supported", "undecided"}
    assert len(notable_claims(study)) == 12


def test_forecasts_and_parameters_of_every_explanation_are_there(study):
    assert all(len(row.expected) == 7 for row in forecast_rows(study))
    tables = parameter_tables(study)
    assert len(tables) == 7
    for row in (row for table in tables for row in table.rows):
        assert 0 <= row.prior_left <= row.prior_left + row.prior_width <= 100.2
        assert 0 <= row.posterior_left <= row.posterior_left + row.posterior_width <= 100.2


def test_a_dangerous_address_becomes_no_link(page):
    assert next(row for row in page.sources if row.key == "bad").url == ""
    assert all(link.url.startswith("https://") or not link.url for row in page.items for link in row.sources)


def test_the_words_clearly_and_proves_are_never_used(page):
    assert not re.search(r"\b(clearly|proves?|proven)\b", repr(page), flags=re.IGNORECASE)


def test_record_clues_and_both_stand_side_by_side_with_what_would_turn_them(study):
    clues = make_page(study).clues
    assert clues is not None
    assert [row.label for row in clues.shares][:2] == ["Economy and votes", "European disappointment"]
    assert clues.shares[1].clues == "50\u00a0%"
    assert clues.shares[1].clues_span == "10\u00a0% to 70\u00a0%"
    assert clues.rows[0].weights[:2] == ("\u22120.03", "+0.04")
    assert len(clues.judged) == len(study.explanations) - 1
    assert "Krippendorff’s alpha 0.73 and correlation 0.85" in clues.basis
    assert "“No motives”" in clues.basis
    turns, holds = clues.firmness
    assert turns == 'By the clues alone, without clue `c1` “Bluff to <press> the "West" & others” leads.'
    assert holds.startswith("By record and clues, “European disappointment” leads without any one clue or origin")
    assert any("judged and not computed" in sentence for sentence in make_page(study).answer.sentences)
    assert make_page(replace(study, clues=None)).clues is None


def test_a_prediction_that_fails_stands_at_the_top_with_its_chain_in_the_section(study):
    page = make_page(study)
    holds, fails = page.signatures
    assert (holds.passes, fails.passes) == (True, False)
    assert page.answer.warnings[0] == (
        "“Economy and votes” does not predict what it says, `rate(turkey conciliates) > <1>`: 0.500 against 1.00 at "
        "the middles of its ranges, and it holds in 2 of 20 draws from them."
    )
    whole, broken = fails.why
    assert whole == (
        "`takes a step towards Russia` moves ties in 15 of 100 cases, and that serves `votes` through ties → "
        "sanctions; the weakest link: how often sanctions falls hardly depends on ties, 0.46 a month where it is cold "
        "and 0.50 where it is normal (by Russia & its <government>, “ease”)."
    )
    assert broken.startswith("Nothing that `takes a step towards Russia` changes leads to `income`")


def test_a_lead_that_a_variant_turns_is_called_that_at_the_top(study):
    study = with_variants(study)
    page = make_page(study)
    variants = page.variants
    assert variants is not None
    assert variants.sentence == (
        "The lead does not hold over the declared variants (1 of 2 turn it): under “an <apology> opens all” “European "
        "disappointment” leads by a log Bayes factor of 2.8 (± 0.1); of 69\u00a0verdicts on claims 1 changes."
    )
    assert variants.sentence in page.answer.sentences
    assert page.answer.headline.startswith("Not firm over the declared variants: ")
    assert variants.rows[1].factors == ("\u22121.1", "+2.8", "not known")
    assert variants.rows[1].span == "\u22121.1 to +2.8"
    assert variants.changes[0] == "`players.russia.actions.ease.changes: {sanctions: none}`"
    assert variants.missing == (
        "Under “nobody forgives”, “Economy and votes” could not be fitted: the record cannot happen.",
    )
    assert page.variants_chart is not None
    assert "an &lt;apology&gt; opens all" in page.variants_chart.svg
    assert make_page(replace(study, variants=())).variants is None


def test_a_variant_under_which_tied_explanations_change_places_by_a_hair_turns_nothing(study):
    study = with_variants(study)
    every = enumerate(study.explanations)
    close = [replace(each, log_evidence=-0.4 - 0.1 * (number == 1)) for number, each in every if number < 2]
    first = study.variants[0]
    shares = [replace(each, log_evidence=-0.4 + 0.2 * (number == 1)) for number, each in enumerate(first.shares[:2])]
    hair = replace(study, explanations=tuple(close), variants=(replace(first, shares=tuple(shares)),))
    variants = make_page(hair).variants
    assert variants is not None
    assert variants.sentence.startswith("The declared variant does not turn the lead by a log Bayes factor of 1; ")


def test_episodes_that_do_not_agree_are_told_at_the_top(study):
    study = with_episodes(study)
    study = replace(study, explanations=tuple(replace(each, paths={}) for each in study.explanations))
    page = make_page(study)
    episodes = page.episodes
    assert episodes is not None
    assert episodes.sentence == (
        "The episodes do not agree: jet 2018 alone prefers “European disappointment”; without israel <2013> “European "
        "disappointment” leads."
    )
    assert episodes.sentence in page.answer.sentences
    assert episodes.names == ("turkey-2016", "jet 2018", "israel <2013>")
    assert episodes.rows[1].alone[1] == "90\u00a0%"
    assert episodes.rows[1].without[2] == "90\u00a0%"
    assert episodes.rows[1].weights == ("\u22120.5",) * 3
    assert page.items[0].date.endswith(" (turkey-2016)")
    assert [chart.caption.split(". ")[0] for chart in page.timelines] == ["turkey-2016", "jet 2018", "israel <2013>"]
    two = make_page(replace(study, episodes=study.episodes[:2])).episodes
    assert two is not None
    assert (two.without, two.rows[0].without) == ((), ())


def test_a_tie_is_not_decomposed(study):
    leader, other = study.fragility.leader, study.fragility.runner_up
    tied = make_page(replace(study, fragility=replace(study.fragility, indistinct=((leader, other),))))
    assert [line.label for line in tied.fragility] == ["Tied"]
    assert (tied.weights, tied.deciding) == (None, ())
    words = {row.name: row.word for row in tied.explanations}
    assert (words[leader], words[other]) == ("tied", "tied")
    assert tied.predictions is not None
    assert make_page(study).weights is not None


def test_a_silent_end_that_carries_the_lead_is_warned_of(study):
    fragility = replace(study.fragility, indistinct=(), log_bayes_factor=3.4, end_weight=2.5)
    lines = {line.label: line for line in make_page(replace(study, fragility=fragility)).fragility}
    assert lines["Silence at the end"].is_warning
    assert lines["Silence at the end"].text.startswith(
        "+2.5 of the lead comes from what did not happen after the last "
    )
    firm = replace(fragility, log_bayes_factor=9.0)
    assert "Silence at the end" not in {line.label for line in make_page(replace(study, fragility=firm)).fragility}


def test_what_would_tell_more_is_ranked_with_every_variable_at_its_best_date(study):
    page = make_page(study)
    assert page.next_best is not None
    assert [row.what for row in page.next_best.rows] == [
        "the Kurdish front in Syria read about 1\u00a0Jun\u00a02016",
        "the record watched on to 12\u00a0Aug\u00a02017",
    ]
    assert [row.expected for row in page.next_best.rows] == ["0.31", "0.12 ± 0.04"]
    assert page.next_best.sentence in page.answer.sentences
    assert page.next_best.sentence.startswith("The most that one more reading could add is 0.31: the Kurdish front in ")
    assert make_page(replace(study, next_evidence=())).next_best is None


def test_the_questions_of_the_case_are_answered(page) -> None:
    reason, test = page.questions
    assert (reason.in_words, test.in_words) == ("Why this step?", "")
    assert [row.label for row in reason.rows][-1] == "averaged"
    assert reason.rows[-2].value == "no answer"
    assert reason.rows[0].more == "its costs \N{MINUS SIGN}0.90, votes +0.71"
    assert "most for it speaks votes" in reason.sentence
    assert (test.more, test.rows[0].value) == ("", "0.25 ± 0.06")
