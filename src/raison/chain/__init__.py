"""How the world then moves: the continuous-time Markov chain of a solved game."""

from raison.chain.chain import Chain, JumpKind
from raison.chain.transient import distribution_at, hitting_probability

__all__ = ["Chain", "JumpKind", "distribution_at", "hitting_probability"]
