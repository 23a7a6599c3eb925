"""The study under other assumptions, in the small case."""

import dataclasses
import pathlib

import pytest

from raison.analysis.fitting import fit_all, make_rivals
from raison.analysis.pool import Processes
from raison.analysis.variants import study_variants
from raison.analysis.verdicts import judge_claims
from raison.analysis.watch import Watch
from raison.case import BuiltCase
from raison.case.template import write_template
from raison.cases import open_case
from raison.errors import CaseError
from raison.inference.importance import ROUGH
from raison.study import VariantResult

CHANGE = "players.northland.actions.offer.changes: {border: open}"


def with_variants(folder: pathlib.Path, *lines: str) -> BuiltCase:
    write_template(folder)
    with (folder / "case.yaml").open("a", encoding="utf-8") as file:
        file.write("\n".join(["variants:", *(f"  {line}" for line in lines), ""]))
    return open_case(folder)


@pytest.fixture(scope="module")
def varied(tmp_path_factory: pytest.TempPathFactory) -> BuiltCase:
    folder = tmp_path_factory.mktemp("varied") / "small"
    return with_variants(folder, f"open: {{{CHANGE}}}", "never: {variables.border.at start: open}")


@pytest.fixture(scope="module")
def results(varied: BuiltCase) -> tuple[VariantResult, ...]:
    return study_variants(varied, 1, Watch(), None, Processes())


def test_a_variant_is_the_study_of_the_case_that_is_written_so(
    results: tuple[VariantResult, ...], tmp_path: pathlib.Path
) -> None:
    write_template(tmp_path / "changed")
    path = tmp_path / "changed" / "case.yaml"
    text = path.read_text(encoding="utf-8")
    assert "offer: {changes: {border: +1}" in text
    path.write_text(text.replace("offer: {changes: {border: +1}", "offer: {changes: {border: open}"), encoding="utf-8")
    case = open_case(path.parent)
    fits = fit_all(case, make_rivals(case), Watch(), None, 1, Processes(), effort=ROUGH).fits
    claims = judge_claims(case, fits, None, 1, Watch(), Processes())
    assert {each.explanation: each.log_evidence for each in results[0].shares} == {
        fit.explanation.name: fit.posterior.log_evidence for fit in fits
    }
    assert sum(each.posterior for each in results[0].shares) == pytest.approx(1.0)
    assert results[0].verdicts == {claim.id: claim.verdict for claim in claims}
    assert results[0].changes == {"players.northland.actions.offer.changes": "{border: open}"}


def test_a_variant_in_which_the_record_cannot_happen_says_so(results: tuple[VariantResult, ...]) -> None:
    never = results[1]
    assert (never.shares, never.leader) == ((), "")
    assert set(never.failed) == {"for-trade", "for-votes"}
    assert "offer" in never.failed["for-trade"]


def test_a_case_without_variants_has_none(case: BuiltCase) -> None:
    assert study_variants(dataclasses.replace(case, variants=()), 1, Watch(), None, Processes()) == ()


def test_a_variant_that_cannot_be_built_is_named(tmp_path: pathlib.Path) -> None:
    with pytest.raises(CaseError, match="in variant `a`: found `x2 to x8`, but no weight has this strength") as error:
        with_variants(tmp_path / "small", "a: {players.northland.actions.offer.if: border = open}")
    assert [(problem.line, problem.column) for problem in error.value.problems] == [(41, 20)]
