import os
import pathlib
import re
import resource
import subprocess
import sys

import pytest

import raison
from raison.errors import CannotWrite
from raison.writing import held, make_folder, write_whole


def names(folder: pathlib.Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_file_holds_what_was_written_and_nothing_stands_beside_it(tmp_path: pathlib.Path) -> None:
    for content in ("ä\n", b"\x00\r\n", memoryview(b"abc")):
        assert write_whole(tmp_path / "file", content) == tmp_path / "file"
        expected = content.encode() if isinstance(content, str) else bytes(content)
        assert (tmp_path / "file").read_bytes() == expected
    assert names(tmp_path) == {"file"}


def test_half_of_a_pair_is_written_as_a_question_mark(tmp_path: pathlib.Path) -> None:
    assert write_whole(tmp_path / "file", "a\ud800b").read_text(encoding="utf-8") == "a?b"


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_file_that_cannot_be_finished_leaves_the_one_before_it_and_no_part(
    error: BaseException, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_whole(tmp_path / "file", "before")

    def fails(descriptor: int) -> None:
        raise error

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises((CannotWrite, KeyboardInterrupt)) as caught:
        write_whole(tmp_path / "file", "after")
    if isinstance(error, OSError):
        assert str(caught.value) == f"cannot write {tmp_path}/file: No space left on device."
    assert (tmp_path / "file").read_text() == "before"
    assert names(tmp_path) == {"file"}


def test_a_full_disk_leaves_no_cut_file(tmp_path: pathlib.Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(CannotWrite, match=r"cannot write .*/file: File too large\."):
            write_whole(tmp_path / "file", 5000 * "x")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert names(tmp_path) == set()


def test_a_folder_in_the_place_of_a_file_is_told(tmp_path: pathlib.Path) -> None:
    (tmp_path / "report.html").mkdir()
    with pytest.raises(CannotWrite, match=r"cannot write .*report\.html: Is a directory\."):
        write_whole(tmp_path / "report.html", "")
    with (
        pytest.raises(CannotWrite, match=r"report\.html: a folder stands there\."),
        held(tmp_path, ["study.json", "report.html"]),
    ):
        raise AssertionError("nothing is done")
    assert names(tmp_path) == {"report.html"}


def test_a_file_in_the_place_of_a_folder_is_told(tmp_path: pathlib.Path) -> None:
    (tmp_path / "fits").write_text("")
    for folder in (tmp_path / "fits", tmp_path / "fits" / "in"):
        with pytest.raises(CannotWrite, match=f"cannot write into {folder}: "):
            make_folder(folder)


def test_a_folder_is_held_by_one_run_alone(tmp_path: pathlib.Path) -> None:
    with held(tmp_path / "out"):
        code = f"import pathlib, raison.writing as w\nwith w.held(pathlib.Path({str(tmp_path / 'out')!r})): pass"
        other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        with pytest.raises(CannotWrite, match="another run is writing there"), held(tmp_path / "out"):
            raise AssertionError("nothing is done")
    assert "another run is writing there" in other.stderr
    assert names(tmp_path / "out") == set()
    with held(tmp_path / "out"):
        pass


def test_what_killed_runs_left_unfinished_is_removed_and_nothing_else(tmp_path: pathlib.Path) -> None:
    code = (
        "import os, pathlib, sys, raison.writing as w\n"
        "os.fsync = lambda _: os.kill(os.getpid(), 9)\n"
        "w.write_whole(pathlib.Path(sys.argv[1]), 'text')"
    )
    make_folder(tmp_path / "fits")
    (tmp_path / "mine.partial").write_text("")
    for file in (tmp_path / "study.json", tmp_path / "fits" / "one.json"):
        subprocess.run([sys.executable, "-c", code, str(file)], check=False)
    assert len(names(tmp_path)) == 3
    assert len(names(tmp_path / "fits")) == 1
    with held(tmp_path):
        assert names(tmp_path) == {".lock", "fits", "mine.partial"}
        assert names(tmp_path / "fits") == set()


def test_no_other_file_of_the_source_writes_files() -> None:
    source = pathlib.Path(raison.__file__).parent
    writes = re.compile(r"\.write_(text|bytes)\(|\bopen\(.*[\"'][wax]b?[\"']")
    found = {path.relative_to(source).as_posix() for path in source.rglob("*.py") if writes.search(path.read_text())}
    assert found == {"writing.py", "cli.py"}, "cli.py opens /dev/null where standard error is closed"
