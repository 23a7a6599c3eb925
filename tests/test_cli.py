"""The command line from outside: exit codes, messages, and what `raison run` leaves on disk."""

import contextlib
import csv
import dataclasses
import json
import math
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import textwrap
import time
from functools import partial
from typing import Any

import numpy as np
import pytest
import xarray
from make_study import make_study

from raison import __version__, cli
from raison.analysis import fitting
from raison.asked import Asked
from raison.case.template import write_template
from raison.inference.likelihood import GameLikelihood
from raison.study import (
    APART,
    ActResidual,
    CaseSummary,
    ClaimResult,
    CluesResult,
    EpisodeResult,
    EquilibriumStatus,
    ExplanationResult,
    Fragility,
    GameSize,
    HeldOutResult,
    ItemResult,
    MotiveResult,
    MoveReasons,
    NextEvidence,
    ParameterEstimate,
    PowerResult,
    ReadingResidual,
    RecordResult,
    SignatureResult,
    Stage,
    Study,
    VariableLinks,
    VariantResult,
)
from raison.writing import held

FILES = {
    "report.html",
    "study.json",
    "explanations.csv",
    "items.csv",
    "claims.csv",
    "parameters.csv",
    "forecasts.csv",
    "motives.csv",
    "residuals.csv",
    "clues.csv",
    "next_evidence.csv",
    "held_out.csv",
    "episodes.csv",
    "variants.csv",
    "questions.csv",
    "claim_answers.csv",
    "reasons.csv",
    "paths.nc",
    "posterior.nc",
    "draws.nc",
    "play.nc",
}
"""As docs/reference/study.md lists them."""

NEAR = 1e-8
"""How near the numbers of a run that was cut in two must come to those of one that was not."""


def call(*arguments: object) -> int:
    """Run the command line in this process and return its exit code."""
    codes: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["raison", *map(str, arguments)])
        patch.setattr(os, "_exit", codes.append)
        cli.main()
    return codes[0]


def read(folder: pathlib.Path) -> dict[str, Any]:
    return json.loads((folder / "study.json").read_text(encoding="utf-8"))


def without_stages(study: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in study.items() if name != "stages"}


def rows_of(folder: pathlib.Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def replaced(case: pathlib.Path, file: str, old: str, new: str) -> pathlib.Path:
    text = (case / file).read_text(encoding="utf-8")
    assert old in text
    (case / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return case


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Return every single value of a JSON tree by its path."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if entries is None:
        return {path: value}
    return {place: leaf for key, entry in entries for place, leaf in leaves(entry, f"{path}/{key}").items()}


@pytest.fixture
def case(tmp_path: pathlib.Path) -> pathlib.Path:
    """A copy of the template, to be changed."""
    write_template(tmp_path / "small")
    return tmp_path / "small"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("template") / "small"
    write_template(folder)
    return folder


@pytest.fixture(scope="module")
def folder(template: pathlib.Path) -> pathlib.Path:
    """The results of one whole study of the template."""
    out = template.parent / "out"
    assert call("run", template, "--out", out, "--seed", 7) == 0
    return out


@pytest.fixture(scope="module")
def study(folder: pathlib.Path) -> dict[str, Any]:
    return read(folder)


# Commands that do not run a study


def test_the_bundled_cases_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("cases") == 0
    assert "turkey-2016  Why did Turkey turn to Russia in 2016?" in capsys.readouterr().out


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--version") == 0
    assert capsys.readouterr().out.strip() == f"raison {__version__}"


def test_the_module_runs_as_the_command_does() -> None:
    done = subprocess.run([sys.executable, "-m", "raison", "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, f"raison {__version__}")


def test_the_bundled_case_has_no_problems(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("check", "turkey-2016") == 0
    assert "1 warning, no errors." in capsys.readouterr().out


def test_every_problem_of_a_broken_case_is_told_with_its_place(
    case: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replaced(case, "case.yaml", "if: border < open", "if: bordr < open")
    replaced(case, "case.yaml", "acts: once a month", "acts: once a mont")
    assert call("check", case) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first == (
        f"{case}/case.yaml:33:42: players.northland.actions.offer.if: no variable `bordr`. Did you mean `border`?"
    )
    assert second.startswith(f"{case}/case.yaml:38:11: players.southland.acts: found `once a mont`; need a rate")


@pytest.mark.parametrize(
    ("file", "old", "new", "place"),
    [
        ("record.csv", "southland,welcome", "southland,welcom", "record.csv:7:27: "),
        ("claims.yaml", "posterior(for-trade)", "posterior(for-trad)", "claims.yaml:6:"),
        ("case.yaml", "record: record.csv", "record: recrd.csv", "case.yaml:70:9: "),
        ("case.yaml", "variables:", "variables: [", "case.yaml:"),
    ],
)
@pytest.mark.parametrize("command", ["check", "run", "solve"])
def test_a_broken_case_stops_every_command_before_any_work(
    command: str, file: str, old: str, new: str, place: str, case: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replaced(case, file, old, new)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(case.parent)
        assert call(command, "small") == 2
    assert capsys.readouterr().err.startswith(f"small/{place}")
    assert list(case.parent.iterdir()) == [case], "nothing is written"


def test_a_case_that_is_not_there_is_looked_for_among_the_bundled(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("run", "turky-2016") == 2
    assert "Did you mean `turkey-2016`?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["chek", "turkey-2016"], "chek"),
        (["check", "turkey-2016", "--sed", "3"], "--sed"),
        (["run", "turkey-2016", "--seed", "-1"], "--seed"),
        (["run", "turkey-2016", "--seed", "one"], "--seed"),
        (["run", "turkey-2016", "--seed", str(2**63)], "--seed"),
        (["run", "turkey-2016", "--seed", 5000 * "9"], "--seed"),
        (["solve", "turkey-2016", "--seed", str(2**63)], "--seed"),
        (["check"], "Missing argument"),
    ],
)
def test_a_wrong_command_line_is_told_from_a_bug(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(*arguments) == 2
    message = capsys.readouterr().err
    assert told in message
    assert "Traceback" not in message


def test_a_file_of_ten_megabytes_is_refused_unread(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "large.yaml"
    file.write_bytes(b"a: [" * (10 * 2**20 // 4))
    begin = time.process_time()
    assert call("check", file) == 2
    assert time.process_time() - begin < 2.0
    assert capsys.readouterr().err.strip() == f"{file}: the file has 10.0 MiB; at most 2 MiB are read."


def test_a_new_case_is_written_once_and_passes_its_check(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "my-case"
    assert call("new", target) == 0
    assert call("check", target) == 0
    replaced(target, "case.yaml", "Northland", "Elsewhere")
    before = (target / "case.yaml").read_bytes()
    capsys.readouterr()
    assert call("new", target) == 2
    assert "exists already and is not overwritten" in capsys.readouterr().err
    assert (target / "case.yaml").read_bytes() == before


def test_one_explanation_is_solved_when_one_is_named(
    template: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("solve", template, "--explanation", "for-votes") == 0
    written = capsys.readouterr().out
    assert "for-votes" in written
    assert "converged" in written
    assert "for-trade" not in written


def test_further_equilibria_are_searched_on_request(template: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("solve", template, "--explanation", "for-votes", "--branches") == 0
    written = capsys.readouterr().out
    assert "for-votes: one equilibrium found in " in written
    assert "The branch from precision 0 leads to the first, without a fold. All answers use the first." in written


def test_an_explanation_that_the_case_does_not_have_is_refused(
    template: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("solve", template, "--explanation", "for-vote") == 2
    assert capsys.readouterr().err.strip() == "no explanation `for-vote`. Did you mean `for-votes`?"


def test_one_of_a_kind_is_counted_in_the_singular(case: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    claims = (case / "claims.yaml").read_text(encoding="utf-8")
    (case / "claims.yaml").write_text(claims[: claims.index("\n- ", claims.index("- id:"))], encoding="utf-8")
    assert call("check", case) == 0
    assert "18 states, 2 players, 2 explanations, 8 items, 1 claim;" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["n[/x]", "[draft] small", ":smile:"])
def test_names_are_shown_as_they_are(
    name: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("new", name) == 0
    assert f" in {name}. Try: raison run " in capsys.readouterr().out
    folder = name.rsplit("/", 1)[-1]
    assert call("check", name) == 0
    assert capsys.readouterr().out.startswith(f"{folder}: 18 states")
    assert call("solve", name, "--explanation", "[/x]") == 2
    assert capsys.readouterr().err.startswith("no explanation `[/x]`.")
    assert call("check", f"{name}[/b]") == 2
    assert capsys.readouterr().err.startswith(f"{name}[/b]: there is no such file")


# What the machine refuses


def outside(*arguments: object, stdout: Any = subprocess.PIPE, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    command = [sys.executable, "-m", "raison", *map(str, arguments)]
    return subprocess.run(
        command,
        stdout=stdout,
        stderr=subprocess.PIPE,
        encoding=variables.get("PYTHONIOENCODING"),
        text=True,
        check=False,
        env={**os.environ, **variables},
    )


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_what_an_encoding_does_not_have_is_replaced(encoding: str, tmp_path: pathlib.Path) -> None:
    write_template(tmp_path / "\N{LATIN SMALL LETTER S WITH ACUTE}mall")
    done = outside("check", tmp_path / "\N{LATIN SMALL LETTER S WITH ACUTE}mall", PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("?mall: 18 states")


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["cases"]])
def test_a_full_standard_output_is_told(arguments: list[str]) -> None:
    with pathlib.Path("/dev/full").open("w") as full:
        done = outside(*arguments, stdout=full)
    assert done.returncode == 2
    assert done.stderr.strip() in (
        "cannot write to standard output: No space left on device.",
        "the system: No space left on device.",
    )


def test_a_standard_output_that_is_closed_at_the_other_end_is_told() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = outside("--version", stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr.strip()) == (
        2,
        "cannot write to standard output: it is closed at the other end.",
    )


def test_a_closed_standard_output_is_told() -> None:
    command = f"exec {sys.executable} -m raison --version >&-"
    done = subprocess.run(["sh", "-c", command], stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (2, "cannot write to standard output: it is closed.")


@pytest.mark.parametrize("name", ["study.json", "paths.nc", "report.html"])
def test_a_folder_in_the_place_of_a_file_is_found_before_the_work(
    name: str, template: pathlib.Path, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out" / name).mkdir(parents=True)
    assert call("run", template, "--out", tmp_path / "out") == 2
    message = capsys.readouterr().err
    assert message.startswith(f"cannot write {tmp_path}/out/{name}: a folder stands there.")


def test_a_file_in_the_place_of_the_fits_is_found_before_the_work(
    template: pathlib.Path, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "fits").write_text("")
    assert call("run", template, "--out", tmp_path / "out") == 2
    assert capsys.readouterr().err.startswith(f"cannot write into {tmp_path}/out/fits: ")


def test_a_finished_study_can_be_asked(folder: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    questions = ["P(border = open by 2022-12-31 | record)", "reason(northland offers on 2021-11-15)"]
    assert call("ask", folder, *questions) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert questions[0] in shown
    assert "All parts together come to" in shown
    assert "No answer under Habit and reply" in shown


def test_a_question_without_an_answer_is_told_by_the_exit_code(
    folder: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("ask", folder, "0 / 0", "1 + 1") == 1
    told = capsys.readouterr()
    assert "It has no answer: 0 divided by 0." in " ".join(told.out.split())
    assert "2.00" in told.out
    assert "1 of 2 questions without an answer." in told.err


def test_answers_come_as_csv_and_json(folder: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    question = "payoff(southland)"
    assert call("ask", folder, "--json", question) == 0
    (answer,) = json.loads(capsys.readouterr().out)
    assert call("ask", folder, "--csv", question) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert rows[0]["question"] == answer["question"] == question
    assert float(rows[0]["value"]) == answer["parts"][""]["value"]
    assert [row["explanation"] for row in rows[1:]] == [each["explanation"] for each in answer["under"]]
    assert call("ask", folder, "--csv", "--json", question) == 2
    assert "one of them" in capsys.readouterr().err


def test_paths_of_a_finished_study_are_drawn(
    folder: pathlib.Path, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("simulate", folder, "--until", "2022-12-31", "--paths", "3") == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0].startswith("path,explanation,date,who,what,")
    assert sum(",start," in row for row in rows) == 3
    assert call("simulate", folder, "--until", "2022-12-31", "--paths", "3", "--out", tmp_path / "paths.csv") == 0
    assert (tmp_path / "paths.csv").read_text(encoding="utf-8").splitlines() == rows
    assert call("simulate", folder, "--until", "2022-12-31", "--paths", "3", "--out", tmp_path / "paths.nc") == 0
    with xarray.open_dataset(tmp_path / "paths.nc", engine="h5netcdf") as data:
        assert data.sizes["row"] == len(rows) - 1
    assert "Written: 3 paths in" in capsys.readouterr().out
    assert call("simulate", folder, "--until", "soon") == 2
    assert call("simulate", folder, "--until", "2022-12-31", "--out", tmp_path / "paths.xlsx") == 2
    told = capsys.readouterr().err
    assert "need a day such as" in told
    assert "must end in .csv or .nc" in told


def test_a_case_is_asked_by_its_finished_study(
    template: pathlib.Path,
    folder: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("ask", template, "1 + 1") == 2
    assert "holds no finished study" in capsys.readouterr().err
    (tmp_path / "raison-out").mkdir()
    (tmp_path / "raison-out" / "small").symlink_to(folder)
    assert call("ask", template, "1 + 1") == 0
    assert "2.00" in capsys.readouterr().out
    write_template(tmp_path / "small")
    replaced(tmp_path / "small", "case.yaml", "title: Why did", "title: When did")
    assert call("ask", tmp_path / "small", "1 + 1") == 2
    assert "another state of the case" in capsys.readouterr().err


def test_a_bad_question_is_told_with_its_place(folder: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("ask", folder, "P(bordr = open at 2022-12-31)") == 2
    assert "Did you mean `border`?" in capsys.readouterr().err


def test_a_second_run_into_the_same_folder_is_told_at_once(
    template: pathlib.Path, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with held(tmp_path / "out"):
        assert call("run", template, "--out", tmp_path / "out") == 2
    assert capsys.readouterr().err.startswith(f"cannot write into {tmp_path}/out: another run is writing there.")


def test_a_disk_that_is_full_at_the_end_is_told(
    template: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "run_study", lambda *arguments, **options: make_study())
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        assert call("run", template, "--out", tmp_path / "out") == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert capsys.readouterr().err.startswith(f"cannot write {tmp_path}/out/study.json: File too large. Make room")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"fits"}


def test_a_case_that_may_not_be_written_or_read_is_told(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert call("new", tmp_path / "file" / "case") == 2
    assert call("new", tmp_path / (300 * "x")) == 2
    assert "bug" not in capsys.readouterr().err


# The files of a study


def test_every_file_of_the_reference_is_written_and_no_other(folder: pathlib.Path) -> None:
    assert {path.name for path in folder.iterdir()} == FILES | {"fits"}
    assert all((folder / name).stat().st_size for name in FILES)
    assert len(list((folder / "fits").glob("*.json"))) == 5
    assert len(list((folder / "fits" / "stages").glob("*.json"))) >= 5


def fields_of(page: str) -> dict[str, list[str]]:
    """Return the fields that a page lists under each heading `### NAME` or line "`NAME`:", in their order."""
    found: dict[str, list[str]] = {}
    for line in page.split("## CSV tables")[0].splitlines():
        if heading := re.fullmatch(r"### (.+)|`(.+)`:", line):
            found[heading[1] or heading[2]] = here = []
        elif line.startswith("| `"):
            here += re.findall(r"`(\w+)`", line.split("|")[1])
    return {name: fields for name, fields in found.items() if fields}


def test_the_fields_of_the_study_are_those_of_the_reference(study: dict[str, Any]) -> None:
    page = (pathlib.Path(__file__).parents[1] / "docs" / "reference" / "study.md").read_text(encoding="utf-8")
    documented = fields_of(page)
    kinds = {
        "Top level": Study, "case": CaseSummary, "game": GameSize, "records[]": RecordResult,
        "explanations[]": ExplanationResult, "equilibrium": EquilibriumStatus, "parameters[]": ParameterEstimate,
        "items[]": ItemResult, "claims[]": ClaimResult, "structure[]": VariableLinks,
        "motives[]": MotiveResult, "signatures[]": SignatureResult,
        "residuals[]": ActResidual, "reading_residuals[]": ReadingResidual,
        "power": PowerResult, "clues": CluesResult, "next_evidence[]": NextEvidence, "held_out": HeldOutResult,
        "questions[]": Asked, "reasons[]": MoveReasons, "episodes[]": EpisodeResult, "variants[]": VariantResult,
        "fragility": Fragility,
        "stages[]": Stage,
    }  # fmt: skip
    assert documented == {
        name: [field.name for field in dataclasses.fields(kind) if field.metadata != APART]
        for name, kind in kinds.items()
    }
    assert set(study) == set(documented["Top level"])
    assert study["case"]["name"] == "small"
    assert (study["seed"], study["version"]) == (7, __version__)
    assert study["game"]["players"] == ["northland", "southland"]
    assert study["game"]["variables"]["border"] == ["closed", "partial", "open"]
    assert study["game"]["states"] == 18


def test_posteriors_sum_to_one_and_follow_from_the_evidence(study: dict[str, Any]) -> None:
    each = study["explanations"]
    assert [entry["name"] for entry in each] == [
        "for-trade",
        "for-votes",
        "no motives",
        "shared motives only",
        "habit and reply",
    ]
    posterior = np.array([entry["posterior"] for entry in each])
    evidence = np.exp([entry["log_evidence"] - each[0]["log_evidence"] for entry in each])
    assert posterior.sum() == pytest.approx(1.0, abs=1e-12)
    assert posterior == pytest.approx(evidence / evidence.sum(), abs=1e-9)
    assert [entry["status"] for entry in each] == ["ok"] * 5
    assert each[-1]["equilibrium"] is None
    assert {entry["equilibrium"]["status"] for entry in each[:-1]} == {"converged"}


def test_what_the_items_say_adds_up_to_the_log_likelihood(study: dict[str, Any]) -> None:
    for each in study["explanations"]:
        weights = [item["weights"][each["name"]] for item in study["items"]]
        total = math.fsum(weight[part] for weight in weights for part in ("act", "silence"))
        assert total == pytest.approx(each["log_likelihood"], abs=1e-6)


def test_the_items_are_those_of_the_record_and_the_end(study: dict[str, Any], template: pathlib.Path) -> None:
    with (template / "record.csv").open(encoding="utf-8", newline="") as file:
        record = [(row["date"], row["kind"], row["who"], row["what"]) for row in csv.DictReader(file)]
    items = [(item["date"], item["kind"], item["who"], item["what"]) for item in study["items"]]
    assert items[:-1] == record
    assert items[-1][:2] == ("2022-06-30", "end")


def test_every_claim_has_a_verdict(study: dict[str, Any]) -> None:
    claims = study["claims"]
    assert [claim["id"] for claim in claims] == ["trade-was-the-reason", "without-the-protest", "it-was-wise"]
    assert {claim["verdict"] for claim in claims} <= {"supported", "contradicted", "undecided", "not testable"}
    shares = {each["name"]: each["posterior"] for each in study["explanations"]}
    for claim in claims[:-1]:
        averaged = math.fsum(shares[answer["explanation"]] * answer["holds"] for answer in claim["answers"])
        assert claim["value"] == pytest.approx(averaged, abs=1e-9)
        assert claim["test"]
    assert (claims[-1]["kind"], claims[-1]["verdict"], claims[-1]["value"]) == ("normative", "not testable", None)


def test_the_paths_on_disk_are_those_of_the_json(folder: pathlib.Path, study: dict[str, Any]) -> None:
    with xarray.open_dataset(folder / "paths.nc", engine="h5netcdf") as paths:
        assert paths.attrs["case_hash"] == study["case"]["hash"]
        assert paths["time"].dt.strftime("%Y-%m-%d").values.tolist() == study["records"][0]["times"]
        for variable, levels in study["game"]["variables"].items():
            assert paths[f"level_{variable}"].values.tolist() == levels
            for each in study["explanations"]:
                path = paths[f"path_{variable}"].sel(explanation=each["name"])
                assert path.dims == ("time", f"level_{variable}")
                assert path.values == pytest.approx(np.array(each["paths"]["small"][variable]), abs=1e-6)
                assert path.values.sum(axis=1) == pytest.approx(1.0, abs=1e-9)


def test_the_posterior_on_disk_is_that_of_the_json(folder: pathlib.Path, study: dict[str, Any]) -> None:
    with xarray.open_dataset(folder / "posterior.nc", engine="h5netcdf") as posterior:
        for each in study["explanations"]:
            mine = posterior.sel(explanation=each["name"])
            for name in ("posterior", "log_evidence", "log_likelihood"):
                assert float(mine[f"explanation_{name}"]) == each[name]
            for number in each["parameters"]:
                for name in ("low", "high", "mode", "posterior_low", "posterior_high"):
                    assert float(mine[name].sel(parameter=number["name"])) == number[name]
            known = {number["name"] for number in each["parameters"]}
            absent = [name for name in posterior["parameter"].values.tolist() if name not in known]
            assert np.isnan(mine["mode"].sel(parameter=absent).values).all()


def same(text: str, value: Any) -> bool:
    return text == "" if value is None else text == value if isinstance(value, str) else float(text) == value


def test_the_tables_say_what_the_json_says(folder: pathlib.Path, study: dict[str, Any]) -> None:
    expected = {
        "explanations": study["explanations"],
        "claims": study["claims"],
        "parameters": [{"explanation": e["name"], **p} for e in study["explanations"] for p in e["parameters"]],
        "forecasts": [{"explanation": e["name"], **f} for e in study["explanations"] for f in e["forecasts"]],
        "items": [
            {**item, "explanation": name, **weight}
            for item in study["items"]
            for name, weight in item["weights"].items()
        ],
    }
    for name, told in expected.items():
        rows = rows_of(folder, name)
        assert len(rows) == len(told) > 0
        for row, entry in zip(rows, told, strict=True):
            assert all(same(text, entry[column]) for column, text in row.items()), (name, row)


def test_a_forecast_counts_the_moves_of_the_record(study: dict[str, Any]) -> None:
    for each in study["explanations"]:
        for forecast in each["forecasts"]:
            seen = [
                item
                for item in study["items"]
                if (item["kind"], item["who"], item["what"]) == ("move", forecast["player"], forecast["action"])
            ]
            assert forecast["observed"] == len(seen)
            assert forecast["expected"] >= 0.0


def test_the_same_seed_gives_the_same_study(
    template: pathlib.Path, study: dict[str, Any], tmp_path: pathlib.Path
) -> None:
    assert call("run", template, "--out", tmp_path / "again", "--seed", 7) == 0
    assert without_stages(read(tmp_path / "again")) == without_stages(study)


# Runs that do not end well


def test_an_impossible_record_names_its_first_item(
    case: pathlib.Path, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replaced(case, "record.csv", "2021-02-10,", "2021-02-01,move,southland,welcome,,invented,too early\n2021-02-10,")
    assert call("run", case, "--out", tmp_path / "out") == 1
    message = capsys.readouterr().err
    assert "the record cannot happen: 2021-02-01, southland welcome, has probability zero." in message
    assert "border = closed" in message
    assert not (tmp_path / "out" / "study.json").exists()


@pytest.mark.parametrize("command", ["run", "solve"])
def test_a_game_that_does_not_converge_ends_with_its_status(
    command: str, template: pathlib.Path, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting, "GameLikelihood", partial(GameLikelihood, tolerance=1e-30))
        patch.setattr(cli, "GameLikelihood", partial(GameLikelihood, tolerance=1e-30))
        patch.chdir(tmp_path)
        assert call(command, template) == 1
    message = capsys.readouterr().err
    assert "not converged: residual" in message.replace("\n", " ")
    assert "lower the weights or shorten the horizon" in message.replace("\n", " ")
    assert "Traceback" not in message


def test_a_folder_that_cannot_be_written_is_found_before_the_work(
    template: pathlib.Path, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    for out in (tmp_path / "file", tmp_path / "file" / "out"):
        assert call("run", template, "--out", out) == 2
        message = capsys.readouterr().err
        assert message.startswith(f"cannot write into {out}: ")
        assert "--out" in message


def fails(*arguments: object, **options: object) -> None:
    raise ZeroDivisionError("planted")


def test_a_bug_leaves_its_traceback(
    template: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(cli, "run_study", fails)
    assert call("run", template, "--out", tmp_path / "out") == 3
    message = capsys.readouterr().err
    assert "ZeroDivisionError: planted" in message
    assert "This is a bug in Raison." in message


def interrupted(*arguments: object, **options: object) -> None:
    raise KeyboardInterrupt


def test_an_interrupt_has_its_own_exit_code(
    template: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(cli, "run_study", interrupted)
    assert call("run", template, "--out", tmp_path / "out") == 130
    assert f"kept in {tmp_path}/out/fits" in " ".join(capsys.readouterr().err.replace("\n", "").split())


def test_an_interrupt_that_was_swallowed_ends_the_run_all_the_same(
    template: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def swallows(*arguments: object, **options: object) -> Study:
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        return make_study()

    monkeypatch.setattr(cli, "run_study", swallows)
    assert call("run", template, "--out", tmp_path / "out") == 130
    assert "Interrupted. Finished explanations are kept" in capsys.readouterr().err


def test_what_an_interrupted_run_held_is_not_freed_as_it_ends() -> None:
    program = """
        import os, signal
        from raison import cli

        class HalfFreed:
            def __del__(self):
                os.write(2, b"freed again")

        def run(**_):
            held = HalfFreed()
            signal.raise_signal(signal.SIGINT)

        cli.app = run
        cli.main()
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (130, "Interrupted.\n")


def test_an_interrupt_while_the_program_loads_ends_it_without_a_traceback() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "raison", "--version"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        assert any("jax._src" in line for line in running.stderr)
        running.send_signal(signal.SIGINT)
        _, message = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Traceback" not in message
    assert "KeyboardInterrupt" not in message


def test_an_interrupted_run_keeps_its_fits_and_the_next_takes_them_up(
    template: pathlib.Path, study: dict[str, Any], tmp_path: pathlib.Path
) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "raison", "run", str(template), "--out", str(out), "--seed", "7"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as running:
        while running.poll() is None and not list(out.glob("fits/*.json")):
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        _, message = running.communicate(timeout=60)
    assert running.returncode == 130, message
    assert "Interrupted." in message
    assert {path.name for path in out.iterdir()} == {"fits"}, "no file is half written"
    kept = {path: json.loads(path.read_text(encoding="utf-8"))["mode"] for path in out.glob("fits/*.json")}
    assert kept

    assert call("run", template, "--out", out, "--seed", 7) == 0
    assert {path: json.loads(path.read_text(encoding="utf-8"))["mode"] for path in kept} == kept
    told, anew = leaves(without_stages(study)), leaves(without_stages(read(out)))
    assert told.keys() == anew.keys()
    for place, value in told.items():
        if place.endswith(("/residual", "/error", "/steps", "/origin")):  # of the last solve, which began elsewhere
            continue
        assert anew[place] == (pytest.approx(value, rel=NEAR, abs=NEAR) if isinstance(value, float) else value), place


def test_a_case_with_three_known_chances_is_checked(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("new", str(tmp_path / "three")) == 0
    path = tmp_path / "three" / "case.yaml"
    text = path.read_text(encoding="utf-8")
    old = "{chance: 0.2 to 0.4, changes: {mood: -1}}\n          - {chance: rest}"
    new = (
        "{chance: 0.3, changes: {mood: -1}}\n          - {chance: 0.1, changes: {trade: -1}}\n          - {chance: 0.6}"
    )
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert call("check", str(path.parent)) == 0
    assert "No problems." in capsys.readouterr().out
