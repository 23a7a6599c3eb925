"""How players choose."""

from raison.equilibrium.solver import Equilibrium, Status, solve, solve_all

__all__ = ["Equilibrium", "Status", "solve", "solve_all"]
