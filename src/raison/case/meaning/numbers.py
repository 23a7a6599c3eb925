"""Every number of a case, read in one walk: its name, where it stands, its prior, and where the game needs it.

A number's name is the dotted path that a user would write for it. Its slot is its place in the vector of parameters;
the game takes its numbers by slot, so that no path is written a second time. A number that is `same as` another has the
slot of that one.
"""

from __future__ import annotations

import bisect
import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass

from raison.case.meaning.ranges import REST, Kind, Strength, WrittenPrior, read_motive, read_number
from raison.case.text.places import Path, dotted
from raison.case.text.schema import (
    CaseText,
    DecisionRate,
    Ratios,
    WrittenAction,
    WrittenChance,
    WrittenCost,
    WrittenPlayer,
    ends_of,
)
from raison.errors import did_you_mean

_LINK = re.compile(r"same as (?P<name>.+)")


@dataclass(frozen=True)
class WrittenNumber:
    """One number as it is written.

    Attributes:
        name: dotted path of the number in the game, such as `players.turkey.wants.power`.
        path: where it is written, which under an explanation is another place.
        text: what is written, such as `0.5 to 4`.
        kind: what it measures.
        basis: `assumed ...` or the keys of the sources.
    """

    name: str
    path: Path
    text: str
    kind: Kind
    basis: str

    def prior(self, unit: str) -> WrittenPrior | Strength:
        """Return what the text states, in time units of `unit`; raise `ValueError` with a message if it states none."""
        return read_motive(self.text) if self.kind is Kind.MOTIVE else read_number(self.text, self.kind, unit)


@dataclass(frozen=True)
class HazardNumbers:
    """Slots of what hangs on the state: its base, and a number for some levels of some variables.

    Of a rate these are hazard ratios, of a cost what is added, of a chance odds ratios.
    """

    base: int
    ratios: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class ActionNumbers:
    """Slots of an action.

    Attributes:
        costs: of its cost: the base, and what is added at some levels of some variables.
        chances: of the chance of each outcome: its base, and odds ratios of some levels of some variables; None for the
            one that takes the rest; empty for one outcome.
        seen: of the chance to be seen, in each reporting period or once for all; empty if nobody doubts that it is.
    """

    costs: HazardNumbers
    chances: tuple[HazardNumbers | None, ...]
    seen: tuple[int, ...]


@dataclass(frozen=True)
class PlayerNumbers:
    """Slots of a player, by action and by feature."""

    acts: HazardNumbers
    looks_ahead: int
    actions: Mapping[str, ActionNumbers]
    wants: Mapping[str, int]


@dataclass(frozen=True)
class Numbers:
    """The numbers of a case.

    Attributes:
        every: all of them by slot, as they are where no explanation says otherwise.
        nature: slots of each drift.
        players: slots of each player.
        beliefs: by explanation, what it states itself, by slot: the motives that it wants and what it sees
            differently. What speaks of no player, feature or number is left out.
        links: the numbers that are the same as others, as they are written; they have no slots of their own.
    """

    every: tuple[WrittenNumber, ...]
    nature: Mapping[str, HazardNumbers]
    players: Mapping[str, PlayerNumbers]
    beliefs: Mapping[str, Mapping[int, WrittenNumber]]
    links: tuple[WrittenNumber, ...] = ()

    def believed_by(self, explanation: str) -> tuple[WrittenNumber, ...]:
        """Return every number as an explanation has it, by slot."""
        own = self.beliefs[explanation]
        return tuple(own.get(slot, number) for slot, number in enumerate(self.every))

    def written(self) -> tuple[WrittenNumber, ...]:
        """Return every number and every belief, in the order in which they stand."""
        return (*self.every, *(number for own in self.beliefs.values() for number in own.values()))


def read_numbers(case: CaseText) -> Numbers:
    """Walk over a case and return its numbers."""
    walk = _Walk(case)
    nature = {
        name: walk.hazard(("nature", name, "every"), ("nature", name, "when"), drift.every, drift.when, drift.basis)
        for name, drift in case.nature.items()
    }
    players = {name: walk.player(name, player) for name, player in case.players.items()}
    slots = {number.name: slot for slot, number in enumerate(walk.every)}
    own = {walk.placeholder(place): slots.get(target_of(number.text), 0) for place, number in enumerate(walk.links)}
    moved = _Moved(own)
    nature = {name: moved.hazard(each) for name, each in nature.items()}
    players = {name: moved.player(each) for name, each in players.items()}
    slots |= {number.name: own[walk.placeholder(place)] for place, number in enumerate(walk.links)}
    every = tuple(walk.every)
    beliefs = {name: _beliefs(case, name, every, players, slots) for name in case.explanations}
    return Numbers(every, nature, players, beliefs, tuple(walk.links))


def reporting_ends(case: CaseText) -> list[datetime.date]:
    """Return the last day of every reporting period of a case but the last."""
    written = [action.seen or {} for player in case.players.values() for action in player.actions.values()]
    return sorted({end for seen in written for end in ends_of(seen)})


def target_of(text: str) -> str:
    """Return the name of the number that `text` says a number is the same as; empty if it says no such thing."""
    match = _LINK.fullmatch(text.strip())
    return match["name"].strip() if match else ""


def explain_link(link: WrittenNumber, numbers: Numbers) -> str:
    """Return what is wrong with a number that is the same as another; empty if nothing is."""
    name = target_of(link.text)
    kinds = {number.name: number.kind for number in numbers.every}
    if link.kind in (Kind.CHANCE, Kind.MOTIVE):
        return f"found `{link.text}`; a chance or a motive has a number of its own."
    if any(other.name == name for other in numbers.links):
        return f"found `{link.text}`, which is the same as another itself; name that one."
    if name not in kinds:
        return f"no number `{name}`.{did_you_mean(name, sorted(kinds))}"
    if kinds[name] is not link.kind:
        return f"found `{link.text}`, but that is {kinds[name].value}; need {link.kind.value}."
    return ""


def wanted(case: CaseText, player: str) -> tuple[str, ...]:
    """Return the features that `player` wants under any explanation, in the order in which they are named."""
    own = case.players[player].wants
    others = (explanation.wants.get(player, {}) for explanation in case.explanations.values())
    return tuple(dict.fromkeys([*own, *(feature for weights in others for feature in weights)]))


class _Walk:
    """The walk over a case: what was found so far, by slot, and the numbers that are the same as others."""

    def __init__(self, case: CaseText) -> None:
        self.case = case
        self.every: list[WrittenNumber] = []
        self.links: list[WrittenNumber] = []
        self.doubted = {path for explanation in case.explanations.values() for path in explanation.sees}

    def add(self, path: Path, text: str | None, kind: Kind, basis: str, *, default: str = "") -> int:
        """Note a number and return its slot; one that is not written has no basis."""
        written = default if text is None else text
        number = WrittenNumber(dotted(path), path, written, kind, "" if text is None else basis)
        if target_of(written):
            self.links.append(number)
            return self.placeholder(len(self.links) - 1)
        self.every.append(number)
        return len(self.every) - 1

    def placeholder(self, place: int) -> int:
        """Return what stands for the slot of a number that is the same as another, until that one is known."""
        return -1 - place

    def hazard(
        self, base: Path, when: Path, text: str, ratios: Ratios, basis: str, kind: Kind = Kind.DURATION
    ) -> HazardNumbers:
        slot = self.add(base, text, kind, basis)
        by_level = {
            variable: {
                level: self.add((*when, variable, level), ratio, Kind.RATIO, basis) for level, ratio in levels.items()
            }
            for variable, levels in ratios.items()
        }
        return HazardNumbers(slot, by_level)

    def player(self, name: str, player: WrittenPlayer) -> PlayerNumbers:
        root: Path = ("players", name)
        return PlayerNumbers(
            acts=self.deciding((*root, "acts"), player.acts, player.basis),
            looks_ahead=self.add((*root, "looks ahead"), player.looks_ahead, Kind.DURATION, player.basis),
            actions={
                action: self.action((*root, "actions", action), written, written.basis or player.basis)
                for action, written in player.actions.items()
            },
            wants={
                feature: self.add(
                    (*root, "wants", feature), player.wants.get(feature), Kind.MOTIVE, player.basis, default="0"
                )
                for feature in wanted(self.case, name)
            },
        )

    def deciding(self, root: Path, acts: DecisionRate, basis: str) -> HazardNumbers:
        return self.hazard(root, (*root, "when"), acts.rate, acts.when, basis, Kind.RATE)

    def action(self, root: Path, action: WrittenAction, basis: str) -> ActionNumbers:
        costs = self.costs((*root, "costs"), action.costs, basis)
        chances = tuple(
            None
            if outcome.chance.base == REST
            else self.chance((*root, "outcomes", number, "chance"), outcome.chance, basis)
            for number, outcome in enumerate(action.outcomes or ())
        )
        return ActionNumbers(costs, chances, self.seen((*root, "seen"), action.seen, basis))

    def chance(self, root: Path, chance: WrittenChance, basis: str) -> HazardNumbers:
        return self.hazard(root, (*root, "when"), chance.base, chance.when, basis, Kind.CHANCE)

    def costs(self, root: Path, costs: WrittenCost | None, basis: str) -> HazardNumbers:
        base = self.add(root, None if costs is None else costs.base, Kind.NUMBER, basis, default="0")
        added = {
            variable: {
                level: self.add((*root, "when", variable, level), amount, Kind.NUMBER, basis)
                for level, amount in levels.items()
            }
            for variable, levels in (costs.when if costs else {}).items()
        }
        return HazardNumbers(base, added)

    def seen(self, root: Path, seen: Mapping[str, str] | None, basis: str) -> tuple[int, ...]:
        ends = ends_of(seen or {})
        if not ends:
            slot = self.add(root, None if seen is None else seen[""], Kind.CHANCE, basis, default="1")
            return () if seen is None and dotted(root) not in self.doubted else (slot,)
        slots = [self.add((*root, key), text, Kind.CHANCE, basis) for key, text in (seen or {}).items()]
        return tuple(slots[bisect.bisect_left(ends, end)] for end in [*reporting_ends(self.case), datetime.date.max])


class _Moved:
    """Puts slots in the place of what stood for them.

    Args:
        slots: by placeholder.
    """

    def __init__(self, slots: Mapping[int, int]) -> None:
        self._slots = slots

    def slot(self, slot: int) -> int:
        return self._slots.get(slot, slot)

    def hazard(self, each: HazardNumbers) -> HazardNumbers:
        by_level = {
            variable: {level: self.slot(slot) for level, slot in levels.items()}
            for variable, levels in each.ratios.items()
        }
        return HazardNumbers(self.slot(each.base), by_level)

    def player(self, each: PlayerNumbers) -> PlayerNumbers:
        return PlayerNumbers(
            acts=self.hazard(each.acts),
            looks_ahead=self.slot(each.looks_ahead),
            actions={name: self.action(action) for name, action in each.actions.items()},
            wants={feature: self.slot(slot) for feature, slot in each.wants.items()},
        )

    def action(self, each: ActionNumbers) -> ActionNumbers:
        chances = tuple(None if chance is None else self.hazard(chance) for chance in each.chances)
        return ActionNumbers(self.hazard(each.costs), chances, tuple(self.slot(slot) for slot in each.seen))


def _beliefs(
    case: CaseText,
    explanation: str,
    every: tuple[WrittenNumber, ...],
    players: Mapping[str, PlayerNumbers],
    slots: Mapping[str, int],
) -> dict[int, WrittenNumber]:
    written = case.explanations[explanation]
    root: Path = ("explanations", explanation)
    stated = [
        (players[player].wants[feature], (*root, "wants", player, feature), text)
        for player, weights in written.wants.items()
        if player in players
        for feature, text in weights.items()
    ]
    stated += [(slots[name], (*root, "sees", name), text) for name, text in written.sees.items() if name in slots]
    return {
        slot: WrittenNumber(every[slot].name, path, text, every[slot].kind, written.basis)
        for slot, path, text in stated
    }
