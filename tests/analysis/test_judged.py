"""Clues beside the record, in the small case."""

import dataclasses

import numpy as np
import pytest

from raison.analysis.fitting import Fit
from raison.analysis.judged import weigh_clues
from raison.analysis.pool import Processes
from raison.analysis.verdicts import judge_claims
from raison.analysis.watch import Watch
from raison.case import BuiltCase, WrittenClaim
from raison.inference.clues import Clue, Clues
from raison.inference.evidence import posterior_probabilities
from raison.inference.prior import Fixed
from raison.query.grammar import parse_test


def with_clues(case: BuiltCase, *judged: tuple[float, float]) -> BuiltCase:
    made = tuple(Clue(f"c{place}", "2021-03-01", "", f"c{place}", "", 1.0) for place in range(len(judged)))
    ends = np.log([[[(each, each) for each in row] for row in judged]])
    return dataclasses.replace(case, clues=Clues(made, ("for-trade", "for-votes"), ("one",), ends, Fixed(1.0)))


def test_a_case_without_clues_has_no_such_result(case: BuiltCase, fits: tuple[Fit, ...]) -> None:
    assert weigh_clues(case, fits, 0) is None


def test_record_clues_and_both_stand_side_by_side(case: BuiltCase, fits: tuple[Fit, ...]) -> None:
    exact = [dataclasses.replace(fit, posterior=_exact(fit)) for fit in fits]
    judged = weigh_clues(with_clues(case, (0.8, 0.1), (0.2, 0.4)), exact, 0)
    assert judged is not None
    weights = [fit.explanation.weight for fit in fits]
    log_clues = np.log([0.8 * 0.2, 0.1 * 0.4, *[np.sqrt(0.8 * 0.2 * 0.1 * 0.4)] * (len(fits) - 2)])
    log_record = np.array([fit.posterior.log_evidence for fit in fits])
    shares = judged.result.shares
    np.testing.assert_allclose([each.record for each in shares], posterior_probabilities(log_record, weights))
    np.testing.assert_allclose([each.clues for each in shares], posterior_probabilities(log_clues, weights))
    np.testing.assert_allclose([each.both for each in shares], posterior_probabilities(log_record + log_clues, weights))
    assert judged.result.not_judged == tuple(fit.explanation.name for fit in fits[2:])
    without = {left.name: left for left in judged.result.without_clue}
    assert without["c0"].by_clues["for-votes"] > without["c0"].by_clues["for-trade"]
    assert without["c1"].by_clues["for-trade"] > without["c1"].by_clues["for-votes"]


def _exact(fit: Fit):
    """A posterior whose evidence has no error."""

    class Exact:
        log_evidence = fit.posterior.log_evidence
        log_evidence_error = 0.0

    return Exact()


@pytest.mark.parametrize(
    ("test", "word", "basis"),
    [
        ("posterior(for-trade | clues) > posterior(for-votes | clues)", "supported", "by the clues alone: "),
        ("posterior(for-votes | clues) > posterior(for-trade | clues)", "contradicted", "by the clues alone: "),
        ("posterior(for-trade | record, clues) > 4 * posterior(for-votes | record, clues)", "supported",
         "by record and clues: "),
        ("posterior(for-trade) > posterior(for-votes)", "undecided", "by the record alone: "),
    ],
)  # fmt: skip
def test_a_claim_about_explanations_says_on_what_it_rests(
    case: BuiltCase, fits: tuple[Fit, ...], test: str, word: str, basis: str
) -> None:
    clued = dataclasses.replace(
        with_clues(case, (0.9, 0.001), (0.9, 0.01)),
        claims=(WrittenClaim("one", "", "", "motive", parse_test(test), test),),
    )
    (result,) = judge_claims(clued, fits, weigh_clues(clued, fits, 0), 0, Watch(), Processes())
    assert (result.verdict, result.reason[: len(basis)]) == (word, basis)
