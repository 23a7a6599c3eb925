"""How players choose."""

from raison.equilibrium.iteration import Status
from raison.equilibrium.solver import Equilibrium, solve, solve_all

__all__ = ["Equilibrium", "Status", "solve", "solve_all"]
