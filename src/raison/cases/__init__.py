"""Bundled cases, as data."""
