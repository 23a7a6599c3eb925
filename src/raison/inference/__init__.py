"""Which reason."""
