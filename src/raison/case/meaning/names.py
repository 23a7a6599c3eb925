"""What the queries of a case may speak of."""

from __future__ import annotations

from raison.case.text.schema import CaseText
from raison.game import StateSpace
from raison.query.tree import Names


def names_of(case: CaseText, space: StateSpace) -> Names:
    """Return what the queries of a case may speak of."""
    return Names(
        variables=space.variables,
        actions={name: tuple(player.actions) for name, player in case.players.items()},
        explanations=tuple(case.explanations),
        indicators={(row.indicator, row.date) for row in case.indicators},
        begin=case.time.begin,
        until=case.time.until,
        has_clues=bool(case.clues),
    )
