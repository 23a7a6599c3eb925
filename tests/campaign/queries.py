"""Random queries and what mutations make of them: each is read, or refused with a column."""

from __future__ import annotations

import datetime
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from campaign import oddities
from campaign.findings import Trial
from campaign.mutations import short
from raison.errors import QueryError
from raison.query.grammar import parse_condition, parse_query, parse_test

READERS: dict[str, Callable[[str], Any]] = {
    "condition.txt": parse_condition,
    "test.txt": parse_test,
    "query.txt": parse_query,
}
"""How a text is read, by the name of the file that holds it."""

TOKENS = (
    "P", "(", ")", "reason", "payoff", "E", "number of", "number", "on", "over", "of", "rate", "posterior",
    "value", "moves", "hazard", "paths", "share", "why", "again", "steps", "restraints", "sensitivity", "pivots",
    "tells", "outcome", "between", "against", "through", "nothing", "options", "parameter", "until", "months", "before",
    "surprise", "had", "x2", "x0",
    "players.turkey.wants.votes", "nature.a b.every", "record", "do", "never", "from", "to", "at", "by", "and", "or",
    "not", "in", "=", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "|", ",", "2016-06-27", "2016-02-31",
    "9999-12-31", "0", "1.5", "1e5", "ties", "close", "a-b", "_", " ", "\n", "\t", "#", "'", '"', "%", "é", "経済",
    "2016", "٣", "\u2028", "\x00", "\ud800", "--",
)  # fmt: skip

LONG: tuple[tuple[str, str, str], ...] = (
    ("(", "1", ")"), ("(", "", ""), ("", "", ")"), ("P(", "", ""), ("P((", "a = b", ") by 2016-01-01)"),
    ("not ", "a = b", ""), ("1 + ", "1", ""), ("1 - (", "1", ")"), ("1 < 2 and ", "1 < 2", ""),
    ("a = b or ", "a = b", ""), ("a = b and ", "a = b", ""), ("P(a in (", "b", ") at 2016-01-01)"), ("a", "", ""),
    ("9", "", ""), ("-", "1", ""), ("1e", "", ""), (" ", "1", ""), ("\n", "", ""), ("a-", "b", ""), ("ſ", "", ""),
    ("(a = b or ", "a = b", ")"), ("b, ", "b", ""), ("1 / ", "0", ""), ("\ud800", "", ""), ("#", "", ""),
)  # fmt: skip
"""What is repeated, what stands in the middle, and what is repeated after it."""


@dataclass(frozen=True)
class QueryAttack:
    """Random texts of the query language, by `seed` and their number.

    What is expected of a good text is the same text with every bracket that may be left out: both are one tree.
    """

    seed: int
    name: str = "queries"

    def trial(self, number: int) -> Trial:
        """Return a good query, a mutated one, a soup of words, or a very long text."""
        rng = random.Random(f"{self.seed} query {number}")
        file, write = rng.choice((("condition.txt", _condition), ("test.txt", _test), ("query.txt", _query)))
        written = write(rng)
        kind = rng.choices((_good, _mutated, _soup, _long), (40, 45, 14, 1))[0]
        text = kind(re.sub("[⟨⟩]", "", written), rng)
        known = written.replace("⟨", "(").replace("⟩", ")") if kind is _good else None
        return Trial(
            f"{kind.__name__[1:]} {file[:-4]}: {short(text)}", {file: text.encode("utf-8", "surrogatepass")}, known
        )

    def problem(self, trial: Trial) -> str | None:
        """Read the text, print it and read it again."""
        ((file, content),) = trial.files.items()
        text, read = content.decode("utf-8", "surrogatepass"), READERS[file]
        try:
            found = read(text)
        except QueryError as error:
            return "a good text is refused" if trial.expected is not None else _misplaced(error, text)
        if trial.expected is not None and found != read(trial.expected):
            return "brackets that may be left out change what is read"
        if read(str(found)) != found:
            return "a tree prints as a text that is read as another tree"
        return None


def _misplaced(error: QueryError, text: str) -> str | None:
    if not error.problems or not all(problem.message.strip() for problem in error.problems):
        return "a text is refused without a reason"
    if not all(1 <= problem.column <= len(text) + 1 for problem in error.problems):
        return "a text is refused with a column that is not in it"
    return None


# Texts


def _good(text: str, rng: random.Random) -> str:
    """Put more white space where there is some; it does not count."""
    return re.sub(" ", lambda _: rng.choice((" ", " ", "  ", "\n", "\t ")), text) if rng.random() < 0.3 else text


def _mutated(text: str, rng: random.Random) -> str:
    words = re.findall(r"[\w.-]+|\s+|[^\w\s]", text)
    for _ in range(rng.choice((1, 1, 2, 5))):
        at = rng.randrange(len(words) + 1)
        other = rng.choice(words) if words else ""
        new = rng.choice(
            (
                rng.choice(TOKENS),
                rng.choice(oddities.WORDS),
                rng.choice(oddities.DATES),
                rng.choice(oddities.NUMBERS),
                other,
            )
        )
        words[at : at + rng.choice((0, 1, 1, 3))] = rng.choice(([], [new], [new], [new, " "]))
    changed = "".join(words)
    cut = rng.randrange(len(changed) + 1)
    return rng.choice((changed, changed, changed, changed[:cut], changed[cut:]))


def _soup(text: str, rng: random.Random) -> str:
    return rng.choice((" ", " ", "")).join(rng.choices(TOKENS, k=rng.choice((0, 1, 3, 10, 40))))


def _long(text: str, rng: random.Random) -> str:
    before, middle, after = rng.choice(LONG)
    times = rng.choice((300, 3_000, 100_000))
    return before * times + middle + after * times


# Good texts, in which ⟨...⟩ are brackets that may be left out

CONDITIONS = (
    "{0}", "⟨{0}⟩", "⟨⟨{0}⟩⟩", "not {0}", "not not ⟨{0}⟩", "⟨not {0}⟩ and {1}", "{0} and {1} and {2}",
    "{0} or {1} or {2}", "⟨{0} and {1}⟩ or {2}", "{0} or ⟨{1} and ⟨not {2}⟩⟩", "not ({0} or {1})",
    "({0} or {1}) and {2}", "⟨({0} and {1}) and {2}⟩",
)  # fmt: skip

SUMS = (
    "{0}", "⟨{0}⟩", "⟨{0} * {1}⟩ + {2}", "{0} - ⟨{1} / {2}⟩", "⟨{0} - {1}⟩ - {2}", "⟨⟨{0} / {1}⟩ * {2}⟩",
    "({0} + {1}) * {2}", "{0} - ({1} + {2})", "{0} / ({1} * {2})", "⟨{0} * {1}⟩ - ⟨{1} * {2}⟩",
)  # fmt: skip

PATHS = ("players.turkey.wants.votes", "nature.economy falls.every", "players.eu.looks ahead", "players.a.b c.d")

NUMBERS = ("0", "1", "2.5", "-3", ".5", "7.", "1e-320", "1.7e308", "123456789012345678", "0.1", "٣")


def _name(rng: random.Random) -> str:
    return rng.choice(("a", "ties", "x_1", "a-b", "2016", "économie", "by", "record", "P", "in", "e5", "٣a", "_"))


def _date(rng: random.Random) -> str:
    return str(datetime.date.fromordinal(rng.choice((rng.randint(1, 3_652_059), rng.randint(730_000, 740_000)))))


def _statement(rng: random.Random) -> str:
    if rng.random() < 0.7:
        return f"{_name(rng)} {rng.choice(('=', '!=', '<', '<=', '>', '>='))} {_name(rng)}"
    return f"{_name(rng)} in ({', '.join(_name(rng) for _ in range(rng.randint(1, 3)))})"


def _condition(rng: random.Random) -> str:
    parts = [_statement(rng) for _ in range(3)]
    if rng.random() < 0.3:
        parts[rng.randrange(3)] = f"({_condition(rng)})"
    return rng.choice(CONDITIONS).format(*parts)


def _given(rng: random.Random) -> str:
    record = rng.choice(("", "record", f"record to {_date(rng)}"))
    changes = (f"{rng.choice(('do', 'surprise', 'had'))}({_change(rng)})" for _ in range(rng.choice((0, 0, 1, 2))))
    parts = [part for part in (record, *changes) if part]
    return f" | {', '.join(parts)}" if parts else ""


def _change(rng: random.Random) -> str:
    what = rng.choice(
        (
            f"{_name(rng)} = {_name(rng)}",
            f"{_name(rng)} never {_name(rng)}",
            f"{rng.choice(PATHS)} = {rng.choice(('2', '0.5', 'x2', 'x0', '-1', '1e3'))}",
            "nothing",
        )
    )
    days = (f" from {_date(rng)}", f" to {_date(rng)}")
    return what + "".join(each for each in days if rng.random() < 0.3)


def _reason(rng: random.Random) -> str:
    parts = (f" {_name(rng)}", f" on {_date(rng)}", f" over {_name(rng)}", f" of {_name(rng)}")
    return "".join(part for part in parts if rng.random() < 0.6)


def _act(rng: random.Random) -> str:
    return f"{_name(rng)} {rng.choice(('a', 'a-b', '2016', 'record'))}"


def _event(rng: random.Random) -> str:
    acts = rng.choice((" and ", " or ")).join(_act(rng) for _ in range(rng.choice((1, 2, 3))))
    return rng.choice((_condition(rng), acts))


def _outcome(rng: random.Random) -> str:
    before = f" before {_event(rng)}" if rng.random() < 0.3 else ""
    moment = rng.choice((f"at {_date(rng)}", f"by {_date(rng)}", f"between {_date(rng)} and {_date(rng)}"))
    return f"{_event(rng)}{before} {moment}{_given(rng)}"


def _term(rng: random.Random) -> str:
    return rng.choice(
        (
            f"{rng.choice(('P', 'pivots', 'sensitivity', 'outcome'))}({_outcome(rng)})",
            f"hazard({_event(rng)} at {_date(rng)}{_given(rng)})",
            f"share({_name(rng)}{rng.choice(('', f', {_name(rng)}'))} at {_date(rng)}{_given(rng)})",
            f"why({_act(rng)} at {_date(rng)} against {_date(rng)}{rng.choice(('', f' of {_name(rng)}'))})",
            f"again({_act(rng)} on {_date(rng)} | {rng.choice(('do', 'surprise', 'had'))}({_change(rng)}))",
            f"paths({_name(rng)}{_reason(rng)})",
            f"rate({_name(rng)} {_name(rng)})",
            f"rate({_name(rng)} {_name(rng)} | {_condition(rng)})",
            f"rate({_name(rng)} {_name(rng)} at {_date(rng)}{_given(rng)})",
            f"E(number of {_name(rng)} {_name(rng)} from {_date(rng)} to {_date(rng)}{_given(rng)})",
            f"E({rng.choice(('days', 'weeks', 'months', 'years'))} until {_condition(rng)}{_given(rng)})",
            f"P({_name(rng)} {rng.choice(('a', 'a-b', '2016', 'record'))} by {_date(rng)}{_given(rng)})",
            f"{rng.choice(('options', 'steps'))}({_name(rng)}{rng.choice(('', f' at {_date(rng)}'))}{_given(rng)})",
            f"parameter({rng.choice(PATHS)})",
            f"payoff({_name(rng)}{rng.choice(('', f' at {_date(rng)}'))}{_given(rng)})",
            f"reason({_name(rng)}{_reason(rng)})",
            f"posterior({_name(rng)}{rng.choice(('', ' | clues', ' | record, clues'))})",
            f"tells({rng.choice(('', _name(rng)))})",
            f"value({_name(rng)} at {_date(rng)})",
            f"moves({_name(rng)} {_name(rng)} from {_date(rng)} to {_date(rng)})",
            rng.choice(NUMBERS),
        )
    )


def _sum(rng: random.Random) -> str:
    return rng.choice(SUMS).format(*(_term(rng) for _ in range(3)))


def _comparison(rng: random.Random) -> str:
    return f"{_sum(rng)} {rng.choice(('<', '<=', '>', '>='))} {_sum(rng)}"


def _test(rng: random.Random) -> str:
    return " and ".join(_comparison(rng) for _ in range(rng.choice((1, 1, 2, 3))))


def _query(rng: random.Random) -> str:
    return rng.choice((_sum(rng), _comparison(rng), f"{_comparison(rng)} and {_comparison(rng)}"))
