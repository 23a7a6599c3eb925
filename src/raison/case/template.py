"""The small case that `raison new` writes, and the JSON Schema of the case language."""

from __future__ import annotations

import importlib.resources
import os
import pathlib
from typing import Any

from raison.case.meaning.items import ITEM_KINDS
from raison.case.text.reader import ROLES
from raison.case.text.schema import CaseText
from raison.errors import CaseError, Problem
from raison.writing import make_folder, write_whole

FILES = ("case.yaml", "record.csv", "claims.yaml", "sources.yaml")
"""The files of the small case."""


def write_template(folder: str | os.PathLike[str]) -> tuple[pathlib.Path, ...]:
    """Write the small commented case into a new folder and return its files.

    Raises:
        CaseError: if `folder` exists and is not empty; nothing is ever overwritten.
        CannotWrite: if the machine refuses.
    """
    target = pathlib.Path(folder)
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        message = "this exists already and is not overwritten; choose another name."
        raise CaseError([Problem(str(target), 0, 0, "", message)])
    make_folder(target)
    source = importlib.resources.files("raison.case") / "template"
    return tuple(write_whole(target / name, (source / name).read_bytes()) for name in FILES)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of `case.yaml`, for editors that complete and check while one types."""
    schema = CaseText.model_json_schema(by_alias=True)
    for role in ROLES:
        entries = schema["properties"][role]
        entries.pop("default", None)
        title = entries.pop("title", role.title())
        schema["properties"][role] = {
            "title": title,
            "anyOf": [{"type": "string", "description": "a file beside case.yaml"}, entries],
        }
    for holder in ("WrittenEpisode", "WrittenHeldOut"):
        record = schema["$defs"][holder]["properties"]["record"]
        schema["$defs"][holder]["properties"]["record"] = {
            "title": record.pop("title"),
            "anyOf": [{"type": "string", "description": "a file beside case.yaml"}, record],
        }
    schema["$defs"]["RecordRow"]["properties"]["kind"]["enum"] = list(ITEM_KINDS)
    either = ["string", "number"]
    plain = {"WrittenCost": either, "WrittenChance": either, "DecisionRate": "string", "WrittenQuestion": "string"}
    for name, kinds in plain.items():
        whole = schema["$defs"][name]
        schema["$defs"][name] = {"title": whole.pop("title"), "anyOf": [{"type": kinds}, whole]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "A Raison case"}
