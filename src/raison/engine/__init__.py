"""The machinery that works the equations of a game: compiled loops for the CPU, JAX for accelerators."""
