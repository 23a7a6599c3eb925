"""Answers to questions in words, and as rows of a table."""

from __future__ import annotations

import math
from collections.abc import Mapping

from raison.asked import WHOLE, Asked, Estimate
from raison.errors import counted
from raison.inference.reasons import COSTS, SHOCKS
from raison.query.answers import TOGETHER
from raison.report.parts import AskedRow, AskedTable
from raison.report.words import factor, hundredths, number, percent


def sentence(asked: Asked) -> str:
    """Return the answer in a sentence or two."""
    if not asked.has_answer:
        why = next((each.why_undefined for each in asked.under if each.why_undefined), "no game converged")
        return f"It has no answer: {why}."
    if asked.kind == "table":
        text = _turns(asked)
    elif asked.kind == "parts":
        text = _IN_WORDS.get(asked.form, _options)(asked)
    elif asked.kind == "test":
        value = asked.parts[WHOLE]
        text = f"It holds with probability {plus_minus(value)}, averaged over the explanations and their numbers."
        if asked.is_about_explanations:
            text = (
                f"The posteriors compare so in {percent(value.value)} of those drawn with the errors of their log "
                "evidences: how sure their computation is, not how probable what is said of the world."
            )
    else:
        value = asked.parts[WHOLE]
        averaged = "" if asked.is_about_explanations else ", averaged over the explanations"
        text = f"{plus_minus(value)}{averaged}; {_spread(asked, value)}."
        text += ("" if asked.is_about_explanations else _between(asked)) + _unchanged(asked)
    return " ".join(part for part in (text, _missing(asked), _assumed(asked)) if part)


def _unchanged(asked: Asked) -> str:
    """Return what it is without the change, of a past that is lived through again."""
    if WHOLE not in asked.unchanged:
        return ""
    return f" Without the change it is {plus_minus(asked.unchanged[WHOLE])}."


def _turns(asked: Asked) -> str:
    """Return which number has to be moved the least to turn the outcome, under the most probable explanation that has
    one."""
    best = max((each for each in asked.under if each.table), key=lambda each: each.posterior)
    (_, outcome), (name, row), *_ = best.table.items()
    now, turn, low, high = row.values()
    outside = "" if min(low, high) <= turn <= max(low, high) else ", beyond its range"
    text = f"Under {best.label} the outcome, {number(outcome['now'])} probable now, turns if "
    text += f"{name} goes from {number(now, 3)} to {number(turn, 3)}{outside} "
    text += f"({number(low, 3)} to {number(high, 3)})"
    others = len(best.table) - 2
    text += f"; {counted(others, 'other number')} would turn it, too, if moved further" if others else ""
    return f"{text}. Each is moved alone, from the first day on."


def _reasons(asked: Asked) -> str:
    """Return which part speaks most for an act, and which most against it."""
    *parts, (_, whole) = asked.parts.items()
    known = hundredths(whole.value)
    likelier = f"the act is {factor(math.exp(whole.value))} as likely as {_alternative(asked)}"
    if asked.form == "why":
        likelier = f"the act was {factor(math.exp(whole.value))} as likely as on the other day"
    text = f"All parts together come to {known}: {likelier}"
    through = asked.question.partition(" through ")[2].rstrip(")").partition(" ")[0]
    if through:
        text = f"What works through `{through}` makes the act {factor(math.exp(whole.value))} as likely ({known})"
    motives = [each for each in parts if each[0] not in (COSTS, SHOCKS)] if through else parts
    best = max(motives, key=lambda each: each[1].value)
    worst = min(motives, key=lambda each: each[1].value)
    named = [f"most for it speaks {best[0]} ({hundredths(best[1].value)})"] if best[1].value > 0 else []
    named += [f"most against it {worst[0]} ({hundredths(worst[1].value)})"] if worst[1].value < 0 else []
    averaged = " The parts are averaged over explanations that want different things."
    if asked.form == "why":
        averaged = (
            " Averaged as logs over the explanations, each of which may point to another variable: read the rows."
        )
    return f"{'; '.join([text, *named])}.{averaged}"


def _paths(asked: Asked) -> str:
    """Return through which variable most of an act's advantage comes."""
    shown = sorted(asked.parts.items(), key=lambda each: -abs(each[1].value))[:3]
    named = ", ".join(f"{name} ({hundredths(each.value)})" for name, each in shown)
    text = f"Most of what speaks for or against the act, over {_alternative(asked)}, works through {named}"
    return f"{text}. What works through two in turn counts in both, so that these do not add up."


def _shares(asked: Asked) -> str:
    """Return which motive moves a player most."""
    name, most = max(asked.parts.items(), key=lambda each: each[1].value)
    text = f"Most of what drives its options apart is {name} ({percent(most.value)})"
    return f"{text}, averaged over the explanations in which it wants something."


def _again(asked: Asked) -> str:
    """Return how likely a choice would have been made again."""
    luck, least, most = asked.parts.values()
    bounds = f"with a probability from {number(least.value)} to {number(most.value)}"
    text = f"It would have done the same {bounds}: how the shocks of one moment hang together no record tells"
    return f"{text}. By Gumbel-max, which `had(...)` takes and which keeps much of what was, {plus_minus(luck)}."


def _outcome(asked: Asked) -> str:
    """Return how a forecast came out."""
    forecast, came, brier, log = asked.parts.values()
    text = f"The forecast was {plus_minus(forecast)}; that it came has probability {plus_minus(came)} by all that was "
    text += "seen since, as each account reads it (0 or 1 where the record itself says so)"
    return f"{text}: Brier score {number(brier.value, 2)} (0 is best), log score {number(log.value, 2)}."


def _sensitivity(asked: Asked) -> str:
    """Return on which numbers an outcome hangs most."""
    by_size = sorted(asked.parts.items(), key=lambda each: -abs(each[1].value))
    numbers = [each for each in by_size if not each[0].startswith(BY_DAY)][:3]
    named = "; ".join(f"{name} ({factor(2.0**each.value)})" for name, each in numbers)
    text = f"What doubling a number does to the odds of the outcome, the most first: {named}."
    days = [each for each in by_size if each[0].startswith(BY_DAY)][:1]
    for name, each in days:
        text += f" Each of the {name} changes them {factor(math.exp(each.value))}."
    return text


def _options(asked: Asked) -> str:
    """Return which option is worth most to a player, and which least."""
    best, worst = (pick(asked.parts.items(), key=lambda each: each[1].value) for pick in (max, min))
    likelier = f"{factor(math.exp(best[1].value))} as likely as waiting"
    text = f"Worth most is {best[0]} ({plus_minus(best[1])} over waiting: taken {likelier})"
    if best[1].value < 0.0:
        text = f"None beats waiting; least bad is {best[0]} ({plus_minus(best[1])}: taken {likelier})"
    if asked.form in ("steps", "restraints"):
        text = f"Worth most is {best[0]} ({plus_minus(best[1])})"
    if asked.form == "steps":
        player = asked.question.partition("(")[2].split()[0].rstrip(")")
        own = [each for each in asked.parts.items() if each[0].startswith(f"{player} ")]
        top = max(own, key=lambda each: each[1].value, default=None)
        if top and top[1].value < 0.0:
            text = f"None of its own acts beats waiting (least bad: {top[0]}, {plus_minus(top[1])}). {text}"
    if len(asked.parts) > 1:
        text += f", least {worst[0]} ({plus_minus(worst[1])})"
    scale = "in units of the shocks of its own choices, which have no scale that another player shares"
    return f"{text}; {scale}. Averaged over the explanations, whose rows may differ."


def _tells(asked: Asked) -> str:
    """Return which reading would tell most, and what watching longer would."""
    readings = [each for each in asked.parts.items() if not each[0].startswith(WATCHING)]
    longer = [each for each in asked.parts.items() if each[0].startswith(WATCHING)]
    best = [max(each, key=lambda part: part[1].value) for each in (readings, longer) if each]
    named = [f"a reading of {name} would add {plus_minus(value)}" for name, value in best if (name, value) in readings]
    named += [f"{name} {plus_minus(value)}" for name, value in best if (name, value) in longer]
    text = "; ".join(named)
    return (
        f"{text[0].upper()}{text[1:]}: the mean log Bayes factor between two of the explanations (3 is strong "
        "evidence), before it is seen."
    )


_IN_WORDS = {
    "reason": _reasons,
    "why": _reasons,
    "paths": _paths,
    "share": _shares,
    "again": _again,
    "outcome": _outcome,
    "sensitivity": _sensitivity,
    "tells": _tells,
}
"""What an answer of several parts says, by the word that its question begins with; others tell what acts are worth."""


def _alternative(asked: Asked) -> str:
    """Return what the act is compared with, as the question names it."""
    after = asked.question.partition(" over ")[2]
    return f"`{after.rstrip(')').split()[0]}`" if after else "waiting"


def _between(asked: Asked) -> str:
    """Return how far the explanations differ."""
    known = [each for each in asked.under if each.parts]
    if len(known) < 2:
        return ""
    low = min(known, key=lambda each: each.parts[WHOLE].value)
    high = max(known, key=lambda each: each.parts[WHOLE].value)
    least, most = (each.parts[WHOLE].value for each in (low, high))
    if number(least) == number(most):
        return " The same under every explanation."
    return f" From {number(least)} under {low.label} to {number(most)} under {high.label}."


def _missing(asked: Asked) -> str:
    """Return where there is no answer."""
    sentences = []
    without = [each for each in asked.under if not each.has_answer]
    if without:
        labels = ", ".join(each.label for each in without)
        why = without[0].why_undefined or "no game converged"
        lost = percent(math.fsum(each.posterior for each in without))
        what = "It turns under none of" if asked.kind == "table" else "No answer under"
        sentences.append(f"{what} {labels} ({lost} of the probability): {why}.")
    partly = sum(each.undefined for each in asked.under if each.parts)
    if partly:
        sentences.append(f"Not defined in {counted(partly, 'draw')}, which are left out.")
    lost = sum(each.unconverged for each in asked.under)
    if lost:
        sentences.append(f"In {counted(lost, 'draw')} the game did not converge; these are left out.")
    return " ".join(sentences)


def _assumed(asked: Asked) -> str:
    return f"{asked.assumes}." if asked.assumes else ""


def plus_minus(value: Estimate) -> str:
    """Return a number with as many digits as its error has."""
    if not math.isfinite(value.error):
        return f"{number(value.value)} (error not known)"
    if value.error <= 1e-6 * abs(value.value) or value.error == 0.0:
        return number(value.value, 3)
    digits = min(max(0, -math.floor(math.log10(value.error))), MOST_DIGITS)
    if value.error < 0.5 * 10.0**-digits:
        return f"{value.value:.{digits}f} ± <{10.0**-digits:.{digits}f}".replace("-", MINUS)
    return f"{value.value:.{digits}f} ± {value.error:.{digits}f}".replace("-", MINUS)


def _spread(asked: Asked, value: Estimate) -> str:
    if not math.isfinite(value.low):
        return "its spread is not measured here"
    if value.low == value.high:
        return "the same at every draw" if value.value == value.low else "the same at nine draws in ten"
    drawn = (
        "posteriors drawn with the errors of the evidence" if asked.is_about_explanations else "draws of the numbers"
    )
    return f"nine in ten {drawn} lie from {ends(value)}"


def ends(value: Estimate) -> str:
    """Return the ends of the spread of a number; nothing where it is not measured."""
    if not math.isfinite(value.low):
        return ""
    return f"{number(value.low, 3)} to {number(value.high, 3)}"


_OF_SHARES = ("share", "again", "outcome", "tells")
"""Forms whose parts are probabilities, shares, or weights that are never negative: they are told without a sign."""

WATCHING = "watching until"
"""How the name of a longer watch begins, beside readings."""

BY_DAY = "days by which"
"""How the name of a shock's day begins, beside the numbers of a case."""

MOST_PARTS = 20
"""Parts of one answer that are told."""

MOST_DIGITS = 4
"""Digits after the point."""

MINUS = "\N{MINUS SIGN}"


def parts_text(parts: Mapping[str, Estimate], form: str) -> str:
    """Return the parts of an answer, the largest first; their sum is left out, and so is what is 0 of weights.

    Of very many only the first are told; the files have all.
    """
    if form in ("again", "outcome"):
        return ", ".join(f"{name} {number(each.value)}" for name, each in parts.items())
    shown = [each for each in parts.items() if each[0] != TOGETHER]
    if form in ("options", "steps", "restraints"):
        shown.sort(key=lambda each: -each[1].value)
    else:
        shown.sort(key=lambda each: -abs(each[1].value))
        shown = [each for each in shown if abs(each[1].value) >= 0.005]
    written = number if form in _OF_SHARES else hundredths
    text = ", ".join(f"{name} {written(each.value)}" for name, each in shown[:MOST_PARTS])
    return f"{text}, and {len(shown) - MOST_PARTS} smaller" if len(shown) > MOST_PARTS else text


def asked_table(asked: Asked) -> AskedTable:
    """Return a question, its answer in words, and under every explanation."""
    alike = asked.is_about_explanations
    rows = [
        (each.label, each.posterior, *_cells(asked, each.parts, each.unchanged, each.table))
        for each in asked.under
        if not alike
    ]
    if asked.kind != "table":
        rows.append(("all" if alike else "averaged", asked.defined, *_cells(asked, asked.parts, asked.unchanged, {})))
    method = f"{asked.method[0].upper()}{asked.method[1:]}."
    shown = tuple(AskedRow(label, percent(posterior), *cells) for label, posterior, *cells in rows)
    has_answer = any(each.has_answer for each in asked.under)
    more = _MORE[asked.kind] + ("; without the change" if asked.unchanged and asked.kind == "number" else "")
    return AskedTable(asked.question, asked.in_words, sentence(asked), method, more, shown if has_answer else ())


_MORE = {
    "number": "9 in 10 draws",
    "test": "",
    "parts": "parts, the largest first",
    "table": "number: now, where it turns (range)",
}
"""Title of the last column, by the kind of answer."""


def _cells(
    asked: Asked,
    parts: Mapping[str, Estimate],
    unchanged: Mapping[str, Estimate],
    table: Mapping[str, Mapping[str, float]],
) -> tuple[str, str]:
    """Return the answer, and what is said beside it."""
    if table:
        shown = "; ".join(f"{name}: {_turn(row)}" for name, row in table.items())
        return counted(len(table) - 1, "number"), shown
    if not parts:
        return "no answer", ""
    whole = list(parts.values())[-1]
    if asked.kind == "parts":
        best = whole if TOGETHER in parts else max(parts.values(), key=lambda each: each.value)
        best = next(iter(parts.values())) if asked.form in ("again", "outcome") else best
        is_share = asked.form in _OF_SHARES
        return (number if is_share else hundredths)(best.value), parts_text(parts, asked.form)
    if asked.kind == "test":
        return plus_minus(whole), ""
    was = f"; {plus_minus(unchanged[WHOLE])}" if WHOLE in unchanged else ""
    return plus_minus(whole), f"{ends(whole)}{was}"


def _turn(row: Mapping[str, float]) -> str:
    now, turn, low, high = row.values()
    return f"{number(now, 3)}, {number(turn, 3)} ({number(low, 3)} to {number(high, 3)})"
