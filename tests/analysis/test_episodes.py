"""Several records of one case: likelihoods multiply, and each says something alone."""

import pathlib
import re
from collections.abc import Mapping

import pytest

from raison.analysis.description import describe_all
from raison.analysis.episodes import weigh_episodes
from raison.analysis.fitting import fit_all, make_rivals
from raison.analysis.pool import Processes
from raison.analysis.verdicts import judge_claims
from raison.analysis.watch import Watch
from raison.case import BuiltCase
from raison.case.template import write_template
from raison.cases import open_case
from raison.errors import CaseError
from raison.inference.likelihood import GameLikelihood

LEVELS = "`dying`, `weak`, `good`"
SPAN = "{from: 2021-01-04, until: 2022-06-30, focus: 2021-11-15, record: %s}"
LATER = """{from: 2001-01-04, until: 2002-06-30, at start: {border: partial, mood: calm}, record: [
    {date: 2001-03-02, kind: move, who: northland, what: offer},
    {date: 2001-06-01, kind: reading, who: mood, what: angry, confidence: high}]}"""


def episodic(
    folder: pathlib.Path, *episodes: str, fixed: bool = False, changes: Mapping[str, str] | None = None
) -> BuiltCase:
    """Return the small case with episodes in place of its record; all its numbers known, and others, if wanted."""
    write_template(folder)
    (folder / "again.csv").write_bytes((folder / "record.csv").read_bytes())
    text = (folder / "case.yaml").read_text(encoding="utf-8")
    text = re.sub(r"time: {unit: month, .*}", "time: {unit: month}", text)
    text = text.replace("record: record.csv", "\n".join(["episodes:", *(f"  {each}" for each in episodes)]))
    if fixed:
        text = re.sub(r"(?<!from )(x?[\d.]+) to x?[\d.]+", r"\1", text)
    for old, new in (changes or {}).items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (folder / "case.yaml").write_text(text, encoding="utf-8")
    return open_case(folder)


def test_the_same_episode_twice_has_twice_the_log_bayes_factor(tmp_path: pathlib.Path) -> None:
    first, again = f"first: {SPAN % 'record.csv'}", f"again: {SPAN % 'again.csv'}"
    factors = []
    for folder, episodes in (("one", [first]), ("two", [first, again])):
        case = episodic(tmp_path / folder, *episodes, fixed=True)
        likelihood = GameLikelihood(case.game, case.records)
        values = [likelihood.value(each.centre) for each in case.explanations]
        factors.append(values[0] - values[1])
    assert abs(factors[0]) > 0.1
    assert factors[1] == pytest.approx(2 * factors[0], rel=1e-9)


OWN = {
    "8 months, when: {trade: {dying: x2}}": "8 months, when: {trade: {dying: x2}, quarrel: {later: x0.4}}",
    "costs: 1, about: offers": "costs: {base: 1, when: {quarrel: {later: 0.7}}}, about: offers",
    "{chance: 0.2, ch": "{chance: {base: 0.2, when: {quarrel: {later: x3}}}, ch",
    "acts: 1 times": "acts: {rate: 1 times",
    "times a month\n": "times a month, when: {quarrel: {later: x1.5}}}\n",
}
"""Numbers that another quarrel has for itself: a ratio of a rate, an addition to a cost, an odds ratio, a ratio of how
often a player may act."""

THEIRS = {
    "8 months, when: {trade: {dying: x2}}": "20 months, when: {trade: {dying: x2}}",
    "costs: 1, about: offers": "costs: 1.7, about: offers",
    "{chance: 0.2, ch": "{chance: 0.428571428571428571, ch",
    "acts: 1 times": "acts: 1.5 times",
}
"""The same as they come out there."""


def test_an_episode_may_have_numbers_of_its_own(tmp_path: pathlib.Path) -> None:
    """A variable that nothing moves tells the episodes apart: as if each were a case with its own numbers."""
    first, later = f"first: {SPAN % 'record.csv'}", f"later: {LATER}"
    named = later.replace("mood: calm", "mood: calm, quarrel: later")
    weights = {"trade: x3}": "trade: 1.5}", "calm: x3}": "calm: 1.5}", "trade: x2}\n": "trade: 0.8}\n"}

    def values(folder: str, episodes: list[str], changes: dict[str, str]) -> list[float]:
        case = episodic(tmp_path / folder, *episodes, fixed=True, changes=weights | changes)
        likelihood = GameLikelihood(case.game, case.records, tolerance=1e-12)
        return [likelihood.value(each.centre) for each in case.explanations]

    quarrel = "variables:\n  quarrel: {levels: [first, later], at start: first, ordered: false}\n"
    together = values("both", [first, named], {**OWN, "variables:\n": quarrel})
    apart = [values("one", [first], {}), values("two", [later], THEIRS)]
    assert together == pytest.approx([sum(each) for each in zip(*apart, strict=True)], abs=1e-8)
    assert values("shared", [first, later], {}) != pytest.approx(together, abs=0.1)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> BuiltCase:
    folder = tmp_path_factory.mktemp("episodes") / "small"
    return episodic(folder, f"first: {SPAN % 'record.csv'}", f"later: {LATER}")


def test_each_episode_has_its_own_dates_start_and_name(case: BuiltCase) -> None:
    first, later = case.records
    assert [first.name, later.name] == ["first", "later"]
    assert str(later.calendar.begin) == "2001-01-04"
    assert later.record.items[0].time == pytest.approx(57 / 30.4375)
    border = case.space.levels_of("border")
    assert later.start[border != 1].sum() == 0.0
    assert first.start[border == 0].sum() == pytest.approx(1.0)


def test_an_episode_alone_is_the_study_of_it_alone(case: BuiltCase, tmp_path: pathlib.Path) -> None:
    fits = fit_all(case, make_rivals(case), Watch(), None, 1, Processes()).fits
    described = describe_all(case, fits, Watch())
    first, later = weigh_episodes(case, fits, described, 1, Watch(), None, Processes())
    assert (first.name, later.name) == ("first", "later")
    for fit in fits:
        name = fit.explanation.name
        both = first.weights[name] + later.weights[name]
        assert both == pytest.approx(fit.posterior.log_likelihood, abs=1e-6)
    assert first.without == later.alone
    assert later.without == first.alone
    single = episodic(tmp_path / "single", f"first: {SPAN % 'record.csv'}")
    alone = fit_all(single, make_rivals(single), Watch(), None, 1, Processes()).fits
    by_name = {each.explanation: each.log_evidence for each in first.alone}
    for fit in alone:
        # a strength is measured where the records watch the world, so that its weight hangs on all of them
        assert by_name[fit.explanation.name] == pytest.approx(fit.posterior.log_evidence, abs=0.2)


def test_one_record_is_not_weighed_again(case: BuiltCase, tmp_path: pathlib.Path) -> None:
    single = episodic(tmp_path / "single", f"first: {SPAN % 'record.csv'}")
    assert weigh_episodes(single, (), (), 1, Watch(), None, Processes()) == ()


def test_questions_name_the_episode_they_are_about(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "small"
    episodic(folder, f"first: {SPAN % 'record.csv'}", f"later: {LATER}")
    tests = {
        "later": "moves(northland offers from 2001-01-04 to 2002-06-30 of later) = 1",
        "start": "P(border >= partial at 2001-01-04 | start of later) > 0.9",
        "first": "P(border = closed at 2021-01-04) > 0.9",
        "given": "P(border >= partial at 2001-03-10 | record of later to 2001-03-09) > 0.5",
    }
    row = "- {{id: {}, says: x, kind: factual, test: '{}'}}"
    rows = [row.format(name, test.replace(" = 1", " > 0.5")) for name, test in tests.items()]
    (folder / "claims.yaml").write_text("\n".join(rows) + "\n", encoding="utf-8")
    case = open_case(folder)
    fits = fit_all(case, make_rivals(case)[:2], Watch(), None, 1, Processes()).fits
    claims = judge_claims(case, fits, None, 1, Watch(), Processes())
    assert {claim.id: claim.verdict for claim in claims} == dict.fromkeys(tests, "supported")


def test_what_is_wrong_in_an_episode_is_told_at_its_place(tmp_path: pathlib.Path) -> None:
    wrong = LATER.replace("border: partial", "bordr: open, trade: best").replace("what: offer", "what: offr")
    wrong = wrong.replace("2001-06-01", "2003-06-01")
    with pytest.raises(CaseError) as error:
        episodic(tmp_path / "small", f"first: {SPAN % 'record.csv'}", f"later: {wrong}")
    assert [(problem.line, problem.path, problem.message) for problem in error.value.problems] == [
        (72, "episodes.later.at start.bordr", "no variable `bordr`. Did you mean `border`?"),
        (
            72,
            "episodes.later.at start.trade.best",
            "variable `trade` has no level `best`. Known: `dying`, `weak`, `good`.",
        ),
        (73, "episodes.later.record.1.what", "player `northland` has no action `offr`. Did you mean `offer`?"),
        (74, "episodes.later.record.2.date", "found `2003-06-01`; episode `later` runs from 2001-01-04 to 2002-06-30."),
    ]
