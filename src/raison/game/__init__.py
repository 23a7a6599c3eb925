"""What a game is: data only."""

from raison.game.game import EULER, Game
from raison.game.nature import Drift, Hazard
from raison.game.players import Action, Motive, Player
from raison.game.space import NO_CHANGE, Effect, StateSpace, Variable

__all__ = [
    "EULER",
    "NO_CHANGE",
    "Action",
    "Drift",
    "Effect",
    "Game",
    "Hazard",
    "Motive",
    "Player",
    "StateSpace",
    "Variable",
]
