import pathlib
from collections.abc import Callable

import pytest
import ruamel.yaml

from raison.case import check_case, read_case

CASES = ruamel.yaml.YAML(typ="safe").load(pathlib.Path(__file__).parent / "broken_cases.yaml")


@pytest.mark.parametrize("entry", CASES, ids=[f"{entry['file']}-{entry['by'].strip()[:40]}" for entry in CASES])
def test_each_broken_case_gets_exactly_its_problems(entry: dict, broken: Callable) -> None:
    assert broken(entry["file"], entry["replace"], entry["by"]) == entry["says"]


def test_the_template_has_no_problem_and_no_warning(case: pathlib.Path, problems_of: Callable) -> None:
    assert problems_of(case) == []
    assert check_case(read_case(case)) == ()


def test_all_problems_of_all_files_are_told_at_once(case: pathlib.Path, broken: Callable) -> None:
    (case / "claims.yaml").write_text("- {id: a, says: b, kind: motiv, test: 1 < 2}\n")
    (case / "sources.yaml").write_text("invented: {titel: x}\n")
    assert broken("case.yaml", "unit: month", "unit: moth") == [
        "case.yaml:10:14: time.unit: found `moth`; it must be one of day, week, month, year. Did you mean `month`?",
        "claims.yaml:1:26: claims.1.kind: found `motiv`; it must be one of causal, motive, factual, predictive, "
        "counterfactual, normative, advice. Did you mean `motive`?",
        "sources.yaml:1:1: sources.invented.title: `title` is missing; it must be given.",
        "sources.yaml:1:12: sources.invented.titel: no entry `titel` here. Did you mean `title`?",
    ]


def test_a_state_space_that_is_too_large_is_refused_with_its_size(broken: Callable) -> None:
    many = "".join(f"  v{number}: {{levels: [a, b], at start: a}}\n" for number in range(17))
    assert broken("case.yaml", "variables:\n", f"variables:\n{many}") == [
        "case.yaml:13:1: variables: the variables span 2,359,296 states; at most 2,000,000 are computed. "
        "Merge levels or leave one out."
    ]


def test_thousands_of_levels_are_checked_at_once(case: pathlib.Path) -> None:
    levels = ", ".join(f"l{number}" for number in range(3000))
    text = (case / "case.yaml").read_text().replace("[closed, partial, open]", f"[closed, partial, open, {levels}]")
    (case / "case.yaml").write_text(text)
    assert check_case(read_case(case)) == ()


def test_indicators_are_checked(case: pathlib.Path, broken: Callable) -> None:
    rows = "date,indicator,unit,value,source\n2021-01-05,gdp,index,100,invented\n2021-01-05,gdp,,1,none\n"
    (case / "indicators.csv").write_text(rows)
    assert broken("case.yaml", "record: record.csv", "record: record.csv\nindicators: indicators.csv") == [
        "indicators.csv:3:12: indicators.2.indicator: `gdp` at 2021-01-05 stands twice; the first is on line 2.",
        "indicators.csv:3:19: indicators.2.source: no source `none`. Known: `invented`.",
    ]


def test_what_looks_forgotten_is_a_warning(case: pathlib.Path) -> None:
    text = (case / "case.yaml").read_text()
    text = text.replace("  calm: mood = calm", "  calm: mood = calm\n  fear: mood = angry")
    text = text.replace("variables:\n", "variables:\n  rain: {levels: [dry, wet], at start: dry}\n")
    (case / "case.yaml").write_text(text)
    (case / "sources.yaml").write_text("invented: {title: x}\nother: {title: y}\n")
    warnings = [str(warning).replace(f"{case}/", "") for warning in check_case(read_case(case))]
    assert warnings == [
        "case.yaml:14:3: variables.rain: nothing ever changes this variable.",
        "case.yaml:55:3: features.fear: nobody wants this feature.",
        "case.yaml:74:1: sources: 1 of 2 sources are cited nowhere: other.",
    ]


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("case.yaml", "{border: +1}, if: border <", "{border: +NINES}, if: border <"),
        ("case.yaml", "chance: 0.2 to 0.4", "chance: NINES"),
        ("case.yaml", "{angry: 0.7, calm: 0.3}", "{angry: NINES, calm: 0.3}"),
        ("case.yaml", "    basis: assumed\n\nrecord", "    basis: assumed\n    prior: NINES\n\nrecord"),
        ("case.yaml", "costs: 1 to 3", "costs: 1 to NINES"),
        ("case.yaml", "looks ahead: 2 years", "looks ahead: NINES years"),
        ("case.yaml", "trade, from 0 to 1", "trade, from 0 to NINES"),
        ("case.yaml", "calm: mood = calm", "calm: {mood: {calm: NINES}}"),
        ("case.yaml", "[angry, calm]", "[angry, calm, NINES]"),
        ("record.csv", "nature,trade falls", "trade,+NINES"),
        ("record.csv", "weak,high", "weak,NINES"),
    ],
)
def test_a_number_of_five_thousand_digits_is_one_problem(
    file: str, old: str, new: str, broken: Callable[[str, str, str], list[str]]
) -> None:
    assert len(broken(file, old, new.replace("NINES", "9" * 5000))) == 1


def test_thousands_of_variables_are_refused_with_their_number_of_states(broken: Callable) -> None:
    many = "".join(f"  v{number}: {{levels: [a, b], at start: a}}\n" for number in range(2000))
    assert broken("case.yaml", "variables:\n", f"variables:\n{many}") == [
        "case.yaml:13:1: variables: the variables span 10^603 states; at most 2,000,000 are computed. "
        "Merge levels or leave one out."
    ]


def test_one_or_two_items_outside_the_time_are_told_each(broken: Callable) -> None:
    assert broken("case.yaml", "until: 2022-06-30", "until: 2022-02-01") == [
        "record.csv:8:1: record.7.date: found `2022-03-05`; the case runs from 2021-01-04 to 2022-02-01.",
        "record.csv:9:1: record.8.date: found `2022-05-30`; the case runs from 2021-01-04 to 2022-02-01.",
    ]


def test_an_act_that_some_explanation_takes_for_seen_may_stand_in_the_record(case: pathlib.Path) -> None:
    text = (case / "case.yaml").read_text().replace("costs: 1 to 3, about: offers", "costs: 1 to 3, seen: 0, about: x")
    wants = "wants: {northland: {calm: x3 to x30}}"
    text = text.replace(wants, f"{wants}\n    sees: {{players.northland.actions.offer.seen: 0.5}}")
    (case / "case.yaml").write_text(text)
    assert check_case(read_case(case)) == ()


def test_after_a_thousand_problems_the_rest_is_not_told(case: pathlib.Path, problems_of: Callable) -> None:
    row = "2021-02-10,reading,trade,weak,certain,invented,\n"
    (case / "record.csv").write_text("date,kind,who,what,confidence,source,note\n" + row * 1500)
    problems = problems_of(case)
    assert len(problems) == 1001
    assert problems[-1] == "record.csv:1002:31: there are more than 1,000 problems; mend the others first."
