"""`share(PLAYER, MOTIVE at DATE | ...)`: how much of what moves a player on a day is one of its motives.

A motive drives the options of a player apart: the most that it speaks for one, less the least (`Reasons.spreads`), in
units of the shocks. The share is that of this motive in the sum over all, where the world is at the end of the day; it
lies between 0 and 1, shares sum to 1, and a motive of weight zero has none. Without a motive all of them are told.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from raison.errors import did_you_mean
from raison.query.answers import Answer, Number, Parts, Undefined
from raison.query.conditions import check_forecast, check_given, check_unchanged, end_of, resolve_given
from raison.query.forms.reason import Part
from raison.query.syntax import Syntax
from raison.query.tree import NOTHING, Actions, Askable, Conditioned, Given, Names


@dataclass(frozen=True)
class Share(Conditioned):
    """How much of what moves a player is one motive, or each of them."""

    player: str
    date: datetime.date
    motive: str = ""
    given: Given = NOTHING

    def __str__(self) -> str:
        motive, given = f", {self.motive}" if self.motive else "", str(self.given)
        return f"share({self.player}{motive} at {self.date}{' | ' if given else ''}{given})"

    def resolved(self, actions: Actions) -> Share:
        return replace(self, given=resolve_given(self.given, actions))

    def problems(self, names: Names) -> list[str]:
        wrong = check_given(self.given, names) + check_unchanged(self.given, "share")
        wrong += check_forecast(self.given, self.date, names)
        if self.player not in names.motives:
            return [*wrong, f"no player `{self.player}`.{did_you_mean(self.player, names.motives)}"]
        known = names.motives[self.player]
        if self.motive and self.motive not in known:
            wrong.append(f"`{self.player}` wants no `{self.motive}`.{did_you_mean(self.motive, known)}")
        return wrong

    @property
    def day(self) -> datetime.date | None:
        return self.date if self.motive else None

    def on(self, day: datetime.date) -> Share:
        return replace(self, date=day)

    def answer(self, world: Askable) -> Answer:
        reasons = world.reasons()
        if isinstance(reasons, Undefined):
            return reasons
        where = world.whereabouts(self.given, end_of(self.date, self.given, world))
        spreads = {name: float(np.asarray(each) @ where) for name, each in reasons.spreads(self.player).items()}
        whole = sum(spreads.values())
        if not whole > 0.0:
            return Undefined(f"no motive moves `{self.player}` then")
        if self.motive:
            return Number(spreads.get(self.motive, 0.0) / whole)
        return Parts({name: Number(each / whole) for name, each in spreads.items()})


def _build(player: str, *rest: Any) -> Share:
    motive = next((each.name for each in rest if isinstance(each, Part)), "")
    date = next(each for each in rest if isinstance(each, datetime.date))
    return Share(player, date, motive, next((each for each in rest if isinstance(each, Given)), NOTHING))


SHARE = Syntax("share", "WORD motive? AT DATE given?", _build, "share")
