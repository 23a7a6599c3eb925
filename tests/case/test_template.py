import json
import pathlib

import pytest

from raison.case.template import json_schema, write_template
from raison.errors import CaseError

SCHEMA = pathlib.Path(__file__).parents[2] / "docs" / "reference" / "case.schema.json"


def test_the_published_schema_is_up_to_date() -> None:
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == json_schema()


def test_nothing_is_overwritten(tmp_path: pathlib.Path) -> None:
    write_template(tmp_path / "new")
    with pytest.raises(CaseError, match="exists already and is not overwritten"):
        write_template(tmp_path / "new")


def test_an_empty_folder_is_filled(tmp_path: pathlib.Path) -> None:
    assert {path.name for path in write_template(tmp_path)} == {path.name for path in tmp_path.iterdir()}
