import pytest

from raison.case.text import csv_text
from raison.case.text.csv_text import read_csv
from raison.case.text.places import Place, Places
from raison.errors import CaseError

NEEDED = ("date", "who")


def read(text: str, places: Places | None = None) -> list[dict[str, str]]:
    return read_csv(text, "f.csv", places or Places(), ("rows",), needed=NEEDED, allowed=(*NEEDED, "note"))


def problems(text: str) -> list[str]:
    with pytest.raises(CaseError) as raised:
        read(text)
    return [str(problem) for problem in raised.value.problems]


def test_empty_cells_blank_rows_and_blanks_around_cells_are_left_out() -> None:
    assert read('date,who,note\n\n  \n a , b ,\n""\n"c" , "d, e","f ""g"""') == [
        {"date": "a", "who": "b"},
        {"date": "c", "who": "d, e", "note": 'f "g"'},
    ]


def test_cells_are_placed_after_cells_of_several_lines() -> None:
    places = Places()
    read('date,who,note\n\n"1\n2",b,c\nd,"e\n\nf" ,g\n', places)
    assert places.at(("rows", 0)) == Place("f.csv", 3, 1, '"1\n2"')
    assert places.at(("rows", 0, "note")) == Place("f.csv", 4, 6, "c")
    assert places.at(("rows", 1, "note")) == Place("f.csv", 7, 5, "g")
    assert places.at(("rows", 1, "unit")) is None


def test_a_file_without_a_header_is_told_once() -> None:
    assert problems("2020-01-01,cat,purrs\n2020-01-02,cat,sleeps\n") == [
        "f.csv:1:1: found `2020-01-01,cat,purrs`; the first line must name the columns: date, who, and if wanted note."
    ]
    assert problems('""\n') == [
        "f.csv:1:1: found ``; the first line must name the columns: date, who, and if wanted note."
    ]


def test_a_row_of_the_wrong_length_is_told_with_what_to_do() -> None:
    assert problems("date,who\na\nb,c,d\n") == [
        "f.csv:2:1: found 1 cells; the header has 2. Write a comma for each cell that is left empty.",
        "f.csv:3:1: found 3 cells; the header has 2. Put text with commas in quotes.",
    ]


@pytest.mark.parametrize("cell", ["x" * 100_000, '"' + "x" * 100_000 + '"', '"' + '""' * 60_000 + '"', "," * 100_000])
def test_a_row_of_more_than_a_hundred_thousand_characters_is_refused(cell: str) -> None:
    assert problems(f"date,who\na,{cell}\n") == [
        "f.csv:2:1: the row has more than 100,000 characters; at most so many are read."
    ]


@pytest.mark.parametrize("rest", ["b\nc,d\n" * 10_000, '""' * 10_000])
def test_a_quote_that_nothing_closes_is_told_where_it_opens(rest: str) -> None:
    message = 'f.csv:3:3: the quotes of this cell do not match; write `""` for a quote inside a quoted cell.'
    assert problems(f'date,who\na,b\nc,"{rest}') == [message]


@pytest.mark.parametrize("row", ["a,b\n", '""\n'])
def test_more_rows_than_can_be_read_are_refused(row: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_text, "MOST_ROWS", 100)
    assert len(read("date,who\n" + "a,b\n" * 100)) == 100
    assert problems("date,who\n" + row * 101) == ["f.csv:102:1: the file has more than 100 rows."]
