"""Every number of a case, by the dotted path a user would write for it, and what each explanation believes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from raison.case.meaning.ranges import REST, Kind
from raison.case.text.places import Path, dotted
from raison.case.text.schema import CaseText, Ratios, WrittenAction, WrittenPlayer


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


def numbers_of(case: CaseText) -> tuple[WrittenNumber, ...]:
    """Return every number of the game, in the order of its parameters, as it is where no explanation says otherwise."""
    return tuple(_of_nature(case)) + tuple(
        number for name, player in case.players.items() for number in _of_player(case, name, player)
    )


def beliefs_of(case: CaseText, explanation: str) -> tuple[WrittenNumber, ...]:
    """Return the numbers that an explanation states itself: the motives that it wants and what it sees differently.

    What it sees takes the kind of the number it stands for; a name that no number has is left out.
    """
    written = case.explanations[explanation]
    root: Path = ("explanations", explanation)
    kinds = {number.name: number.kind for number in numbers_of(case)}
    wants = [
        WrittenNumber(
            f"players.{player}.wants.{feature}",
            (*root, "wants", player, feature),
            text,
            Kind.NUMBER,
            written.basis,
        )
        for player, weights in written.wants.items()
        for feature, text in weights.items()
    ]
    sees = [
        WrittenNumber(name, (*root, "sees", name), text, kinds[name], written.basis)
        for name, text in written.sees.items()
        if name in kinds
    ]
    return (*wants, *sees)


def wanted(case: CaseText, player: str) -> tuple[str, ...]:
    """Return the features that `player` wants under any explanation, in the order in which they are named."""
    own = case.players[player].wants
    others = (explanation.wants.get(player, {}) for explanation in case.explanations.values())
    return tuple(dict.fromkeys([*own, *(feature for weights in others for feature in weights)]))


def _number(path: Path, text: str, kind: Kind, basis: str) -> WrittenNumber:
    return WrittenNumber(dotted(path), path, text, kind, basis)


def _of_nature(case: CaseText) -> Iterator[WrittenNumber]:
    for name, drift in case.nature.items():
        yield _number(("nature", name, "every"), drift.every, Kind.DURATION, drift.basis)
        yield from _of_ratios(("nature", name, "when"), drift.when, drift.basis)


def _of_ratios(root: Path, ratios: Ratios, basis: str) -> Iterator[WrittenNumber]:
    for variable, levels in ratios.items():
        for level, text in levels.items():
            yield _number((*root, variable, level), text, Kind.RATIO, basis)


def _of_player(case: CaseText, name: str, player: WrittenPlayer) -> Iterator[WrittenNumber]:
    root: Path = ("players", name)
    yield _number((*root, "acts"), player.acts.rate, Kind.RATE, player.basis)
    yield from _of_ratios((*root, "acts", "when"), player.acts.when, player.basis)
    yield _number((*root, "looks ahead"), player.looks_ahead, Kind.DURATION, player.basis)
    for action, written in player.actions.items():
        yield from _of_action((*root, "actions", action), written, written.basis or player.basis)
    for feature in wanted(case, name):
        text = player.wants.get(feature)
        yield _number((*root, "wants", feature), text or "0", Kind.NUMBER, player.basis if text else "")


def _of_action(root: Path, action: WrittenAction, basis: str) -> Iterator[WrittenNumber]:
    yield _number((*root, "costs"), action.costs or "0", Kind.NUMBER, basis if action.costs else "")
    for index, outcome in enumerate(action.outcomes or ()):
        if outcome.chance != REST:
            yield _number((*root, "outcomes", index, "chance"), outcome.chance, Kind.CHANCE, basis)
    yield _number((*root, "seen"), action.seen or "1", Kind.CHANCE, basis if action.seen else "")
