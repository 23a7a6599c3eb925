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
from typing import Protocol

import jax
import jax.numpy as jnp

from raison.arrays import Number
from raison.errors import CaseError

Q95 = 1.6448536269514722
"""95 % point of the standard normal distribution."""


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

    def value(self, z: Number) -> jax.Array:
        """Return the number at the standardised parameter `z`; traceable by JAX."""
        ...


@dataclass(frozen=True)
class Fixed:
    """A number that is known, or held fixed."""

    at: float
    is_free = False
    is_proper = True

    def value(self, z: Number) -> jax.Array:
        return jnp.asarray(self.at, dtype=jnp.float64)


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

    def value(self, z: Number) -> jax.Array:
        middle = (math.log(self.low) + math.log(self.high)) / 2
        spread = (math.log(self.high) - math.log(self.low)) / (2 * Q95)
        return jnp.exp(middle + spread * jnp.asarray(z))


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

    def value(self, z: Number) -> jax.Array:
        return (self.low + self.high) / 2 + (self.high - self.low) / (2 * Q95) * jnp.asarray(z)


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

    def value(self, z: Number) -> jax.Array:
        low, high = (math.log(end / (1.0 - end)) for end in (self.low, self.high))
        return jax.nn.sigmoid((low + high) / 2 + (high - low) / (2 * Q95) * jnp.asarray(z))


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

    def value(self, z: Number) -> jax.Array:
        if self.is_positive:
            return self.start * jnp.exp(self.scale * jnp.asarray(z) / self.start)
        return self.start + self.scale * jnp.asarray(z)
