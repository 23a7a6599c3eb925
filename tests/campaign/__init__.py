"""A campaign against Raison: mutated cases, random queries and runs that are killed. Start it with `just campaign`."""

import raison  # noqa: F401  (before JAX, which it makes count in 64 bits)
