"""The public names of every package: `__all__` is exact, sorted, and everything in it is there."""

import ast
import importlib
import itertools
import os
import pathlib
import re
import subprocess
import sys

import pytest

import raison

SOURCE = pathlib.Path(raison.__file__).parent
PACKAGES = sorted(".".join(("raison", *path.parent.relative_to(SOURCE).parts)) for path in SOURCE.rglob("__init__.py"))


def names_of(package: str) -> tuple[list[str], set[str]]:
    """Return `__all__`, and what `__init__.py` imports from Raison or defines openly, constants included."""
    module = importlib.import_module(package)
    assert module.__file__ is not None
    tree = ast.parse(pathlib.Path(module.__file__).read_text(encoding="utf-8"))
    found: set[str] = set()
    lazy = [node.body for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    for node in [*tree.body, *itertools.chain(*lazy)]:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("raison."):
            found |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {ast.unparse(name) for name in targets if ast.unparse(name).isupper()}
    return list(getattr(module, "__all__", [])), found


@pytest.mark.parametrize("package", PACKAGES)
def test_what_a_package_offers_is_listed_sorted_and_there(package: str) -> None:
    listed, found = names_of(package)
    module = importlib.import_module(package)
    if not listed:
        pytest.skip("no list")
    assert set(listed) == {name for name in found if not name.startswith("_")} - {"JAX_CAME_FIRST"}
    assert listed == sorted(listed, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    assert all(hasattr(module, name) for name in listed)


def test_the_lists_are_those_of_the_packages_that_others_use() -> None:
    with_list = {package for package in PACKAGES if names_of(package)[0]}
    assert with_list >= {f"raison.{name}" for name in ("game", "equilibrium", "chain", "record", "case", "analysis")}


def test_the_version_is_that_of_the_project() -> None:
    text = (SOURCE.parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{raison.__version__}"' in text


def run(script: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run Python without what the tests have loaded."""
    environment = {**os.environ, "PYTHONPATH": str(SOURCE.parent)}
    command = [sys.executable, *options, "-c", script]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_importing_raison_loads_nothing_that_takes_time():
    done = run("import sys, raison; print(sorted({name.partition('.')[0] for name in sys.modules}))")
    assert done.returncode == 0, done.stderr
    loaded = set(ast.literal_eval(done.stdout))
    assert not loaded & {"jax", "numba", "numpy", "scipy", "pydantic", "matplotlib", "rich", "typer"}


def test_every_public_name_is_that_of_its_package():
    tree = ast.parse((SOURCE / "__init__.py").read_text(encoding="utf-8"))
    homes = {
        alias.name: node.module or ""
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("raison.")
        for alias in node.names
    }
    for name in raison.__all__:
        assert getattr(raison, name) is getattr(importlib.import_module(homes[name]), name)
    assert set(raison.__all__) <= set(dir(raison))


def test_a_name_that_is_not_public_is_refused():
    with pytest.raises(AttributeError, match="module `raison` has no name `agent`"):
        _ = raison.agent  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("order", ["import jax; from raison import Game", "import jax; from raison.chain import Chain"])
def test_who_uses_jax_in_32_bits_is_warned_once_that_it_counts_in_64_from_now_on(order: str):
    done = run(f"{order}; import raison.equilibrium; print(jax.numpy.zeros(1).dtype)")
    assert done.stdout == "float64\n", done.stderr
    assert done.stderr.count("RuntimeWarning: Raison counts in 64 bits and has set `jax_enable_x64`") == 1


@pytest.mark.parametrize(
    "order",
    ["from raison import Game", "import jax; jax.config.update('jax_enable_x64', True); from raison import Game"],
)
def test_who_loads_raison_first_or_chose_64_bits_is_not_warned(order: str):
    done = run(order, "-W", "error")
    assert done.returncode == 0, done.stderr


def test_the_page_on_the_python_interface_runs_as_written(tmp_path: pathlib.Path):
    page = (SOURCE.parents[1] / "docs" / "reference" / "python.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    shown = re.findall(r"^```text\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    done = run(f"import os; os.chdir({str(tmp_path)!r})\n" + "".join(blocks))
    assert done.returncode == 0, done.stderr
    assert done.stdout == "".join(shown)
