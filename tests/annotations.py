"""Annotations that run: what is passed to a public function of the core, and what it returns, is checked in the tests
against its annotations, shapes and dtypes included."""

from __future__ import annotations

import ast
import functools
import pathlib
from collections.abc import Callable

import beartype
import jax
from jaxtyping import _import_hook, install_import_hook

SOURCE = pathlib.Path(__file__).parents[1] / "src" / "raison"

CORE = ("arrays", "game", "equations", "engine", "equilibrium", "chain", "record", "inference", "query")
"""Packages whose annotations are complete (see `test_annotations.py`) and checked."""

UNCHECKED = {
    "raison.engine.arcs",
    "raison.engine.kernels",
    "raison.engine.responses",
    "raison.engine.native",
    "raison.chain.loops",
    "raison.query.tree",
}
"""Modules of loops that numba compiles, which nothing may be wrapped around; `native`, which a solve calls so often
that the tests would take half as long again; and the trees that hypothesis builds, which forbids that anybody else
draws at random, as beartype does to choose which entry of a tuple it looks at."""

EMPTY = (object, jax.ShapeDtypeStruct)
"""What JAX puts into an object where it only works out its form."""

INTS_ARE_FLOATS = beartype.BeartypeConf(is_pep484_tower=True)


def modules() -> list[str]:
    """Return the names of the modules of the core."""
    files = [path for name in CORE for path in (*SOURCE.glob(f"{name}.py"), *SOURCE.glob(f"{name}/*.py"))]
    return sorted(".".join(("raison", *path.relative_to(SOURCE).with_suffix("").parts)) for path in files)


def check(function: Callable) -> Callable:
    """Return `function` with its annotations checked; not where JAX makes an object that holds nothing."""
    checked = beartype.beartype(function, conf=INTS_ARE_FLOATS)
    if function.__name__ != "__init__":
        return checked

    @functools.wraps(checked)
    def init(self: object, *args: object, **kwargs: object) -> None:
        if not any(type(leaf) in EMPTY for leaf in jax.tree.leaves((args, kwargs))):
            checked(self, *args, **kwargs)

    return init


class _Public(_import_hook.JaxtypingTransformer):
    """Check what is public, and nothing inside a function, which would be wrapped anew at every call."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:  # noqa: N802
        return node if node.name.startswith("_") and node.name != "__init__" else super().visit_FunctionDef(node)

    def generic_visit(self, node: ast.AST) -> None:
        if not isinstance(node, ast.FunctionDef):
            super().generic_visit(node)


def check_annotations() -> None:
    """Check the annotations of whatever is loaded of the core from now on."""
    _import_hook.JaxtypingTransformer = _Public
    names = [name for name in modules() if name not in UNCHECKED and not name.endswith("__init__")]
    install_import_hook(names, "annotations.check")
