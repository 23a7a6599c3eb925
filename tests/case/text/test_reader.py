import pathlib
from collections.abc import Callable

import pytest

from raison.case import read_case

SMALL = """\
title: One file
time: {unit: day, from: 2020-01-01, until: 2020-12-31}
variables:
  door: {levels: [no, yes], at start: no}
players:
  cat:
    acts: once a day
    looks ahead: 1 week
    basis: assumed
    actions: {push: {changes: {door: yes}, if: door = no}}
features: {open: door = yes}
explanations:
  curious: {wants: {cat: {open: 1 to 2}}, basis: assumed}
record:
  - {date: 2020-02-01, kind: move, who: cat, what: push, confidence: high, source: vet, note: heard it}
claims:
  - {id: a, says: it did, kind: factual, test: moves(cat push from 2020-01-01 to 2020-03-01) >= 1}
sources:
  vet: {title: The vet}
"""


def test_a_small_case_may_be_one_file(tmp_path: pathlib.Path, problems_of: Callable) -> None:
    (tmp_path / "cat.yaml").write_text(SMALL)
    written = read_case(tmp_path / "cat.yaml")
    assert written.name == "cat"
    assert written.text.variables["door"].levels == ("no", "yes")
    assert written.text.record[0].note == "heard it"
    assert problems_of(tmp_path / "cat.yaml") == []


def test_a_case_is_read_from_its_folder_or_its_file(case: pathlib.Path) -> None:
    assert read_case(case).hash == read_case(case / "case.yaml").hash
    assert read_case(case).name == read_case(case / "case.yaml").name == "small"


def test_the_hash_changes_with_any_file(case: pathlib.Path) -> None:
    before = read_case(case).hash
    (case / "sources.yaml").write_text("invented: {title: changed}\n")
    assert read_case(case).hash != before


def test_a_path_that_is_not_there_is_told(tmp_path: pathlib.Path, problems_of: Callable) -> None:
    assert problems_of(tmp_path / "none") == ["none: there is no such file or folder."]


def test_a_folder_without_a_case_is_told(tmp_path: pathlib.Path, problems_of: Callable) -> None:
    assert problems_of(tmp_path) == ["FOLDER: the folder has no `case.yaml`; a case starts there."]


def test_two_case_files_are_refused(case: pathlib.Path, problems_of: Callable) -> None:
    (case / "case.yml").write_text("title: x\n")
    assert problems_of(case) == ["FOLDER: the folder has both `case.yaml` and `case.yml`; remove one of them."]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "case.yaml: the file is empty."),
        (b" \n\n", "case.yaml: the file is empty."),
        (b"title: caf\xe9\n", "case.yaml:1:11: this is not UTF-8 text; save the file as UTF-8."),
        (b"# only a comment\n", "case.yaml:1:1: found nothing; a case is a mapping that starts with `title: ...`."),
        (b"- a\n- b\n", "case.yaml:1:1: found a list; a case is a mapping that starts with `title: ...`."),
        (b"hello\n", "case.yaml:1:1: found a single text; a case is a mapping that starts with `title: ...`."),
        (b"a: " + b"[" * 2000 + b"\n", "case.yaml: the entries are nested too deeply."),
        (b"title: \x07\n", "case.yaml:1:8: found a sign that cannot be shown; remove it."),
    ],
)
def test_a_file_that_is_no_case_is_told(
    case: pathlib.Path, content: bytes, message: str, problems_of: Callable
) -> None:
    (case / "case.yaml").write_bytes(content)
    assert problems_of(case) == [message]


def test_a_file_of_ten_megabytes_is_refused_before_it_is_read(case: pathlib.Path, problems_of: Callable) -> None:
    with (case / "case.yaml").open("wb") as file:
        file.truncate(10 * 2**20)
    assert problems_of(case) == ["case.yaml: the file has 10.0 MiB; at most 2 MiB are read."]


def test_a_record_over_the_limit_is_refused(case: pathlib.Path, problems_of: Callable) -> None:
    with (case / "record.csv").open("wb") as file:
        file.truncate(65 * 2**20)
    assert problems_of(case) == ["record.csv: the file has 65.0 MiB; at most 64 MiB are read."]


def test_an_empty_record_is_told(case: pathlib.Path, problems_of: Callable) -> None:
    (case / "record.csv").write_text("date,kind,who,what\n")
    assert problems_of(case) == ["case.yaml:70:9: record: the record is empty; it needs at least one item."]


def test_an_anchor_is_no_way_to_a_huge_case(broken: Callable) -> None:
    assert broken("case.yaml", "features:\n", "features:\n  a: &a [x]\n  b: [*a, *a]\n") == [
        "case.yaml:52:6: features.b.1: an anchor is used twice; write the entry out instead of `*name`.",
        "case.yaml:52:6: features.b.2: an anchor is used twice; write the entry out instead of `*name`.",
    ]


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(case: pathlib.Path) -> None:
    before = read_case(case)
    for path in case.iterdir():
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert read_case(case).text == before.text


def test_quoted_cells_keep_their_commas_lines_and_quotes(case: pathlib.Path, problems_of: Callable) -> None:
    text = (case / "record.csv").read_text().replace("customs figures", '"customs, ""early"",\nfigures"', 1)
    (case / "record.csv").write_text(text.replace("move,southland", "move,southlend"))
    assert problems_of(case)[0].startswith("record.csv:4:17: record.2.who: no player `southlend`.")
    (case / "record.csv").write_text(text)
    assert read_case(case).text.record[0].note == 'customs, "early",\nfigures'
