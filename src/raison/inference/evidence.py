"""Which explanation the record supports, and what would change that.

posterior(e) = weight(e) evidence(e) / sum over all explanations, the nulls included
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import logsumexp

INDISTINCT, STRONG, VERY_STRONG = 1.0, 3.0, 5.0
"""Log Bayes factors, or changes of log odds, below which evidence is not worth more than a bare mention, and from which
it is strong, and very strong (kass1995)."""

SURE = 2.0
"""Standard errors by which a number is said to be below or above another."""


def posterior_probabilities(
    log_evidence: Sequence[float] | Float[np.ndarray, "*any explanations"], weights: Sequence[float]
) -> Float[np.ndarray, "*any explanations"]:
    """Return the posterior probability of each explanation. Shape `[..., explanations]`, sums to 1 over the last."""
    scores = np.asarray(log_evidence) + np.log(np.asarray(weights))
    return np.exp(scores - logsumexp(scores, axis=-1, keepdims=True))


@dataclass(frozen=True)
class Lead:
    """How firmly the leading explanation leads.

    Attributes:
        leader: index of the most probable explanation.
        runner_up: index of the next.
        log_bayes_factor: log evidence of the leader less that of the runner-up.
        largest_item: index of the item that favours the leader most over the runner-up.
        largest_weight: by how much, in log likelihood.
        leader_without_it: index of the leader when that item's weights are left out, all else as it was.
        leader_by_fit: index of the explanation with the highest likelihood at its mode.
        end_weight: by how much the silences at the ends of the records favour the leader over the runner-up.
        share_near_focus: share of the absolute difference that comes from items near the focal date, nan if
            none is named.
    """

    leader: int
    runner_up: int
    log_bayes_factor: float
    largest_item: int
    largest_weight: float
    leader_without_it: int
    leader_by_fit: int
    end_weight: float
    share_near_focus: float

    @property
    def is_provisional(self) -> bool:
        """Say whether one item, a silent end, or the width of priors could turn the order, or the lead is small."""
        is_small = self.log_bayes_factor - max(self.end_weight, 0.0) < STRONG
        return self.leader_without_it != self.leader or self.leader_by_fit != self.leader or is_small


def lead(
    log_evidence: Sequence[float],
    weights: Sequence[float],
    log_likelihood: Sequence[float],
    item_weights: Float[np.ndarray, "explanations items"],
    is_near_focus: Bool[np.ndarray, " items"] | None,
    ends: Sequence[int] = (),
) -> Lead:
    """Return how firmly the leader leads.

    Args:
        log_evidence: of each explanation.
        weights: prior weight of each.
        log_likelihood: of each at its mode.
        item_weights: log likelihood of each item, act and silence together. Shape `[explanations, items]`.
        ends: positions of the silences after the last items.
        is_near_focus: which items lie near the focal date. Shape `[items]`, bool; None if no date is named.
    """
    scores = np.asarray(log_evidence) + np.log(np.asarray(weights))
    order = np.argsort(-scores, kind="stable")
    leader, runner_up = int(order[0]), int(order[min(1, len(order) - 1)])
    difference = item_weights[leader] - item_weights[runner_up]
    largest = int(np.argmax(difference))
    total = np.abs(difference).sum()
    near = math.nan if is_near_focus is None or total == 0 else float(np.abs(difference[is_near_focus]).sum() / total)
    return Lead(
        leader=leader,
        runner_up=runner_up,
        log_bayes_factor=float(log_evidence[leader] - log_evidence[runner_up]),
        largest_item=largest,
        largest_weight=float(difference[largest]),
        leader_without_it=int(np.argmax(scores - item_weights[:, largest])),
        leader_by_fit=int(np.argmax(log_likelihood)),
        end_weight=float(difference[list(ends)].sum()),
        share_near_focus=near,
    )


def indistinct_groups(log_evidence: Mapping[str, float], threshold: float = INDISTINCT) -> tuple[tuple[str, ...], ...]:
    """Return the largest groups of explanations within which no log Bayes factor reaches `threshold`.

    The record does not tell the members of a group apart. Best first; every group has at least two members.
    """
    names = sorted(log_evidence, key=lambda name: -log_evidence[name])
    groups: list[tuple[str, ...]] = []
    for first, best in enumerate(names):
        group = tuple(name for name in names[first:] if log_evidence[best] - log_evidence[name] < threshold)
        if len(group) > 1 and not any(set(group) <= set(earlier) for earlier in groups):
            groups.append(group)
    return tuple(groups)
