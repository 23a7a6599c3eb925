"""How the world then moves: the continuous-time Markov chain of a solved game."""

from raison.chain.chain import NATURE, Chain, JumpKind
from raison.chain.filter import distribution_at
from raison.chain.happening import Race
from raison.chain.motion import ChainMotion, Motion
from raison.chain.plan import Act, CountBegins, CountEnds, JointAct, Plan, Sight

__all__ = [
    "NATURE",
    "Act",
    "Chain",
    "ChainMotion",
    "CountBegins",
    "CountEnds",
    "JointAct",
    "JumpKind",
    "Motion",
    "Plan",
    "Race",
    "Sight",
    "distribution_at",
]
