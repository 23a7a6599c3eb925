"""`options(PLAYER at DATE | ...)`: what each of a player's actions would be worth to it, over waiting.

The value expected after the act, less that of waiting and less what it costs, in units of the player's shocks, where
the world is at the start of the forecast or at the end of a day and the action can be taken: the log of how many times
likelier the player is to take it than to wait, had it the chance.
"""

from __future__ import annotations

from raison.query.answers import Answer, Number, Parts, Undefined
from raison.query.forms.payoff import OfPlayer
from raison.query.tree import Askable


class Options(OfPlayer):
    """What each action of a player would be worth to it."""

    keyword = "options"

    def answer(self, world: Askable) -> Answer:
        found = world.course(self.given).options(self.player, self.time(world))
        if isinstance(found, Undefined):
            return found
        return Parts({action: Number(each) for action, each in found.items()})


OPTIONS = Options.syntax()
