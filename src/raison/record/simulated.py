"""Records as a chain would make them: the same watch, other luck.

A simulated record has the readings and the changes from outside of a given one at the same times; what the readings
show, and every move, is drawn; what is counted there is counted here. Moves are as doubtful as those of the given
record: one that happened gets the confidence c of one of the same action there, drawn with weight c, and as many as the
doubts 1 - c add up to stand in it by error, at any time.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence

import numpy as np

from raison.chain.chain import NATURE, JumpKind
from raison.chain.simulation import Path, Simulator
from raison.record.record import Item, Move, Reading, Record, Shock
from raison.record.watched import WatchedRecord


def simulate_record(simulator: Simulator, watched: WatchedRecord, rng: np.random.Generator) -> WatchedRecord:
    """Return a record that the chain of `simulator` makes under the watch of another.

    Args:
        simulator: of the chain.
        watched: says from where and how long the world is watched, and when something is read or changed from outside.
        rng: draws the start, the path, what is seen of it, and what the readings show.
    """
    fixed = [item for item in watched.record.items if isinstance(item, Reading) or _is_from_outside(item)]
    drifts = frozenset(act.what for act in watched.plan.observed)
    chain = simulator.chain
    state = int(rng.choice(chain.space.size, p=np.asarray(watched.start) / np.sum(watched.start)))
    items: list[Item] = []
    now = 0.0
    for item in [*fixed, None]:
        until = watched.record.until if item is None else item.time
        path = simulator.path(state, now, until, rng)
        items += _seen(path, simulator, drifts, watched.record.periods, rng)
        now, state = until, path.end
        if isinstance(item, Reading):
            items.append(_read(item, state, watched, rng))
        elif isinstance(item, Shock):
            items.append(item)
            state = int(item.effect.targets(chain.space)[state])
    moves = [_doubted(item, watched.record, rng) if isinstance(item, Move) else item for item in items]
    items = sorted(_counted([*moves, *_errors(watched.record, rng)], watched.record), key=lambda item: item.time)
    return dataclasses.replace(watched, record=dataclasses.replace(watched.record, items=tuple(items)))


def _counted(items: Sequence[Item], record: Record) -> list[Item]:
    """Return items with those that lie within a count only as part of its number."""
    counts = [dataclasses.replace(each, number=sum(map(each.covers, items))) for each in record.counts]
    return [*(item for item in items if not any(count.covers(item) for count in counts)), *counts]


def _doubted(move: Move, record: Record, rng: np.random.Generator) -> Move:
    """Return a move with the confidence of one like it."""
    confidences = np.array([each.confidence for each in record.moves(move.act)])
    if not len(confidences) or (confidences == 1.0).all():
        return move
    return dataclasses.replace(move, confidence=float(rng.choice(confidences, p=confidences / confidences.sum())))


def _errors(record: Record, rng: np.random.Generator) -> Iterator[Move]:
    """Yield moves that stand in a record though they did not happen."""
    for act in dict.fromkeys(item.act for item in record.items if isinstance(item, Move)):
        doubts = np.array([1.0 - each.confidence for each in record.moves(act)])
        for time in rng.uniform(0.0, record.until, rng.poisson(doubts.sum())):
            doubt = float(rng.choice(doubts, p=doubts / doubts.sum()))
            yield Move(float(time), act.who, act.what, confidence=1.0 - doubt)


def _is_from_outside(item: Item) -> bool:
    return isinstance(item, Shock) and not item.drift


def _seen(
    path: Path, simulator: Simulator, drifts: frozenset[str], periods: Sequence[float], rng: np.random.Generator
) -> Iterator[Item]:
    """Yield what is seen of a path."""
    chain = simulator.chain
    seen = np.array(chain.seen, dtype=np.float64)
    seen[[_is_watched(kind, drifts) for kind in chain.kinds]] = 1.0
    period = np.searchsorted(np.array(periods), path.time, side="right")
    is_seen = rng.random(len(path.kind)) < seen[path.kind, period]
    for time, number in zip(path.time[is_seen], path.kind[is_seen], strict=True):
        kind = chain.kinds[number]
        if kind.who == NATURE:
            yield Shock(float(time), NATURE, kind.what, effect=kind.effect, drift=kind.what)
        else:
            yield Move(float(time), kind.who, kind.what)


def _is_watched(kind: JumpKind, drifts: frozenset[str]) -> bool:
    """Return whether a jump of nature is one that the record names whenever it happens."""
    return kind.who == NATURE and kind.what in drifts


def _read(item: Reading, state: int, watched: WatchedRecord, rng: np.random.Generator) -> Reading:
    """Return the reading with what it shows in a state: as many levels as before.

    Of all sets of so many levels, one with the true level weighs the reliability, any other the rest: the weights by
    which a filter reads them, so that no state is favoured.
    """
    levels = watched.space.variable(item.who).levels
    true = levels[int(watched.space.levels_of(item.who)[state])]
    others = [level for level in levels if level != true]
    count = len(item.levels)
    right = item.reliability * math.comb(len(others), count - 1)
    wrong = (1.0 - item.reliability) * math.comb(len(others), count)
    is_right = rng.random() * (right + wrong) < right
    drawn = set(rng.choice(others, count - is_right, replace=False)) | ({true} if is_right else set())
    shown = tuple(level for level in levels if level in drawn)
    return dataclasses.replace(item, levels=shown, what="|".join(shown))
