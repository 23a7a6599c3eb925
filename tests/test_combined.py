import csv
import io
import json
import math
import pathlib
from dataclasses import replace

import numpy as np
import pytest
from make_study import make_study
from test_cli import call

from raison import Study, combine, save_study
from raison.errors import CaseError
from raison.report import combined_sentence
from raison.report.combined import combined_warnings

EVIDENCE = ((-10.0, -12.0, -11.0), (-20.5, -20.0, -26.0))
WEIGHTS = (1.0, 2.0, 1.0)
NAMES = ("votes", "fear", "habit")


def study(number: int, weights: tuple[float, ...] = WEIGHTS, names: tuple[str, ...] = NAMES) -> Study:
    """A study whose posterior follows from its evidences and weights."""
    made = make_study(listed=3)
    evidence = EVIDENCE[number]
    scores = np.exp(np.array(evidence) - max(evidence)) * weights
    explanations = [
        replace(
            made.explanations[0],
            name=name,
            label=name.title(),
            is_null=name == "habit",
            is_ok=True,
            posterior=float(share),
            log_evidence=value,
            log_evidence_error=error,
        )
        for name, value, share, error in zip(names, evidence, scores / scores.sum(), (0.3, 0.4, 0.1), strict=True)
    ]
    items = tuple(replace(item, date=f"{2000 + number}{item.date[4:]}") for item in made.items)
    case = replace(made.case, name=f"case-{number}", hash=str(number))
    return replace(made, case=case, explanations=tuple(explanations), items=items, failed=())


def test_log_evidences_are_added_and_weighed_as_before_any_record() -> None:
    combined = combine([study(0), study(1)])
    together = {row.name: row.together for row in combined.rows}
    assert together == pytest.approx({"votes": 0.0, "fear": -1.5, "habit": -6.5})
    scores = np.array([1.0, 2.0 * math.exp(-1.5), math.exp(-6.5)])
    assert [row.posterior for row in combined.rows] == pytest.approx((scores / scores.sum()).tolist())
    assert [row.name for row in combined.rows] == ["votes", "fear", "habit"]
    assert combined.rows[0].each == pytest.approx((0.0, -0.5))
    assert combined.rows[1].error == pytest.approx(math.hypot(0.4, 0.4))


def test_the_order_of_studies_changes_nothing_but_the_columns() -> None:
    one, other = combine([study(0), study(1)]), combine([study(1), study(0)])
    assert other.cases == one.cases[::-1]
    for a, b in zip(one.rows, other.rows, strict=True):
        assert (a.name, a.posterior, a.together) == (b.name, pytest.approx(b.posterior), pytest.approx(b.together))


def test_the_same_evidence_in_another_case_doubles_every_log_bayes_factor() -> None:
    again = study(0)
    again = replace(again, case=replace(again.case, hash="another"))
    rows = {row.name: row.together for row in combine([study(0), again]).rows}
    assert rows == pytest.approx({"votes": 0.0, "fear": -4.0, "habit": -2.0})


def test_what_not_all_studies_have_is_left_out_and_told() -> None:
    other = study(1)
    extra = replace(other.explanations[0], name="greed", label="Greed", log_evidence=0.0)
    combined = combine([study(0), replace(other, explanations=(*other.explanations, extra))])
    assert [row.name for row in combined.rows] == ["votes", "fear", "habit"]
    assert combined.left_out == ((), ("Greed",))
    assert combined_warnings(combined) == ["Greed of case-1 left out: not in every study, or without evidence in one."]


def test_an_explanation_without_evidence_in_one_study_is_left_out_of_all() -> None:
    other = study(1)
    unknown = [replace(e, log_evidence=math.nan) if e.name == "habit" else e for e in other.explanations]
    combined = combine([study(0), replace(other, explanations=tuple(unknown))])
    assert [row.name for row in combined.rows] == ["votes", "fear"]
    assert sum(row.posterior for row in combined.rows) == pytest.approx(1.0)
    assert combined.left_out == (("Habit",), ("Habit",))


def test_a_move_in_two_records_is_told() -> None:
    one, other = study(0), study(1)
    move = next(item for item in one.items if item.kind == "move")
    combined = combine([one, replace(other, items=(*other.items, move))])
    assert combined.twice == (f"{move.who} {move.what} on {move.date}",)
    assert "1 move in more than one record" in combined_warnings(combined)[-1]


def test_the_sentence_names_the_leader_or_the_tie() -> None:
    combined = combine([study(0), study(1)])
    assert combined_sentence(combined).startswith("Together Votes leads Fear by a log Bayes factor of 1.5 ± 0.71 (")
    assert "Alone, first comes Votes in case-0 and Fear in case-1." in combined_sentence(combined)
    tied = replace(combined, rows=(combined.rows[0], replace(combined.rows[1], together=-0.5), combined.rows[2]))
    assert combined_sentence(tied).startswith("Together the 2 studies do not tell apart: Votes, Fear.")


@pytest.mark.parametrize(
    ("studies", "message"),
    [
        ([study(0)], "one study alone cannot be combined"),
        ([study(0), study(0)], "Its record would count twice"),
        ([study(0), study(1, names=("votes", "rank", "habit"))], "fewer than two explanations by name"),
        ([study(0), study(1, weights=(1.0, 1.0, 1.0))], "different weights before their records"),
    ],
)
def test_what_cannot_be_combined_is_refused(studies: list[Study], message: str) -> None:
    with pytest.raises(CaseError, match=message):
        combine(studies)


def test_the_command_shows_the_table_and_writes_it(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = [str(tmp_path / name) for name in ("a", "b")]
    for number, folder in enumerate(folders):
        save_study(study(number), folder)
    assert call("combine", *folders) == 0
    shown = capsys.readouterr().out
    assert "Together Votes leads Fear" in shown
    assert "case-0" in shown
    assert "case-1" in shown
    assert call("combine", *folders, "--csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["explanation"] for row in rows] == ["votes", "fear", "habit"]
    assert float(rows[1]["case-1"]) == 0.0
    assert call("combine", *folders, "--json") == 0
    assert json.loads(capsys.readouterr().out)["says"].startswith("Together Votes leads Fear")
    assert call("combine", *folders, "--csv", "--json") == 2
    assert call("combine", folders[0]) == 2
