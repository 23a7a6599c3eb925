"""How many equilibria the game of each explanation has at its mode, as far as a search can tell."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from raison.analysis.fitting import Fit
from raison.analysis.pool import Pool
from raison.analysis.watch import Watch
from raison.equilibrium import Equilibrium
from raison.equilibrium.branches import Branches, find_branches
from raison.record import bulk
from raison.study import EquilibriumStatus

SEARCHING = "search for other equilibria"

STARTS = 8
"""Other starts from which each game is searched."""

PATIENCE = 8
"""Searches by deflation in a row that may find nothing new in a small game; with these the search costs about what the
fits do."""


def search_equilibria(fits: Sequence[Fit], seed: int, watch: Watch, pool: Pool) -> tuple[EquilibriumStatus | None, ...]:
    """Return what is known of the equilibrium of each fit; None for one without a game."""
    watch.tell(SEARCHING, 0, len(fits))
    statuses = pool.side_by_side(
        functools.partial(_search, seed=seed),
        [fit.equilibrium for fit in fits],
        bulk=bulk(fits[0].records),
        done=lambda count, *_: watch.tell(SEARCHING, count, len(fits)),
    )
    return tuple(statuses)


def _search(equilibrium: Equilibrium | None, *, seed: int) -> EquilibriumStatus | None:
    """Return what is known of an equilibrium after a search for others."""
    if equilibrium is None:
        return None
    branches = find_branches(equilibrium.arrays, known=equilibrium, starts=STARTS, patience=PATIENCE, seed=seed)
    return _status(equilibrium, branches)


def without_search(fits: Sequence[Fit]) -> tuple[EquilibriumStatus | None, ...]:
    """Return what is known of the equilibrium of each fit without a search for others."""
    return tuple(None if fit.equilibrium is None else _status(fit.equilibrium, None) for fit in fits)


def _status(equilibrium: Equilibrium, branches: Branches | None) -> EquilibriumStatus:
    return EquilibriumStatus(
        status=equilibrium.message,
        has_converged=equilibrium.has_converged,
        residual=equilibrium.residual,
        error=equilibrium.error,
        steps=equilibrium.steps,
        origin=equilibrium.origin,
        best_response_radius=None if branches is None else branches.radii[0],
        on_branch=None if branches is None or branches.principal is None else branches.principal == 0,
        folds=() if branches is None else branches.folds,
        found=None if branches is None else branches.count,
        searches=0 if branches is None else branches.searches,
    )
