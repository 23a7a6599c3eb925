"""What the user wrote, as written: the entries of a case, its record, claims, sources and indicators.

Numbers, ranges, conditions and tests stay text here; `raison.case.meaning.numbers` and `raison.query` read them.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema, model_validator

from raison.errors import quote

NAME = re.compile(r"\w(?:[\w-]*\w)?")
RESERVED = frozenset({"and", "or", "not", "in", "nature"})
"""Words that a name may not be."""
LONGEST = 100
"""Longest name and longest number, in bytes of UTF-8."""


def _name(value: Any) -> Any:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise ValueError(f"found {quote(value)}; a name has letters, digits, `_` and `-` only.")
    if value in RESERVED:
        raise ValueError(f"found `{value}`, which has a meaning of its own; choose another name.")
    return _short(value)


def _level(value: Any) -> Any:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise ValueError(f"found {quote(value)}; a level has letters, digits, `_` and `-` only.")
    return _short(value)


def _phrase(value: Any) -> Any:
    if not isinstance(value, str) or not value.strip() or "." in value:
        raise ValueError(f"found {quote(value)}; the name of a drift may not be empty or have a dot.")
    return _short(value)


def _short(value: Any) -> Any:
    """Refuse what is too long for a name, a number or a file that is called by it."""
    if isinstance(value, str) and len(value.encode()) > LONGEST:
        count = f"at most {LONGEST} characters, where one such as `é` counts as two"
        raise ValueError(f"found {quote(value)}, which is too long: {count}.")
    return value


def _number(value: Any) -> Any:
    """Say how a range is written where a list of two stands for it."""
    if isinstance(value, list | tuple) and len(value) == 2 and all(isinstance(end, str | int | float) for end in value):
        low, high = value
        raise ValueError(f"found {quote(f'[{low}, {high}]')}; write a range as {quote(f'{low} to {high}')}.")
    return _short(_as_text(value))


def _date(value: Any) -> Any:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        raise ValueError(f"found {quote(value)}; need a date such as 2016-06-27.")
    try:
        return datetime.date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"`{value}` is no day of the calendar.") from None


def _as_text(value: Any) -> Any:
    """Let Python and JSON callers write numbers as numbers."""
    return repr(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


_UNTIL = re.compile(r"until (?P<date>\d{4}-\d\d-\d\d)")
AFTER = "after"
"""What the last reporting period of an action is called."""


def _seen(value: Any) -> Any:
    """Take one number for all time; refuse reporting periods that do not follow each other."""
    if isinstance(value, str | int | float | list | tuple):
        return {"": value}
    if not isinstance(value, dict) or set(value) == {""}:
        return value
    *earlier, last = value or [""]
    dates = [_day_of(key) for key in earlier]
    if last != AFTER or not dates or None in dates:
        example = "`{until 2017-06-30: 0.9, after: 0.5}`"
        raise ValueError(f"need a chance, or one for each reporting period in order, such as {example}.")
    if dates != sorted(set(dates), key=str):
        raise ValueError("its reporting periods must follow each other: put the dates in order.")
    return value


def _day_of(key: Any) -> datetime.date | None:
    match = _UNTIL.fullmatch(key) if isinstance(key, str) else None
    return _date(match["date"]) if match else None


def ends_of(seen: Mapping[str, Any]) -> list[datetime.date]:
    """Return the last day of each reporting period of an action but the last."""
    return [day for key in seen if (day := _day_of(key)) is not None]


Name = Annotated[str, BeforeValidator(_name), WithJsonSchema({"type": "string", "pattern": r"^\w([\w-]*\w)?$"})]
Level = Annotated[
    str, BeforeValidator(_as_text), BeforeValidator(_level), WithJsonSchema({"type": ["string", "integer"]})
]
Phrase = Annotated[str, BeforeValidator(_phrase)]
Day = Annotated[
    datetime.date,
    BeforeValidator(_date),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "format": "date", "pattern": r"^\d{4}-\d\d-\d\d$"}),
]
NumberText = Annotated[str, BeforeValidator(_number), WithJsonSchema({"type": ["string", "number"]})]
AnyText = Annotated[str, BeforeValidator(_as_text), WithJsonSchema({"type": ["string", "number"]})]
LevelText = Annotated[AnyText, BeforeValidator(_short)]
ShortText = Annotated[str, BeforeValidator(_short)]
Chances = dict[Level, Annotated[float, Field(ge=0, allow_inf_nan=False)]]
Start = Annotated[
    Chances,
    BeforeValidator(lambda value: {value: 1.0} if isinstance(value, str) else value),
    WithJsonSchema({"type": ["string", "object"], "additionalProperties": {"type": "number"}}),
]
Seen = Annotated[
    dict[str, NumberText],
    BeforeValidator(_seen),
    WithJsonSchema({"type": ["string", "number", "object"], "additionalProperties": {"type": ["string", "number"]}}),
]
Ratios = dict[Name, dict[Level, NumberText]]
Basis = Annotated[str, Field(description="`assumed`, alone or with a reason, or keys of sources.yaml")]


class Entry(BaseModel):
    """Any entry: nothing may stand in it that is not known, and nobody changes it."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_alias=True, validate_by_name=True)


class Time(Entry):
    """The clock of the case; where it has episodes, each has its own dates."""

    unit: Literal["day", "week", "month", "year"]
    begin: Day | None = Field(default=None, alias="from")
    until: Day | None = None
    focus: Day | None = None


class WrittenVariable(Entry):
    """A state variable; its start is a level, or a probability for each level."""

    levels: tuple[Level, ...] = Field(min_length=2)
    ordered: bool = True
    at_start: Start = Field(alias="at start")
    name: str = ""
    about: str = ""


class WrittenDrift(Entry):
    """Jumps of nature of one kind."""

    every: NumberText
    when: Ratios = {}
    condition: str | None = Field(default=None, alias="if")
    changes: dict[Name, LevelText] | None = None
    basis: Basis


class WrittenChance(Entry):
    """How likely an outcome is: a chance, and by what some levels of some variables multiply its odds."""

    base: NumberText
    when: Ratios = {}

    @model_validator(mode="before")
    @classmethod
    def _from_number(cls, value: Any) -> Any:
        return value if isinstance(value, dict) else {"base": value}


class Outcome(Entry):
    """One of the ways an action may turn out."""

    chance: WrittenChance
    changes: dict[Name, LevelText] = {}


class WrittenCost(Entry):
    """What an action costs: a number, and what some levels of some variables add to it."""

    base: NumberText = "0"
    when: Ratios = {}

    @model_validator(mode="before")
    @classmethod
    def _from_number(cls, value: Any) -> Any:
        return value if isinstance(value, dict) else {"base": value}


class WrittenAction(Entry):
    """Something a player may do."""

    changes: dict[Name, LevelText] | None = None
    outcomes: tuple[Outcome, ...] | None = Field(default=None, min_length=1)
    condition: str | None = Field(default=None, alias="if")
    costs: WrittenCost | None = None
    seen: Seen | None = None
    basis: Basis | None = None
    name: str = ""
    about: str = ""


class DecisionRate(Entry):
    """How often a player may act, by state."""

    rate: NumberText
    when: Ratios = {}

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return {"rate": value} if isinstance(value, str) else value


class WrittenPlayer(Entry):
    """A decision maker."""

    name: str = ""
    acts: DecisionRate
    looks_ahead: NumberText = Field(alias="looks ahead")
    wants: dict[Name, NumberText] = {}
    actions: dict[Name, WrittenAction] = {}
    basis: Basis
    about: str = ""


class WrittenExplanation(Entry):
    """A rival account of the motives."""

    label: str = ""
    held_by: str = Field(default="", alias="held by")
    says: str = ""
    wants: dict[Name, dict[Name, NumberText]] = {}
    sees: dict[str, NumberText] = {}
    predicts: tuple[str, ...] = ()
    prior: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    basis: Basis


class RecordRow(Entry):
    """One dated item of the record."""

    date: Day
    kind: str
    who: str
    what: AnyText
    confidence: NumberText | None = None
    source: str = ""
    note: str = ""
    answer: str = ""
    begin: Day | None = Field(default=None, alias="from")
    number: NumberText | None = None


class ClueRow(Entry):
    """A clue as one rater judges it: how probable it would be if each explanation were the main truth."""

    id: ShortText
    date: Day
    says: str = ""
    group: ShortText = ""
    source: str = ""
    confidence: NumberText | None = None
    rater: ShortText = ""
    judged: dict[Name, NumberText] = Field(min_length=1)


class WrittenEpisode(Entry):
    """A stretch of time, watched by itself, under the same players and explanations."""

    begin: Day = Field(alias="from")
    until: Day
    focus: Day | None = None
    at_start: dict[Name, Start] = Field(default={}, alias="at start")
    record: tuple[RecordRow, ...]
    about: str = ""


class WrittenHeldOut(Entry):
    """What followed the record: it is not fitted, and what was to be expected of it is held against it."""

    until: Day
    record: tuple[RecordRow, ...]


class WrittenQuestion(Entry):
    """A line of the query language that the study answers, and what it asks in plain words."""

    asks: str
    in_words: str = Field(default="", alias="in words")

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return {"asks": value} if isinstance(value, str) else value


class WrittenSource(Entry):
    """Where facts come from."""

    title: str
    url: str = ""


class ClaimRow(Entry):
    """One claim of the text, with its test or why it has none."""

    id: ShortText
    where: str = ""
    says: str
    kind: Literal["causal", "motive", "factual", "predictive", "counterfactual", "normative", "advice"]
    test: str | None = None
    not_testable: str | None = Field(default=None, alias="not testable")


class IndicatorRow(Entry):
    """One number that claims may check."""

    date: Day
    indicator: Name
    unit: str = ""
    value: float = Field(allow_inf_nan=False)
    source: str = ""


class WrittenFeature(Entry):
    """Something a player may want: a line of text, or a number for each level of one variable."""

    text: str = ""
    numbers: dict[Name, dict[Level, Annotated[float, Field(allow_inf_nan=False)]]] = {}

    @model_validator(mode="before")
    @classmethod
    def _from_either(cls, value: Any) -> Any:
        if isinstance(value, str) and value.strip():
            return {"text": value}
        if isinstance(value, dict) and len(value) == 1:
            return {"numbers": value}
        raise ValueError("need a condition, `VARIABLE, from A to B`, or a number for each level of one variable.")


class CaseText(Entry):
    """A whole case, with the files that it names read in."""

    title: str
    question: str = ""
    summary: str = ""
    time: Time
    variables: dict[Name, WrittenVariable] = Field(min_length=1)
    nature: dict[Phrase, WrittenDrift] = {}
    players: dict[Name, WrittenPlayer] = Field(min_length=1)
    features: dict[Name, Annotated[WrittenFeature, WithJsonSchema({"type": ["string", "object"]})]] = {}
    explanations: dict[Name, WrittenExplanation] = Field(min_length=1)
    record: tuple[RecordRow, ...] = ()
    held_out: WrittenHeldOut | None = Field(default=None, alias="held out")
    claims: tuple[ClaimRow, ...] = ()
    sources: dict[Name, WrittenSource] = {}
    indicators: tuple[IndicatorRow, ...] = ()
    clues: tuple[ClueRow, ...] = ()
    clues_count_for: NumberText | None = Field(default=None, alias="clues count for")
    episodes: dict[Name, WrittenEpisode] = {}
    variants: dict[Phrase, dict[str, Any]] = {}
    leaves_out: tuple[str, ...] = Field(default=(), alias="leaves out")
    questions: tuple[WrittenQuestion, ...] = ()
