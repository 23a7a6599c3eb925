import pathlib

import pytest

from raison.analysis import whole
from raison.analysis.foreseen import KNOWN, NARROW, SURE, foresee, foresee_fitted
from raison.analysis.pool import Processes
from raison.analysis.watch import Watch
from raison.case import BuiltCase
from raison.case.template import write_template
from raison.cases import open_case
from raison.report.charts import power_chart
from raison.report.power import power_sentence
from raison.study import PowerResult

STRONG, WEAK = "x3 to x30", "x1.05 to x1.2"
LABELS = {"for-trade": "Trade", "for-votes": ""}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory):
    """The small case with motives of a given strength."""

    def make(strength: str) -> BuiltCase:
        path = tmp_path_factory.mktemp("power") / "small" / "case.yaml"
        write_template(path.parent)
        path.write_text(path.read_text().replace(STRONG, strength))
        return open_case(path)

    return make


def foreseen(case: BuiltCase, **options) -> PowerResult:
    return foresee(case, 0, Watch(), Processes(), **options)


def test_weak_motives_cannot_be_told_apart_and_strong_ones_better(small) -> None:
    weak, strong = foreseen(small(WEAK)), foreseen(small(STRONG))
    assert weak.expected < 0.05 < strong.expected
    assert "could tell" in power_sentence(weak, LABELS)
    assert power_sentence(weak, LABELS).startswith("Hardly any record like this one could tell")
    assert power_sentence(weak, LABELS).endswith("which differ most, in 0 of 16\u00a0records.")
    best = max(
        (pair for pair in strong.pairs if {pair.true, pair.rival} == set(LABELS)), key=lambda pair: pair.expected
    )
    first = "“Trade” from “for-votes”" if best.true == "for-trade" else "“for-votes” from “Trade”"
    assert f"It would tell {first}, which differ most" in power_sentence(strong, LABELS)
    assert weak.rivals == ("for-trade", "for-votes", "no motives", "shared motives only")
    assert weak.records == 16
    for true, row in strong.leads.items():
        assert sum(row.values()) == pytest.approx(1.0), true
    assert {(pair.true, pair.rival) for pair in weak.pairs} == {
        (true, rival) for true in weak.rivals for rival in weak.rivals if true != rival
    }


def test_what_would_help_is_told_the_most_first(small) -> None:
    found = foreseen(small(STRONG), draws=6, with_helps=True)
    changes = [each.change for each in found.helps]
    assert {"every motive at the high end of its range", "a record twice as long", SURE} < set(changes)
    assert {change.split("`")[1] for change in changes if "`" in change} == {"border", "trade", "mood"}
    expected = [each.expected for each in found.helps]
    assert expected == sorted(expected, reverse=True)
    by_change = {each.change: each for each in found.helps}
    assert [each.factor for each in found.lengths] == [0.5, 1.0, 2.0, 4.0]
    assert found.lengths[1].expected == found.expected
    assert found.lengths[3].expected > found.lengths[0].expected
    assert found.lengths[2].expected == by_change["a record twice as long"].expected
    chart = power_chart(found)
    assert chart is not None
    assert "planted truth leads" in chart.svg
    assert power_chart(foreseen(small(STRONG), draws=4)) is None
    assert by_change["one more episode like this"].expected == pytest.approx(2.0 * found.expected)
    assert by_change["every motive at the high end of its range"].expected > found.expected


def test_the_same_seed_foresees_the_same_and_the_pool_does_not_count(small) -> None:
    case = small(STRONG)
    first, second, other = (foresee(case, seed, Watch(), Processes(), draws=4) for seed in (3, 3, 4))
    assert first == second
    assert first != other


def test_what_the_record_shows_does_not_count(small, tmp_path: pathlib.Path) -> None:
    write_template(tmp_path / "small")
    path = tmp_path / "small" / "record.csv"
    text = path.read_text(encoding="utf-8").replace("reading,trade,weak,high", "reading,trade,good,high")
    path.write_text(text.replace("northland,offer", "northland,speak"), encoding="utf-8")
    assert foreseen(open_case(tmp_path / "small"), draws=4) == foreseen(small(STRONG), draws=4)


def test_where_every_number_is_learned_planted_truth_wins_no_more_often_than_the_ceiling_says(small) -> None:
    """Explanations that differ sharply: the truth leads in most records, and says less than if all else were known."""
    case = small("x10 to x30")
    ceiling = foreseen(case)
    fitted = foresee_fitted(case, 0, Watch(), Processes(), records=4)
    assert (ceiling.is_ceiling, fitted.is_ceiling) == (True, False)
    assert fitted.records + fitted.unsolved == 4
    assert fitted.expected < ceiling.expected + 2 * (ceiling.error + fitted.error)
    own = ("for-trade", "for-votes")
    wins = [fitted.leads[name][name] / sum(fitted.leads[name][other] for other in own) for name in own]
    assert min(wins) > 0.5
    assert "every number to be learned from it" in power_sentence(fitted, LABELS)
    assert {each.change for each in fitted.helps} == {KNOWN, NARROW}
    known = next(each for each in fitted.helps if each.change == KNOWN)
    assert (known.expected, known.error) == (ceiling.expected, ceiling.error)


def test_a_study_that_cannot_tell_says_unasked_what_would_help(small) -> None:
    weak, strong = (whole._foresee(small(each), 0, Watch(), Processes()) for each in (WEAK, "x10 to x30"))
    assert "every motive at the high end of its range" in {each.change for each in weak.helps}
    assert "What would help, the most first: " in power_sentence(weak, LABELS)
    assert strong.helps == ()
