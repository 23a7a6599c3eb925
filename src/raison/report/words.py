"""The one table of words for numbers, and how numbers are written.

    probabilities   ICD 203, Analytic Standards (US Director of National Intelligence, 2015), section 6e
    evidence        Kass and Raftery (1995), p. 777: |log BF| of 1, 3 and 5 (they write 2 log BF: 2, 6, 10)

A word is chosen by the number *as shown*, so that the two never disagree; a number on an edge takes the
weaker word.
"""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass

from raison.errors import counted
from raison.inference.evidence import INDISTINCT, STRONG, VERY_STRONG
from raison.study import EquilibriumStatus, ExplanationResult

NOT_KNOWN = "not known"
_NBSP = "\u00a0"
_MINUS = "\u2212"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class ProbabilityWord:
    """A stretch of the probability scale and its name."""

    low: float
    """Lower end, in percent."""
    high: float
    """Upper end, in percent."""
    word: str
    predicate: str
    """The word in a sentence, after a subject."""


PROBABILITY_WORDS = (
    ProbabilityWord(0, 5, "almost no chance", "has almost no chance"),
    ProbabilityWord(5, 20, "very unlikely", "is very unlikely"),
    ProbabilityWord(20, 45, "unlikely", "is unlikely"),
    ProbabilityWord(45, 55, "roughly even chance", "has a roughly even chance"),
    ProbabilityWord(55, 80, "likely", "is likely"),
    ProbabilityWord(80, 95, "very likely", "is very likely"),
    ProbabilityWord(95, 100, "almost certain", "is almost certain"),
)


@dataclass(frozen=True)
class EvidenceWord:
    """A stretch of the absolute log Bayes factor and its name."""

    low: float
    high: float
    word: str


EVIDENCE_WORDS = (
    EvidenceWord(0, INDISTINCT, "not worth more than a bare mention"),
    EvidenceWord(INDISTINCT, STRONG, "positive"),
    EvidenceWord(STRONG, VERY_STRONG, "strong"),
    EvidenceWord(VERY_STRONG, math.inf, "very strong"),
)


@dataclass(frozen=True)
class VerdictWord:
    """A verdict, its mark (so that colour is never needed) and what it means."""

    verdict: str
    mark: str
    key: str
    """For style sheets: no spaces."""
    meaning: str


VERDICT_WORDS = (
    VerdictWord("supported", "+", "supported", "the test holds, given the model"),
    VerdictWord("contradicted", _MINUS, "contradicted", "the test fails, given the model"),
    VerdictWord("undecided", "?", "undecided", "the numbers do not carry a verdict"),
    VerdictWord("not testable", "·", "not-testable", "nothing in this model could decide it"),
)


def verdict_word(verdict: str) -> VerdictWord:
    """Return the entry of `verdict`; an unknown one is shown as it is, like an undecided one."""
    for entry in VERDICT_WORDS:
        if entry.verdict == verdict:
            return entry
    return VerdictWord(verdict, "?", "undecided", "")


def shown_percent(probability: float) -> float:
    """Return `probability` (0..1) in percent, rounded as `percent` shows it and kept within 0.1..99.9."""
    value = 100.0 * probability
    rounded = round(value, 1) if value < 1.0 or value > 99.0 else float(round(value))
    return min(max(rounded, 0.1), 99.9)


def percent(probability: float | None) -> str:
    """Return `probability` as a reader sees it; nothing is ever shown as impossible or as sure."""
    if probability is None or math.isnan(probability):
        return NOT_KNOWN
    if probability < 0.001:
        return f"<0.1{_NBSP}%"
    if probability > 0.999:
        return f">99.9{_NBSP}%"
    shown = shown_percent(probability)
    digits = 1 if shown < 1.0 or shown > 99.0 else 0
    return f"{shown:.{digits}f}{_NBSP}%"


def _probability_entry(probability: float) -> ProbabilityWord:
    shown = shown_percent(probability)
    middle = len(PROBABILITY_WORDS) // 2
    for entry in PROBABILITY_WORDS[:middle]:
        if shown < entry.high:
            return entry
    for entry in PROBABILITY_WORDS[middle:]:
        if shown <= entry.high:
            return entry
    return PROBABILITY_WORDS[-1]


def probability_word(probability: float | None) -> str:
    """Return the word of ICD 203 for `probability` (0..1)."""
    if probability is None or math.isnan(probability):
        return NOT_KNOWN
    return _probability_entry(probability).word


def probability_clause(probability: float | None) -> str:
    """Return a predicate with its number, such as `is likely (72 %)`."""
    if probability is None or math.isnan(probability):
        return "has no known probability"
    return f"{_probability_entry(probability).predicate} ({percent(probability)})"


def evidence_word(log_bayes_factor: float) -> str:
    """Return the word of Kass and Raftery for the size of a log Bayes factor; its sign is not looked at."""
    if math.isnan(log_bayes_factor):
        return NOT_KNOWN
    shown = round(abs(log_bayes_factor), 1)
    for entry in EVIDENCE_WORDS:
        if shown <= entry.high:
            return entry.word
    return EVIDENCE_WORDS[-1].word


def odds(log_bayes_factor: float) -> str:
    """Return a log Bayes factor as odds, such as `about 4 to 1`, for the larger side."""
    size = abs(log_bayes_factor)
    if math.isnan(size):
        return NOT_KNOWN
    if size > math.log(1000.0):
        return "more than 1,000 to 1"
    ratio = math.exp(size)
    return f"about {number(ratio, 2 if ratio >= 10 or ratio < 2 else 1)} to 1"


def evidence_number(explanation: ExplanationResult) -> str:
    """Return a log evidence with its standard error, where that was measured."""
    error = explanation.log_evidence_error
    known = "" if math.isnan(error) or error == 0.0 else f" ± {max(error, 0.01):.2f}"
    return log_number(explanation.log_evidence) + known


def log_number(value: float) -> str:
    """Return a log likelihood or log evidence: one decimal, since the next one is not justified."""
    if math.isnan(value):
        return NOT_KNOWN
    if math.isinf(value):
        return "∞" if value > 0 else f"{_MINUS}∞"
    return f"{round(value, 1) + 0.0:.1f}".replace("-", _MINUS)


def signed(value: float) -> str:
    """Return a weight with its sign."""
    text = log_number(value)
    return text if math.isnan(value) or text.startswith(_MINUS) or text == "0.0" else f"+{text}"


def hundredths(value: float) -> str:
    """Return a small weight with its sign and two decimals."""
    text = f"{round(value, 2) + 0.0:+.2f}".replace("-", _MINUS)
    return NOT_KNOWN if math.isnan(value) else "0.00" if text == "+0.00" else text


def number(value: float, digits: int = 2) -> str:
    """Return `value` with so many significant digits, never in computer notation."""
    if math.isnan(value):
        return NOT_KNOWN
    if math.isinf(value):
        return log_number(value)
    if value == 0:
        return "0"
    power = math.floor(math.log10(abs(value)))
    if power < -3 or power > 8:
        mantissa = f"{value / 10.0**power:.{digits - 1}f}"
        return f"{mantissa}{_NBSP}×{_NBSP}10{_superscript(power)}".replace("-", _MINUS)
    rounded = round(value, digits - 1 - power)
    power = math.floor(math.log10(abs(rounded)) + 1e-12)  # 0.0999 becomes 0.10, not 0.100
    return f"{rounded:,.{max(0, digits - 1 - power)}f}".replace("-", _MINUS)


def _superscript(power: int) -> str:
    return str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def factor(value: float) -> str:
    """Return how many times, such as `×1.22`."""
    return NOT_KNOWN if math.isnan(value) else f"×{number(value, 3 if 1 <= value < 10 else 2)}"


def interval(low: float, high: float) -> str:
    """Return a range, such as `0.5 to 4.0`."""
    return f"{number(low)} to {number(high)}"


def seconds(value: float) -> str:
    """Return a duration of the run."""
    if value < 10:
        return f"{value:.1f}{_NBSP}s"
    if value < 100:
        return f"{value:.0f}{_NBSP}s"
    return f"{value // 60:.0f}{_NBSP}min {value % 60:.0f}{_NBSP}s"


def day(date: str) -> str:
    """Return an ISO date as `3 May 2016`; anything else as it is."""
    try:
        parsed = datetime.date.fromisoformat(date)
    except ValueError:
        return date
    return f"{parsed.day}{_NBSP}{_MONTHS[parsed.month - 1]}{_NBSP}{parsed.year}"


def month_name(month: int) -> str:
    """Return the short English name of month 1..12."""
    return _MONTHS[month - 1]


def count(amount: int, noun: str, plural: str = "") -> str:
    """Return `1 item`, `12 items`, with a space at which no line ends."""
    return counted(amount, noun, plural).replace(" ", _NBSP, 1)


def equilibria_found(solved: EquilibriumStatus) -> str:
    """Return how many equilibria a search found, such as `one equilibrium found in 9 searches`."""
    if solved.found is None:
        return "no search for other equilibria"
    found = "one equilibrium" if solved.found == 1 else f"{solved.found} equilibria"
    return f"{found} found in {count(solved.searches, 'search', 'searches')}"
