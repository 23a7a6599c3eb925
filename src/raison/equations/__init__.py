"""The equations of a game: its numbers over states, what players do at given values, and the generator that follows."""

from raison.equations.game_arrays import GameArrays
from raison.equations.generator import Generator

__all__ = ["GameArrays", "Generator"]
