"""`reason(PLAYER ACTION on DATE)`: the reasons of a move, one part for each motive.

The advantage of an act over waiting, or over another action, is a sum of one part for each motive, one for what acting
costs and one for the shocks of the moment (`raison.inference.reasons`). It is taken where the world was at the move,
given the record up to the move and the move itself, and averaged over the moves that are asked about, doubtful ones
for less.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from raison.arrays import StateVector
from raison.chain import Act
from raison.query.answers import TOGETHER, Answer, Number, Parts, Undefined
from raison.query.conditions import check_action, check_episode, resolve_action
from raison.query.syntax import Syntax
from raison.query.tree import Actions, Askable, Form, Names
from raison.record import Move, WatchedRecord


@dataclass(frozen=True)
class Reason(Form):
    """Why a player took an action on a day, or whenever it did; or, without an action, all that it did."""

    player: str
    action: str = ""
    date: datetime.date | None = None
    instead: str = ""
    episode: str = ""

    def __str__(self) -> str:
        parts = [self.player, self.action, f"on {self.date}" if self.date else ""]
        parts += [f"over {self.instead}" if self.instead else "", f"of {self.episode}" if self.episode else ""]
        return f"reason({' '.join(part for part in parts if part)})"

    def resolved(self, actions: Actions) -> Reason:
        action, instead = (
            resolve_action(self.player, each, actions) if each else "" for each in (self.action, self.instead)
        )
        return replace(self, action=action, instead=instead)

    def problems(self, names: Names) -> list[str]:
        wrong = check_episode(self.episode, names)
        if not self.action:
            known = names.actions.get(self.player)
            wrong += check_action(self.player, "", names.actions) if known is None else []
        for action in (self.action, self.instead):
            wrong += check_action(self.player, action, names.actions) if action else []
        begin, until = names.span(self.episode)
        if self.date is not None and not begin <= self.date <= until:
            wrong.append(f"found `on {self.date}`; the record runs from {begin} to {until}.")
        return wrong

    def answer(self, world: Askable) -> Answer:
        watched = world.record(self.episode)
        moves = self._moves(watched)
        if not moves:
            return Undefined(self._no_move(watched))
        reasons = world.reasons()
        if isinstance(reasons, Undefined):
            return reasons
        filtered, items = world.filtered(watched), np.asarray(watched.plan.item)
        total: dict[str, float] = {}
        weight = sum(move.confidence for _, move in moves)
        for number, move in moves:
            where, act = np.asarray(filtered.before[int(np.flatnonzero(items == number)[-1])]), move.act
            if move.answer is not None and self._asks_of(move.answer):
                where, act = world.motion.after(move.act, where), move.answer
            where = where * np.asarray(world.motion.rate(act))
            if not where.sum() > 0.0:
                return Undefined(f"{move} cannot happen")
            advantage = reasons.advantage(act, self.instead or None)
            for part, each in _averaged(advantage, where / where.sum()).items():
                total[part] = total.get(part, 0.0) + each * move.confidence / weight
        total[TOGETHER] = sum(total.values())
        return Parts({part: Number(each) for part, each in total.items()})

    def _moves(self, watched: WatchedRecord) -> list[tuple[int, Move]]:
        """Return the moves that are asked about, with their places in the record."""
        calendar = watched.calendar
        return [
            (number, item)
            for number, item in enumerate(watched.record.items)
            if isinstance(item, Move)
            and (self._asks_of(item.act) or (item.answer is not None and self._asks_of(item.answer)))
            and (self.date is None or calendar.date_of(item.time) == self.date)
        ]

    def _asks_of(self, act: Act) -> bool:
        return act.who == self.player and self.action in ("", act.what)

    def _no_move(self, watched: WatchedRecord) -> str:
        what = f"{self.player} {self.action}".strip()
        anywhen = replace(self, date=None)._moves(watched)
        if not anywhen:
            return f"the record has no move `{what}`"
        dates = ", ".join(dict.fromkeys(str(watched.calendar.date_of(move.time)) for _, move in anywhen))
        return f"the record has no move `{what}` on {self.date}; it has it on {dates}"


def _averaged(parts: Mapping[str, StateVector], where: StateVector) -> dict[str, float]:
    return {part: float(np.asarray(each) @ where) for part, each in parts.items()}


def _build(player: str, *rest: Any) -> Reason:
    words: dict[str, Any] = {}
    for each in rest:
        if isinstance(each, datetime.date):
            words["date"] = each
        elif isinstance(each, Part):
            words[each.kind] = each.name
        else:
            words["action"] = each
    return Reason(player, **words)


@dataclass(frozen=True)
class Part:
    """A word of a question that a keyword before it gives its meaning."""

    kind: str
    name: str


REASON = Syntax("reason", "WORD WORD? (_ON DATE)? over? whose?", _build, "reason")
