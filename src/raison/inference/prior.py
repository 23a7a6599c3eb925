"""Priors over the numbers of a case, written as maps from a standard normal.

A range is a 90 % interval: with q = 1.6449 the 95 % point of the standard normal,
    lognormal    value = exp(m + s z),  m = (log low + log high) / 2,  s = (log high - log low) / (2 q)
    normal       value = m + s z,       m = (low + high) / 2,          s = (high - low) / (2 q)
    logitnormal  logit value = m + s z,  m, s from the logits of low and high, for a probability
so that z, the standardised parameter, has density N(0, 1) under every prior.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from raison.errors import CaseError

Q95 = 1.6448536269514722
"""95 % point of the standard normal distribution."""


@runtime_checkable
class Prior(Protocol):
    """What is believed of one number before the record is seen."""

    @property
    def is_free(self) -> bool:
        """False if the number is known."""
        ...

    @property
    def is_proper(self) -> bool:
        """False if the prior has no finite mass, so that no evidence can be computed."""
        ...

    def value(self, z: float) -> float:
        """Return the number at the standardised parameter `z`."""
        ...

    def slope(self, z: float) -> float:
        """Return its derivative by `z`."""
        ...

    def standardised(self, value: float) -> float:
        """Return the standardised parameter of a number that the prior allows."""
        ...


@dataclass(frozen=True)
class Fixed:
    """A number that is known, or held fixed."""

    at: float
    is_free = False
    is_proper = True

    def value(self, z: float) -> float:
        return float(self.at)

    def slope(self, z: float) -> float:
        return 0.0

    def standardised(self, value: float) -> float:
        return 0.0


@dataclass(frozen=True)
class LogNormal:
    """A positive number, 90 % between `low` and `high`."""

    low: float
    high: float
    is_free = True
    is_proper = True

    def __post_init__(self) -> None:
        if not 0.0 < self.low < self.high < math.inf:
            raise CaseError(f"found the range {self.low} to {self.high}; need 0 < low < high.")

    def value(self, z: float) -> float:
        return _exp(self._middle + self._spread * z)

    def slope(self, z: float) -> float:
        return self._spread * self.value(z)

    def standardised(self, value: float) -> float:
        return (math.log(value) - self._middle) / self._spread

    @property
    def _middle(self) -> float:
        return (math.log(self.low) + math.log(self.high)) / 2

    @property
    def _spread(self) -> float:
        return (math.log(self.high) - math.log(self.low)) / (2 * Q95)


@dataclass(frozen=True)
class Normal:
    """A number of either sign, 90 % between `low` and `high`."""

    low: float
    high: float
    is_free = True
    is_proper = True

    def __post_init__(self) -> None:
        if not -math.inf < self.low < self.high < math.inf:
            raise CaseError(f"found the range {self.low} to {self.high}; need low < high.")

    def value(self, z: float) -> float:
        return (self.low + self.high) / 2 + self.slope(z) * z

    def slope(self, z: float) -> float:
        return (self.high - self.low) / (2 * Q95)

    def standardised(self, value: float) -> float:
        return (value - (self.low + self.high) / 2) / self.slope(0.0)


@dataclass(frozen=True)
class LogitNormal:
    """A probability, 90 % between `low` and `high`."""

    low: float
    high: float
    is_free = True
    is_proper = True

    def __post_init__(self) -> None:
        if not 0.0 < self.low < self.high < 1.0:
            raise CaseError(f"found the range {self.low} to {self.high}; need 0 < low < high < 1.")

    def value(self, z: float) -> float:
        low, high = self._logits
        return 1.0 / (1.0 + _exp(-(low + high) / 2 - (high - low) / (2 * Q95) * z))

    def slope(self, z: float) -> float:
        low, high = self._logits
        value = self.value(z)
        return (high - low) / (2 * Q95) * value * (1.0 - value)

    def standardised(self, value: float) -> float:
        low, high = self._logits
        return (math.log(value / (1.0 - value)) - (low + high) / 2) * 2 * Q95 / (high - low)

    @property
    def _logits(self) -> tuple[float, float]:
        low, high = (math.log(end / (1.0 - end)) for end in (self.low, self.high))
        return low, high


@dataclass(frozen=True)
class Narrowed:
    """A prior of the same form and middle, with a share of the width: in logs, in logits, or as it is.

    Attributes:
        prior: which is narrowed.
        share: of its width that is left; above 0.
    """

    prior: Prior
    share: float

    @property
    def is_free(self) -> bool:
        return self.prior.is_free

    @property
    def is_proper(self) -> bool:
        return self.prior.is_proper

    def value(self, z: float) -> float:
        return self.prior.value(self.share * z)

    def slope(self, z: float) -> float:
        return self.share * self.prior.slope(self.share * z)

    def standardised(self, value: float) -> float:
        return self.prior.standardised(value) / self.share


@dataclass(frozen=True)
class Flat:
    """No prior at all, for maximum likelihood: `value = start + scale * z`, any z equally likely.

    Attributes:
        start: where the search begins.
        scale: a step of z, of the order of the expected standard error.
        is_positive: keep the number above zero, by `value = start * exp(scale * z / start)`.
    """

    start: float
    scale: float
    is_positive: bool = False
    is_free = True
    is_proper = False

    def value(self, z: float) -> float:
        if self.is_positive:
            return self.start * _exp(self.scale * z / self.start)
        return self.start + self.scale * z

    def slope(self, z: float) -> float:
        return self.scale * self.value(z) / self.start if self.is_positive else self.scale

    def standardised(self, value: float) -> float:
        if self.is_positive:
            return math.log(value / self.start) * self.start / self.scale
        return (value - self.start) / self.scale


def _exp(exponent: float) -> float:
    """Return e to the exponent; infinity where it is too large for a number."""
    return math.exp(exponent) if exponent < 709.0 else math.inf
