"""A study on disk: `study.json`, the same as CSV tables, and paths and posterior as netCDF; and read back from there.

The fields are documented in docs/reference/study.md.
"""

from __future__ import annotations

import csv
import dataclasses
import enum
import io
import json
import math
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from raison.analysis.simulating import Paths
from raison.asked import Asked, Estimate
from raison.combined import Combined
from raison.errors import CaseError, Problem
from raison.inference.posterior import Draws
from raison.loading import from_plain
from raison.study import (
    APART,
    ActionForecast,
    ActResidual,
    ClaimAnswer,
    MoveReasons,
    NextEvidence,
    ParameterEstimate,
    Study,
)
from raison.writing import make_folder, write_whole

if TYPE_CHECKING:
    import pandas
    import xarray  # it takes half a second to load, and only writing needs it

DRAWS, PLAY = "draws.nc", "play.nc"

TABLES = (
    "explanations",
    "items",
    "claims",
    "parameters",
    "forecasts",
    "motives",
    "residuals",
    "clues",
    "next_evidence",
    "held_out",
    "episodes",
    "variants",
    "questions",
    "claim_answers",
    "reasons",
)
"""The tables of a study."""

FILES = (
    "study.json",
    *(f"{name}.csv" for name in TABLES),
    "paths.nc",
    "posterior.nc",
    DRAWS,
    PLAY,
)
"""The files of a study, in the order in which they are written."""

Rows = Iterable[Sequence[Any]]
"""Rows of a table."""


def save_study(study: Study, folder: str | os.PathLike[str]) -> tuple[Path, ...]:
    """Write every file of a study into `folder` and return their paths; each appears whole or not at all.

    Errors:
        `CannotWrite` if the machine refuses.
    """
    contents = (
        study_json(study),
        *(_csv_text(columns, rows) for columns, rows in _tables(study)),
        _paths(study).to_netcdf(engine="h5netcdf"),
        _posterior(study).to_netcdf(engine="h5netcdf"),
        _draws(study).to_netcdf(engine="h5netcdf"),
        _play(study).to_netcdf(engine="h5netcdf"),
    )
    target = make_folder(Path(folder))
    return tuple(write_whole(target / name, content) for name, content in zip(FILES, contents, strict=True))


def load_study(folder: str | os.PathLike[str]) -> Study:
    """Read back the study that `save_study` wrote into `folder`.

    It equals the one that was saved, but for the rounding of paths and for numbers that are not finite, which
    come back as nan.

    Raises:
        CaseError: if there is no study, or one that this version cannot read.
    """
    path = Path(folder) / "study.json"
    try:
        study = from_plain(Study, json.loads(path.read_text(encoding="utf-8")))
        return _with_play(_with_draws(study, path.with_name(DRAWS)), path.with_name(PLAY))
    except OSError as error:
        reason = f"{error.strerror}."
    except RecursionError:
        reason = "it is nested too deeply."
    except ValueError as error:
        reason = f"{error}."
    message = f"no study can be read here: {reason} `raison run` writes one anew."
    raise CaseError([Problem(str(path), 0, 0, "", message)])


def study_json(study: Study) -> str:
    """Return the text of `study.json`; a number that is not finite becomes null."""
    return _json_text(_plain(study))


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [field for field in dataclasses.fields(value) if field.metadata != APART]
        return {field.name: _plain(getattr(value, field.name)) for field in fields}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return _plain(np.round(value, 6).tolist())
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, enum.Enum):
        return _plain(value.value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


def tables(study: Study) -> dict[str, pandas.DataFrame]:
    """Return the tables of a study, such as `claims` and `parameters`, as the CSV files of its folder have them."""
    import pandas as pd  # takes a while to load

    return {
        name: pd.DataFrame([list(row) for row in rows], columns=list(columns))
        for name, (columns, rows) in zip(TABLES, _tables(study), strict=True)
    }


def _tables(study: Study) -> list[tuple[Sequence[str], Rows]]:
    """Return columns and rows of each CSV file, in the order of `FILES`."""
    explanation = ("name", "label", "posterior", "log_evidence", "log_evidence_error", "log_likelihood", "status")
    item = ("record", "date", "kind", "who", "what", "confidence", "source")
    claim = ("id", "where", "kind", "verdict", "value", "low", "high", "test", "rests_on", "reason", "fragile", "says")
    parameter = [field.name for field in dataclasses.fields(ParameterEstimate)]
    forecast, act = (
        [field.name for field in dataclasses.fields(kind) if "tuple" not in str(field.type)]
        for kind in (ActionForecast, ActResidual)
    )
    clue = ("id", "date", "group", "confidence", "source", "says")
    promising = [field.name for field in dataclasses.fields(NextEvidence)]
    expected = ("question", "date", "came")
    share = ("explanation", "posterior", "log_evidence", "log_evidence_error")
    motive = ("explanation", "player", "feature", "low", "middle", "high")
    return [
        (
            explanation,
            [
                *(_values(each, explanation) for each in study.explanations),
                *((each.name, each.label, *[math.nan] * 4, f"not fitted: {each.reason}") for each in study.failed),
            ],
        ),
        (
            (*item, "explanation", "act", "silence"),
            (
                (*_values(each, item), name, weight.act, weight.silence)
                for each in study.items
                for name, weight in each.weights.items()
            ),
        ),
        (claim, (_values(each, claim) for each in study.claims)),
        (
            ("explanation", *parameter),
            ((each.name, *_values(number, parameter)) for each in study.explanations for number in each.parameters),
        ),
        (
            ("explanation", *forecast),
            ((each.name, *_values(action, forecast)) for each in study.explanations for action in each.forecasts),
        ),
        (
            (*motive, "action", "likelier"),
            (
                (*_values(each, motive), action, likelier)
                for each in study.motives
                for action, likelier in each.likelier.items()
            ),
        ),
        (act, (_values(each, act) for each in study.residuals)),
        (
            (*clue, "explanation", "weight"),
            (
                (*_values(each, clue), name, weight)
                for each in (study.clues.clues if study.clues else ())
                for name, weight in each.weights.items()
            ),
        ),
        (promising, (_values(each, promising) for each in study.next_evidence)),
        (
            (*expected, "explanation", "probability"),
            (
                (*_values(each, expected), name, probability)
                for each in (study.held_out.forecasts if study.held_out else ())
                for name, probability in [("", each.probability), *each.by.items()]
            ),
        ),
        (
            ("episode", "fitted_to", *share),
            (
                (episode.name, fitted_to, *_values(each, share))
                for episode in study.episodes
                for fitted_to, shares in (("it alone", episode.alone), ("all the others", episode.without))
                for each in shares
            ),
        ),
        (
            ("variant", *share),
            ((variant.name, *_values(each, share)) for variant in study.variants for each in variant.shares),
        ),
        _asked_table(study.questions),
        (
            ("claim", *_names(ClaimAnswer)),
            ((claim.id, *_values(each, _names(ClaimAnswer))) for claim in study.claims for each in claim.answers),
        ),
        (
            ("record", "date", "player", "action", "explanation", "part", *_names(Estimate)),
            (
                (*_values(each, ("record", "date", "player", "action")), name, part, *numbers)
                for each in study.reasons
                for name, part, numbers in _parts_of(each)
            ),
        ),
    ]


def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


def _parts_of(reasons: MoveReasons) -> Iterator[tuple[str, str, tuple[float, ...]]]:
    """Yield the explanation (none for the average), the part, and its numbers."""
    for part, each in reasons.parts.items():
        yield "", part, _values(each, _names(Estimate))
    for name, parts in reasons.under.items():
        for part, value in parts.items():
            yield name, part, (value, math.nan, math.nan, math.nan)


def asked_csv(answers: Sequence[Asked]) -> str:
    """Return answers to questions as CSV, as `questions.csv` has those of the case."""
    return _csv_text(*_asked_table(answers))


def asked_json(answers: Sequence[Asked], says: Sequence[str]) -> str:
    """Return answers to questions as JSON, each with what it says in words; a number that is not finite is null."""
    plain = [{**_plain(asked), "says": text} for asked, text in zip(answers, says, strict=True)]
    return _json_text(plain)


def combined_csv(combined: Combined) -> str:
    """Return what studies say together as CSV: a row for each explanation, a column for each study."""
    header = ("explanation", "label", "is_null", *combined.cases, "together", "error", "posterior", "is_ok")
    rows = (
        (row.name, row.label, row.is_null, *row.each, row.together, row.error, row.posterior, row.is_ok)
        for row in combined.rows
    )
    return _csv_text(header, rows)


def combined_json(combined: Combined, says: str) -> str:
    """Return what studies say together as JSON, with what it says in words; a number that is not finite is null."""
    return _json_text({**_plain(combined), "says": says})


def paths_csv(paths: Paths) -> str:
    """Return simulated paths as CSV: a row for the start of each and for each jump, with every level after it."""
    names = tuple(paths.levels)
    whose = np.array(paths.explanation)[paths.path]
    columns = (whose, paths.date.astype(str), paths.who, paths.what, *(paths.levels[name] for name in names))
    header = ("path", "explanation", "date", "who", "what", *names)
    return _csv_of_cells(header, zip(paths.path.tolist(), *map(_words, columns), strict=True))


def _words(column: np.ndarray) -> list[str]:
    """Return a column of few different words as CSV cells."""
    words, places = np.unique(column, return_inverse=True)
    return np.array([_cell(word) for word in words.tolist()], dtype=object)[places].tolist()


def _asked_table(answers: Sequence[Asked]) -> tuple[Sequence[str], Rows]:
    """Return a row for each part of each answer, averaged (without a name) and under each explanation."""
    estimate = _names(Estimate)
    counts = ("draws", "undefined", "unconverged")
    nothing = Estimate(math.nan, math.nan, math.nan, math.nan)

    def rows() -> Rows:
        for asked in answers:
            total = [sum(getattr(each, name) for each in asked.under) for name in counts]
            every = [("", asked.parts, total)]
            every += [
                (each.explanation, each.parts if each.has_answer else {"": nothing}, _values(each, counts))
                for each in asked.under
            ]
            for name, parts, drawn in every:
                for part, each in parts.items():
                    yield (asked.question, name, part, *_values(each, estimate), *drawn)
            for under in asked.under:
                for row, columns in under.table.items():
                    for column, value in columns.items():
                        told = Estimate(value, math.nan, math.nan, math.nan)
                        yield (asked.question, under.explanation, f"{row}: {column}", *_values(told, estimate), 1, 0, 0)

    return ("question", "explanation", "part", *estimate, *counts), rows()


def _values(each: Any, names: Iterable[str]) -> tuple[Any, ...]:
    return tuple(getattr(each, name) for name in names)


def _json_text(plain: Any) -> str:
    return json.dumps(plain, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _csv_text(columns: Sequence[str], rows: Rows) -> str:
    return _csv_of_cells(columns, ([_cell(value) for value in row] for row in rows))


def _csv_of_cells(columns: Sequence[str], rows: Rows) -> str:
    """Return a table as CSV, whose values are cells already."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(columns)
    writer.writerows(rows)
    return file.getvalue()


FORMULA = re.compile(r"[=@\t\r]|[+-](?!\d*\.?\d+([eE][+-]?\d+)?\Z)")
"""How text begins that a spreadsheet takes for a formula, and that is no number."""


def _cell(value: Any) -> Any:
    """Return what a CSV cell shows: nothing for a number that is not finite; text is never a formula."""
    plain = _plain(value)
    return f"'{plain}" if isinstance(plain, str) and FORMULA.match(plain) else plain


def _paths(study: Study) -> xarray.Dataset:
    import xarray

    # neither a level nor a path can be called `explanation` or `time`, or like one of the other kind
    coords: dict[str, Any] = {
        "explanation": [each.name for each in study.explanations],
    }
    arrays = {}
    for variable, levels in study.game.variables.items():
        coords[f"level_{variable}"] = list(levels)
    for number, record in enumerate(study.records, start=1):
        several = f"{number}_" if len(study.records) > 1 else ""
        time = f"{several}time"
        coords[time] = np.array(record.times, dtype="datetime64[s]")
        for variable, levels in study.game.variables.items():
            unknown = np.full((len(record.times), len(levels)), math.nan)
            values = np.stack([each.paths.get(record.name, {}).get(variable, unknown) for each in study.explanations])
            arrays[f"{several}path_{variable}"] = (("explanation", time, f"level_{variable}"), values)
    return xarray.Dataset(arrays, coords, attrs=_attributes(study))


def _posterior(study: Study) -> xarray.Dataset:
    import xarray

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
    for field in ("posterior", "log_evidence", "log_evidence_error", "log_likelihood"):
        arrays[f"explanation_{field}"] = ("explanation", [getattr(each, field) for each in study.explanations])
    return xarray.Dataset(arrays, {"explanation": explanations, "parameter": parameters}, attrs=_attributes(study))


def _draws(study: Study) -> xarray.DataTree:
    """Return, per explanation, its weighted draws, and as many that weigh the same, as ArviZ reads them."""
    import xarray

    groups: dict[str, xarray.Dataset] = {"/": xarray.Dataset(attrs=_attributes(study))}
    for each in study.explanations:
        names = {"parameter": [parameter.name for parameter in each.parameters]}
        weighted = {"numbers": (("draw", "parameter"), each.draws), "weight": ("draw", each.weights)}
        known = {"log_evidence": each.log_evidence, "log_evidence_error": each.log_evidence_error}
        path = f"/{each.name}"
        groups[f"{path}/weighted"] = xarray.Dataset(weighted, names)
        if len(each.weights):
            picked = Draws(each.draws, each.weights).pick(len(each.weights), study.seed)
            plain = {"numbers": (("chain", "draw", "parameter"), each.draws[picked][None])}
            groups[f"{path}/posterior"] = xarray.Dataset(plain, names, attrs=known)
        if each.solved:
            values = {"value": (("place", "player", "state"), np.stack(list(each.solved.values())))}
            groups[f"{path}/solved"] = xarray.Dataset(values, {"place": list(each.solved)})
    return xarray.DataTree.from_dict(groups)


def _with_draws(study: Study, path: Path) -> Study:
    """Return the study with its draws, if they lie beside it."""
    if not path.exists():
        return study
    with h5py.File(path, "r") as tree:  # h5netcdf would look up every dimension
        explanations = tuple(
            dataclasses.replace(each, **_drawn(tree[each.name])) if each.name in tree else each
            for each in study.explanations
        )
    return dataclasses.replace(study, explanations=explanations)


def _drawn(group: Any) -> dict[str, Any]:
    """Return the draws of one explanation, and the values at some of them."""
    found = {"draws": group["weighted/numbers"][...], "weights": group["weighted/weight"][...]}
    if "solved" in group:
        places, values = group["solved/place"][...], group["solved/value"][...]
        found["solved"] = dict(zip(places.tolist(), values, strict=True))
    return found


def _play(study: Study) -> xarray.DataTree:
    """Return, per explanation, the values of the players and how they choose, with an axis for each variable."""
    import xarray

    levels = {f"level_{variable}": list(levels) for variable, levels in study.game.variables.items()}
    groups: dict[str, xarray.Dataset] = {"/": xarray.Dataset(attrs=_attributes(study))}
    for each in study.explanations:
        if not each.values:
            continue
        acts = [(player, action) for player, actions in each.choices.items() for action in actions]
        shape = tuple(len(names) for names in levels.values())
        probs = np.array([each.choices[player][action] for player, action in acts]).reshape(len(acts), *shape)
        arrays = {
            "value": (("player", *levels), np.array(list(each.values.values()))),
            "choice": (("act", *levels), probs),
        }
        coords = {
            **levels,
            "player": list(each.values),
            "act": [f"{player}.{action}" for player, action in acts],
            "act_player": ("act", [player for player, _ in acts]),
            "act_action": ("act", [action for _, action in acts]),
        }
        groups[f"/{each.name}"] = xarray.Dataset(arrays, coords)
    return xarray.DataTree.from_dict(groups)


PLAYED = ("player", "value", "act_player", "act_action", "choice")
"""What is read back of the values and choices of an explanation."""


def _with_play(study: Study, path: Path) -> Study:
    """Return the study with values and choices, if they lie beside it."""
    if not path.exists():
        return study
    explanations = []
    with h5py.File(path, "r") as tree:
        for each in study.explanations:
            if each.name in tree:
                group: Any = tree[each.name]
                play = {name: group[name][...] for name in PLAYED}
                values = {_text(name): play["value"][i] for i, name in enumerate(play["player"])}
                choices: dict[str, dict[str, np.ndarray]] = {player: {} for player in values}
                acts = zip(play["act_player"], play["act_action"], play["choice"], strict=True)
                for player, action, probs in acts:
                    choices[_text(player)][_text(action)] = probs
                each = dataclasses.replace(each, values=values, choices=choices)
            explanations.append(each)
    return dataclasses.replace(study, explanations=tuple(explanations))


def _text(name: Any) -> str:
    """Return a name as it was written: the file has bytes."""
    return name.decode("utf-8") if isinstance(name, bytes) else str(name)


def _attributes(study: Study) -> dict[str, Any]:
    name = study.case.name.encode("utf-8", "replace").decode("utf-8")
    return {"case": name, "case_hash": study.case.hash, "raison_version": study.version, "seed": study.seed}
