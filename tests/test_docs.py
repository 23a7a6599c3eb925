"""The documentation is true: links lead somewhere, cases open, works that are cited are listed."""

import ast
import importlib.util
import pathlib
import re
import sys
import types

import numpy as np
import pytest
import scipy.optimize

import raison
from raison.analysis.fitting import fit_all, make_rivals
from raison.analysis.pool import Processes
from raison.analysis.watch import Watch
from raison.case import BuiltCase, build, check_case, read_case
from raison.case.template import write_template
from raison.cases import open_case
from raison.inference.likelihood import GameLikelihood
from raison.inference.prior import Fixed, Flat
from raison.query.conditions import check_question, resolve
from raison.query.grammar import parse_query

ROOT = pathlib.Path(__file__).parents[1]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("benchmarks/*.md"), *ROOT.glob("examples/**/*.md")]
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
CASE = re.compile(r"^<!-- case: ([\w-]+) -->\n```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
KEY = re.compile(r"\b[a-z]+(?:1[89]|20)\d\d\b")
COMMAND = re.compile(r"^<!-- (run|test) -->\n```sh\n([^\n]+)\n```", re.MULTILINE)


def page_id(page: pathlib.Path) -> str:
    return page.relative_to(ROOT).as_posix()


def anchors(page: pathlib.Path) -> set[str]:
    """The anchors that headings make, as code hosts form them."""
    titles = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_relative_link_leads_somewhere(page: pathlib.Path) -> None:
    for link in LINK.findall(FENCED.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page_id(page)}: {link} leads nowhere"
        assert not anchor or anchor in anchors(target), f"{page_id(page)}: no heading for {link}"


def test_every_page_of_the_documentation_can_be_reached_from_its_index() -> None:
    index = ROOT / "docs" / "index.md"
    linked = {
        (index.parent / link.partition("#")[0]).resolve() for link in LINK.findall(index.read_text(encoding="utf-8"))
    }
    assert set((ROOT / "docs").rglob("*.md")) - linked - {index} == set()


CASES = [(page, name, text) for page in PAGES for name, text in CASE.findall(page.read_text(encoding="utf-8"))]


def open_text(folder: pathlib.Path, name: str, text: str) -> BuiltCase:
    file = folder / f"{name}.yaml"
    file.write_text(text, encoding="utf-8")
    return open_case(file)


@pytest.mark.parametrize(("page", "name", "text"), CASES, ids=[f"{page_id(page)}:{name}" for page, name, _ in CASES])
def test_every_case_on_a_page_opens(page: pathlib.Path, name: str, text: str, tmp_path: pathlib.Path) -> None:
    assert open_text(tmp_path, name, text).explanations


def test_the_tutorial_and_the_readme_show_a_case() -> None:
    assert {page_id(page) for page, _, _ in CASES} >= {"README.md", "docs/tutorial/first-case.md"}


def test_the_change_that_the_tutorial_makes_is_a_change_of_its_case(tmp_path: pathlib.Path) -> None:
    page = ROOT / "docs" / "tutorial" / "first-case.md"
    ((name, text),) = CASE.findall(page.read_text(encoding="utf-8"))
    assert "looks ahead: 4 months" in page.read_text(encoding="utf-8")
    assert text.count("looks ahead: 1 year") == 1
    assert open_text(tmp_path, name, text.replace("looks ahead: 1 year", "looks ahead: 4 months")).explanations


def posterior_of(case: BuiltCase) -> list[float]:
    return [fit.share for fit in fit_all(case, make_rivals(case), Watch(), None, 0, Processes()).fits]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("horizon", "told"), [("1 year", [0.44, 0.18, 0.02, 0.28, 0.09]), ("4 months", [0.40, 0.33, 0.01, 0.19, 0.07])]
)
def test_the_numbers_of_the_tutorial_come_out(horizon: str, told: list[float], tmp_path: pathlib.Path) -> None:
    page = ROOT / "docs" / "tutorial" / "first-case.md"
    ((name, text),) = CASE.findall(page.read_text(encoding="utf-8"))
    case = open_text(tmp_path, name, text.replace("looks ahead: 1 year", f"looks ahead: {horizon}"))
    assert posterior_of(case) == pytest.approx(told, abs=0.02)


def example(name: str) -> types.ModuleType:
    """Return an example, as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_the_deterrence_example_has_the_likelihood_of_the_published_game() -> None:
    deterrence = example("deterrence")
    sample = deterrence.draw(60, np.random.default_rng(1))
    likelihood = GameLikelihood(deterrence.deterrence_game(sample.measured), [deterrence.Outcomes(sample)])

    def closed_form(numbers: np.ndarray) -> float:
        chances = deterrence.outcome_chances(sample.measured, numbers)
        return float(np.log(chances[np.arange(60), sample.outcome]).sum())

    numbers = np.array([1.5, 0.4, 2.0, -0.7])
    found = likelihood.evaluate(numbers)
    assert found.log_likelihood == pytest.approx(closed_form(numbers), abs=1e-3)
    np.testing.assert_allclose(found.gradient, scipy.optimize.approx_fprime(numbers, closed_form, 1e-6), atol=2e-3)


@pytest.mark.slow
def test_the_deterrence_example_finds_what_was_published() -> None:
    deterrence = example("deterrence")
    samples = 4
    found = deterrence.experiment(samples)
    errors = np.array(deterrence.PUBLISHED_ERRORS) * np.sqrt(np.pi / 2)  # of normal estimates, from their mean absolute
    off = (found.mean(axis=0) - deterrence.PUBLISHED_MEANS) / (errors * np.sqrt(1 / samples + 1 / deterrence.SAMPLES))
    assert np.abs(off).max() < 3.0


@pytest.mark.slow
def test_the_bus_example_finds_the_published_maximum() -> None:
    bus = example("bus_engine")
    transitions = [bus.read_transitions()]
    likelihood = GameLikelihood(bus.bus_game, transitions)
    found = bus.estimate(likelihood, Fixed(1.0))
    assert found.log_likelihood == pytest.approx(bus.PUBLISHED["lambda = 1"][-1], abs=1e-6)
    assert found.standard_errors() == pytest.approx([0.0, 0.00586, 0.05233, 0.39366], rel=1e-3, abs=1e-5)
    free = bus.estimate(likelihood, Flat(0.05, 0.02, is_positive=True))
    assert free.log_likelihood == pytest.approx(bus.PUBLISHED["lambda free"][-1], abs=1e-6)
    statistic, p = bus.likelihood_ratio(free, found)
    assert statistic == pytest.approx(bus.PUBLISHED_RATIO, abs=0.01)
    assert p == pytest.approx(2.1e-5, rel=0.02)
    two_rates = GameLikelihood(bus.two_rate_game, transitions)
    equal = bus.estimate_two_rates(two_rates, Fixed(1.0))
    np.testing.assert_allclose(np.delete(equal.mode, 1), free.mode, rtol=1e-4)
    assert equal.log_likelihood == pytest.approx(free.log_likelihood, abs=1e-6)
    assert bus.estimate_two_rates(two_rates, Flat(1.0, 0.3, is_positive=True)).log_likelihood > free.log_likelihood


def cited_keys(path: pathlib.Path) -> set[str]:
    """The keys after `Source:` in the docstrings of a Python file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docs = [ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, kinds)]
    return {key for doc in docs for part in doc.split("Source:")[1:] for key in KEY.findall(part)}


def listed_keys() -> set[str]:
    text = (ROOT / "docs" / "reference" / "references.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))


def test_every_work_that_code_cites_is_listed() -> None:
    files = [*(ROOT / "src").rglob("*.py"), *(ROOT / "examples").rglob("*.py")]
    cited = {key: path for path in files for key in cited_keys(path)}
    assert len(cited) >= 5
    assert {key: page_id(path) for key, path in cited.items() if key not in listed_keys()} == {}


def test_every_work_that_a_page_cites_is_listed() -> None:
    cited = {
        key for page in PAGES for key in re.findall(r"`([a-z]+(?:1[89]|20)\d\d)`", page.read_text(encoding="utf-8"))
    }
    assert cited <= listed_keys()


def test_the_readme_has_both_commands_in_one_line_each() -> None:
    commands = dict(COMMAND.findall((ROOT / "README.md").read_text(encoding="utf-8")))
    assert set(commands) == {"run", "test"}
    assert "raison run turkey-2016" in commands["run"]
    assert "-m pytest" in commands["test"]


def test_the_clues_of_the_how_to_are_clues_of_the_small_case(tmp_path: pathlib.Path) -> None:
    page = (ROOT / "docs" / "how-to" / "judge-clues.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"^<!-- table: clues.csv -->\n```csv\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (entries,) = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    write_template(tmp_path / "small")
    (tmp_path / "small" / "clues.csv").write_text(table, encoding="utf-8")
    with (tmp_path / "small" / "case.yaml").open("a", encoding="utf-8") as file:
        file.write(entries)
    written = read_case(tmp_path / "small")
    assert check_case(written) == ()
    clues = build(written).clues
    assert clues is not None
    assert clues.groups == ("lobby", "speech")
    assert clues.raters == ("first", "second")


def test_the_variants_of_the_how_to_are_variants_of_the_small_case(tmp_path: pathlib.Path) -> None:
    page = (ROOT / "docs" / "how-to" / "declare-variants.md").read_text(encoding="utf-8")
    (entries,) = re.findall(r"^<!-- variants -->\n```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    write_template(tmp_path / "small")
    with (tmp_path / "small" / "case.yaml").open("a", encoding="utf-8") as file:
        file.write(entries)
    written = read_case(tmp_path / "small")
    assert check_case(written) == ()
    built = build(written).variants
    assert [variant.name for variant in built] == ["an offer opens the border at once", "voters forget"]


def test_the_episodes_of_the_how_to_are_episodes_of_the_small_case(tmp_path: pathlib.Path) -> None:
    page = (ROOT / "docs" / "how-to" / "try-several-episodes.md").read_text(encoding="utf-8")
    (entries,) = re.findall(r"^<!-- episodes -->\n```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    write_template(tmp_path / "small")
    path = tmp_path / "small" / "case.yaml"
    kept = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith(("time:", "record:"))]
    path.write_text("\n".join([*kept, entries]), encoding="utf-8")
    written = read_case(tmp_path / "small")
    assert check_case(written) == ()
    assert [record.name for record in build(written).records] == ["first-offer", "old-border"]


def test_the_counts_of_the_how_to_are_a_record_of_the_small_case(tmp_path: pathlib.Path) -> None:
    page = (ROOT / "docs" / "how-to" / "count-acts.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"^<!-- record -->\n```csv\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    write_template(tmp_path / "small")
    (tmp_path / "small" / "record.csv").write_text(table, encoding="utf-8")
    written = read_case(tmp_path / "small")
    check_case(written)
    (watched,) = build(written).records
    days = [(watched.calendar.date_of(count.since), count.date, count.number) for count in watched.record.counts]
    assert [(str(begin), until, number) for begin, until, number in days] == [
        ("2021-04-01", "2021-04-30", 0),
        ("2021-05-01", "2021-06-30", 3),
    ]


def test_what_people_ask_can_be_asked_of_the_turkey_case() -> None:
    page = (ROOT / "docs" / "how-to" / "ask-a-study.md").read_text(encoding="utf-8")
    table = page.split("## What people ask")[1].split("\n\n", 3)[1]
    lines = [line.replace("\\|", "|") for line in re.findall(r"`([^`]+\([^`]+)`", table)]
    assert len(lines) >= 25
    names = raison.open_case("turkey-2016").names
    for line in lines:
        assert check_question(resolve(parse_query(line), names.actions), names) == [], line


def test_the_answers_of_the_cookbook_come_out(tmp_path: pathlib.Path) -> None:
    """Each within its error, and two more for machines that round otherwise."""
    page = (ROOT / "docs" / "how-to" / "cookbook.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| [^|]+ \| `(.+)` \| ([^|]+) \|$", page, re.MULTILINE)
    assert len(rows) == 35
    folder = tmp_path / "small"
    write_template(folder)
    study = raison.run_study(raison.open_case(folder), search=False)
    answers = raison.ask(study, [question.replace("\\|", "|") for question, _ in rows])
    for (question, text), answer in zip(rows, answers, strict=True):
        told = text.replace("\u2212", "-")
        values = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", told)]
        if "\u00b1" in told:
            assert abs(answer.parts[""].value - values[0]) <= 3.0 * values[1] + 1e-3, question
        else:
            found = [part.value for part in answer.parts.values()]
            errors = [part.error for part in answer.parts.values()]
            assert len(found) == len(values), question
            for value, number, error in zip(found, values, errors, strict=True):
                assert abs(value - number) <= 3.0 * error + 1e-3, question
