"""Questions about the small case: each has an answer, or one clear error, within a second."""

from __future__ import annotations

import datetime
import functools
import math
import pathlib
import random
import tempfile
import time
from dataclasses import dataclass

from campaign.findings import Trial
from campaign.mutations import short
from raison.analysis.worlds import Choices
from raison.case import BuiltCase
from raison.case.template import write_template
from raison.cases import open_case
from raison.errors import NotConverged, QueryError
from raison.query.answers import Number
from raison.query.conditions import check_question, resolve
from raison.query.grammar import parse_query
from raison.query.world import Facts, World

SLOW = 5.0
"""Seconds that no question may take here, on a busy machine."""


@functools.cache
def _case() -> BuiltCase:
    folder = pathlib.Path(tempfile.mkdtemp()) / "small"
    write_template(folder)
    return open_case(folder)


WARM = (
    "sensitivity(border = open by 2022-12-31 | record)",
    "P(border = open by 2022-06-30 | record, had(trade = good))",
    "E(months until northland offer | record)",
    "reason(northland offer)",
)
"""Asked first, so that no question has to wait for loops to be compiled."""


@functools.cache
def _world() -> World:
    case = _case()
    beliefs = {"record": {each.name: 0.5 for each in case.explanations}}
    first = case.explanations[0]
    facts = Facts(case.space, case.records, case.indicators, beliefs)
    for text in WARM:
        World(facts, Choices(case, first.centre, first.parameters)).answer(parse_query(text))  # pyright: ignore
    return World(facts, Choices(case, first.centre, first.parameters))


@dataclass(frozen=True)
class AnswerAttack:
    """Questions made of what the small case has, by `seed` and their number."""

    seed: int
    name: str = "answers"

    def trial(self, number: int) -> Trial:
        """Return a question."""
        rng = random.Random(f"{self.seed} answer {number}")
        text = _question(rng)
        return Trial(f"question: {short(text)}", {"query.txt": text.encode()}, None)

    def problem(self, trial: Trial) -> str | None:
        """Ask it."""
        text = trial.files["query.txt"].decode()
        try:
            query = resolve(parse_query(text), _case().names.actions)
        except QueryError:
            return "a good question is refused"
        wrong = check_question(query, _case().names)
        if wrong:
            return None if all(message.strip() for message in wrong) else "refused without a reason"
        world = _world()
        begin = time.monotonic()
        try:
            answer = world.answer(query)
        except (NotConverged, QueryError) as error:
            return None if str(error).strip() else "failed without a reason"
        if isinstance(answer, Number) and math.isnan(answer.value):
            return "the answer is no number"
        return "took too long" if time.monotonic() - begin > SLOW else None


def _date(rng: random.Random) -> str:
    day = rng.choice((rng.randint(-30, 900), rng.randint(0, 540), 0, 541, 542))
    return str(datetime.date(2021, 1, 4) + datetime.timedelta(days=day))


def _level(rng: random.Random) -> tuple[str, str]:
    variable = rng.choice(_case().space.variables)
    return variable.name, rng.choice(variable.levels)


def _condition(rng: random.Random) -> str:
    name, level = _level(rng)
    one = f"{name} {rng.choice(('=', '!=', '<', '<=', '>', '>='))} {level}"
    return one if rng.random() < 0.7 else f"{one} {rng.choice(('and', 'or'))} {_condition(rng)}"


def _act(rng: random.Random) -> str:
    player, actions = rng.choice(list(_case().names.actions.items()))
    return f"{player} {rng.choice(list(actions))}"


def _given(rng: random.Random) -> str:
    record = rng.choice(("", "record", f"record to {_date(rng)}"))
    how = rng.choice(("do", "do", "surprise", "had"))
    changes = []
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        name, level = _level(rng)
        number = f"{rng.choice(_case().names.numbers)} = {rng.choice(('x2', 'x0', 'x0.01', '0.5', '3', '40', '-1'))}"
        what = rng.choice((f"{name} = {level}", _act(rng).replace(" ", " never "), number))
        days = "".join(f" {word} {_date(rng)}" for word in ("from", "to") if rng.random() < 0.3)
        changes.append(f"{how}({what}{days})")
    parts = [part for part in (record, *changes) if part]
    return f" | {', '.join(parts)}" if parts else ""


def _question(rng: random.Random) -> str:
    player = rng.choice(list(_case().names.actions))
    event = rng.choice((_condition(rng), _act(rng), f"{_act(rng)} {rng.choice(('and', 'or'))} {_act(rng)}"))
    outcome = f"{event} {rng.choice(('by', f'between {_date(rng)} and'))} {_date(rng)}{_given(rng)}"
    wanted = [name for names in _case().names.motives.values() for name in names]
    forms = (
        f"P({outcome})",
        f"outcome({outcome})",
        f"{rng.choice(('pivots', 'sensitivity'))}({outcome})",
        f"hazard({event} at {_date(rng)}{_given(rng)})",
        f"share({player}{rng.choice(('', f', {rng.choice(wanted)}'))} at {_date(rng)} | record to {_date(rng)})",
        f"why({_act(rng)} at {_date(rng)} against {_date(rng)})",
        f"again({_act(rng)} on {_date(rng)} | had({' = '.join(_level(rng))}))",
        f"{rng.choice(('paths', 'reason'))}({_act(rng)})",
        f"reason({_act(rng)} through {_level(rng)[0]})",
        f"steps({player}{rng.choice(('', f' at {_date(rng)}'))}{_given(rng)})",
        f"P({_condition(rng)} at {_date(rng)}{_given(rng)})",
        f"P({event} by {_date(rng)}{_given(rng)})",
        f"P({event} before {rng.choice((_condition(rng), _act(rng)))} by {_date(rng)}{_given(rng)})",
        f"E(number of {_act(rng)} from {_date(rng)} to {_date(rng)}{_given(rng)})",
        f"E(months until {event}{_given(rng)})",
        f"rate({_act(rng)} | {_condition(rng)})",
        f"rate({_act(rng)} at {_date(rng)}{_given(rng)})",
        f"options({player}{rng.choice(('', f' at {_date(rng)}'))}{_given(rng)})",
        f"payoff({player}{rng.choice(('', f' at {_date(rng)}'))}{_given(rng)})",
        f"reason({_act(rng)})",
        f"moves({_act(rng)} from {_date(rng)} to {_date(rng)})",
        f"parameter({rng.choice(_case().names.numbers)})",
        f"tells({rng.choice(('', _level(rng)[0]))})",
    )
    one = rng.choice(forms)
    return one if rng.random() < 0.8 else f"{one} {rng.choice('+-*/')} {rng.choice(forms)}"
