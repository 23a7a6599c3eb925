import pytest

from raison.analysis.fitting import Fit
from raison.analysis.pool import Threads
from raison.analysis.verdicts import DRAWS, FEW_DRAWS, judge_claims
from raison.analysis.watch import Watch
from raison.case import BuiltCase


def test_verdicts_follow_from_the_answers_and_the_seed(case: BuiltCase, fits: tuple[Fit, ...]) -> None:
    claims = judge_claims(case, fits, None, 1, Watch(), Threads())
    assert claims == judge_claims(case, fits, None, 1, Watch(), Threads())
    motive, counterfactual, value_judgement = claims
    shares = [fit.share for fit in fits]
    assert [answer.left for answer in motive.answers] == pytest.approx([shares[0]] * 5, abs=1e-12)
    assert len({answer.holds for answer in motive.answers}) == 1, "a test on explanations is asked once for all"
    for answer in counterfactual.answers:
        assert 0.0 < answer.right < answer.left < 1.0
        assert answer.draws + answer.unconverged in (DRAWS, FEW_DRAWS)
        assert answer.holds * answer.draws == pytest.approx(round(answer.holds * answer.draws), abs=1e-9)
    assert (value_judgement.verdict, value_judgement.value, value_judgement.answers) == ("not testable", None, ())
