"""The machinery that works the equations of a game: compiled loops for the CPU, JAX for accelerators."""

from raison.engine.engines import engine_of
from raison.engine.protocol import Devices, Engine, Field, Point

__all__ = ["Devices", "Engine", "Field", "Point", "engine_of"]
