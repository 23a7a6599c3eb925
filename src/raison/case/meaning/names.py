"""What the queries of a case may speak of."""

from __future__ import annotations

from raison.case.meaning.episodes import episodes_of
from raison.case.meaning.numbers import read_numbers, wanted
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
        spans={
            episode.name: (episode.begin, episode.until)
            for episode in episodes_of(case)
            if episode.begin is not None and episode.until is not None
        },
        has_clues=bool(case.clues),
        numbers=tuple(number.name for number in read_numbers(case).every),
        motives={name: tuple(wanted(case, name)) for name in case.players},
        until=None if case.held_out is None else case.held_out.until,
    )
