"""What a record cannot tell is said, and nothing else is said not to be told."""

from __future__ import annotations

import pathlib
from collections import Counter
from dataclasses import dataclass, replace
from types import SimpleNamespace

import pytest

from raison.analysis import whole
from raison.analysis.fitting import Fit
from raison.analysis.store import FitStore
from raison.analysis.whole import _cannot_tell, _flag, _several_equilibria, run_study
from raison.case import BuiltCase
from raison.case.template import write_template
from raison.cases import open_case
from raison.errors import NotConverged
from raison.inference.evidence import Lead
from raison.inference.posterior import PosteriorStatus
from raison.inference.prior import Flat, LogitNormal, LogNormal, Normal
from raison.saving import study_json
from raison.study import EDGE, UNTOUCHED, WIDER, ClaimResult, EquilibriumStatus, ForecastScore, HeldOutResult


@dataclass
class Row:
    """An explanation with what the sentences look at."""

    name: str
    log_evidence: float
    status: PosteriorStatus = PosteriorStatus.OK
    is_null: bool = False

    @property
    def explanation(self) -> SimpleNamespace:
        return SimpleNamespace(name=self.name, label=self.name.title())

    @property
    def posterior(self) -> SimpleNamespace:
        return SimpleNamespace(log_evidence=self.log_evidence, status=self.status)


FIRM = Lead(
    leader=0,
    runner_up=1,
    log_bayes_factor=6.0,
    largest_item=0,
    largest_weight=1.0,
    leader_without_it=0,
    leader_by_fit=0,
    end_weight=0.0,
    share_near_focus=0.8,
)
APART = (Row("votes", -10.0), Row("bluff", -16.0), Row("no motives", -30.0, is_null=True))


def claim(verdict: str) -> ClaimResult:
    return ClaimResult("id", "", "says", "causal", verdict, None, None, None, "", "", False, "", "", ())


def told(
    fits=APART, lead: Lead = FIRM, claims: tuple[ClaimResult, ...] = (), held_out: HeldOutResult | None = None
) -> tuple[str, ...]:
    return _cannot_tell(fits, lead, claims, held_out)


def test_a_firm_lead_near_the_focal_date_leaves_nothing_untold() -> None:
    assert told(claims=(claim("supported"), claim("contradicted"))) == ()


def test_explanations_that_are_not_told_apart_are_named_together() -> None:
    tied = (Row("votes", -10.0), Row("bluff", -10.9), Row("kurds", -10.95), Row("no motives", -30.0, is_null=True))
    (sentence, *_) = told(tied)
    assert sentence == (
        "The record does not tell these explanations apart (every log Bayes factor below 1): Votes, Bluff, Kurds."
    )


@pytest.mark.parametrize(("factor", "is_told"), [(2.9, True), (3.0, False)])
def test_a_lead_below_strong_evidence_leaves_open_which_is_right(factor: float, is_told: bool) -> None:
    sentences = told(lead=replace(FIRM, log_bayes_factor=factor))
    assert any("The lead of Votes over Bluff is small" in sentence for sentence in sentences) == is_told


def test_a_lead_within_one_is_told_once() -> None:
    near = (Row("votes", -10.0), Row("bluff", -10.5))
    (sentence,) = told(near, replace(FIRM, log_bayes_factor=0.5))
    assert sentence.startswith("The record does not tell these explanations apart")


@pytest.mark.parametrize(
    ("score", "words"), [(0.22, ""), (0.24, "did no better than a half"), (0.3, "did worse than a half")]
)
def test_a_forecast_that_did_no_better_than_a_half_is_told(score: float, words: str) -> None:
    scored = HeldOutResult("2018-09-30", (), (ForecastScore("", score, 0.01, -0.7, 0.2, -0.7),), 0.4, -1.0, ())
    sentences = told(held_out=scored)
    assert len(sentences) == bool(words)
    assert all(words in sentence for sentence in sentences)


def test_claims_without_a_verdict_are_counted() -> None:
    sentences = told(claims=(claim("undecided"), claim("undecided"), claim("not testable"), claim("supported")))
    assert [sentence.split(".")[0] for sentence in sentences] == [
        "Undecided among the tested claims: 2",
        "Claims without a test in this model: 1",
    ]


def test_a_search_that_did_not_end_cleanly_is_named() -> None:
    rough = (replace(APART[0], status=PosteriorStatus.STOPPED_EARLY), *APART[1:])
    assert told(rough) == ("The evidence of Votes is rough: the search for its mode did not end cleanly.",)


def test_it_is_said_when_no_motive_does_better_than_rates() -> None:
    sentences = told((Row("no motives", -10.0, is_null=True), Row("bluff", -16.0)))
    assert sentences == ("The row of no motives does best: none of the listed explanations is supported.",)


@pytest.mark.parametrize(("share", "count"), [(0.49, 1), (0.5, 0), (float("nan"), 0)])
def test_weight_that_comes_from_far_off_is_told(share: float, count: int) -> None:
    sentences = told(lead=replace(FIRM, share_near_focus=share))
    assert len(sentences) == count
    assert all("Only 49 % of the weight" in sentence and "within 60 days" in sentence for sentence in sentences)


def status(found: int) -> EquilibriumStatus:
    return EquilibriumStatus("converged", True, 0.0, 0.0, 1, "policy steps from random play", 0.4, True, (), found, 9)


def test_every_game_with_several_equilibria_is_named_and_no_other() -> None:
    fits: tuple[Fit, ...] = APART  # type: ignore[assignment]
    assert _several_equilibria(fits, (status(1), status(3), None)) == (
        "The game of Bluff has at least 3 equilibria; all that is said of it holds in the one found by policy steps "
        "from random play.",
    )


@pytest.mark.slow
def test_a_case_with_two_records_has_both_in_its_study(case: BuiltCase) -> None:
    (watched,) = case.records
    both = replace(case, records=(watched, replace(watched, name="again")), claims=case.claims[:1])
    study = run_study(both)
    assert [record.name for record in study.records] == ["small", "again"]
    assert [item.record for item in study.items] == ["small"] * 9 + ["again"] * 9
    for each in study.explanations:
        halves = [
            sum(item.weights[each.name].act + item.weights[each.name].silence for item in study.items[part])
            for part in (slice(0, 9), slice(9, 18))
        ]
        assert halves[0] == pytest.approx(halves[1], abs=1e-9)
        assert sum(halves) == pytest.approx(each.log_likelihood, abs=1e-6)
        assert set(each.paths) == {"small", "again"}
        assert set(each.values) == (set() if each.equilibrium is None else set(case.names.actions))
        for player, actions in each.choices.items():
            assert tuple(actions) == tuple(case.names.actions[player])
            assert all(probs.shape == case.space.shape for probs in actions.values())
            assert (sum(actions.values()) <= 1.0).all()


def test_what_nobody_searched_for_is_not_counted() -> None:
    fits: tuple[Fit, ...] = APART  # type: ignore[assignment]
    assert _several_equilibria(fits, (replace(status(1), found=None), None, None)) == ()


@pytest.mark.parametrize(
    ("mode", "drawn", "normal", "flag"),
    [
        (0.0, (-1.63, 1.63), (-1.63, 1.63), UNTOUCHED),
        (0.0, (-1.9, 1.9), (-1.63, 1.63), UNTOUCHED),  # the draws are noisy
        (0.3, (-1.3, 1.9), (-1.3, 1.9), ""),
        (0.0, (-1.2, 1.2), (-1.2, 1.2), ""),
        (1.7, (0.5, 2.9), (0.5, 2.9), EDGE),
        (-1.7, (-2.9, -0.5), (-2.9, -0.5), EDGE),
        (0.0, (-2.4, 2.4), (-2.2, 2.2), WIDER),
        (0.3, (-2.0, 2.0), (-2.0, 2.0), ""),  # by less than the draws can tell
    ],
)
@pytest.mark.parametrize("prior", [LogNormal(0.02, 2.0), Normal(-1.0, 3.0), LogitNormal(0.1, 0.3)])
def test_a_number_is_flagged_where_the_record_says_nothing_or_too_much(prior, mode, drawn, normal, flag: str) -> None:
    ends = [tuple(prior.value(z) for z in interval) for interval in (drawn, normal)]
    assert _flag(prior, prior.value(mode), *ends, effective=64.0) == flag


def test_a_number_without_a_prior_has_no_flag() -> None:
    assert _flag(Flat(1.0, 0.1), 40.0, (0.0, 90.0), (0.0, 90.0), 64.0) == ""


@pytest.mark.parametrize(
    ("part", "what"),
    [
        ("measure_motives", "What each motive does"),
        ("foresee", "What such a record could tell"),
        ("unexplained", "What nobody explains"),
    ],
)
def test_a_part_that_cannot_be_computed_does_not_end_the_study(
    part: str, what: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise NotConverged("the game is too stiff.")

    monkeypatch.setattr(f"raison.analysis.whole.{part}", fails)
    write_template(tmp_path / "small")
    study = run_study(open_case(tmp_path / "small"), search=False)
    assert study.cannot_tell[-1] == f"{what} is not known: the game is too stiff."
    found = {
        "measure_motives": bool(study.motives),
        "foresee": study.power is not None,
        "unexplained": bool(study.residuals),
    }
    assert found == {name: name != part for name in found}
    assert study.explanations


def test_further_groups_that_are_not_told_apart_are_counted() -> None:
    chained = (Row("votes", -10.0), Row("bluff", -10.9), Row("kurds", -11.5), Row("west", -12.2))
    sentences = told(chained)
    assert sentences[0].endswith(": Votes, Bluff.")
    assert sentences[1].endswith("further down the list: 2 more such groups.")


def test_a_run_that_was_stopped_goes_on_where_it_was(case, tmp_path, monkeypatch):
    """A stage that ends the run leaves those before it; the next run computes what is missing, and no more."""
    store, counts = FitStore(tmp_path), Counter()
    plain = run_study(case, seed=3, search=False)

    def counted(name):
        inner = getattr(whole, name)

        def count(*args, **words):
            counts[name] += 1
            return inner(*args, **words)

        return count

    stages = ("measure_motives", "foresee", "unexplained", "next_best", "judge_claims", "answer_questions")
    for name in stages:
        monkeypatch.setattr(whole, name, counted(name))
    with monkeypatch.context() as broken:
        broken.setattr(whole, "judge_claims", _breaks)
        with pytest.raises(RuntimeError):
            run_study(case, seed=3, search=False, store=store)
    again = run_study(case, seed=3, search=False, store=store)
    assert counts == dict.fromkeys(stages, 1)
    third = run_study(case, seed=3, search=False, store=store)
    assert counts == dict.fromkeys(stages, 1)
    for study in (again, third):
        assert study_json(replace(study, stages=(), command="")) == study_json(replace(plain, stages=(), command=""))
    run_study(case, seed=4, search=False, store=store)
    assert counts == dict.fromkeys(stages, 2)


def _breaks(*_):
    raise RuntimeError("the machine went away")
