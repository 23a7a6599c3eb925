"""`moves(PLAYER ACTION from DATE to DATE)`: how many moves the record has, both days included.

A move counts by its confidence: two of which each is as likely as not count for one.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace

from raison.chain import Act
from raison.query.answers import Answer, Number, Undefined
from raison.query.conditions import check_action, check_episode, resolve_action
from raison.query.syntax import Syntax
from raison.query.tree import LOOKED_UP, Actions, Askable, Form, Names
from raison.record import Move
from raison.record.watched import SAME_TIME


@dataclass(frozen=True)
class MoveCount(Form):
    """How many moves of an action the record has, answers of joint acts and counts among them."""

    player: str
    action: str
    begin: datetime.date
    end: datetime.date
    episode: str = ""

    def __str__(self) -> str:
        whose = f" of {self.episode}" if self.episode else ""
        return f"moves({self.player} {self.action} from {self.begin} to {self.end}{whose})"

    def resolved(self, actions: Actions) -> MoveCount:
        return replace(self, action=resolve_action(self.player, self.action, actions))

    def problems(self, names: Names) -> list[str]:
        wrong = check_action(self.player, self.action, names.actions) + check_episode(self.episode, names)
        return wrong + self._check_period(names)

    def _check_period(self, names: Names) -> list[str]:
        if self.begin > self.end:
            return [f"found `from {self.begin} to {self.end}`; the first date must not be after the second."]
        begin, until = names.span(self.episode)
        if self.begin < begin or self.end > until:
            return [f"found `from {self.begin} to {self.end}`; the record runs from {begin} to {until}."]
        return []

    def answer(self, world: Askable) -> Answer:
        watched = world.record(self.episode)
        one_day = 1.0 / watched.calendar.days
        begin, end = (watched.calendar.time_of(date) for date in (self.begin, self.end))
        act = Act(self.player, self.action)
        moves = [each for each in watched.record.items if isinstance(each, Move) and act in (each.act, each.answer)]
        times = [(move.time, move.confidence) for move in moves]
        for count in (count for count in watched.record.counts if count.act == act):
            is_in, is_out = begin <= count.since + SAME_TIME, end + one_day < count.time - SAME_TIME
            if is_in and not is_out:
                times += [(end, 1.0)] * count.number
            elif count.since < end + one_day - SAME_TIME and count.time > begin + SAME_TIME:
                span = f"{watched.calendar.date_of(count.since)} to {count.date}"
                return Undefined(f"`{act}` is counted from {span}, which lies only partly within the time asked about")
        return Number(sum(sure for time, sure in times if begin - SAME_TIME <= time <= end + SAME_TIME))

    @property
    def rests_on(self) -> str:
        return LOOKED_UP


MOVES = Syntax("moves", "WORD WORD _FROM DATE _TO DATE of?", MoveCount, "moves")
