"""`options(PLAYER at DATE | ...)`, `steps(PLAYER at DATE | ...)`: what acts would be worth to a player.

The value expected after the act, less that of waiting and less what it costs, in units of the player's shocks, where
the world is at the start of the forecast or at the end of a day and the action can be taken: the log of how many times
likelier the player is to take it than to wait, had it the chance. `steps` has the acts of all others, too: what it
would gain by their being taken now, which costs it nothing.
"""

from __future__ import annotations

from raison.query.answers import Answer, Number, Parts, Undefined
from raison.query.forms.payoff import OfPlayer
from raison.query.tree import Askable


class OwnOptions(OfPlayer):
    """What each action of a player would be worth to it."""

    keyword = "options"

    def answer(self, world: Askable) -> Answer:
        found = world.course(self.given).steps(self.player, self.time(world))
        if isinstance(found, Undefined):
            return found
        own = {act.what: Number(each) for act, each in found.items() if act.who == self.player}
        return Parts(own) if own else Undefined(f"`{self.player}` can take no action then")


class Steps(OfPlayer):
    """What each act of anybody would be worth to a player."""

    keyword = "steps"

    def answer(self, world: Askable) -> Answer:
        found = world.course(self.given).steps(self.player, self.time(world))
        if isinstance(found, Undefined):
            return found
        if not found:
            return Undefined("nobody can take any action then")
        return Parts({str(act): Number(each) for act, each in found.items()})


OPTIONS = OwnOptions.syntax()
STEPS = Steps.syntax()
