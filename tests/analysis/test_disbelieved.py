"""Readings that no explanation expects are warned of before any fit."""

import pathlib

import pytest

from raison.analysis.disbelieved import disbelieved_readings
from raison.case import build, check_case, read_case
from raison.case.template import write_template


def warnings_with(folder: pathlib.Path, *rows: str) -> list[str]:
    write_template(folder)
    path = folder / "record.csv"
    header, *_ = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    written = read_case(folder)
    check_case(written)
    return [f"{each.line}: {each.message}" for each in disbelieved_readings(written, build(written))]


def test_a_reading_that_cannot_be_so_soon_is_warned_of_at_its_row(tmp_path: pathlib.Path) -> None:
    (warning,) = warnings_with(
        tmp_path / "small",
        "2021-01-08,reading,border,open,0.9,invented,",
        "2021-06-01,reading,mood,angry,0.9,invented,",
    )
    assert warning.startswith("2: no explanation expects to find `border` at `open` on 2021-01-08: ")


def test_the_readings_of_the_template_are_believed(tmp_path: pathlib.Path) -> None:
    write_template(tmp_path / "small")
    written = read_case(tmp_path / "small")
    assert disbelieved_readings(written, build(written)) == ()


@pytest.mark.parametrize("reliability", [0.6, 0.9, 1.0])
def test_the_reliability_of_a_reading_does_not_change_whether_it_is_believed(
    tmp_path: pathlib.Path, reliability: float
) -> None:
    said = warnings_with(tmp_path / "small", f"2021-01-08,reading,trade,good,{reliability},invented,")
    assert [warning[-120:] for warning in said] == [said[0][-120:]]
    assert "probability is 0." in said[0]
