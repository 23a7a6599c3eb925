"""`options(PLAYER at DATE | ...)`, `steps(...)`, `restraints(...)`: what acts would be worth to a player.

The value expected after the act, less that of waiting and less what it costs, in units of the player's shocks, where
the world is at the start of the forecast or at the end of a day and the action can be taken: the log of how many times
likelier the player is to take it than to wait, had it the chance. `steps` has the acts of all others, too: what it
would gain by their being taken now, which costs it nothing. `restraints` has what its payoff would gain if an act of
another could never again be taken, and everybody knew: the game is played anew for each.
"""

from __future__ import annotations

from dataclasses import replace

from raison.chain.chain import NATURE
from raison.query.answers import Answer, Number, Parts, Undefined
from raison.query.forms.payoff import OfPlayer
from raison.query.tree import DO, Askable, Intervention, Never


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


class Restraints(OfPlayer):
    """What it would be worth to a player if another could never again take an action."""

    keyword = "restraints"

    def answer(self, world: Askable) -> Answer:
        now = world.course(self.given).worth(self.player, self.time(world))
        if isinstance(now, Undefined):
            return now
        found = {}
        for act in world.motion.acts:
            if act.who in (self.player, NATURE):
                continue
            change = Intervention(DO, Never(act.who, act.what))
            without = replace(self.given, interventions=(*self.given.interventions, change))
            there = world.course(without).worth(self.player, self.time(world))
            assert isinstance(there, Number)
            found[str(change.change)] = Number(there.value - now.value)
        return Parts(found) if found else Undefined("there is nobody else")


OPTIONS = OwnOptions.syntax()
RESTRAINTS = Restraints.syntax()
STEPS = Steps.syntax()
