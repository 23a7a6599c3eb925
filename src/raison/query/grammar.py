"""Read conditions, queries and tests into the trees of `raison.query.tree`.

The language is described in docs/reference/query-language.md.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, NamedTuple

import lark

from raison.errors import Problem, QueryError
from raison.query.forms import FORMS
from raison.query.forms.probability import Moment
from raison.query.forms.reason import Part
from raison.query.tree import (
    BOTH,
    CLUES,
    NOTHING,
    RECORD,
    And,
    Arithmetic,
    Change,
    Compare,
    Comparison,
    Condition,
    Constant,
    Expression,
    Given,
    Happenings,
    Happens,
    In,
    Intervention,
    Never,
    Not,
    Or,
    Query,
    SetLevel,
    SetNumber,
    Test,
    Unchanged,
)

MOST_SIGNS = 5000
"""Longest text that is read, in signs; the time that reading takes grows with its square."""

DEEPEST = 100
"""Most brackets that may be open at a time: a tree so deep can still be printed."""

GRAMMAR = (
    r"""
?query: expression | comparison | comparison (_AND comparison)+ -> test
test: comparison (_AND comparison)*
comparison: expression relation expression
!relation: LT | LE | GT | GE

?expression: term | expression "+" term -> add | expression "-" term -> subtract
?term: factor | term "*" factor -> multiply | term "/" factor -> divide
?factor: "(" expression ")"
    | NUMBER -> constant
    | "-" NUMBER -> negative
FORMS
when: AT DATE -> on_a_day | BY DATE -> on_a_day | _BETWEEN DATE _AND DATE -> between_days
?event: condition | acts
?acts: happens | happens (_AND happens)+ -> all_of | happens (_OR happens)+ -> one_of
happens: WORD WORD
given: "|" record ("," intervention)* | "|" intervention ("," intervention)*
basis: "|" _RECORD -> on_record | "|" _CLUES -> on_clues | "|" _RECORD "," _CLUES -> on_both
record: _RECORD of? -> whole_record | _RECORD of? _TO DATE -> record_to | _START of -> start_of
of: _OF WORD
whose: _OF WORD
over: _OVER WORD
through: _THROUGH WORD
motive: "," WORD
intervention: how "(" change since? (_TO DATE)? ")"
since: _FROM DATE
!how: DO | SURPRISE | HAD
?change: WORD "=" WORD -> set_level
    | WORD _NEVER WORD -> never
    | PATH "=" NUMBER -> set_number
    | PATH "=" "-" NUMBER -> set_negative
    | PATH "=" RATIO -> set_ratio
    | _NOTHING -> unchanged

?condition: conjunction | conjunction (_OR conjunction)+ -> disjoin
?conjunction: negation | negation (_AND negation)+ -> conjoin
?negation: statement | _NOT negation -> negate
?statement: "(" condition ")"
    | WORD operator WORD -> compare
    | WORD _IN "(" WORD ("," WORD)* ")" -> within
!operator: EQ | NE | LT | LE | GT | GE

EQ: "="
NE: "!="
LT: "<"
LE: "<="
GT: ">"
GE: ">="
_AND.2: /and(?![\w-])/
_OR.2: /or(?![\w-])/
_NOT.2: /not(?![\w-])/
_IN.2: /in(?![\w-])/
AT.2: /at(?![\w-])/
BY.2: /by(?![\w-])/
_BEFORE.2: /before(?![\w-])/
_BETWEEN.2: /between(?![\w-])/
_AGAINST.2: /against(?![\w-])/
_THROUGH.2: /through(?![\w-])/
_NOTHING.2: /nothing(?![\w-])(?!\s*=)(?!\s+never(?![\w-]))/
_FROM.2: /from(?![\w-])/
_TO.2: /to(?![\w-])/
_RECORD.2: /record(?![\w-])/
_START.2: /start(?![\w-])/
_OF.2: /of(?![\w-])/
_ON.2: /on(?![\w-])/
_OVER.2: /over(?![\w-])/
_NUMBER_OF.2: /number\s+of(?![\w-])/
UNIT.2: /(?:days|weeks|months|years)(?![\w-])/
_UNTIL.2: /until(?![\w-])/
_CLUES.2: /clues(?![\w-])/
DO.2: /do(?![\w-])/
SURPRISE.2: /surprise(?![\w-])/
HAD.2: /had(?![\w-])/
_NEVER.2: /never(?![\w-])/
PATH.3: /(?:players|nature)\.[^\s=()|,<>"][^=()|,<>"]*[^\s=()|,<>"]/
RATIO.2: /x(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w-])/
WORD: /\w(?:[\w-]*\w)?/
DATE: /\d{4}-\d\d-\d\d(?![\w-])/
NUMBER: /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/
%ignore /\s+/
""".replace("FORMS\n", "".join(form.rules() for form in FORMS))
    + "".join(dict.fromkeys(form.terminals() for form in FORMS))
)

WORDS = {
    "EQ": "`=`",
    "NE": "`!=`",
    "LT": "`<`",
    "LE": "`<=`",
    "GT": "`>`",
    "GE": "`>=`",
    "_IN": "`in`",
    "WORD": "a name",
    "DATE": "a date such as 2016-06-27",
    "NUMBER": "a number",
    "PLUS": "`+`",
    "MINUS": "`-`",
    "STAR": "`*`",
    "SLASH": "`/`",
    **{terminal: word for form in FORMS for terminal, word in form.words().items()},
    "_AND": "`and`",
    "_OR": "`or`",
    "_NOT": "`not`",
    "AT": "`at`",
    "BY": "`by`",
    "_BETWEEN": "`between`",
    "_BEFORE": "`before`",
    "_AGAINST": "`against`",
    "_FROM": "`from`",
    "_TO": "`to`",
    "_RECORD": "`record`",
    "UNIT": "`days`, `weeks`, `months`, `years`",
    "_UNTIL": "`until`",
    "_CLUES": "`clues`",
    "_START": "`start of`",
    "_OF": "`of`",
    "_ON": "`on`",
    "_OVER": "`over`",
    "_THROUGH": "`through`",
    "_NUMBER_OF": "`number of`",
    "DO": "`do(...)`",
    "SURPRISE": "`surprise(...)`",
    "HAD": "`had(...)`",
    "PATH": "a number of the case such as players.turkey.looks ahead",
    "RATIO": "a ratio such as x2",
    "_NEVER": "`never`",
    "_NOTHING": "`nothing`",
    "VBAR": "`|`",
    "COMMA": "`,`",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "$END": "the end",
}
"""What the grammar calls a sign, and what a person calls it, in the order of telling."""


class _UnreadableError(Exception):
    """A word has the right form but no meaning, such as 30 February."""

    def __init__(self, token: lark.Token, message: str) -> None:
        super().__init__(message)
        self.column = (token.start_pos or 0) + 1
        self.message = message


class _Since(NamedTuple):
    """The first day of a change."""

    date: datetime.date


@lark.v_args(inline=True)
class _Tree(lark.Transformer):
    """Turn what lark read into our trees."""

    def DATE(self, token: lark.Token) -> datetime.date:  # noqa: N802  (lark calls it by the terminal's name)
        try:
            return datetime.date.fromisoformat(token)
        except ValueError:
            raise _UnreadableError(token, f"`{token}` is no day of the calendar.") from None

    def WORD(self, token: lark.Token) -> str:  # noqa: N802
        return str(token)

    def PATH(self, token: lark.Token) -> str:  # noqa: N802
        return " ".join(token.split())

    def constant(self, token: lark.Token) -> Constant:
        return Constant(self._finite(token, token))

    def _finite(self, token: lark.Token, number: str) -> float:
        if not math.isfinite(float(number)):
            raise _UnreadableError(token, f"the number `{token}` is too large.")
        return float(number)

    def negative(self, token: lark.Token) -> Constant:
        return Constant(-self.constant(token).value)

    def operator(self, token: lark.Token) -> str:
        return str(token)

    relation = how = operator
    compare = Compare
    negate = Not
    happens = Happens
    unchanged = Unchanged
    set_level = SetLevel
    never = Never

    def set_number(self, name: str, value: lark.Token) -> SetNumber:
        return SetNumber(str(name), self._finite(value, value))

    def set_negative(self, name: str, value: lark.Token) -> SetNumber:
        return SetNumber(str(name), -self._finite(value, value))

    def set_ratio(self, name: str, ratio: lark.Token) -> SetNumber:
        return SetNumber(str(name), self._finite(ratio, ratio[1:]), is_ratio=True)

    def all_of(self, *parts: Happens) -> Happenings:
        return Happenings("and", parts)

    def one_of(self, *parts: Happens) -> Happenings:
        return Happenings("or", parts)

    def on_a_day(self, when: lark.Token, date: datetime.date) -> Moment:
        return Moment(str(when), date)

    def between_days(self, begin: datetime.date, end: datetime.date) -> Moment:
        return Moment("between", end, begin)

    def motive(self, name: str) -> Part:
        return Part("motive", name)

    def through(self, variable: str) -> Part:
        return Part("through", variable)

    def since(self, date: datetime.date) -> _Since:
        return _Since(date)

    def intervention(self, how: str, change: Change, *days: datetime.date | _Since) -> Intervention:
        begin = next((each.date for each in days if isinstance(each, _Since)), None)
        end = next((each for each in days if isinstance(each, datetime.date)), None)
        return Intervention(how, change, begin, end)

    def within(self, variable: str, *levels: str) -> In:
        return In(variable, levels)

    def conjoin(self, *parts: Condition) -> And:
        return And(parts)

    def disjoin(self, *parts: Condition) -> Or:
        return Or(parts)

    def on_record(self) -> str:
        return RECORD

    def on_clues(self) -> str:
        return CLUES

    def on_both(self) -> str:
        return BOTH

    def of(self, episode: str) -> str:
        return episode

    def whose(self, episode: str) -> Part:
        return Part("episode", episode)

    def over(self, action: str) -> Part:
        return Part("instead", action)

    def whole_record(self, episode: str = "") -> Given:
        return Given("all", episode=episode)

    def record_to(self, *parts: Any) -> Given:
        *episode, date = parts
        return Given(date, episode="".join(episode))

    def start_of(self, episode: str) -> Given:
        return Given(episode=episode)

    def given(self, *parts: Given | Intervention) -> Given:
        first = parts[0]
        changes = tuple(part for part in parts if isinstance(part, Intervention))
        return replace(first, interventions=changes) if isinstance(first, Given) else Given(None, changes)

    def add(self, left: Expression, right: Expression) -> Arithmetic:
        return Arithmetic("+", left, right)

    def subtract(self, left: Expression, right: Expression) -> Arithmetic:
        return Arithmetic("-", left, right)

    def multiply(self, left: Expression, right: Expression) -> Arithmetic:
        return Arithmetic("*", left, right)

    def divide(self, left: Expression, right: Expression) -> Arithmetic:
        return Arithmetic("/", left, right)

    def comparison(self, left: Expression, op: str, right: Expression) -> Comparison:
        return Comparison(op, left, right)

    def test(self, *comparisons: Comparison) -> Test:
        return Test(comparisons)


def _with_forms(tree: type[lark.Transformer]) -> type[lark.Transformer]:
    """Return `tree` with a method for each form of question."""
    return type("_Reader", (tree,), {form.name: staticmethod(form.build) for form in FORMS})


_READER = lark.v_args(inline=True)(_with_forms(_Tree))  # pyright: ignore[reportArgumentType]

_BAR = "| "
"""What stands before what is known and changed."""

_PARSER = lark.Lark(GRAMMAR, parser="lalr", start=["condition", "test", "query", "given"], maybe_placeholders=False)


def parse_condition(text: str) -> Condition:
    """Read a condition such as `ties < close and not visas = dead`; raise `QueryError` where it is none."""
    return _parse(text, "condition")


def parse_test(text: str) -> Test:
    """Read a test: one comparison of two expressions, or several joined by `and`."""
    return _parse(text, "test")


def parse_query(text: str) -> Query:
    """Read a query: an expression, a comparison, or (joined by `and`) a `Test`."""
    return _parse(text, "query")


def parse_given(text: str) -> Given:
    """Read what is known and changed, as it stands behind the bar of a question; nothing if the text is empty."""
    if not text.strip():
        return NOTHING
    try:
        return _parse(f"{_BAR}{text}", "given")
    except QueryError as error:
        raise QueryError([replace(each, column=max(each.column - len(_BAR), 1)) for each in error.problems]) from None


def _parse(text: str, start: str):
    if len(text) > MOST_SIGNS:
        message = f"the {start} has {len(text):,} signs; at most {MOST_SIGNS:,} are read. Make it shorter."
        raise QueryError([Problem(start, 0, 1, "", message)])
    if column := _too_deep(text):
        message = f"more than {DEEPEST} brackets are open here, one in another; make it shorter."
        raise QueryError([Problem(start, 0, column, "", message)])
    try:
        tree = _READER().transform(_PARSER.parse(text, start=start))
        str(tree)  # a long sum is as deep as it is long, and what cannot be printed is refused now
        return tree
    except lark.exceptions.UnexpectedInput:
        column, message = _explain(text, start)
    except lark.exceptions.VisitError as error:
        column, message = _explain_visit(error)
    except RecursionError:
        column, message = 1, f"the {start} is nested too deeply; make it shorter."
    raise QueryError([Problem(start, 0, column, "", message)])


def _too_deep(text: str) -> int:
    """Return the column of the bracket that opens too many, from 1; 0 if there is none."""
    depth = 0
    for column, sign in enumerate(text, start=1):
        depth += (sign == "(") - (sign == ")")
        if depth > DEEPEST:
            return column
    return 0


def _explain_visit(error: lark.exceptions.VisitError) -> tuple[int, str]:
    cause = error.orig_exc
    if isinstance(cause, _UnreadableError):
        return cause.column, cause.message
    raise error


def _explain(text: str, start: str) -> tuple[int, str]:
    """Return the column and the wording of a syntax error."""
    session = _PARSER.parse_interactive(text, start=start)
    position, expected = len(text.rstrip()), session.accepts()
    try:
        for token in session.lexer_thread.lex(session.parser_state):
            session.feed_token(token)
            expected = session.accepts()
    except lark.exceptions.UnexpectedToken as error:
        position = error.token.start_pos or 0
    except lark.exceptions.UnexpectedCharacters as error:
        position = error.pos_in_stream or 0
    if text[position : position + 1] == "=" and text[position - 1 : position] == "=":
        return position + 1, "found `==`; write one `=`."
    word = re.match(r"[\w.-]+|\S", text[position:])
    found = f"`{word.group()}`" if word else f"the end of the {start}" if text.strip() else "nothing"
    return position + 1, f"found {found}; expected {_list(expected)}."


def _list(terminals: Iterable[str]) -> str:
    """Return terminals in human words, as `a, b or c`."""
    terminals = set(terminals)
    words = [word for terminal, word in WORDS.items() if terminal in terminals]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
