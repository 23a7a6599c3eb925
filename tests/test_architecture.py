"""ARCHITECTURE.md names every file of the source, and no file that is not there."""

import pathlib
import re

ROOT = pathlib.Path(__file__).parents[1]
SOURCE = ROOT / "src" / "raison"
MAP = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")


def named_files() -> list[str]:
    return re.findall(r"^\| `([\w/]+\.py)` \|", MAP, re.MULTILINE)


def files_with_content() -> set[str]:
    """Every file but the `__init__.py` of a package, which its folder's name stands for."""
    files = [path for path in SOURCE.rglob("*.py") if path.parent == SOURCE or path.name != "__init__.py"]
    return {path.relative_to(SOURCE).as_posix() for path in files if path.stat().st_size}


def test_every_file_has_a_line_on_the_map() -> None:
    assert files_with_content() - set(named_files()) == set(), "add a line for each to ARCHITECTURE.md"


def test_no_line_of_the_map_is_stale() -> None:
    assert set(named_files()) - files_with_content() == set(), "take these lines out of ARCHITECTURE.md"


def test_no_file_is_named_twice() -> None:
    assert len(named_files()) == len(set(named_files()))


def test_every_package_is_named() -> None:
    packages = {
        f"{path.parent.relative_to(SOURCE).as_posix()}/"
        for path in SOURCE.rglob("__init__.py")
        if path.parent != SOURCE
    }
    assert {package for package in packages if f"`{package}`" not in MAP} == set()


TESTED_THROUGH = {
    "__init__.py": "test_public_names.py",
    "__main__.py": "test_cli.py",
    "errors.py": "test_cli.py",
    "study.py": "test_saving.py",
    "asked.py": "analysis/test_asking.py",
    "analysis/equilibria.py": "test_cli.py",
    "equilibrium/iteration.py": "equilibrium/test_solver.py",
    "inference/model.py": "inference/test_laplace.py",
    "chain/native_filter.py": "chain/test_filters.py",
    "chain/xla_filter.py": "chain/test_filters.py",
    "inference/posterior.py": "inference/test_laplace.py",
    "record/seen.py": "inference/test_likelihood.py",
    "notebook.py": "test_notebooks.py",
    "report/held_out.py": "report/test_page.py",
    "chain/histories.py": "chain/test_replay.py",
    "query/answers.py": "query/test_world.py",
    "query/course.py": "query/test_world.py",
    "query/replays.py": "query/test_world.py",
    "query/syntax.py": "query/test_grammar.py",
    "query/tree.py": "query/test_grammar.py",
    "query/forms/*.py": "query/test_world.py",
    "case/game.py": "case/test_builder.py",
    "case/checking/*.py": "case/checking/test_checks.py",
    "case/meaning/*.py": "case/test_builder.py",
    "case/text/*.py": "case/text/test_reader.py",
    "report/charts/*.py": "report/test_charts.py",
    "report/*.py": "report/test_page.py",
}
"""Modules without a test of the same name: the test that goes through them, by what they make."""


def test_every_module_has_a_test_of_the_same_name_or_one_that_goes_through_it() -> None:
    tests = ROOT / "tests"
    for module in files_with_content():
        folder, _, name = module.rpartition("/")
        if (tests / folder / f"test_{name}").exists():
            continue
        through = TESTED_THROUGH.get(module) or TESTED_THROUGH.get(f"{folder}/*.py")
        assert through is not None, f"write tests/{folder}/test_{name}, or say which test goes through {module}"
        assert (tests / through).exists(), through
