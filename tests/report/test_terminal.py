import io
from dataclasses import replace

import pytest
from make_study import make_study, with_posteriors, with_variants
from rich.cells import cell_len
from rich.console import Console

from raison.report import show_study


def shown(study, width=100):
    console = Console(file=io.StringIO(), width=width, color_system=None)
    show_study(study, console)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [80, 100, 160])
def test_no_line_is_wider_than_the_console_or_100_columns(width):
    assert max(cell_len(line) for line in shown(make_study(), width).splitlines()) <= min(width, 100)


def test_the_answer_comes_first_and_what_cannot_be_told_last():
    text = shown(make_study())
    order = [
        text.index(part)
        for part in ("is likely (64", "Explanations, given", "Items that decide", "Claims", "What cannot")
    ]
    assert order == sorted(order)


def test_markup_in_names_is_printed_as_it_is():
    study = make_study()
    odd = replace(study, cannot_tell=("Whether [bold]x[/bold] came first.",))
    assert "[bold]x[/bold]" in shown(odd)


def test_every_explanation_is_listed():
    text = shown(make_study())
    assert all(name in text for name in ("Economy and votes", "Partition", "No motives"))


def test_a_study_without_claims_and_with_unknown_posteriors_is_shown():
    text = shown(with_posteriors(make_study(claims=0), [float("nan")] * 7))
    assert "No answer" in text
    assert "Claims (" not in text


@pytest.mark.parametrize("width", [80, 100])
def test_rows_keep_their_names_beside_many_variants_with_long_ones(width):
    study = with_variants(make_study())
    names = ("defiance wins the voters", "words are cheap to all", "a letter opens nothing", "nobody minds a season")
    study = replace(study, variants=tuple(replace(study.variants[0], name=name) for name in names))
    told = shown(study, width).split("under each variant")[1].split("variants")[0]
    for each in study.explanations:
        first = each.label.split()[0]
        assert any(line.startswith(first) and line[len(first)] == " " for line in told.splitlines()), each.label
