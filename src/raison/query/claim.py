"""Verdicts on claims.

A claim's test is asked under every explanation, at numbers drawn from its posterior. The share of draws in which
it holds, averaged over the posterior of the explanations, is the probability that the test holds. Few draws leave it
uncertain, and so do the errors of the evidence: its 90 % interval comes from shares drawn from what the draws say of
each (a beta distribution, Jeffreys' prior) and posteriors drawn with the errors. The verdict is

    supported      the interval lies at or above 0.9
    contradicted   it lies at or below 0.1
    undecided      otherwise; and where a test on explanations hangs on less than strong evidence, or the record moves
                   its odds by less
    not testable   no test
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import betaincinv

from raison.errors import counted
from raison.inference.evidence import STRONG

SUPPORTED = 0.9
CONTRADICTED = 0.1

EXTREME = 0.02
"""Share from 0 or 1 within which something counts as improbable, or probable, before and after a record alike."""

INTERVAL_DRAWS = 1000
"""Draws from which the interval of a probability is read."""


@dataclass(frozen=True)
class Trial:
    """The test of a claim under one explanation.

    Attributes:
        left: value of the left side of the first comparison at the mode.
        right: value of its right side.
        holds: share of the draws in which the test holds, in 0..1; nan if it is defined in none.
        draws: on how many the share rests; 0 where it is known.
        unconverged: further draws whose game did not converge: the test might hold in them or not.
        without_record: the same for a test that compares explanations, had the record said nothing; None for others.
        is_firm: for such a test, whether it comes out the same if the evidence of any one explanation were stronger or
            weaker by the bound of strong evidence and its error.
        undefined: further draws in which it means nothing: it counts neither as true nor as false there.
        why_undefined: why, in one of them.
    """

    left: float
    right: float
    holds: float
    draws: int = 0
    unconverged: int = 0
    without_record: float | None = None
    is_firm: bool = True
    undefined: int = 0
    why_undefined: str = ""

    @property
    def is_defined(self) -> bool:
        """Say whether the test means anything in some draw, or is known."""
        return math.isfinite(self.holds)


@dataclass(frozen=True)
class Verdict:
    """What became of a claim.

    Attributes:
        word: `supported`, `contradicted`, `undecided` or `not testable`.
        probability: that the test holds; nan if there is no test.
        low: lower end of its 90 % interval.
        high: upper end.
        reason: in a sentence.
        fragile: what would flip it; empty if nothing that was tried does.
    """

    word: str
    probability: float
    low: float
    high: float
    reason: str
    fragile: str


def verdict_of(
    trials: Mapping[str, Trial], posterior: Mapping[str, float], with_errors: Sequence[Mapping[str, float]] = ()
) -> Verdict:
    """Return the verdict on a claim that has a test.

    Args:
        trials: by explanation.
        posterior: probability of each explanation.
        with_errors: the same, drawn with the errors of the log evidences; none if these have none.
    """
    if not any(trial.is_defined for trial in trials.values()):
        return Verdict("undecided", math.nan, 0.0, 1.0, f"the test means nothing: {_why(trials)}", "")
    probability = _average(posterior, {name: trial.holds for name, trial in trials.items() if trial.is_defined})
    low, high = _interval(trials, with_errors or [posterior])
    moved = _moved(trials)
    if moved is not None and moved < STRONG:
        reason = _unmoved(trials, moved)
        return Verdict("undecided", probability, low, high, reason, "")
    if not all(trial.is_firm for trial in trials.values()):
        reason = f"it hangs on a log Bayes factor that is not above {STRONG:g} by its error, too little to decide it"
        return Verdict("undecided", probability, low, high, reason, "")
    word = word_of(low, high)
    if moved is not None and word != "undecided":
        how = "so, and still would" if word == "supported" else "otherwise, and still would"
        reason = (
            f"the posteriors compare {how} if one or two log evidences were off by {STRONG:g} and twice their error"
        )
        return Verdict(word, probability, low, high, reason, "")
    return Verdict(word, probability, low, high, _reason(probability, low, high, trials), _fragile(word, trials))


def _unmoved(trials: Mapping[str, Trial], moved: float) -> str:
    """Return that the record moves a test on explanations too little to decide it."""
    known = next(trial for trial in trials.values() if trial.without_record is not None)
    assert known.without_record is not None
    for side, words in ((0.0, "improbable"), (1.0, "probable")):
        if max(abs(known.holds - side), abs(known.without_record - side)) < EXTREME:
            return f"it was as {words} before anything was seen, so that the record does not decide it"
    return f"the record moves the odds of this by a factor of {math.exp(moved):.1f} only, too little to decide it"


def _average(posterior: Mapping[str, float], shares: Mapping[str, float]) -> float:
    """Return the mean of shares over the explanations that were asked."""
    return math.fsum(posterior[name] * share for name, share in shares.items()) / sum(posterior[n] for n in shares)


def _interval(trials: Mapping[str, Trial], posteriors: Sequence[Mapping[str, float]]) -> tuple[float, float]:
    """Return the 90 % interval of the probability that a test holds."""
    rng = np.random.default_rng(0)
    weights = np.array([[posterior[name] for name in trials] for posterior in posteriors])
    weights = np.resize(weights / weights.sum(axis=1, keepdims=True), (INTERVAL_DRAWS, len(trials)))
    chance = rng.uniform(size=(INTERVAL_DRAWS, len(trials)))
    ends = []
    for tail, counts_for in ((0.05, 0), (0.95, 1)):
        shares = [_possible(trial, counts_for, chance[:, i]) for i, trial in enumerate(trials.values())]
        ends.append(float(np.quantile((weights * np.stack(shares, axis=1)).sum(axis=1), tail)))
    return min(ends[0], 1.0), min(ends[1], 1.0)


def _possible(trial: Trial, counts_for: int, chance: Float[np.ndarray, " draws"]) -> Float[np.ndarray, " draws"]:
    """Return shares in which the test may hold; draws without an answer count against it or for it."""
    unknown = trial.unconverged + trial.undefined
    if not trial.draws + unknown:
        return np.full(len(chance), trial.holds)
    held = (trial.holds * trial.draws if trial.draws else 0.0) + counts_for * unknown
    missed = trial.draws + unknown - held
    if (held, counts_for) == (0, 0) or (missed, counts_for) == (0, 1):  # the interval holds what was found
        return np.full(len(chance), float(counts_for))
    return betaincinv(held + 0.5, missed + 0.5, chance)


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


def word_of(low: float, high: float) -> str:
    """Return the verdict for the interval of the probability that a test holds."""
    if low >= SUPPORTED:
        return "supported"
    return "contradicted" if high <= CONTRADICTED else "undecided"


def _reason(probability: float, low: float, high: float, trials: Mapping[str, Trial]) -> str:
    shares = {trial.holds for trial in trials.values() if trial.is_defined}
    unconverged = sum(trial.unconverged for trial in trials.values())
    undefined = sum(trial.undefined for trial in trials.values())
    note = f"; in {counted(unconverged, 'draw')} the game did not converge" if unconverged else ""
    note += f"; in {counted(undefined, 'draw')} the test means nothing: {_why(trials)}" if undefined else ""
    if shares in ({0.0}, {1.0}) and not undefined:
        state = "holds" if shares == {1.0} else "does not hold"
        return f"the test {state} under every explanation, with every draw{note}"
    return (
        f"the test holds with probability {probability:.2f} ({low:.2f} to {high:.2f}), averaged over explanations and "
        f"numbers{note}"
    )


def _why(trials: Mapping[str, Trial]) -> str:
    """Return why the test means nothing, where it does."""
    return next(trial.why_undefined for trial in trials.values() if trial.why_undefined)


def _fragile(word: str, trials: Mapping[str, Trial]) -> str:
    """Name the explanations under which the verdict would be another."""
    others = {name: word_of(trial.holds, trial.holds) for name, trial in trials.items() if trial.is_defined}
    listed = ", ".join(f"{name} ({other})" for name, other in others.items() if other != word)
    return f"other under: {listed}" if listed else ""
