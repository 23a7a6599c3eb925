"""How players choose."""

from raison.equilibrium.generator import Generator
from raison.equilibrium.solver import Equilibrium, solve

__all__ = ["Equilibrium", "Generator", "solve"]
