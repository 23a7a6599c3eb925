"""`rate(PLAYER ACTION | CONDITION)`, `rate(PLAYER ACTION at DATE | ...)`: how often a player takes an action.

rate(i a)              sum over x of m(x) alpha_i(x) sigma_i(a|x), with m the share of the record's time that the
                       world spends in x, from the first day on, before anything is seen
rate(i a | C)          the same over the states where C holds, m normalised there
rate(i a at t | ...)   the same with the distribution over states at the end of day t, as `P(... at t | ...)` has it
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from raison.arrays import StateVector
from raison.chain import Act
from raison.game import StateSpace
from raison.query.answers import Answer, Number, Undefined
from raison.query.conditions import (
    check_action,
    check_condition,
    check_forecast,
    check_given,
    check_no_replay,
    end_of,
    mask,
    resolve_action,
    resolve_given,
    variables_in,
)
from raison.query.syntax import Syntax
from raison.query.tree import NOTHING, Actions, Askable, Condition, Conditioned, Given, Names


@dataclass(frozen=True)
class Rate(Conditioned):
    """How often a player takes an action, per unit of time: over the whole time, where a condition holds, or on a day.

    A question has a condition, or a date with what it is given, or neither.
    """

    player: str
    action: str
    condition: Condition | None = None
    date: datetime.date | None = None
    given: Given = NOTHING

    def __str__(self) -> str:
        at = "" if self.date is None else f" at {self.date}"
        bar = str(self.given) if self.condition is None else str(self.condition)
        return f"rate({self.player} {self.action}{at}{' | ' if bar else ''}{bar})"

    def resolved(self, actions: Actions) -> Rate:
        action = resolve_action(self.player, self.action, actions)
        return replace(self, action=action, given=resolve_given(self.given, actions))

    def problems(self, names: Names) -> list[str]:
        wrong = check_action(self.player, self.action, names.actions)
        if self.condition is not None:
            wrong += check_condition(self.condition, names.variables)
        if self.date is not None:
            wrong += (
                check_given(self.given, names)
                + check_no_replay(self.given)
                + check_forecast(self.given, self.date, names)
            )
        return wrong

    @property
    def day(self) -> datetime.date | None:
        return self.date

    def on(self, day: datetime.date) -> Rate:
        return replace(self, date=day)

    def answer(self, world: Askable) -> Answer:
        act = Act(self.player, self.action)
        if self.date is not None:
            return world.course(self.given).rate(act, end_of(self.date, self.given, world))
        where = world.occupied
        if self.condition is not None:
            where = _where_holds(where, self.condition, world.space)
            if where is None:
                return Undefined(f"{self.condition} holds in no state")
        return Number(float(np.asarray(world.motion.rate(act)) @ where))


def _where_holds(where: StateVector, condition: Condition, space: StateSpace) -> StateVector | None:
    """Return the share of each state when a condition is made to hold and the other variables stay as they are.

    Where the world never is where it holds, all its states count alike. None if it holds in no state.
    """
    holds = mask(condition, space).reshape(space.shape)
    if not holds.any():
        return None
    share = where.reshape(space.shape)
    spoken = variables_in(condition)
    others = tuple(axis for axis, name in enumerate(space.names) if name not in spoken)
    named = tuple(axis for axis, name in enumerate(space.names) if name in spoken)
    inside = holds.any(axis=others, keepdims=True) * share.sum(axis=others, keepdims=True)
    if inside.sum() <= 0.0:
        inside = holds.any(axis=others, keepdims=True).astype(np.float64)
    return (inside / inside.sum() * share.sum(axis=named, keepdims=True)).reshape(-1)


def _build(player: str, action: str, *rest: Any) -> Rate:
    match rest:
        case ():
            return Rate(player, action)
        case (condition,):
            return Rate(player, action, condition)
        case (_, date):
            return Rate(player, action, None, date)
        case (_, date, given):
            return Rate(player, action, None, date, given)
    raise AssertionError(rest)


RATE = Syntax("rate", 'WORD WORD (AT DATE given? | "|" condition)?', _build, "rate")
