"""The trees that conditions, queries and tests are read into; questions of one form are leaves (`raison.query.forms`).

Every tree prints as canonical text by `str`, and that text reads into an equal tree.
"""

from __future__ import annotations

import abc
import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from raison.arrays import StateMask, StateNumbers, StateVector
from raison.chain import Act, Motion
from raison.chain.filters import Filtered
from raison.chain.happening import Event
from raison.game import StateSpace, Variable
from raison.inference.reasons import Reasons
from raison.query.answers import Answer, Number, Undefined
from raison.record import Seen, WatchedRecord

PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2}


@dataclass(frozen=True)
class Compare:
    """A variable compared with a level; `op` is one of = != < <= > >=."""

    variable: str
    op: str
    level: str

    def __str__(self) -> str:
        return f"{self.variable} {self.op} {self.level}"


@dataclass(frozen=True)
class In:
    """A variable has one of several levels."""

    variable: str
    levels: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.variable} in ({', '.join(self.levels)})"


@dataclass(frozen=True)
class And:
    """All of two or more conditions."""

    parts: tuple[Condition, ...]

    def __str__(self) -> str:
        return " and ".join(f"({part})" if isinstance(part, And | Or) else str(part) for part in self.parts)


@dataclass(frozen=True)
class Or:
    """At least one of two or more conditions."""

    parts: tuple[Condition, ...]

    def __str__(self) -> str:
        return " or ".join(f"({part})" if isinstance(part, Or) else str(part) for part in self.parts)


@dataclass(frozen=True)
class Not:
    """The contrary of a condition."""

    part: Condition

    def __str__(self) -> str:
        return f"not ({self.part})" if isinstance(self.part, And | Or) else f"not {self.part}"


Condition = Compare | In | And | Or | Not


@dataclass(frozen=True)
class SetLevel:
    """A variable is set to a level and held there."""

    variable: str
    level: str

    def __str__(self) -> str:
        return f"{self.variable} = {self.level}"


@dataclass(frozen=True)
class Never:
    """A player cannot take an action."""

    player: str
    action: str

    def __str__(self) -> str:
        return f"{self.player} never {self.action}"


@dataclass(frozen=True)
class SetNumber:
    """A number of the case is another, or so many times what it is.

    Attributes:
        name: as the report lists it, such as `players.turkey.wants.votes`.
        value: the number, or the ratio.
        is_ratio: which of the two.
    """

    name: str
    value: float
    is_ratio: bool = False

    def __str__(self) -> str:
        return f"{self.name} = {'x' if self.is_ratio else ''}{Constant(self.value)}"


@dataclass(frozen=True)
class Unchanged:
    """Nothing is otherwise: of the past, what it was."""

    def __str__(self) -> str:
        return "nothing"


Change = SetLevel | Never | SetNumber | Unchanged
"""What is made otherwise."""

DO, SURPRISE, HAD = "do", "surprise", "had"
"""How a change comes: known to everybody as soon as it is made; unforeseen by anybody, so that all go on choosing as if
nothing had changed; or in the past, which is lived through again with the same luck."""


@dataclass(frozen=True)
class Intervention:
    """A change from outside.

    Attributes:
        how: `DO`, `SURPRISE` or `HAD`.
        change: what is made otherwise.
        begin: first day; None for the start of the forecast, or of the record.
        end: last day; None for ever. Nobody foresees either.
    """

    how: str
    change: Change
    begin: datetime.date | None = None
    end: datetime.date | None = None

    def __str__(self) -> str:
        begin = "" if self.begin is None else f" from {self.begin}"
        end = "" if self.end is None else f" to {self.end}"
        return f"{self.how}({self.change}{begin}{end})"


@dataclass(frozen=True)
class Given:
    """What a probability is conditioned on.

    Attributes:
        record: None for nothing but the first day, `all` for the whole record, or its last day.
        interventions: what is changed from outside.
        episode: whose record; empty for the first.
    """

    record: datetime.date | Literal["all"] | None = None
    interventions: tuple[Intervention, ...] = ()
    episode: str = ""

    def __str__(self) -> str:
        parts = [str(part) for part in self.interventions]
        whose = f" of {self.episode}" if self.episode else ""
        if self.record is not None:
            parts.insert(0, f"record{whose}" if self.record == "all" else f"record{whose} to {self.record}")
        elif whose:
            parts.insert(0, f"start{whose}")
        return ", ".join(parts)

    @property
    def is_replay(self) -> bool:
        """Say whether the past is lived through again."""
        return any(each.how == HAD for each in self.interventions)

    def unchanged(self) -> Given:
        """Return the same past as it was."""
        return replace(self, interventions=(Intervention(HAD, Unchanged()),))


RECORD, CLUES, BOTH = "record", "clues", "record, clues"
"""What the posterior of an explanation may rest on."""

LOOKED_UP, INFERRED, ASSUMED = "looked up", "inferred", "assumed"
"""What an answer may rest on: a number or a count that stands in the case, the record under the explanations, or only
what the case assumes of how the world goes."""

NOTHING = Given()
"""Nothing but the first day."""

Actions = Mapping[str, Collection[str]]
"""The actions of every player."""


@dataclass(frozen=True)
class Names:
    """What a query may speak of.

    Attributes:
        variables: the state variables.
        actions: the actions of every player.
        explanations: the rival explanations.
        indicators: the (name, date) pairs that have a value.
        spans: first and last day of each episode, by name; the first is meant where none is named.
        has_clues: whether clues were judged.
        numbers: names of the numbers of the case that explanations share.
        motives: what each player wants under some explanation.
        until: last day of what is held out of the first record; None if nothing is.
    """

    variables: Sequence[Variable]
    actions: Actions
    explanations: Collection[str]
    indicators: Collection[tuple[str, datetime.date]]
    spans: Mapping[str, tuple[datetime.date, datetime.date]]
    has_clues: bool = False
    numbers: Collection[str] = ()
    motives: Mapping[str, Collection[str]] = field(default_factory=dict)
    until: datetime.date | None = None

    def span(self, episode: str) -> tuple[datetime.date, datetime.date]:
        """Return first and last day of an episode, of the first if it is not known."""
        return self.spans.get(episode, next(iter(self.spans.values())))


StateOptions = Float[np.ndarray, "options states"]
"""A number for each option in every state."""


@runtime_checkable
class Course(Protocol):
    """What may come of the world, or what would have become of it; times are those of the record."""

    def at(self, target: StateMask, time: float) -> Number:
        """Return the probability to be in `target` at a time."""
        ...

    def first(self, event: Event, other: Event | None, begin: float, end: float) -> Number:
        """Return the probability that an event comes about from one time to another, and before another if there is
        one; a condition that holds at the first has come about."""
        ...

    def hazard(self, event: Event, time: float) -> Number | Undefined:
        """Return the rate at which an event comes about at a time, where it has not by then, per unit of time."""
        ...

    def number(self, act: Act, begin: float, end: float) -> Number:
        """Return how often an act is to be expected from one time to another."""
        ...

    def wait(self, event: Event) -> Number | Undefined:
        """Return how long it takes until an event comes about, on average, from the start of a forecast."""
        ...

    def rate(self, act: Act, time: float) -> Number | Undefined:
        """Return how often an act happens at a time, per unit of time."""
        ...

    def steps(self, player: str, time: float) -> Mapping[Act, float] | Undefined:
        """Return what each act, its own or another's, would be worth to a player at a time, where it can be taken.

        Its own over waiting, less what they cost; in units of its shocks.
        """
        ...

    def worth(self, player: str, time: float) -> Number | Undefined:
        """Return what a player may expect from a time on, in units of its shocks."""
        ...


class Options(NamedTuple):
    """What a player chooses between.

    Attributes:
        names: of its actions; waiting comes before them.
        probs: probability of each option in every state. Shape `[1 + actions, states]`.
        setting: state to which what is set leads from each. Shape `[states]`.
    """

    names: tuple[str, ...]
    probs: StateOptions
    setting: StateNumbers


class Turn(NamedTuple):
    """Where a number of the case, moved alone, makes an outcome as likely as not.

    Attributes:
        now: what it is.
        turn: where it turns the outcome.
        low: 5 % point of its prior.
        high: 95 % point.
    """

    now: float
    turn: float
    low: float
    high: float


class Promising(NamedTuple):
    """Something that was not seen, and what it would weigh.

    Attributes:
        what: in words, such as `ties on 2016-05-01`.
        variable: what would be read; empty for watching longer.
        of: the episode, where a case has several.
        expected: mean log Bayes factor between two of the case's own explanations.
        error: its standard error; 0 for a reading, which is computed exactly.
    """

    what: str
    variable: str
    of: str
    expected: float
    error: float


@runtime_checkable
class Askable(Protocol):
    """What a question may look at: one explanation at one set of numbers, and what is the same under all."""

    @property
    def space(self) -> StateSpace: ...

    def record(self, episode: str) -> WatchedRecord:
        """Return the record of an episode; the first if none is named."""
        ...

    @property
    def indicators(self) -> Mapping[tuple[str, datetime.date], float]:
        """Return the value of each (name, date)."""
        ...

    @property
    def probabilities(self) -> Mapping[str, Mapping[str, float]]:
        """Return the posterior probability of each explanation by what it rests on: `RECORD`, `CLUES`, `BOTH`."""
        ...

    @property
    def promising(self) -> Sequence[Promising]:
        """Return what would tell the explanations apart, the best first."""
        ...

    @property
    def occupied(self) -> StateVector:
        """Return the share of the record's time that the world spends in each state, before anything is seen."""
        ...

    def course(self, given: Given) -> Course:
        """Return what may come from what is known, or what would have been."""
        ...

    @property
    def motion(self) -> Motion:
        """Return how the world moves if nothing is changed."""
        ...

    def whereabouts(self, given: Given, time: float) -> StateVector:
        """Return where the world is at a time, from the start of a forecast on."""
        ...

    def options(self, player: str, changes: Sequence[Change]) -> Options | Undefined:
        """Return what a player chooses between if some things are changed, and how likely each option is."""
        ...

    @property
    def later(self) -> WatchedRecord | None:
        """Return the first record with what is held out of it; None if nothing is."""
        ...

    def history(self, watched: WatchedRecord) -> Course:
        """Return a record as it was, up to its end."""
        ...

    def slopes(self, outcome: Foreseeable) -> Mapping[str, float] | Undefined:
        """Return d log odds / d log number of an outcome, a probability, for every number of the case."""
        ...

    def turns(self, outcome: Foreseeable) -> Mapping[str, Turn] | Undefined:
        """Return where each number of the case, moved alone, makes an outcome as likely as not; those that do not far
        beyond their range are left out."""
        ...

    def filtered(self, watched: WatchedRecord) -> Filtered:
        """Return a record, filtered."""
        ...

    def parameter(self, name: str) -> float:
        """Return a number of the case."""
        ...

    def reasons(self) -> Reasons | Undefined:
        """Return what these values are made of, if nothing is changed."""
        ...


@dataclass(frozen=True)
class Happens:
    """A player takes an action."""

    player: str
    action: str

    def __str__(self) -> str:
        return f"{self.player} {self.action}"


@dataclass(frozen=True)
class Happenings:
    """All of two or more acts are taken, in any order, or one of them is; `op` is `and` or `or`."""

    op: str
    parts: tuple[Happens, ...]

    def __str__(self) -> str:
        return f" {self.op} ".join(str(part) for part in self.parts)


Eventual = Condition | Happens | Happenings
"""What may come about."""


class Form(abc.ABC):
    """A question of one form, such as `P(...)`; it prints as it is written, and can be hashed.

    Each form has a file of its own in `raison.query.forms`, which also says how it is read.
    """

    def resolved(self, actions: Actions) -> Form:
        """Return the question with every action under its exact name."""
        return self

    @abc.abstractmethod
    def problems(self, names: Names) -> list[str]:
        """Return what the question asks for that the case does not have; empty if nothing."""

    @abc.abstractmethod
    def answer(self, world: Askable) -> Answer:
        """Return the answer in one world; the question has no problems."""

    @property
    def speaks_of_explanations(self) -> bool:
        """Say whether the answer hangs on how probable the explanations are."""
        return False

    @property
    def rests_on(self) -> str:
        """Return on what the answer rests: `LOOKED_UP`, `INFERRED` or `ASSUMED`."""
        return ASSUMED if self.is_prediction else INFERRED

    @property
    def is_prediction(self) -> bool:
        """Say whether one explanation answers it before anything is seen."""
        return False

    @property
    def is_at_mode(self) -> bool:
        """Say whether it is asked at the most probable numbers of each explanation alone."""
        return False

    @property
    def scale(self) -> str:
        """Return the player in units of whose shocks the answer is; empty for any other unit."""
        return ""

    @property
    def day(self) -> datetime.date | None:
        """Return the day for which it is asked; None if it could not be asked for another."""
        return None

    def on(self, day: datetime.date) -> Form:
        """Return the same question, which has a day, asked for another."""
        raise AssertionError(day)


class Conditioned(Form):
    """A question that is asked given a record or nothing, and with changes from outside or none."""

    given: Given

    @property
    def is_prediction(self) -> bool:
        return self.given.record is None


class Foreseeable(Conditioned):
    """A question about an outcome, which may itself be seen one day."""

    @abc.abstractmethod
    def foreseen(self, world: Askable) -> Seen:
        """Return the outcome as something that may be seen; nothing is changed."""


@dataclass(frozen=True)
class Constant:
    """A number; finite."""

    value: float

    def __str__(self) -> str:
        if self.value.is_integer() and abs(self.value) < 1e15:
            return str(int(self.value))
        return repr(float(self.value))


@dataclass(frozen=True)
class Arithmetic:
    """Two expressions combined by + - * or /."""

    op: str
    left: Expression
    right: Expression

    def __str__(self) -> str:
        return f"{self._side(self.left, 0)} {self.op} {self._side(self.right, 1)}"

    def _side(self, side: Expression, step: int) -> str:
        is_loose = isinstance(side, Arithmetic) and PRECEDENCE[side.op] < PRECEDENCE[self.op] + step
        return f"({side})" if is_loose else str(side)


Expression = Form | Constant | Arithmetic


@dataclass(frozen=True)
class Comparison:
    """Two expressions compared; `op` is one of < <= > >=."""

    op: str
    left: Expression
    right: Expression

    def __str__(self) -> str:
        return f"{self.left} {self.op} {self.right}"


@dataclass(frozen=True)
class Test:
    """One or more comparisons that must all hold."""

    __test__ = False  # pytest: this is no test class

    comparisons: tuple[Comparison, ...]

    def __str__(self) -> str:
        return " and ".join(str(comparison) for comparison in self.comparisons)


Query = Expression | Comparison | Test
