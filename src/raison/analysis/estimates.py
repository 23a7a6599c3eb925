"""What answers at draws of the numbers make of one number: its value, its error, how it spreads."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from raison.asked import Estimate
from raison.inference.posterior import weighted_interval
from raison.query.answers import TOGETHER, Table


@dataclass(frozen=True, eq=False)
class Answers:
    """What one explanation answered to one question.

    Attributes:
        parts: of each draw in which the answer is defined.
        errors: of each, that of the answer itself.
        table: the answer at the most probable numbers, where it is a table.
        times: how often each draw was picked.
        undefined: in how many draws, as often as they were picked, it is not.
        unconverged: in how many the game did not converge.
        why_undefined: why, in one of them.
    """

    parts: tuple[dict[str, float], ...] = ()
    errors: tuple[dict[str, float], ...] = ()
    times: tuple[int, ...] = ()
    table: Table | None = None
    undefined: int = 0
    unconverged: int = 0
    why_undefined: str = ""

    @property
    def draws(self) -> int:
        return sum(self.times)


def estimates(answers: Sequence[Answers], shares: Sequence[float], kind: str) -> dict[str, Estimate]:
    """Return the estimate of every part over several explanations, each with its share.

    Of parts that have a sum, one that an explanation does not have is 0 there: it wants nothing of the kind. Of others,
    such as what each option is worth, one that cannot be had at a draw is averaged over the draws at which it can.
    """
    known = [(each, share) for each, share in zip(answers, shares, strict=True) if each.parts and share > 0.0]
    names = list(dict.fromkeys(name for each, _ in known for parts in each.parts for name in parts))
    names.sort(key=lambda name: name == TOGETHER)  # the sum is the last
    found = {}
    for name in names:
        counted = known if TOGETHER in names else [(_having(each, name), share) for each, share in known]
        counted = [(each, share) for each, share in counted if each.parts]
        total = math.fsum(share for _, share in counted)
        columns = [(_column(each.parts, name), np.array(each.times) / each.draws) for each, _ in counted]
        weights = [share / total * own for (_, own), (_, share) in zip(columns, counted, strict=True)]
        whole = np.concatenate([column for column, _ in columns])
        value = math.fsum(float(column @ weight) for (column, _), weight in zip(columns, weights, strict=True))
        variances = [
            (share / total) ** 2 * _variance(each, column, own, name, kind)
            for (each, share), (column, own) in zip(counted, columns, strict=True)
        ]
        error = math.sqrt(math.fsum(variances))
        low, high = math.nan, math.nan
        if kind != "test":
            low, high = weighted_interval(whole, np.concatenate(weights), 0.9)
        value = min(max(value, float(whole.min())), float(whole.max()))  # rounding
        found[name] = Estimate(value, error, low, high)
    return found


def of_beliefs(answers: Answers, kind: str) -> dict[str, Estimate]:
    """Return what drawn posteriors of the explanations make of every part, or of whether a test holds.

    The error of a number is its spread over them: more of them would not make it smaller.
    """
    names = (answers.parts or ({},))[0]
    return {name: _of_belief(_column(answers.parts, name), kind) for name in names}


def _of_belief(column: Float[np.ndarray, " draws"], kind: str) -> Estimate:
    value = float(column.mean())
    if kind == "test":
        return Estimate(value, math.sqrt(_share_variance(value, float(len(column)))), math.nan, math.nan)
    ends = weighted_interval(column, np.full(len(column), 1.0 / len(column)), 0.9)
    return Estimate(value, float(column.std()), *ends)


def as_they_are(answers: Answers) -> dict[str, Estimate]:
    """Return the parts of the only answer, with the errors that they have; how they spread is not known."""
    return {
        name: Estimate(value, errors[name], math.nan, math.nan)
        for parts, errors in zip(answers.parts, answers.errors, strict=True)
        for name, value in parts.items()
    }


def _having(answers: Answers, name: str) -> Answers:
    """Return the answers of the draws that have a part."""
    places = [i for i, parts in enumerate(answers.parts) if name in parts]
    parts, errors, times = (
        tuple(column[i] for i in places) for column in (answers.parts, answers.errors, answers.times)
    )
    return replace(answers, parts=parts, errors=errors, times=times)


def _column(rows: Sequence[Mapping[str, float]], name: str) -> Float[np.ndarray, " draws"]:
    return np.array([row.get(name, 0.0) for row in rows])


def _variance(
    answers: Answers,
    column: Float[np.ndarray, " draws"],
    own: Float[np.ndarray, " draws"],
    name: str,
    kind: str,
) -> float:
    """Return the variance of the mean of one part over the draws of one explanation; nan where one draw is all.

    A draw that was picked twice says no more than once. Of a test, that of a share with half a draw on either side.
    """
    effective = 1.0 / float(np.square(own).sum())
    if kind == "test":
        return _share_variance(float(column @ own), effective)
    if effective < 1.0 + 1e-9:
        return math.nan
    spread = float(np.square(column - column @ own) @ own) / (effective - 1.0) if np.ptp(column) else 0.0
    return spread + float(np.square(own * _column(answers.errors, name)).sum())


def _share_variance(share: float, draws: float) -> float:
    """Return the variance of a share of so many draws, half a draw on either side of it."""
    moved = (share * draws + 0.5) / (draws + 1.0)
    return moved * (1.0 - moved) / (draws + 1.0)
