"""What a record like this one could tell at most, in words and as a table."""

from __future__ import annotations

import math
from collections.abc import Mapping

from raison.inference.evidence import INDISTINCT, STRONG, SURE
from raison.report.names import plain
from raison.report.parts import PowerRow, PowerTable
from raison.report.words import count
from raison.study import PowerHelp, PowerResult

CEILING = "even if every number but the motives were known"

MOST_LIMITS = 4
"""What would help is named so far; all of it is in the table."""

FITTED = "every number to be learned from it"


def power_sentence(power: PowerResult, labels: Mapping[str, str]) -> str:
    """Return whether such a record could tell the explanations of a case apart.

    Args:
        power: what was foreseen.
        labels: reader's name of the explanations of the case.
    """
    if math.isnan(power.expected):
        return "The case has one explanation, so there is nothing to tell apart."
    expected, told_as = _measured(power.expected, power.error), CEILING if power.is_ceiling else FITTED
    told = f"two of its explanations would differ by a log Bayes factor of {expected} on average ({told_as})"
    if power.expected + SURE * power.error < INDISTINCT:
        begin = "Hardly any record like this one could tell, before anything is seen of it"
    elif power.expected < STRONG:
        begin = "A record like this one could seldom tell"
    else:
        begin = f"A record like this one could tell {'at most ' if power.is_ceiling else ''}so much"
    return f"{begin}: {told}; {STRONG:g} is strong evidence.{_best_pair(power, labels)}{_limits(power)}"


def _limits(power: PowerResult) -> str:
    """Return what limits the record, the most first, where that was tried; nothing where little would help."""
    gains = [
        each
        for each in power.helps
        if each.expected - power.expected > SURE * each.gain_error or math.isinf(each.expected)
    ]
    if not gains:
        return " Nothing that was tried would help by more than its error." if power.helps else ""
    named = [f"{each.change} ({_measured(each.expected, each.error)})" for each in gains[:MOST_LIMITS]]
    return f" What would help, the most first: {'; '.join(named)}."


def _best_pair(power: PowerResult, labels: Mapping[str, str]) -> str:
    """Return how often the pair of explanations that differ most would be told apart; nothing if there is none."""
    own = [pair for pair in power.pairs if pair.true in labels and pair.rival in labels]
    if not own:
        return ""
    best = max(own, key=lambda pair: pair.expected)
    true, rival = (f"“{labels[name] or plain(name)}”" for name in (best.true, best.rival))
    told = f"in {round(power.records * best.above_3)} of {count(power.records, 'record')}"
    return f" It would tell {true} from {rival}, which differ most, {told}."


def power_table(power: PowerResult, labels: Mapping[str, str]) -> PowerTable:
    """Return how often each rival leads on records of each, and what each pair says.

    Args:
        power: what was foreseen.
        labels: reader's name of every rival.
    """
    names = [labels.get(name) or plain(name) for name in power.rivals]
    expected = {(pair.true, pair.rival): pair for pair in power.pairs}
    rows = []
    for true, label in zip(power.rivals, names, strict=True):
        others = [expected[true, rival] for rival in power.rivals if rival != true]
        least = min(others, key=lambda pair: pair.expected)
        rows.append(
            PowerRow(
                label=label,
                leads=tuple(_share(power.leads[true][rival]) for rival in power.rivals),
                nearest=labels.get(least.rival) or plain(least.rival),
                expected=_measured(least.expected, least.error),
                strong=f"{round(20 * least.above_3)} in 20",
            )
        )
    return PowerTable(
        sentence=power_sentence(power, labels),
        basis=f"{count(power.records, 'record')} made under each rival" + _unsolved(power),
        rivals=tuple(names),
        rows=tuple(rows),
        helps=tuple(
            (each.change, _measured(each.expected, each.error), _gained(each, power.expected)) for each in power.helps
        ),
        lengths=tuple(
            (f"×{each.factor:g}", _share(each.truth_leads), _measured(each.expected, each.error))
            for each in power.lengths
        ),
    )


def _measured(expected: float, error: float) -> str:
    """Return a mean log Bayes factor with its standard error; records that rule a rival out make it infinite."""
    if not math.isfinite(expected):
        return "∞"
    return f"{expected:.2f} ± {max(error, 0.01):.2f}".replace("-", "−")


def _gained(help_: PowerHelp, expected: float) -> str:
    """Return what a change adds, with its standard error; nothing where that is not finite."""
    gain = help_.expected - expected
    if not math.isfinite(gain):
        return ""
    return f"{gain:+.2f} ± {max(help_.gain_error, 0.01):.2f}".replace("-", "−")


def _share(share: float) -> str:
    return f"{round(100 * share)}"


def _unsolved(power: PowerResult) -> str:
    return f"; {count(power.unsolved, 'draw')} left out, whose games did not converge" if power.unsolved else ""
