"""Verdicts on claims.

A claim's test is asked under every explanation, at numbers drawn from its posterior. The share of draws in which
it holds, averaged over the posterior of the explanations, is the probability that the test holds:

    supported      at least 0.9
    contradicted   at most 0.1
    undecided      between; and where the record moves the odds of a test on explanations by less than strong evidence
    not testable   no test
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from raison.inference.evidence import STRONG

SUPPORTED = 0.9
CONTRADICTED = 0.1


@dataclass(frozen=True)
class Trial:
    """The test of a claim under one explanation.

    Attributes:
        left: value of the left side of the first comparison at the mode.
        right: value of its right side.
        holds: share of the draws in which the test holds, in 0..1.
        without_record: the same for a test that compares explanations, had the record said nothing; None for others.
    """

    left: float
    right: float
    holds: float
    without_record: float | None = None


@dataclass(frozen=True)
class Verdict:
    """What became of a claim.

    Attributes:
        word: `supported`, `contradicted`, `undecided` or `not testable`.
        probability: that the test holds; nan if there is no test.
        reason: in a sentence.
        fragile: what would flip it; empty if nothing that was tried does.
    """

    word: str
    probability: float
    reason: str
    fragile: str


def verdict_of(trials: Mapping[str, Trial], posterior: Mapping[str, float]) -> Verdict:
    """Return the verdict on a claim that has a test.

    Args:
        trials: by explanation.
        posterior: probability of each explanation.
    """
    share = sum(posterior[name] for name in trials)
    probability = math.fsum(posterior[name] * trial.holds for name, trial in trials.items()) / share
    moved = _moved(trials)
    if moved is not None and moved < STRONG:
        reason = f"the record moves the odds of this by a factor of {math.exp(moved):.1f} only, too little to decide it"
        return Verdict("undecided", probability, reason, "")
    word = word_of(probability)
    return Verdict(word, probability, _reason(probability, trials), _fragile(word, trials))


def _moved(trials: Mapping[str, Trial]) -> float | None:
    """Return the size of the move that the record makes in the log odds of a test on explanations; None for others."""
    shifts = [
        abs(_log_odds(trial.holds) - _log_odds(trial.without_record))
        for trial in trials.values()
        if trial.without_record is not None
    ]
    return min(shifts) if shifts else None


def _log_odds(share: float) -> float:
    """Return the log odds of a share of draws; one half draw in a thousand stands for none."""
    bounded = min(max(share, 5e-4), 1 - 5e-4)
    return math.log(bounded / (1 - bounded))


def word_of(probability: float) -> str:
    """Return the verdict for the probability that a test holds."""
    if probability >= SUPPORTED:
        return "supported"
    return "contradicted" if probability <= CONTRADICTED else "undecided"


def _reason(probability: float, trials: Mapping[str, Trial]) -> str:
    shares = {trial.holds for trial in trials.values()}
    if shares in ({0.0}, {1.0}):
        state = "holds" if shares == {1.0} else "does not hold"
        return f"the test {state} under every explanation, with every draw"
    return f"the test holds with probability {probability:.2f}, averaged over explanations and numbers"


def _fragile(word: str, trials: Mapping[str, Trial]) -> str:
    """Name the explanations under which the verdict would be another."""
    others = [name for name, trial in trials.items() if word_of(trial.holds) != word]
    if not others:
        return ""
    listed = ", ".join(f"{name} ({word_of(trials[name].holds)})" for name in others)
    return f"other under: {listed}"
