"""The public names of every package: `__all__` is exact, sorted, and everything in it is there."""

import ast
import importlib
import pathlib

import pytest

import raison

SOURCE = pathlib.Path(raison.__file__).parent
PACKAGES = sorted(".".join(("raison", *path.parent.relative_to(SOURCE).parts)) for path in SOURCE.rglob("__init__.py"))


def names_of(package: str) -> tuple[list[str], set[str]]:
    """Return `__all__`, and what `__init__.py` imports from Raison or defines without an underscore or in capitals."""
    module = importlib.import_module(package)
    assert module.__file__ is not None
    tree = ast.parse(pathlib.Path(module.__file__).read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("raison."):
            found |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            found.add(node.name)
    return list(getattr(module, "__all__", [])), found


@pytest.mark.parametrize("package", PACKAGES)
def test_what_a_package_offers_is_listed_sorted_and_there(package: str) -> None:
    listed, found = names_of(package)
    module = importlib.import_module(package)
    if not listed:
        pytest.skip("no list")
    assert set(listed) - {"__version__"} == found
    assert listed == sorted(listed, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    assert all(hasattr(module, name) for name in listed)


def test_the_lists_are_those_of_the_packages_that_others_use() -> None:
    with_list = {package for package in PACKAGES if names_of(package)[0]}
    assert with_list >= {f"raison.{name}" for name in ("game", "equilibrium", "chain", "record", "case", "analysis")}


def test_the_version_is_that_of_the_project() -> None:
    text = (SOURCE.parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{raison.__version__}"' in text
