"""What was seen, as a log likelihood of a chain: a watched record, or counted transitions."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from raison.chain import Chain
from raison.chain.filters import Slope


@runtime_checkable
class Seen(Protocol):
    """Anything that a chain makes more or less likely."""

    def log_likelihood(self, chain: Chain) -> float:
        """Return the log likelihood."""
        ...

    def log_likelihood_slope(self, chain: Chain) -> Slope:
        """Return the log likelihood and its derivatives by the rates, in the form of the chain."""
        ...
