"""`reason(PLAYER ACTION on DATE)`: the reasons of a move, one part for each motive.

The advantage of an act over waiting, or over another action, is a sum of one part for each motive, one for what acting
costs and one for the shocks of the moment (`raison.inference.reasons`). It is taken where the world was at the move,
given the record up to the move and the move itself, and averaged over the moves that are asked about, doubtful ones
for less. What works through a variable is what is lost of it if nothing moves this variable.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from raison.arrays import StateVector
from raison.chain import Act
from raison.errors import did_you_mean
from raison.inference.reasons import Reasons
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
    through: str = ""
    episode: str = ""

    def __str__(self) -> str:
        return f"reason({self.body})"

    @property
    def body(self) -> str:
        """Return what stands between the brackets."""
        parts = [self.player, self.action, f"on {self.date}" if self.date else ""]
        parts += [f"over {self.instead}" if self.instead else "", f"through {self.through}" if self.through else ""]
        parts += [f"of {self.episode}" if self.episode else ""]
        return " ".join(part for part in parts if part)

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
        known = [variable.name for variable in names.variables]
        if self.through and self.through not in known:
            wrong.append(f"no variable `{self.through}`.{did_you_mean(self.through, known)}")
        return wrong

    def answer(self, world: Askable) -> Answer:
        reasons, moments = world.reasons(), self.moments(world)
        for found in (moments, reasons):
            if isinstance(found, Undefined):
                return found
        assert isinstance(reasons, Reasons)
        assert not isinstance(moments, Undefined)
        total: dict[str, float] = {}
        for act, where, weight in moments:
            for part, each in self._parts(reasons, act).items():
                total[part] = total.get(part, 0.0) + float(np.asarray(each) @ where) * weight
        total[TOGETHER] = sum(total.values())
        return Parts({part: Number(each) for part, each in total.items()})

    def _parts(self, reasons: Reasons, act: Act) -> Mapping[str, StateVector]:
        instead = self.instead or None
        return reasons.through(act, self.through, instead) if self.through else reasons.advantage(act, instead)

    def moments(self, world: Askable) -> list[tuple[Act, StateVector, float]] | Undefined:
        """Return what was done at each move that is asked about, where the world was, and the weight of the move.

        Where it was is known from the record up to the move and the move itself. Weights sum to 1.
        """
        watched = world.record(self.episode)
        moves = self._moves(watched)
        if not moves:
            return Undefined(self._no_move(watched))
        filtered, items = world.filtered(watched), np.asarray(watched.plan.item)
        weight = sum(move.confidence for _, move in moves)
        found = []
        for number, move in moves:
            last = int(np.searchsorted(items, number, side="right")) - 1
            where, act = np.asarray(filtered.before[last]), move.act
            if move.answer is not None and self._asks_of(move.answer):
                where, act = world.motion.after(move.act, where), move.answer
            where = where * np.asarray(world.motion.rate(act))
            if not where.sum() > 0.0:
                return Undefined(f"{move} cannot happen")
            found.append((act, where / where.sum(), move.confidence / weight))
        return found

    def _moves(self, watched: WatchedRecord) -> list[tuple[int, Move]]:
        """Return the moves that are asked about, with their places in the record."""
        days = watched.moves.values() if self.date is None else [watched.moves.get(self.date, ())]
        return [
            (number, move)
            for day in days
            for number, move in day
            if self._asks_of(move.act) or (move.answer is not None and self._asks_of(move.answer))
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


def read_reason(player: str, *rest: Any) -> Reason:
    """Return a reason from the parts that stand between the brackets."""
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


REASON = Syntax("reason", "WORD WORD? (_ON DATE)? over? through? whose?", read_reason, "reason")
