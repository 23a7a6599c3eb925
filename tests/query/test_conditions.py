import datetime

import numpy as np
import pytest

from raison.game import StateSpace, Variable
from raison.query.conditions import check_condition, check_query, mask, resolve, resolve_action
from raison.query.grammar import parse_condition, parse_query
from raison.query.tree import Names

TIES = Variable("ties", ("hostile", "cold", "normal", "close"))
VISAS = Variable("visas", ("promised", "dead", "granted"), is_ordered=False)
SPACE = StateSpace((TIES, VISAS))
NAMES = Names(
    numbers=("players.turkey.wants.votes", "players.turkey.acts"),
    variables=SPACE.variables,
    actions={"turkey": ("conciliate", "press")},
    explanations=("votes",),
    indicators={("gdp", datetime.date(2016, 3, 1))},
    spans={"": (datetime.date(2016, 1, 1), datetime.date(2016, 6, 30))},
)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("ties < close", lambda ties, visas: ties < 3),
        ("ties >= cold and not (visas = dead or ties = close)", lambda t, v: (t >= 1) & ~((v == 1) | (t == 3))),
        ("visas in (dead, granted)", lambda ties, visas: visas >= 1),
        ("visas != granted or ties <= cold", lambda ties, visas: (visas != 2) | (ties <= 1)),
        ("ties > cold", lambda ties, visas: ties > 1),
    ],
)
def test_a_mask_is_where_the_condition_holds(text: str, holds) -> None:
    expected = holds(SPACE.levels_of("ties"), SPACE.levels_of("visas"))
    np.testing.assert_array_equal(mask(parse_condition(text), SPACE), expected)


def test_wrong_names_and_orders_are_told() -> None:
    assert check_condition(parse_condition("tie = cold or ties = warm or visas < dead"), SPACE.variables) == [
        "no variable `tie`. Did you mean `ties`?",
        "variable `ties` has no level `warm`. Known: `hostile`, `cold`, `normal`, `close`.",
        "variable `visas` is not ordered, so `<` means nothing; use `=`, `!=` or `in (...)`.",
    ]


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("P(ties = cold by 2016-12-31 | record, do(turkey never conciliates)) > 0.5", []),
        ("value(gdp at 2016-03-01) > moves(turkey press from 2016-01-01 to 2016-06-30)", []),
        ("posterior(vote) > 1", ["no explanation `vote`. Did you mean `votes`?"]),
        (
            "P(ties = cold by 2016-02-01 | record to 2016-03-01)",
            ["found the date 2016-02-01, but the forecast starts on 2016-03-01; ask for a later day."],
        ),
        (
            "P(ties = cold by 2016-02-01 | do(ties = cold), do(ties = close), do(turkey never pres))",
            [
                "player `turkey` has no action `pres`. Did you mean `press`?",
                "variable `ties` is set twice; once is enough.",
            ],
        ),
        ("P(ties = cold by 2016-12-31 | do(players.turkey.wants.votes = x2))", []),
        (
            "P(ties = cold by 2016-12-31 | do(players.turkey.wants.vots = x2), do(players.turkey.acts = 0))",
            [
                "the case has no number `players.turkey.wants.vots`. Did you mean `players.turkey.wants.votes`?",
                "`players.turkey.acts = 0`: this number must be above 0.",
            ],
        ),
        (
            "P(ties = cold by 2016-12-31 | surprise(players.turkey.wants.votes = 2))",
            [
                "`surprise(players.turkey.wants.votes = 2)` changes nothing: players go on choosing as before, and "
                "that number counts only in what they choose. Write `do(...)`."
            ],
        ),
        (
            "P(ties = cold by 2016-12-31 | record, do(ties = cold from 2016-02-01 to 2016-01-01))",
            [
                "`do(ties = cold from 2016-02-01 to 2016-01-01)`: the first day must not be after the last.",
                "`do(ties = cold from 2016-02-01 to 2016-01-01)`: the forecast starts on 2016-06-30; a change must not "
                "lie before it.",
            ],
        ),
        (
            "P(ties = cold at 2016-06-30 | had(ties = cold), do(turkey never press))",
            [
                "`had(...)` changes the past, the others what comes; ask for one at a time.",
                "`had(...)` lives through a record again: write `| record, had(...)`.",
                "found the date 2016-06-30; the record that is lived through again runs from 2016-01-01 to 2016-01-01.",
            ],
        ),
        (
            "P(ties = cold at 2016-12-31 | record, had(ties = cold from 2017-01-01))",
            [
                "`had(ties = cold from 2017-01-01)`: the record that is lived through again runs from 2016-01-01 to "
                "2016-06-30.",
                "found the date 2016-12-31; the record that is lived through again runs from 2016-01-01 to 2016-06-30.",
            ],
        ),
        (
            "rate(turkey presses at 2016-06-30 | record, had(ties = cold)) > 1",
            ["`had(...)` can be asked for in `P(...)`, `E(number of ...)` and `again(...)` only."],
        ),
        ("value(gdp at 2016-03-02)", ["indicator `gdp` has no value at 2016-03-02. Did you mean `2016-03-01`?"]),
    ],
)
def test_a_test_may_only_speak_of_what_the_case_has(text: str, messages: list[str]) -> None:
    assert check_query(parse_query(text), NAMES) == messages


def test_an_action_may_be_written_as_a_verb() -> None:
    assert resolve_action("turkey", "conciliates", NAMES.actions) == "conciliate"
    assert resolve_action("turkey", "press", {"turkey": ["press", "pres"]}) == "press"
    assert resolve_action("turkey", "pushed", {"turkey": ["push"]}) == "pushed"
    text = (
        "1 - moves(turkey conciliates from 2016-01-01 to 2016-01-02) < P(a = b at 2016-01-01 | do(turkey never presss))"
    )
    assert str(resolve(parse_query(text), NAMES.actions)) == text.replace("conciliates", "conciliate").replace(
        "sss", "ss"
    )
