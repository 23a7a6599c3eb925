"""Verdicts on claims.

A claim's test is asked under every explanation, at numbers drawn from its posterior. The share of draws in which
it holds, averaged over the posterior of the explanations, is the probability that the test holds:

    supported      at least 0.9
    contradicted   at most 0.1
    undecided      between
    not testable   no test
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

SUPPORTED = 0.9
CONTRADICTED = 0.1


@dataclass(frozen=True)
class Answer:
    """The test of a claim under one explanation.

    Attributes:
        left: value of the left side of the first comparison at the mode.
        right: value of its right side.
        holds: share of the draws in which the test holds, in 0..1.
    """

    left: float
    right: float
    holds: float


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


def verdict_of(answers: Mapping[str, Answer], posterior: Mapping[str, float]) -> Verdict:
    """Return the verdict on a claim that has a test.

    Args:
        answers: by explanation.
        posterior: probability of each explanation.
    """
    share = sum(posterior[name] for name in answers)
    probability = math.fsum(posterior[name] * answer.holds for name, answer in answers.items()) / share
    word = word_of(probability)
    return Verdict(word, probability, _reason(probability, answers), _fragile(word, answers))


def word_of(probability: float) -> str:
    """Return the verdict for the probability that a test holds."""
    if probability >= SUPPORTED:
        return "supported"
    return "contradicted" if probability <= CONTRADICTED else "undecided"


def _reason(probability: float, answers: Mapping[str, Answer]) -> str:
    shares = {answer.holds for answer in answers.values()}
    if shares in ({0.0}, {1.0}):
        state = "holds" if shares == {1.0} else "does not hold"
        return f"the test {state} under every explanation, with every draw"
    return f"the test holds with probability {probability:.2f}, averaged over explanations and numbers"


def _fragile(word: str, answers: Mapping[str, Answer]) -> str:
    """Name the explanations under which the verdict would be another."""
    others = [name for name, answer in answers.items() if word_of(answer.holds) != word]
    if not others:
        return ""
    listed = ", ".join(f"{name} ({word_of(answers[name].holds)})" for name in others)
    return f"other under: {listed}"
