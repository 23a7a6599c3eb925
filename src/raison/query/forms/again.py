"""`again(PLAYER ACTION on DATE | had(CHANGE))`: would the player have done the same at that moment?

One choice, with the shocks that made it: p are the probabilities of the options where the world was, q those had
something been otherwise at that moment. That act i was taken tells something about the shocks. If they hang together as
in Gumbel-max, i is taken again with probability

    1 / (p_i * sum over options k of max(p_k / p_i, q_k / q_i))

However they may hang together, with probability at least (p_i + q_i - 1) / p_i and at most q_i / p_i, in 0..1
(Frechet's bounds): no record tells more. Where nothing is otherwise, it surely is.

Source: oberst2019, maddison2014 (docs/reference/references.md)
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from raison.query.answers import Answer, Number, Parts, Undefined
from raison.query.conditions import check_given, resolve_given
from raison.query.forms.reason import Reason
from raison.query.syntax import Syntax
from raison.query.tree import HAD, Actions, Askable, Form, Given, Names

LUCK, LEAST, MOST = "with the same luck", "at least", "at most"
"""Parts of the answer: by Gumbel-max, and the bounds over all ways in which shocks may hang together."""


@dataclass(frozen=True)
class Again(Form):
    """Whether an act would have been taken again, had something been otherwise at that moment."""

    player: str
    action: str
    date: datetime.date
    given: Given

    def __str__(self) -> str:
        return f"again({self._reason.body} | {self.given})"

    @property
    def _reason(self) -> Reason:
        return Reason(self.player, self.action, self.date)

    def resolved(self, actions: Actions) -> Again:
        action = self._reason.resolved(actions).action
        return replace(self, action=action, given=resolve_given(self.given, actions))

    def problems(self, names: Names) -> list[str]:
        wrong = self._reason.problems(names)
        if self.given.record is not None or self.given.episode or not self.given.interventions:
            wrong.append("`again(...)` asks of one moment of the record; behind `|` stands only `had(...)`.")
        elif any(each.how != HAD or each.begin or each.end for each in self.given.interventions):
            wrong.append("`again(...)` asks what would have been at that moment; write `had(...)` without days.")
        return wrong + check_given(replace(self.given, record="all"), names)

    def answer(self, world: Askable) -> Answer:
        moments = self._reason.moments(world)
        if isinstance(moments, Undefined):
            return moments
        was = world.options(self.player, ())
        would = world.options(self.player, [each.change for each in self.given.interventions])
        for found in (was, would):
            if isinstance(found, Undefined):
                return found
        assert not isinstance(was, Undefined)
        assert not isinstance(would, Undefined)
        taken, found = 1 + was.names.index(self.action), np.zeros(3)
        for _, where, weight in moments:
            here = np.flatnonzero(where > 0.0)
            probs = same_again(was.probs[:, here], would.probs[:, would.setting[here]], taken)
            found += weight * (probs @ where[here])
        return Parts({name: Number(float(each)) for name, each in zip((LUCK, LEAST, MOST), found, strict=True)})


def same_again(
    was: Float[np.ndarray, "options states"], would: Float[np.ndarray, "options states"], taken: int
) -> Float[np.ndarray, "3 states"]:
    """Return with what probability an option is taken again, by Gumbel-max, at least and at most, in every state.

    Args:
        was: probabilities of the options when it was taken; above 0 for the option.
        would: probabilities had something been otherwise.
        taken: the option.
    """
    p, q = was[taken], would[taken]
    most = np.minimum(1.0, q / p)
    is_same = (was == would).all(axis=0)  # the same choice with the same shocks
    least = np.where(is_same, 1.0, np.maximum(0.0, (p + q - 1.0) / p))
    ratio = np.divide(would, q, out=np.zeros_like(would), where=q > 0.0)
    luck = np.where(q > 0.0, 1.0 / (p * np.maximum(was / p, ratio).sum(axis=0)), 0.0)
    return np.stack([np.clip(luck, least, most), least, most])  # rounding


def _build(player: str, action: str, date: datetime.date, given: Given) -> Again:
    return Again(player, action, date, given)


AGAIN = Syntax("again", "WORD WORD _ON DATE given", _build, "again")
