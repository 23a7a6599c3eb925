"""Numbers as an analyst writes them, read into priors.

`3`, `0.5 to 4`, `8 to 14 months`, `once a year`, `1 to 3 times a month`, `x1.5`, `x1.2 to x2`. A range is the
90 % interval of a lognormal where it must be positive or both ends are above zero, of a logit-normal for a
chance, else of a normal. What a player wants may be written as a strength, `x3 to x30`: how many times likelier the
motive alone makes the option that serves it best than the one that serves it worst.
"""

from __future__ import annotations

import enum
import math
import re
from dataclasses import dataclass

from raison.inference.prior import Fixed, LogitNormal, LogNormal, Normal

DAYS = {"day": 1.0, "week": 7.0, "month": 30.4375, "year": 365.25}
"""Days in each unit of time."""

_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_COUNT = rf"{_NUMBER}|once|twice"
_UNIT = r"(?P<{}>day|week|month|year)s?"
_PLAIN = re.compile(rf"(?P<low>{_NUMBER})(?:\s+to\s+(?P<high>{_NUMBER}))?")
_DURATION = re.compile(
    rf"(?P<low>{_NUMBER})(?:\s*{_UNIT.format('low_unit')})?(?:\s+to\s+(?P<high>{_NUMBER}))?\s*{_UNIT.format('unit')}"
)
_RATE = re.compile(
    rf"(?P<low>{_COUNT})(?:\s+to\s+(?P<high>{_COUNT}))?(?:\s+times?)?\s+(?:a|an|per|every)\s+{_UNIT.format('unit')}"
)
_RATIO = re.compile(rf"[x×](?P<low>{_NUMBER})(?:\s+to\s+[x×]?(?P<high>{_NUMBER}))?")
_WORDS = {"once": 1.0, "twice": 2.0}


class Kind(enum.Enum):
    """What a number measures, with the words for what may be written."""

    NUMBER = "a number such as `3`, or a range such as `0.5 to 4`"
    DURATION = "a duration such as `2 years` or `8 to 14 months`"
    RATE = "a rate such as `once a year` or `1 to 3 times a month`"
    RATIO = "a hazard ratio such as `x1.5` or `x1.2 to x2`"
    CHANCE = "a number from 0 to 1, or a range such as `0.1 to 0.3`"
    MOTIVE = "a strength such as `x5` or `x3 to x30`, or a plain weight such as `0.5 to 4`"


@dataclass(frozen=True)
class Strength:
    """How much a motive alone moves behaviour, as written; 90 % between the ends of a range.

    Attributes:
        low: above 1.
        high: the same as `low` where one number is written.
    """

    low: float
    high: float

    @property
    def is_free(self) -> bool:
        return self.low < self.high

    def weight(self, log_strength: float) -> Fixed | LogNormal:
        """Return the weight of which it is the strength, where weight 1 has this log strength."""
        low, high = (math.log(end) / log_strength for end in (self.low, self.high))
        return LogNormal(low, high) if self.is_free else Fixed(low)


WrittenPrior = Fixed | LogNormal | Normal | LogitNormal
"""What a number in a case may be."""

REST = "rest"
"""What stands for the chance of the outcome that takes what the others leave."""

LIMITS = {
    Kind.NUMBER: (0.0, 1e6),
    Kind.DURATION: (1e-4, 1e9),
    Kind.RATE: (1e-9, 1e4),
    Kind.RATIO: (1e-6, 1e6),
    Kind.CHANCE: (0.0, 1.0),
    Kind.MOTIVE: (0.0, 1e6),
}
"""Smallest and largest size of a number that is not zero, in time units of the case. Beyond them rates differ by so
many orders of magnitude that sums of doubles lose the slow ones, and a world jumps millions of times in a record."""

WIDEST = 1e6
"""Largest ratio of the ends of a range above zero."""

_FORMS = {
    Kind.NUMBER: _PLAIN,
    Kind.DURATION: _DURATION,
    Kind.RATE: _RATE,
    Kind.RATIO: _RATIO,
    Kind.CHANCE: _PLAIN,
    Kind.MOTIVE: _PLAIN,
}


ENDS_AT_ZERO = (
    "A range holds 90 %, so one time in twenty the number would have the other sign, and a wish would be a fear. "
    "End it short of zero, such as `0.1 to 2`, or beyond it, such as `-0.5 to 2`, if the sign is open."
)


def read_number(text: str, kind: Kind, unit: str) -> WrittenPrior:
    """Return the prior that `text` states; raise `ValueError` with a message if it states none.

    A duration comes out in time units of `unit`, a rate per time unit.
    """
    match = _FORMS[kind].fullmatch(text.strip())
    if match is None:
        raise ValueError(f"found `{text}`; need {kind.value}.")
    low, high = _ends(match, kind, unit)
    return _fixed(text, low, kind) if high is None else _range(text, low, high, kind)


def read_motive(text: str) -> WrittenPrior | Strength:
    """Return what `text` says of a motive, its strength or its weight; raise `ValueError` if it says neither."""
    match = _RATIO.fullmatch(text.strip())
    if match is None:
        return read_number(text, Kind.MOTIVE, "month")
    low, high = (None if word is None else float(word) for word in match.group("low", "high"))
    if low is None or not low > 1.0:
        raise ValueError(
            f"found `{text}`; a strength is above x1, which moves nobody. For what a player fears, want the opposite: "
            "a feature with its numbers turned round."
        )
    if high is not None and high <= low:
        raise ValueError(f"found `{text}`; the high end of a strength lies above its low end.")
    largest = LIMITS[Kind.RATIO][1]
    if max(low, high or low) > largest:
        raise ValueError(f"found `{text}`, which is too large to compute with; strengths go up to x{largest:g}.")
    return Strength(low, low if high is None else high)


def read_judgement(text: str) -> tuple[float, float]:
    """Return the ends of a judged probability; raise `ValueError` with a message if `text` states none."""
    match = _PLAIN.fullmatch(text.strip())
    low, high = (float(match["low"]), float(match["high"] or match["low"])) if match else (math.nan, math.nan)
    if not 0 < low <= high <= 1:
        raise ValueError(
            f"found `{text}`; need a probability such as `0.4`, or a range such as `0.3 to 0.5`, above 0 and at most 1."
        )
    return low, high


def _ends(match: re.Match[str], kind: Kind, unit: str) -> tuple[float, float | None]:
    """Return the low and the high end, in the unit of the case; None for no high end."""
    low, high = (None if word is None else _WORDS.get(word) or float(word) for word in match.group("low", "high"))
    if low is None:
        raise AssertionError(match)
    if kind is Kind.DURATION:
        scale = DAYS[match["unit"]] / DAYS[unit]
        low_scale = DAYS[match["low_unit"] or match["unit"]] / DAYS[unit]
        return low * low_scale, None if high is None else high * scale
    scale = DAYS[unit] / DAYS[match["unit"]] if kind is Kind.RATE else 1.0
    return low * scale, None if high is None else high * scale


def _fixed(text: str, value: float, kind: Kind) -> Fixed:
    if kind in (Kind.DURATION, Kind.RATE) and value <= 0:
        raise ValueError(f"found `{text}`; it must be above zero.")
    if kind is Kind.RATIO and value < 0:
        raise ValueError(f"found `{text}`; a hazard ratio cannot be negative.")
    if kind is Kind.CHANCE and not 0 <= value <= 1:
        raise ValueError(f"found `{text}`; need {kind.value}.")
    _check_size(text, value, kind)
    return Fixed(value)


def _check_size(text: str, value: float, kind: Kind) -> None:
    """Raise `ValueError` if a number is beyond what can be computed with."""
    smallest, largest = LIMITS[kind]
    if value != 0.0 and not smallest <= abs(value) <= largest:
        allowed = f"from {smallest:g} to {largest:g}" if smallest else f"up to {largest:g}"
        units = " time units" if kind is Kind.DURATION else " per time unit" if kind is Kind.RATE else ""
        word = "large" if not abs(value) < smallest else "small"
        raise ValueError(f"found `{text}`, which is too {word} to compute with; such numbers go {allowed}{units}.")


def _range(text: str, low: float, high: float, kind: Kind) -> LogNormal | Normal | LogitNormal:
    if low > high:
        raise ValueError(f"found `{text}`: the low end is above the high end; turn it round.")
    if low == high:
        raise ValueError(f"found `{text}`: both ends are equal; write a single number.")
    if kind is Kind.CHANCE:
        if not 0 < low < high < 1:
            raise ValueError(f"found `{text}`; the ends of a range of chances lie between 0 and 1, both left out.")
        return LogitNormal(low, high)
    _check_size(text, low, kind)
    _check_size(text, high, kind)
    if low > 0 and high / low > WIDEST:
        raise ValueError(f"found `{text}`, which spans more than a factor of {WIDEST:g}; say more about it.")
    if low > 0:
        return LogNormal(low, high)
    if kind in (Kind.NUMBER, Kind.MOTIVE) and (low == 0 or high == 0):
        raise ValueError(f"found `{text}`, which ends at zero. {ENDS_AT_ZERO}")
    if kind in (Kind.NUMBER, Kind.MOTIVE):
        return Normal(low, high)
    raise ValueError(f"found `{text}`: this number is always positive, so the low end must be above zero.")


def middle_of_chance(text: str) -> float:
    """Return the middle of a written chance: its number, the median of its range, 0 for the rest.

    Errors:
        `ValueError` if it is none of these.
    """
    return 0.0 if text == REST else read_number(text, Kind.CHANCE, "day").value(0.0)
