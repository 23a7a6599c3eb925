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
