"""The whole study of a case: check, build, solve, infer, ask."""

from raison.analysis.asking import ask
from raison.analysis.simulating import Paths, simulate
from raison.analysis.store import FitStore
from raison.analysis.watch import Watch
from raison.analysis.whole import run_study

__all__ = ["FitStore", "Paths", "Watch", "ask", "run_study", "simulate"]
