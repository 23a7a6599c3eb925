"""`why(PLAYER ACTION at DATE against DATE)`: how many times likelier an act was on one day than on another, and why.

Where the world is at the end of either day is known from the record to that day. The log of the ratio of the two rates
is shared out over the variables: the rate is asked for with some variables as they are on the one day and the others,
drawn independently, as they are on the other, and each variable gets what it adds on average over all orders in which
they can be exchanged (Shapley's value). The parts add up to the log of the ratio.

Source: shapley1953 (docs/reference/references.md)
"""

from __future__ import annotations

import datetime
import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from raison.chain import Act
from raison.game import StateSpace
from raison.query.answers import TOGETHER, Answer, Number, Parts, Undefined
from raison.query.conditions import check_action, check_episode, check_forecast, end_of, resolve_action
from raison.query.syntax import Syntax
from raison.query.tree import Actions, Askable, Form, Given, Names

MOST_VARIABLES = 12
"""Variables over which a change can be shared out: the work doubles with each."""

Rates = Float[np.ndarray, " states"]
"""A rate, or a probability, in every state."""

SAME = 1e-12
"""Relative difference of rates that is rounding."""


@dataclass(frozen=True)
class Why(Form):
    """How many times likelier an act was on a day than on another, by variable."""

    player: str
    action: str
    date: datetime.date
    against: datetime.date
    episode: str = ""

    def __str__(self) -> str:
        whose = f" of {self.episode}" if self.episode else ""
        return f"why({self.player} {self.action} at {self.date} against {self.against}{whose})"

    def resolved(self, actions: Actions) -> Why:
        return replace(self, action=resolve_action(self.player, self.action, actions))

    def problems(self, names: Names) -> list[str]:
        wrong = check_action(self.player, self.action, names.actions) + check_episode(self.episode, names)
        for day in (self.date, self.against):
            wrong += check_forecast(Given(day, episode=self.episode), day, names)
        return wrong

    def answer(self, world: Askable) -> Answer:
        rate = np.asarray(world.motion.rate(Act(self.player, self.action)))
        before, after = (self._where(day, world) for day in (self.against, self.date))
        return shared_out(rate, before, after, world.space)

    def _where(self, day: datetime.date, world: Askable) -> Rates:
        given = Given(day, episode=self.episode)
        return np.asarray(world.whereabouts(given, end_of(day, given, world)))


def shared_out(rate: Rates, before: Rates, after: Rates, space: StateSpace) -> Parts | Undefined:
    """Return the log of how many times higher a rate is in one distribution than in another, by variable."""
    moving = [name for axis, name in enumerate(space.names) if _moves(rate.reshape(space.shape), axis)]
    if len(moving) > MOST_VARIABLES:
        return Undefined(f"the rate hangs on {len(moving)} variables; it can be shared out over {MOST_VARIABLES}")
    kept = [space.axis(name) for name in moving]
    others = tuple(axis for axis in range(len(space.shape)) if axis not in kept)
    narrow = rate.reshape(space.shape)[tuple(0 if axis in others else slice(None) for axis in range(len(space.shape)))]
    logs = _logs(narrow, before.reshape(space.shape).sum(axis=others), after.reshape(space.shape).sum(axis=others))
    if not all(math.isfinite(each) for each in logs.values()):
        return Undefined("with some variables as on the one day and some as on the other, it can never be taken")
    parts = {name: _added(i, len(moving), logs) for i, name in enumerate(moving)}
    parts = {name: each if abs(each) > SAME else 0.0 for name, each in parts.items()}  # rounding
    whole = logs[frozenset(range(len(moving)))] - logs[frozenset()]
    return Parts({**{name: Number(each) for name, each in parts.items()}, TOGETHER: Number(whole)})


def _moves(rate: np.ndarray, axis: int) -> bool:
    """Return whether a rate hangs on a variable."""
    return bool((np.ptp(rate, axis=axis) > SAME * float(np.abs(rate).max(initial=0.0))).any())


def _logs(rate: np.ndarray, before: np.ndarray, after: np.ndarray) -> Mapping[frozenset[int], float]:
    """Return the log of the mean rate with every set of variables as after and the others as before."""
    found = {}
    for count in range(rate.ndim + 1):
        for chosen in itertools.combinations(range(rate.ndim), count):
            rest = tuple(axis for axis in range(rate.ndim) if axis not in chosen)
            weights = after.sum(axis=rest, keepdims=True) * before.sum(axis=chosen, keepdims=True)
            mean = float((rate * weights).sum())
            found[frozenset(chosen)] = math.log(mean) if mean > 0.0 else -math.inf
    return found


def _added(one: int, count: int, logs: Mapping[frozenset[int], float]) -> float:
    """Return what a variable adds, averaged over all orders."""
    total = 0.0
    for chosen in logs:
        if one not in chosen:
            share = math.factorial(len(chosen)) * math.factorial(count - len(chosen) - 1) / math.factorial(count)
            total += share * (logs[chosen | {one}] - logs[chosen])
    return total


def _build(player: str, action: str, _: str, date: datetime.date, against: datetime.date, episode: str = "") -> Why:
    return Why(player, action, date, against, episode)


WHY = Syntax("why", "WORD WORD AT DATE _AGAINST DATE of?", _build, "why")
