"""How players choose."""

from raison.equilibrium.solver import Equilibrium, solve, solve_all

__all__ = ["Equilibrium", "solve", "solve_all"]
