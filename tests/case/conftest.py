import pathlib
from collections.abc import Callable

import pytest

from raison.case import check_case, read_case
from raison.case.template import write_template
from raison.errors import CaseError

Problems = Callable[[pathlib.Path], list[str]]


@pytest.fixture
def case(tmp_path: pathlib.Path) -> pathlib.Path:
    """The small case of the template, in a folder of its own."""
    write_template(tmp_path / "small")
    return tmp_path / "small"


@pytest.fixture
def problems_of() -> Problems:
    """Return the problems of a case, with the folder cut off its file names."""
    return _problems_of


def _problems_of(path: pathlib.Path) -> list[str]:
    try:
        check_case(read_case(path))
    except CaseError as error:
        folder = path if path.is_dir() else path.parent
        return [str(problem).replace(f"{folder}/", "").replace(str(folder), "FOLDER") for problem in error.problems]
    return []


@pytest.fixture
def broken(case: pathlib.Path) -> Callable[[str, str, str], list[str]]:
    """Replace a text in a file of the small case, and return the problems."""

    def replace(file: str, old: str, new: str) -> list[str]:
        text = (case / file).read_text(encoding="utf-8")
        assert old in text, old
        (case / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        return _problems_of(case)

    return replace
