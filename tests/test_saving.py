"""The files of a study, from a made-up one; what a real run writes is tested in test_cli.py."""

import csv
import dataclasses
import json
import math
import pathlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray
from make_study import make_study

from raison.errors import CannotWrite, CaseError
from raison.saving import FILES, TABLES, load_study, save_study, study_json, tables
from raison.study import Study
from raison.writing import write_whole


@pytest.fixture(scope="module")
def study() -> Study:
    return make_study(items=12, claims=3)


@pytest.fixture(scope="module")
def folder(study: Study, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    target = tmp_path_factory.mktemp("saved") / "out"
    save_study(study, target)
    return target


def rows_of(folder: pathlib.Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_files_are_those_that_are_listed_and_no_other(study: Study, tmp_path: pathlib.Path) -> None:
    assert save_study(study, tmp_path / "out") == tuple(tmp_path / "out" / name for name in FILES)
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(FILES)


# A study read back


def test_a_study_comes_back_as_it_was_but_for_the_rounding_of_its_paths(study: Study, folder: pathlib.Path) -> None:
    loaded = load_study(folder)
    assert study_json(loaded) == study_json(study)
    for was, came in zip(study.explanations, loaded.explanations, strict=True):
        np.testing.assert_array_equal(came.draws, was.draws)
        np.testing.assert_array_equal(came.weights, was.weights)
        none = {"paths": {}, "draws": None, "weights": None, "values": {}, "choices": {}}
        assert replace(came, **none) == replace(was, **none)
        assert came.paths.keys() == was.paths.keys()
        for record, paths in was.paths.items():
            assert came.paths[record].keys() == paths.keys()
            for name, path in paths.items():
                assert came.paths[record][name].shape == path.shape
                assert np.abs(came.paths[record][name] - path).max() <= 5e-7
    for field in dataclasses.fields(Study):
        if field.name not in ("explanations", "items"):
            assert getattr(loaded, field.name) == getattr(study, field.name)


def test_draws_are_kept_as_they_are_and_as_ones_of_equal_weight(study: Study, folder: pathlib.Path) -> None:
    with xarray.open_datatree(folder / "draws.nc", engine="h5netcdf") as tree:
        assert list(tree.children) == [each.name for each in study.explanations]
        for each in study.explanations:
            weighted, posterior = tree[f"{each.name}/weighted"], tree[f"{each.name}/posterior"]
            np.testing.assert_array_equal(weighted["numbers"], each.draws)
            np.testing.assert_array_equal(weighted["weight"], each.weights)
            assert list(posterior["parameter"].values) == [parameter.name for parameter in each.parameters]
            assert posterior["numbers"].dims == ("chain", "draw", "parameter")
            assert posterior["numbers"].shape == (1, *each.draws.shape)
            rows = {tuple(row) for row in each.draws}
            assert all(tuple(row) in rows for row in posterior["numbers"].values[0])
            assert posterior.attrs["log_evidence"] == each.log_evidence


def test_without_its_draws_a_study_still_comes_back(study: Study, tmp_path: pathlib.Path) -> None:
    save_study(study, tmp_path)
    (tmp_path / "draws.nc").unlink()
    assert load_study(tmp_path).explanations[0].draws.shape == (0, 0)


def test_values_and_choices_are_kept_with_named_axes(study: Study, tmp_path: pathlib.Path) -> None:
    rng = np.random.default_rng(2)
    variables = {"player": ("in", "out"), "act": ("none", "some", "all")}  # names that could be taken for axes
    first, *others = study.explanations
    first = replace(
        first,
        values={"north": rng.normal(size=(2, 3)), "south": rng.normal(size=(2, 3))},
        choices={"north": {}, "south": {"go": rng.uniform(size=(2, 3)), "stop": rng.uniform(size=(2, 3))}},
        paths={},
    )
    rest = (replace(each, paths={}) for each in others)
    save_study(replace(study, game=replace(study.game, variables=variables), explanations=(first, *rest)), tmp_path)
    with xarray.open_datatree(tmp_path / "play.nc", engine="h5netcdf") as tree:
        assert list(tree.children) == [first.name]
        play = tree[first.name]
        some = play["choice"].sel(act="south.stop", level_player="out", level_act="all")
        assert float(some) == first.choices["south"]["stop"][1, 2]
        np.testing.assert_array_equal(play["value"].sel(player="south"), first.values["south"])
        assert tree.attrs["case_hash"] == study.case.hash
    came, other, *_ = load_study(tmp_path).explanations
    assert (other.values, other.choices) == ({}, {})
    np.testing.assert_equal(came.values, first.values)
    np.testing.assert_equal(came.choices, first.choices)


def test_a_number_that_is_not_known_comes_back_as_nan(study: Study, tmp_path: pathlib.Path) -> None:
    unknown = replace(study, fragility=replace(study.fragility, share_near_focus=math.nan))
    save_study(unknown, tmp_path)
    assert math.isnan(load_study(tmp_path).fragility.share_near_focus)


def test_numbers_of_numpy_are_saved_as_numbers(study: Study, tmp_path: pathlib.Path) -> None:
    save_study(replace(study, game=replace(study.game, states=np.int64(7))), tmp_path)  # pyright: ignore[reportArgumentType]
    assert load_study(tmp_path).game.states == 7


def test_a_folder_without_a_study_is_told_from_one(tmp_path: pathlib.Path) -> None:
    with pytest.raises(CaseError, match=r"study\.json: no study can be read here: No such file or directory\."):
        load_study(tmp_path)


def damaged(text: str) -> list[str | bytes]:
    content = json.loads(text)
    return [
        "",
        text[: len(text) // 2],
        "[]",
        "null",
        100_000 * "[",
        b"\xff\xfe\x00",
        "9" * 5000,
        json.dumps({**content, "seed": "seven"}),
        json.dumps({**content, "times": None}),
        json.dumps({**content, "more": 1}),
        json.dumps({key: value for key, value in content.items() if key != "fragility"}),
        json.dumps({**content, "explanations": [{**content["explanations"][0], "paths": {"x": [["a"]]}}]}),
    ]


@pytest.mark.parametrize("number", range(12))
def test_a_damaged_study_gives_one_clear_error(number: int, folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    wrong = damaged((folder / "study.json").read_text(encoding="utf-8"))[number]
    (tmp_path / "study.json").write_bytes(wrong if isinstance(wrong, bytes) else wrong.encode())
    with pytest.raises(CaseError, match=r"study\.json: no study can be read here: .*\. `raison run` writes") as caught:
        load_study(tmp_path)
    assert len(caught.value.problems) == 1


# Names that collide


def test_variables_named_like_parts_of_the_file_do_not_collide(study: Study, tmp_path: pathlib.Path) -> None:
    names = ("path_Z", "Z_level", "Z", "level_Z", "time", "explanation", "path_level_Z")
    levels = dict.fromkeys(names, ("low", "high"))
    (record,) = study.records
    values = {name: np.full((len(record.times), 2), float(n)) for n, name in enumerate(names)}
    odd = replace(
        study,
        game=replace(study.game, variables=levels),
        explanations=tuple(replace(each, paths={record.name: values}) for each in study.explanations),
    )
    save_study(odd, tmp_path)
    with xarray.open_dataset(tmp_path / "paths.nc", engine="h5netcdf") as paths:
        for n, name in enumerate(names):
            assert paths[f"path_{name}"].dims == ("explanation", "time", f"level_{name}")
            assert (paths[f"path_{name}"] == n).all()
            assert paths[f"level_{name}"].values.tolist() == ["low", "high"]


def test_dates_far_from_today_are_kept(study: Study, tmp_path: pathlib.Path) -> None:
    (record,) = study.records
    times = tuple(f"{1600 + year}-01-31" for year in range(len(record.times)))
    save_study(replace(study, records=(replace(record, times=times),)), tmp_path)
    with xarray.open_dataset(tmp_path / "paths.nc", engine="h5netcdf", decode_times=False) as paths:
        days = [(np.datetime64(time) - np.datetime64(times[0])).astype(int) for time in times]
        assert paths["time"].attrs["units"].startswith("days since 1600-01-31")
        assert paths["time"].values.tolist() == days


def test_several_records_have_a_time_and_paths_each(study: Study, tmp_path: pathlib.Path) -> None:
    (record,) = study.records
    other = replace(record, name="israel-2013", times=record.times[:7])
    both = tuple(
        replace(
            each,
            paths={
                **each.paths,
                other.name: {name: path[:7] for name, path in each.paths.get(record.name, {}).items()},
            },
        )
        for each in study.explanations
    )
    save_study(replace(study, records=(record, other), explanations=both), tmp_path)
    with xarray.open_dataset(tmp_path / "paths.nc", engine="h5netcdf") as paths:
        assert paths["2_path_ties"].dims == ("explanation", "2_time", "level_ties")
        assert paths.sizes["1_time"] == len(record.times)
        assert paths.sizes["2_time"] == 7


def test_a_name_that_utf_8_cannot_hold_loses_no_study(study: Study, tmp_path: pathlib.Path) -> None:
    odd = replace(study, command="raison run 'caf\udce9'", case=replace(study.case, name="caf\udce9"))
    save_study(odd, tmp_path)
    assert load_study(tmp_path).command == "raison run 'caf?'"


# CSV


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('=HYPERLINK("http://x.org","x")', '\'=HYPERLINK("http://x.org","x")'),
        ("=1", "'=1"),
        ("+cmd|x", "'+cmd|x"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("-", "'-"),
        ("+1", "+1"),
        ("-2.5e3", "-2.5e3"),
        ("a=1", "a=1"),
        ("", ""),
    ],
)
def test_text_that_begins_like_a_formula_is_shown_as_text(
    text: str, shown: str, study: Study, tmp_path: pathlib.Path
) -> None:
    save_study(replace(study, claims=(replace(study.claims[0], says=text),)), tmp_path)
    assert rows_of(tmp_path, "claims.csv")[0]["says"] == shown
    assert load_study(tmp_path).claims[0].says == text


def test_numbers_below_zero_stay_numbers(folder: pathlib.Path, study: Study) -> None:
    row = rows_of(folder, "explanations.csv")[0]
    assert float(row["log_evidence"]) == study.explanations[0].log_evidence < 0


def test_a_table_without_rows_keeps_its_header(tmp_path: pathlib.Path, study: Study, folder: pathlib.Path) -> None:
    save_study(replace(study, claims=()), tmp_path)
    header = (folder / "claims.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header == "id,where,kind,verdict,value,low,high,test,rests_on,reason,fragile,says"
    assert (tmp_path / "claims.csv").read_text(encoding="utf-8").splitlines() == [header]


def test_a_number_that_is_not_finite_is_an_empty_cell(tmp_path: pathlib.Path, study: Study) -> None:
    each = replace(study.explanations[0], log_evidence=math.nan)
    save_study(replace(study, explanations=(each, *study.explanations[1:])), tmp_path)
    assert rows_of(tmp_path, "explanations.csv")[0]["log_evidence"] == ""


# Disks


def test_a_disk_that_fills_leaves_no_cut_file(
    study: Study, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [3]

    def fills(path: pathlib.Path, content: Any) -> pathlib.Path:
        left[0] -= 1
        if left[0] < 0:
            raise CannotWrite(f"cannot write {path}: No space left on device.")
        return write_whole(path, content)

    monkeypatch.setattr("raison.saving.write_whole", fills)
    with pytest.raises(CannotWrite):
        save_study(study, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(FILES[:3])


def test_the_tables_in_memory_are_those_of_the_files(study: Study, folder: pathlib.Path) -> None:
    found = tables(study)
    assert tuple(found) == TABLES
    for name, frame in found.items():
        rows = rows_of(folder, f"{name}.csv")
        assert len(frame) == len(rows)
        assert not rows or list(frame.columns) == list(rows[0])
    assert found["claims"]["verdict"].tolist() == [claim.verdict for claim in study.claims]


def test_a_study_shows_itself_in_a_notebook(study: Study) -> None:
    page = study._repr_html_()
    assert "Bluff to &lt;press&gt; the &quot;West&quot; &amp; others" in page
    assert page.count("<tr>") == 1 + len(study.explanations)
