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


JUDGED = "need a probability such as `0.4`, or a range such as `0.3 to 0.5`, above 0 and at most 1."
CLUES = """id,date,says,group,source,confidence,rater,for-trade,for-votes
c1,2021-03-01,Exporters ask for it.,lobby,invented,high,first,0.6 to 0.8,0.3 to 0.5
c1,2021-03-01,,,,,second,0.5,0.4 to 1
"""


def with_clues(case: pathlib.Path, clues: str, *, count: str = "0.3 to 1") -> None:
    (case / "clues.csv").write_text(clues, encoding="utf-8")
    text = (case / "case.yaml").read_text(encoding="utf-8")
    entry = f"record: record.csv\nclues: clues.csv\nclues count for: {count}"
    (case / "case.yaml").write_text(text.replace("record: record.csv", entry), encoding="utf-8")


def test_clues_in_which_nothing_is_wrong(case: pathlib.Path) -> None:
    with_clues(case, CLUES)
    written = read_case(case)
    assert check_case(written) == ()
    assert written.text.clues[1].judged == {"for-trade": "0.5", "for-votes": "0.4 to 1"}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("0.6 to 0.8", "0 to 0.8", "2:63: clues.1.for-trade: found `0 to 0.8`; " + JUDGED),
        ("0.6 to 0.8", "60%", "2:63: clues.1.for-trade: found `60%`; " + JUDGED),
        ("0.6 to 0.8", "", "3:26: clues.2.for-trade: the first clue is not judged under `for-trade`; every row "
         "judges the same explanations."),
        ("second,0.5,", "second,,", "3:26: clues.2.for-trade: clue `c1` is not judged under `for-trade`; every row "
         "judges the same explanations."),
        ("second", "first", "3:1: clues.2.id: clue `c1` is judged twice by rater `first`; the first is on line 2."),
        ("c1,2021-03-01,,", "c1,2021-03-02,,", "3:4: clues.2.date: found `2021-03-02`; the first row of clue `c1` has "
         "`2021-03-01`."),
        ("Exporters ask for it.", "", "2:1: clues.1: clue `c1` does not say what was found; fill `says`."),
        ("invented", "invent", "2:43: clues.1.source: no source `invent`. Did you mean `invented`?"),
        ("high", "sure", "2:52: clues.1.confidence: found `sure`; need a number above 0 and at most 1, or one of high, "
         "medium, low."),
        ("for-votes\n", "for-vote\n", "1:54: no column `for-vote`. Did you mean `for-votes`?"),
        ("rater,for-trade", "rater,trade", "1:44: no column `trade`. Did you mean `for-trade`?"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_clue_is_told(
    case: pathlib.Path, problems_of: Callable, old: str, new: str, says: str
) -> None:
    assert old in CLUES
    with_clues(case, CLUES.replace(old, new, 1))
    assert f"clues.csv:{says}" in problems_of(case)


def test_what_is_wrong_with_the_exponent_is_told(case: pathlib.Path, problems_of: Callable) -> None:
    with_clues(case, CLUES, count="-1 to 1")
    assert problems_of(case) == [
        "case.yaml:72:18: clues count for: found `-1 to 1`; clues cannot count for less than nothing."
    ]


def test_clues_without_a_column_for_every_explanation_and_of_later_dates_are_warned_of(case: pathlib.Path) -> None:
    late = CLUES.replace("2021-03-01", "2023-03-01").replace(",for-votes", "").replace(",0.3 to 0.5", "")
    with_clues(case, late.replace(",0.4 to 1", ""))
    warnings = [str(each).partition(": ")[2] for each in check_case(read_case(case))]
    assert warnings == [
        "clues: nobody judged the clues under `for-votes`: the mean of the others stands for it.",
        "clues: later than the record: 1 of 1 clue; they count, too.",
    ]


def test_a_fact_that_counts_as_an_item_and_as_a_clue_is_warned_of(case: pathlib.Path) -> None:
    item = read_case(case).text.record[0]
    with_clues(case, CLUES.replace("2021-03-01", str(item.date)).replace("invented", item.source))
    (warning,) = check_case(read_case(case))
    assert "a fact must not count both as an item and as a clue" in str(warning)


def record_of(case: pathlib.Path, *rows: str) -> list[str]:
    """Return the warnings about the small case with another record."""
    header, *_ = (case / "record.csv").read_text(encoding="utf-8").splitlines()
    (case / "record.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return [str(each).partition(f"{case.name}/")[2] for each in check_case(read_case(case))]


def test_an_item_that_stands_twice_is_warned_of(case: pathlib.Path) -> None:
    row = "2022-01-20,move,southland,protest,high,invented,"
    assert record_of(case, row, row.replace("high", "0.9")) == [
        "record.csv:3:1: record.2: `southland protest` of 2022-01-20 is item 1 already: it counts twice."
    ]


def test_a_long_silence_at_the_end_is_warned_of(case: pathlib.Path) -> None:
    rows = [f"2021-0{month}-04,move,southland,protest,high,invented," for month in (2, 3, 4, 5, 6)]
    assert record_of(case, *rows) == [
        "case.yaml:10:46: time.until: found `2022-06-30`, 391 days after the last item; no gap before is longer than "
        "31 days. This silence counts: if nobody looked, end the record at 2021-06-04."
    ]
    later = "2022-05-04,move,southland,protest,high,invented,"
    assert record_of(case, *rows, later) == []


def test_drifts_and_actions_that_nothing_distinguishes_are_warned_of(case: pathlib.Path) -> None:
    text = (case / "case.yaml").read_text(encoding="utf-8")
    news = "every: 1 year, basis: assumed}"
    drifts = f"  good news: {{changes: {{mood: +1}}, {news}\n  glad news: {{changes: {{mood: +1}}, {news}\n"
    greet = "greet: {changes: {border: +1}, if: border = partial, costs: 0.5 to 2}\n      "
    text = text.replace("nature:\n", f"nature:\n{drifts}").replace("welcome: {", f"{greet}welcome: {{")
    (case / "case.yaml").write_text(text, encoding="utf-8")
    drift, action = (str(each).partition(": ")[2] for each in check_case(read_case(case)))
    assert drift.startswith("nature.glad news: `good news` and `glad news`: these drifts do the same under the same ")
    assert action.startswith("players.southland.actions.welcome: `greet` and `welcome`: these actions do the same at ")
