import datetime
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raison.errors import QueryError
from raison.query.forms.again import Again
from raison.query.forms.explanation import ExplanationProbability
from raison.query.forms.hazard import Hazard
from raison.query.forms.indicator import IndicatorValue
from raison.query.forms.moves import MoveCount
from raison.query.forms.options import OwnOptions, Restraints, Steps
from raison.query.forms.outcome import Outcome
from raison.query.forms.parameter import ParameterValue
from raison.query.forms.paths import Paths
from raison.query.forms.probability import Moment, Probability
from raison.query.forms.rate import Rate
from raison.query.forms.reason import Reason
from raison.query.forms.share import Share
from raison.query.forms.turning import Pivots, Sensitivity
from raison.query.forms.wait import ExpectedWait
from raison.query.forms.why import Why
from raison.query.grammar import MOST_SIGNS, parse_condition, parse_query, parse_test
from raison.query.tree import (
    And,
    Arithmetic,
    Compare,
    Comparison,
    Constant,
    Given,
    Happenings,
    Happens,
    In,
    Intervention,
    Never,
    Not,
    Or,
    SetLevel,
    SetNumber,
    Test,
    Unchanged,
)

names = st.from_regex(r"[a-z0-9_]([a-z0-9_-]{0,4}[a-z0-9_])?", fullmatch=True).filter(lambda name: name != "not")
dates = st.dates(datetime.date(1000, 1, 1))
several = {"min_size": 2, "max_size": 3}
conditions = st.recursive(
    st.builds(Compare, names, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), names)
    | st.builds(In, names, st.lists(names, min_size=1, max_size=3).map(tuple)),
    lambda inner: (
        st.builds(And, st.lists(inner, **several).map(tuple))
        | st.builds(Or, st.lists(inner, **several).map(tuple))
        | st.builds(Not, inner)
    ),
    max_leaves=5,
)
happens = st.builds(Happens, names, names)
happenings = happens | st.builds(Happenings, st.sampled_from(["and", "or"]), st.lists(happens, **several).map(tuple))
moments = st.builds(Moment, st.sampled_from(["at", "by"]), dates, st.none()) | st.builds(
    Moment, st.just("between"), dates, dates
)
numbers = st.floats(allow_nan=False, allow_infinity=False)
paths = st.sampled_from(["players.turkey.wants.votes", "nature.economy falls.every", "players.eu.looks ahead"])
changes = (
    st.builds(SetLevel, names, names)
    | st.builds(Never, names, names)
    | st.builds(SetNumber, paths, numbers)
    | st.builds(SetNumber, paths, numbers.map(abs), st.just(True))
    | st.just(Unchanged())
)
ways = st.sampled_from(["do", "surprise", "had"])
interventions = st.lists(st.builds(Intervention, ways, changes, st.none() | dates, st.none() | dates), max_size=2).map(
    tuple
)
givens = st.builds(Given, st.none() | st.just("all") | dates, interventions)
probabilities = st.builds(Probability, conditions | happenings, moments, givens, st.none() | conditions | happenings)
words = st.just("") | names
reasons = st.builds(Reason, names, names, st.none() | dates, words, words, words)
expressions = st.recursive(
    probabilities
    | st.builds(Hazard, conditions | happenings, dates, givens)
    | st.builds(Share, names, dates, words, givens)
    | st.builds(Why, names, names, dates, dates, words)
    | st.builds(Again, names, names, dates, givens.filter(lambda given: str(given)))
    | st.builds(Outcome, probabilities)
    | st.builds(Pivots, probabilities)
    | st.builds(Sensitivity, probabilities)
    | st.builds(Steps, names, st.none() | dates, givens)
    | st.builds(Restraints, names, st.none() | dates, givens)
    | st.builds(OwnOptions, names, st.none() | dates, givens)
    | reasons
    | st.builds(Paths, reasons.filter(lambda reason: not reason.through))
    | st.builds(ExplanationProbability, names, st.sampled_from(["record", "clues", "record, clues"]))
    | st.builds(IndicatorValue, names, dates)
    | st.builds(ExpectedWait, st.sampled_from(["days", "weeks", "months", "years"]), conditions, givens)
    | st.builds(ParameterValue, paths)
    | st.builds(Rate, names, names, st.none() | conditions)
    | st.builds(Rate, names, names, st.none(), dates, givens)
    | st.builds(MoveCount, names, names, dates, dates)
    | st.builds(Constant, st.floats(allow_nan=False, allow_infinity=False)),
    lambda inner: st.builds(Arithmetic, st.sampled_from("+-*/"), inner, inner),
    max_leaves=4,
)
comparisons = st.builds(Comparison, st.sampled_from(["<", "<=", ">", ">="]), expressions, expressions)


@given(conditions)
def test_a_condition_prints_as_text_that_reads_the_same(condition: Compare) -> None:
    assert parse_condition(str(condition)) == condition


@given(expressions | comparisons)
def test_a_query_prints_as_text_that_reads_the_same(query: Comparison) -> None:
    assert parse_query(str(query)) == query


@given(st.lists(comparisons, min_size=1, max_size=3).map(tuple).map(Test))
def test_a_test_prints_as_text_that_reads_the_same(test: Test) -> None:
    assert parse_test(str(test)) == test


@given(st.text(alphabet="P()andortiesnormal<>=|, 2016-.+*/", max_size=40))
def test_any_other_text_is_a_query_error_with_a_column(text: str) -> None:
    columns = []
    try:
        parse_query(text)
    except QueryError as error:
        columns = [problem.column for problem in error.problems]
    assert all(1 <= column <= len(text) + 1 for column in columns)


def test_spaces_and_line_breaks_change_nothing() -> None:
    short, long = "1-2*3<posterior(a-b)", " 1 -\n 2 * 3\t< posterior( a-b ) "
    assert parse_test(short) == parse_test(long)
    assert str(parse_test(short)) == "1 - 2 * 3 < posterior(a-b)"


def test_and_binds_closer_than_or_and_not_closest() -> None:
    a, b, c = (Compare(name, "=", "x") for name in "abc")
    assert parse_condition("a = x or not b = x and c = x") == Or((a, And((Not(b), c))))


def test_a_word_of_the_language_may_be_a_level() -> None:
    assert parse_condition("at = by and nothing = not") == And(
        (Compare("at", "=", "by"), Compare("nothing", "=", "not"))
    )


def test_a_single_comparison_is_no_joined_test() -> None:
    assert parse_query("1 < 2") == Comparison("<", Constant(1), Constant(2))
    assert isinstance(parse_query("1 < 2 and 2 < 3"), Test)
    assert math.isclose(parse_query("-2.5e-1").value, -0.25)  # pyright: ignore


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "",
            "query:1: found nothing; expected a number, `-`, `P(...)`, `rate(...)`, `E(...)`, `hazard(...)`, "
            "`reason(...)`, `paths(...)`, `share(...)`, `why(...)`, `again(...)`, `payoff(...)`, `options(...)`, "
            "`steps(...)`, `restraints(...)`, `sensitivity(...)`, `pivots(...)`, `outcome(...)`, `posterior(...)`, "
            "`tells(...)`, `parameter(...)`, `value(...)`, `moves(...)` or `(`.",
        ),
        ("P(ties << close by 2016-01-01)", "query:9: found `<`; expected a name."),
        (
            "P(ties < close until 2016-01-01)",
            "query:16: found `until`; expected `and`, `or`, `at`, `by`, `between` or `before`.",
        ),
        ("P(a = b by 2016-02-31)", "query:12: `2016-02-31` is no day of the calendar."),
        ("P(a = b by 2016-2-1)", "query:12: found `2016-2-1`; expected a date such as 2016-06-27."),
        ("P(a = b by 2016-02-01", "query:22: found the end of the query; expected `|` or `)`."),
        (
            "P(a = b by 2016-02-01 | records)",
            "query:25: found `records`; expected `record`, `start of`, `do(...)`, `surprise(...)` or `had(...)`.",
        ),
        ("P(a = b by 2016-02-01 | do(a always b))", "query:30: found `always`; expected `=` or `never`."),
        ("1 < 2 < 3", "query:7: found `<`; expected `+`, `-`, `*`, `/`, `and` or the end."),
        ("1 < 1e999", "query:5: the number `1e999` is too large."),
        ("moves(turkey conciliates since 2016-01-01)", "query:26: found `since`; expected `from`."),
    ],
)
def test_a_syntax_error_is_worded_for_people(text: str, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_query(text)
    assert str(caught.value) == message


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(QueryError, match="nested too deeply"):
        parse_condition("not " * 1200 + "a = b")
    with pytest.raises(QueryError, match="nested too deeply"):
        parse_query("1" + " - 1" * 1000)
    assert str(parse_query("1" + " - 1" * 100)) == "1" + " - 1" * 100


@pytest.mark.parametrize("piece", ["(a = b or ", "not (", "("])
def test_a_condition_with_too_many_open_brackets_is_refused_and_one_with_fewer_prints(piece: str) -> None:
    def nested(times: int) -> str:
        return piece * times + "a = b" + ")" * times

    condition = parse_condition(nested(100))
    assert parse_condition(str(condition)) == condition
    with pytest.raises(QueryError, match="more than 100 brackets are open here"):
        parse_condition(nested(101))


@pytest.mark.parametrize("text", ["(" * 100_000, "not " * 100_000 + "a = b", "x" * (MOST_SIGNS + 1)])
def test_a_text_that_is_too_long_is_refused_at_once(text: str) -> None:
    with pytest.raises(QueryError, match=f"the condition has {len(text):,} signs; at most 5,000 are read"):
        parse_condition(text)


@pytest.mark.parametrize(("text", "column"), [("balance == even", 10), ("a = b or c==d", 12)])
def test_two_signs_for_equal_are_told_to_be_one(text: str, column: int) -> None:
    with pytest.raises(QueryError) as caught:
        parse_condition(text)
    assert str(caught.value) == f"condition:{column}: found `==`; write one `=`."


def test_a_test_must_compare() -> None:
    with pytest.raises(QueryError, match="test:6: found the end of the test; expected `<`"):
        parse_test("1 + 2")
