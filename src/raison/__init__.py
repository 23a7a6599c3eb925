"""Raison: from an argument about why a state acted to a model that can be tested.

What a user of Python needs is here; docs/reference/python.md shows how it is used. Each name is loaded when it is first
asked for, so that `import raison` takes no time. What computes sets JAX to 64-bit numbers, for the whole process and
with a warning if JAX was in use with 32 bits before (see `raison.arrays`).
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from raison.analysis import Paths, ask, run_study, simulate
    from raison.case import BuiltCase
    from raison.cases import open_case
    from raison.chain import Chain
    from raison.combined import Combined, combine
    from raison.equilibrium import Equilibrium, Status, solve
    from raison.errors import CaseError, ComputationError, RaisonError
    from raison.game import (
        EULER,
        NO_CHANGE,
        Action,
        Drift,
        Effect,
        Game,
        Hazard,
        Motive,
        Player,
        StateSpace,
        Variable,
    )
    from raison.record import Move, Reading, Record, Shock
    from raison.report import write_report
    from raison.saving import load_study, save_study, tables
    from raison.study import Study

__version__ = "0.1.0"

__all__ = [
    "EULER",
    "NO_CHANGE",
    "Action",
    "BuiltCase",
    "CaseError",
    "Chain",
    "Combined",
    "ComputationError",
    "Drift",
    "Effect",
    "Equilibrium",
    "Game",
    "Hazard",
    "Motive",
    "Move",
    "Paths",
    "Player",
    "RaisonError",
    "Reading",
    "Record",
    "Shock",
    "StateSpace",
    "Status",
    "Study",
    "Variable",
    "ask",
    "combine",
    "load_study",
    "open_case",
    "run_study",
    "save_study",
    "simulate",
    "solve",
    "tables",
    "write_report",
]

JAX_CAME_FIRST = "jax" in sys.modules

_HOMES = {
    "analysis": {"Paths", "ask", "run_study", "simulate"},
    "case": {"BuiltCase"},
    "cases": {"open_case"},
    "chain": {"Chain"},
    "combined": {"Combined", "combine"},
    "equilibrium": {"Equilibrium", "Status", "solve"},
    "errors": {"CaseError", "ComputationError", "RaisonError"},
    "record": {"Move", "Reading", "Record", "Shock"},
    "report": {"write_report"},
    "saving": {"load_study", "save_study", "tables"},
    "study": {"Study"},
}
"""The packages that names come from; all others come from `raison.game`."""


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module `raison` has no name `{name}`")
    home = next((home for home, names in _HOMES.items() if name in names), "game")
    value = globals()[name] = getattr(importlib.import_module(f"raison.{home}"), name)
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
