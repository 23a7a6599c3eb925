"""The whole study of a case: check, build, solve, infer, ask."""

from raison.analysis.asking import ask
from raison.analysis.store import FitStore
from raison.analysis.watch import Watch
from raison.analysis.whole import run_study

__all__ = ["FitStore", "Watch", "ask", "run_study"]
