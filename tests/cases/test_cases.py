import pathlib

import pytest

from raison.case import check_case, read_case
from raison.case.template import write_template
from raison.cases import FOLDER, bundled, find_case, open_case
from raison.errors import CaseError


@pytest.mark.parametrize("name", bundled())
def test_every_bundled_case_has_no_problem(name: str) -> None:
    check_case(read_case(find_case(name)))


def test_a_bundled_case_is_found_by_name() -> None:
    assert find_case("turkey-2016") == FOLDER / "turkey-2016"


def test_a_case_is_found_by_path(tmp_path: pathlib.Path) -> None:
    assert find_case(tmp_path) == tmp_path


def test_a_name_that_is_also_a_folder_here_is_refused(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "turkey-2016").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CaseError, match=r"write `\./turkey-2016` for the one here"):
        find_case("turkey-2016")
    assert find_case("./turkey-2016") == pathlib.Path("turkey-2016")


def test_a_name_that_is_nothing_gets_the_nearest() -> None:
    with pytest.raises(CaseError, match=r"no bundled case of this name\. Did you mean `turkey-2016`"):
        find_case("turkey2016")


@pytest.mark.parametrize("name", [300 * "x", 5000 * "x/", "a\0b", ""])
def test_a_name_that_no_file_can_have_is_told(name: str) -> None:
    with pytest.raises(CaseError, match="there is no such file or folder, and no bundled case of this name"):
        find_case(name)


def test_a_case_is_opened_by_name_or_by_path(tmp_path: pathlib.Path) -> None:
    write_template(tmp_path / "small")
    assert open_case(tmp_path / "small").name == "small"
    assert open_case("turkey-2016").name == "turkey-2016"
