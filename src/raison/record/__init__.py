"""What was seen."""

from raison.record.record import Item, Move, Reading, Record, Shock

__all__ = ["Item", "Move", "Reading", "Record", "Shock"]
