"""Every public signature of the core says what it takes and gives: no `Any`, and no array without its axes."""

import ast
import importlib
import pathlib

import jax.numpy as jnp
import pytest
from annotations import UNCHECKED, modules
from jaxtyping import TypeCheckError
from numba.core.dispatcher import Dispatcher

from raison.equations.choice import logit_choice

BARE = {"jax.Array", "Array", "np.ndarray", "ndarray", "Any", "typing.Any"}


def annotations_of(module: str) -> list[tuple[str, ast.expr | None]]:
    """Return what stands in the public signatures of a module, with its place: functions, methods and fields."""
    loaded = importlib.import_module(module)
    assert loaded.__file__ is not None
    found: list[tuple[str, ast.expr | None]] = []

    def visit(nodes: list[ast.stmt], place: str) -> None:
        for node in nodes:
            if isinstance(node, ast.AnnAssign) and place != module:
                found.append((f"{place}.{ast.unparse(node.target)}", node.annotation))
            if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
                continue
            here = f"{place}.{node.name}"
            if isinstance(node, ast.ClassDef):
                visit(node.body, here)
            elif not isinstance(getattr(loaded, node.name, None), Dispatcher):  # a compiled loop takes what it is given
                arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                arguments += [argument for argument in (node.args.vararg, node.args.kwarg) if argument]
                found.extend((f"{here}({a.arg})", a.annotation) for a in arguments if a.arg != "self")
                found.append((f"{here} ->", node.returns))

    visit(ast.parse(pathlib.Path(loaded.__file__).read_text(encoding="utf-8")).body, module)
    return found


def is_bare(annotation: ast.expr | None) -> bool:
    """Return whether an annotation is missing or speaks of an array without axes, or of anything."""
    if annotation is None:
        return True
    with_axes = [n for n in ast.walk(annotation) if isinstance(n, ast.Subscript) and isinstance(n.slice, ast.Tuple)]
    typed = {id(part) for n in with_axes if ast.unparse(n.value)[0].isupper() for part in ast.walk(n.slice)}
    names = [n for n in ast.walk(annotation) if isinstance(n, ast.Name | ast.Attribute) and id(n) not in typed]
    return any(ast.unparse(name) in BARE for name in names)


@pytest.mark.parametrize("module", modules())
def test_every_public_signature_says_what_it_takes_and_gives(module: str):
    assert [place for place, annotation in annotations_of(module) if is_bare(annotation)] == []


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("jax.Array", True),
        ("tuple[np.ndarray, ...]", True),
        ("dict[str, Any]", True),
        ("float | Array", True),
        ('Float[Array | np.ndarray, " states"] | None', False),
        ("PlayerValues", False),
    ],
)
def test_an_array_without_axes_is_told_from_one_with(text: str, bare: bool):
    assert is_bare(ast.parse(text, mode="eval").body) == bare


def test_an_array_of_the_wrong_shape_is_refused_in_the_tests():
    with pytest.raises(TypeCheckError, match="is_available"):
        logit_choice(jnp.zeros((2, 5)), jnp.ones((2, 4)))


def test_whole_numbers_where_floats_belong_are_refused_in_the_tests():
    with pytest.raises(TypeCheckError, match="advantages"):
        logit_choice(jnp.zeros((2, 5), dtype=int), jnp.ones((2, 5)))


def test_what_is_left_unchecked_is_there():
    assert set(modules()) > UNCHECKED
