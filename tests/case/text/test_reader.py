import os
import pathlib
from collections.abc import Callable

import pytest

from raison.case import read_case, read_case_texts
from raison.errors import CaseError

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
        (b"title: x\rname: caf\xe9\r", "case.yaml:2:10: this is not UTF-8 text; save the file as UTF-8."),
        (b"\xef\xbb\xbftitle: \xc3\xa9 caf\xe9", "case.yaml:1:13: this is not UTF-8 text; save the file as UTF-8."),
        (b"# only a comment\n", "case.yaml:1:1: found nothing; a case is a mapping that starts with `title: ...`."),
        (b"- a\n- b\n", "case.yaml:1:1: found a list; a case is a mapping that starts with `title: ...`."),
        (b"hello\n", "case.yaml:1:1: found a single text; a case is a mapping that starts with `title: ...`."),
        (
            b"a: " + b"[" * 2000 + b"\n",
            "case.yaml:1:53: the entries are nested too deeply; at most 50 levels are read.",
        ),
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


def test_an_anchor_may_stand_but_nothing_may_refer_to_it(broken: Callable) -> None:
    assert broken("case.yaml", "calm: mood = calm", "calm: &a mood = calm") == []
    assert broken("case.yaml", "for-trade:\n", "for-trade:\n    says: *a\n") == [
        "case.yaml:58:11: found `*`, which refers to another entry; put the text in quotes or write the entry out.",
    ]


def test_a_file_of_too_many_entries_is_refused(broken: Callable) -> None:
    many = ", ".join("x" for _ in range(50_000))
    problems = broken("case.yaml", "features:\n", f"features: [{many}]\n")
    assert [problem.split(": ", 1)[1] for problem in problems] == [
        "the file has more than 50,000 entries; it is read no further than here."
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


def texts_of(folder: pathlib.Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_a_case_is_read_from_texts_in_memory_as_from_its_folder(case: pathlib.Path) -> None:
    on_disk, in_memory = read_case(case), read_case_texts(texts_of(case), name="small")
    assert (in_memory.name, in_memory.text, in_memory.hash) == (on_disk.name, on_disk.text, on_disk.hash)


def test_texts_in_memory_are_checked_as_files_are(case: pathlib.Path, problems_of: Callable) -> None:
    for name, text in texts_of(case).items():
        (case / name).write_text(text.replace("move", "mvoe").replace("label:", "lable:"))
    with pytest.raises(CaseError) as raised:
        read_case_texts(texts_of(case))
    assert [str(problem) for problem in raised.value.problems] == problems_of(case)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"case.yaml": None}, "the case has no `case.yaml`; a case starts there."),
        ({"case.yml": "title: x"}, "the case has both `case.yaml` and `case.yml`; remove one of them."),
        ({"record.csv": None}, "case.yaml:70:9: record: there is no file `record.csv` beside `case.yaml`."),
        ({"record.csv": " \n"}, "record.csv: the file is empty."),
        ({"record.csv": "date,\ud800"}, "record.csv:1:6: found a sign that cannot be shown; remove it."),
        ({"sources.yaml": "#" * (2 * 2**20 + 1)}, "sources.yaml: the file has 2.0 MiB; at most 2 MiB are read."),
    ],
)
def test_texts_that_make_no_case_are_told(case: pathlib.Path, change: dict[str, str | None], message: str) -> None:
    texts = {name: text for name, text in (texts_of(case) | change).items() if text is not None}
    with pytest.raises(CaseError) as raised:
        read_case_texts(texts)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("r" * 300 + ".csv", f"`{'r' * 57}...` cannot be read: File name too long."),
        ("loop.csv", "`loop.csv` cannot be read: Too many levels of symbolic links."),
        ("folder.csv", "there is no file `folder.csv` beside `case.yaml`."),
        ("link.csv", "`link.csv` is named for `case` already; give each its own file."),
        ("record.csv/x.csv", "there is no file `record.csv/x.csv` beside `case.yaml`."),
    ],
)
def test_a_name_that_leads_to_no_file_is_told_where_it_stands(
    case: pathlib.Path, name: str, message: str, broken: Callable
) -> None:
    (case / "loop.csv").symlink_to("loop.csv")
    (case / "link.csv").symlink_to("case.yaml")
    (case / "folder.csv").mkdir()
    assert broken("case.yaml", "record: record.csv", f"record: {name}") == [f"case.yaml:70:9: record: {message}"]


def test_an_absolute_name_is_refused_however_the_case_is_called(
    case: pathlib.Path, broken: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken("case.yaml", "record: record.csv", f"record: {case / 'record.csv'}")
    monkeypatch.chdir(case)
    for path in (pathlib.Path("."), case):
        with pytest.raises(
            CaseError, match=r"case.yaml:70:9: record: .* is an absolute path; name a file in the folder"
        ):
            read_case(path)


@pytest.mark.parametrize("name", ["n" * 300, "a\0b", "loop"])
def test_a_path_that_cannot_be_is_told(tmp_path: pathlib.Path, name: str) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(CaseError, match="there is no such file or folder"):
        read_case(tmp_path / name)


def test_a_folder_whose_name_is_no_text_gives_the_case_a_name_that_can_be_written(case: pathlib.Path) -> None:
    case.rename(case.parent / os.fsdecode(b"caf\xe9"))
    assert read_case(case.parent / os.fsdecode(b"caf\xe9")).name == "caf\ufffd"
