"""Raison: from an argument about why a state acted to a model that can be tested."""

__version__ = "0.1.0"
