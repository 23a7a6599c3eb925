"""A short form of the campaign, and whether the campaign would notice what it looks for."""

import os
import pathlib
import subprocess
import sys
from dataclasses import dataclass

import pytest

from campaign.answers import AnswerAttack
from campaign.cases import CaseAttack
from campaign.findings import Attack, Failure, Trial, Tried, keep, table
from campaign.kills import KillAttack
from campaign.left_behind import cut_files
from campaign.queries import QueryAttack
from campaign.side_by_side import MOST_MEMORY, try_all

ROOT = pathlib.Path(__file__).parents[2]


def told(failures: list[Failure]) -> str:
    return table([Tried("all", 0, 0.0, failures)]) if failures else ""


# The short form


@pytest.mark.slow
def test_mutated_cases_are_read_or_refused_with_a_reason() -> None:
    assert told(try_all(CaseAttack(1), range(200))) == ""


@pytest.mark.slow
def test_queries_are_read_or_refused_with_a_column() -> None:
    assert told(try_all(QueryAttack(1), range(500))) == ""


@pytest.mark.slow
def test_questions_have_an_answer_or_a_reason_why_not() -> None:
    assert told(try_all(AnswerAttack(1), range(500))) == ""


@pytest.mark.slow
def test_a_run_that_is_stopped_leaves_whole_files_and_is_taken_up(tmp_path: pathlib.Path) -> None:
    attack = KillAttack(1, tmp_path)
    failures = [*attack.prepare(times=1), *(failure for number in (3, 4) for failure in attack.attempt(number))]
    assert told(failures) == ""


# Whether it would notice


@dataclass(frozen=True)
class Toy:
    """Trials that go wrong in ways of their own."""

    name: str = "toy"

    def trial(self, number: int) -> Trial:
        return Trial(f"toy {number}", {"number.txt": str(number).encode()})

    def problem(self, trial: Trial) -> str | None:
        ways = {"1": self.hang, "2": self.die, "3": self.swell, "4": self.fail}
        return ways.get(trial.files["number.txt"].decode(), lambda: None)()

    def hang(self) -> None:
        while True:
            pass

    def die(self) -> None:
        os._exit(7)

    def swell(self) -> None:
        bytearray(MOST_MEMORY + 2**20)

    def fail(self) -> str:
        return "wrong"


def test_a_trial_that_hangs_dies_or_swells_costs_itself_alone() -> None:
    attack: Attack = Toy()
    causes = {failure.number: failure.cause for failure in try_all(attack, range(6), workers=1, longest=0.5)}
    assert causes == {
        1: "takes more than 0.5 seconds, at that time in other code",
        2: "its process died with code 7",
        3: "takes more than 1 GiB of memory, at last in other code",
        4: "wrong",
    }


def test_a_trial_is_the_same_in_every_process() -> None:
    program = (
        "from campaign.cases import CaseAttack; from campaign.queries import QueryAttack\n"
        "trials = [attack(3).trial(number) for attack in (CaseAttack, QueryAttack) for number in range(40)]\n"
        "print(ascii([(trial.label, trial.files) for trial in trials]))"
    )
    paths = os.pathsep.join(str(ROOT / folder) for folder in ("tests", "src"))
    outputs = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONPATH": paths, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert outputs[0]
    assert outputs[0] == outputs[1]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("report.html", b"<html><body>"),
        ("study.json", b'{"case": '),
        ("items.csv", b"date,kind\n2016-06-27\n"),
        ("items.csv", b"date,kind\n2016-06-27,mo"),
        ("items.csv", b""),
        ("paths.nc", b"\x89HDF\r\n\x1a\n"),
    ],
)
def test_a_cut_file_is_noticed(name: str, content: bytes, tmp_path: pathlib.Path) -> None:
    (tmp_path / name).write_bytes(content)
    assert list(cut_files(tmp_path)) == [f"{name} is cut"]


def test_whole_files_are_no_failure(tmp_path: pathlib.Path) -> None:
    (tmp_path / "report.html").write_text("<html></html>\n")
    (tmp_path / "study.json").write_text("{}")
    (tmp_path / "items.csv").write_text('date,what\n2016-06-27,"a, b"\n')
    assert list(cut_files(tmp_path)) == []


def test_the_first_inputs_of_a_cause_are_kept_with_a_word_on_each(tmp_path: pathlib.Path) -> None:
    failures = [Failure(number, f"trial {number}", "wrong", "how", {"a/b.txt": b"input"}) for number in range(5)]
    keep(Tried("toy", 5, 0.0, failures), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["toy-0", "toy-1", "toy-2"]
    assert (tmp_path / "toy-0" / "a" / "b.txt").read_bytes() == b"input"
    assert (tmp_path / "toy-0" / "what.txt").read_text() == "trial 0\n\nwrong\n\nhow\n"
