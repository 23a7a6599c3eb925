"""How players choose."""

from raison.equilibrium.generator import Generator
from raison.equilibrium.solver import Equilibrium, solve, solve_all

__all__ = ["Equilibrium", "Generator", "solve", "solve_all"]
