"""Which reason."""

COMPUTATION = 8
"""Raised when what is computed of the same game, record and priors changes: kept fits are then fitted anew."""
