"""The notebooks run from their first cell to their last."""

import json
import pathlib

import pytest

NOTEBOOKS = sorted((pathlib.Path(__file__).parents[1] / "docs" / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_a_notebook_runs(path: pathlib.Path) -> None:
    book = json.loads(path.read_text(encoding="utf-8"))
    assert book["nbformat"] == 4
    names: dict[str, object] = {}
    for cell in book["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            exec(compile(text, path.name, "exec"), names)
            last = text.strip().splitlines()[-1]
            if last.isidentifier():
                page = names[last]._repr_html_()  # type: ignore[attr-defined]  # pyright: ignore
                assert page.startswith("<div>")


def test_there_are_notebooks() -> None:
    assert len(NOTEBOOKS) == 2
