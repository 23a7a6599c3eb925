"""A study on disk: `study.json`, the same as CSV tables, and paths and posterior as netCDF.

The fields are documented in docs/reference/study.md.
"""

from __future__ import annotations

import csv
import dataclasses
import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray

from raison.study import Study


def save_study(study: Study, folder: Path) -> tuple[Path, ...]:
    """Write every file of a study into `folder` and return their paths; each appears whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    written = [_write(folder / "study.json", study_json(study))]
    written += [_write_csv(folder / f"{name}.csv", rows) for name, rows in _tables(study).items()]
    written.append(_write_netcdf(folder / "paths.nc", _paths(study)))
    written.append(_write_netcdf(folder / "posterior.nc", _posterior(study)))
    return tuple(written)


def study_json(study: Study) -> str:
    """Return the text of `study.json`; a number that is not finite becomes null."""
    return json.dumps(_plain(study), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return _plain(np.round(value, 6).tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


def _tables(study: Study) -> dict[str, list[dict[str, Any]]]:
    return {
        "explanations": [
            {
                "name": each.name,
                "label": each.label,
                "posterior": each.posterior,
                "log_evidence": each.log_evidence,
                "log_likelihood": each.log_likelihood,
                "status": each.status,
            }
            for each in study.explanations
        ],
        "items": [
            {
                "record": item.record,
                "date": item.date,
                "kind": item.kind,
                "who": item.who,
                "what": item.what,
                "confidence": item.confidence,
                "source": item.source,
                "explanation": name,
                "act": weight.act,
                "silence": weight.silence,
            }
            for item in study.items
            for name, weight in item.weights.items()
        ],
        "claims": [
            {
                name: getattr(claim, name)
                for name in ("id", "where", "kind", "verdict", "value", "test", "reason", "fragile", "says")
            }
            for claim in study.claims
        ],
        "parameters": [
            {"explanation": each.name, **dataclasses.asdict(parameter)}
            for each in study.explanations
            for parameter in each.parameters
        ],
        "forecasts": [
            {"explanation": each.name, **dataclasses.asdict(forecast)}
            for each in study.explanations
            for forecast in each.forecasts
        ],
    }


def _paths(study: Study) -> xarray.Dataset:
    names = [each.name for each in study.explanations]
    coords: dict[str, Any] = {
        "explanation": names,
        **{f"{each.name}_time": np.array(each.times, dtype="datetime64[ns]") for each in study.records},
    }
    arrays = {}
    for variable, levels in study.game.variables.items():
        coords[f"{variable}_level"] = list(levels)
        for record in study.records:
            values = np.stack([each.paths[record.name][variable] for each in study.explanations])
            dims = ("explanation", f"{record.name}_time", f"{variable}_level")
            arrays[f"{record.name}_{variable}"] = (dims, values)
    return xarray.Dataset(arrays, coords, attrs=_attributes(study))


def _posterior(study: Study) -> xarray.Dataset:
    explanations = [each.name for each in study.explanations]
    parameters = list(dict.fromkeys(p.name for each in study.explanations for p in each.parameters))
    fields = ("low", "high", "mode", "posterior_low", "posterior_high")
    values = {field: np.full((len(explanations), len(parameters)), math.nan) for field in fields}
    for row, each in enumerate(study.explanations):
        for parameter in each.parameters:
            column = parameters.index(parameter.name)
            for field in fields:
                values[field][row, column] = getattr(parameter, field)
    dims = ("explanation", "parameter")
    arrays: dict[str, Any] = {field: (dims, table) for field, table in values.items()}
    for field in ("posterior", "log_evidence", "log_likelihood"):
        arrays[f"explanation_{field}"] = ("explanation", [getattr(each, field) for each in study.explanations])
    return xarray.Dataset(arrays, {"explanation": explanations, "parameter": parameters}, attrs=_attributes(study))


def _attributes(study: Study) -> dict[str, Any]:
    return {"case": study.case.name, "case_hash": study.case.hash, "raison_version": study.version, "seed": study.seed}


def _write(path: Path, text: str) -> Path:
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    return partial.replace(path)


def _write_csv(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]) if rows else ["empty"])
        writer.writeheader()
        writer.writerows(_finite(rows))
    return partial.replace(path)


def _finite(rows: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    for row in rows:
        yield {key: value if not isinstance(value, float) or math.isfinite(value) else "" for key, value in row.items()}


def _write_netcdf(path: Path, dataset: xarray.Dataset) -> Path:
    partial = path.with_name(path.name + ".partial")
    dataset.to_netcdf(partial, engine="h5netcdf")
    return partial.replace(path)
