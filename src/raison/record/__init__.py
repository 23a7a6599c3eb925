"""What was seen."""

from raison.record.record import Count, Item, Move, Reading, Record, Shock, Source
from raison.record.seen import Seen
from raison.record.transitions import Transitions
from raison.record.watched import Calendar, WatchedRecord, bulk

__all__ = [
    "Calendar",
    "Count",
    "Item",
    "Move",
    "Reading",
    "Record",
    "Seen",
    "Shock",
    "Source",
    "Transitions",
    "WatchedRecord",
    "bulk",
]
