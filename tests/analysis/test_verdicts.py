import dataclasses

import pytest

from raison.analysis.fitting import Fit
from raison.analysis.pool import Processes
from raison.analysis.verdicts import DRAWS, LEAST, MOST, judge_claims
from raison.analysis.watch import Watch
from raison.case import BuiltCase, WrittenClaim
from raison.query.grammar import parse_test


def test_verdicts_follow_from_the_answers_and_the_seed(case: BuiltCase, fits: tuple[Fit, ...]) -> None:
    claims = judge_claims(case, fits, None, 1, Watch(), Processes())
    assert claims == judge_claims(case, fits, None, 1, Watch(), Processes())
    motive, counterfactual, value_judgement = claims
    shares = [fit.share for fit in fits]
    assert [answer.left for answer in motive.answers] == pytest.approx([shares[0]] * 5, abs=1e-12)
    assert len({answer.holds for answer in motive.answers}) == 1, "a test on explanations is asked once for all"
    for answer, share in zip(counterfactual.answers, shares, strict=True):
        assert 0.0 < answer.right < answer.left < 1.0
        assert answer.draws + answer.unconverged == min(max(round(DRAWS * share), LEAST), MOST)
        assert answer.holds * answer.draws == pytest.approx(round(answer.holds * answer.draws), abs=1e-9)
    assert (value_judgement.verdict, value_judgement.value, value_judgement.answers) == ("not testable", None, ())


def test_a_count_alone_decides_nothing_about_a_motive_and_zero_over_zero_decides_nothing(
    case: BuiltCase, fits: tuple[Fit, ...]
) -> None:
    count = "moves(northland offer from 2021-01-04 to 2022-06-30)"
    none = "moves(northland close from 2021-01-04 to 2022-06-30)"
    tests = {"motive": f"{count} >= 1", "factual": f"{count} >= 1", "causal": f"{none} / {none} >= 0"}
    claims = [WrittenClaim(kind, "", kind, kind, parse_test(text), text) for kind, text in tests.items()]
    asked = dataclasses.replace(case, claims=tuple(claims))
    motive, factual, causal = judge_claims(asked, fits, None, 1, Watch(), Processes())
    assert (motive.verdict, motive.rests_on) == ("undecided", "looked up")
    assert "what was done, not what was wanted" in motive.reason
    assert (factual.verdict, factual.rests_on) == ("supported", "looked up")
    assert (causal.verdict, causal.value) == ("undecided", None)
    assert "0 divided by 0" in causal.reason


def test_what_two_explanations_that_each_lag_by_a_hair_would_turn_together_is_undecided(
    case: BuiltCase, fits: tuple[Fit, ...]
) -> None:
    one, other = (each.name for each in case.explanations)
    text = f"posterior({one}) > 0.15 and posterior({other}) > 0.15"
    asked = dataclasses.replace(case, claims=(WrittenClaim("both", "", "both", "motive", parse_test(text), text),))
    verdicts = []
    # two behind, they have 0.04 each, and 0.32 each if both were 3 higher; if one is, the other has 0.02
    for lag in (2.0, 8.0):
        evidence = [-lag, -lag, 0.0, 0.0, 0.0]
        moved = [
            dataclasses.replace(fit, posterior=dataclasses.replace(fit.posterior, log_evidence=each))
            for fit, each in zip(fits, evidence, strict=True)
        ]
        verdicts += [each.verdict for each in judge_claims(asked, moved, None, 1, Watch(), Processes())]
    assert verdicts == ["undecided", "contradicted"]
