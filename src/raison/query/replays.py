"""What would have been: the record's own histories, lived through again with something changed and the same luck."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int64

from raison.arrays import StateMask
from raison.chain import Act, Chain, ChainMotion, Motion, Plan
from raison.chain.happening import Acts, Event
from raison.chain.histories import History, draw_histories, until
from raison.chain.native_filter import hidden_of
from raison.chain.replay import Part, Replayer
from raison.chain.simulation import Path
from raison.query.answers import Number, Undefined
from raison.query.course import Phase
from raison.record import WatchedRecord

PATHS = 16
"""Histories that are drawn at each set of numbers."""

NOT_LIVED = "it is asked of what comes, not of a past that is lived through again"


class Lived(NamedTuple):
    """Histories of a record, drawn given all that was seen.

    Attributes:
        chain: how the world moved.
        plan: what was seen.
        end: up to when.
        histories: as they may have been.
    """

    chain: Chain
    plan: Plan
    end: float
    histories: tuple[History, ...]


def live(watched: WatchedRecord, motion: Motion, end: float) -> Lived:
    """Draw histories of a record up to a time. Raises `TooFast` as the filter."""
    chain, plan = _chain(motion), until(watched.plan, end)
    rng = np.random.default_rng([*_seed(chain), 0])
    return Lived(chain, plan, end, draw_histories(chain, plan, watched.start, PATHS, rng))


def _seed(chain: Chain) -> list[int]:
    """Return a seed that other numbers of the case would not have."""
    return [zlib.crc32(np.ascontiguousarray(rate).tobytes()) for rate in chain.rates]


class Replays:
    """What would have been; see `raison.query.tree.Course`.

    The same histories, with the same luck, are drawn whatever is changed, so that differences have little noise.

    Args:
        lived: the histories.
        phases: how the world would have moved, from the start of the record on.
        has_choices: whether players choose.
    """

    def __init__(self, lived: Lived, phases: Sequence[Phase], *, has_choices: bool) -> None:
        chain, plan, end, histories = lived
        parts = [Part(each.begin, _chain(each.motion), each.setting, each.held) for each in phases if each.begin < end]
        replayer = Replayer(chain, hidden_of(chain, plan), plan, parts, has_choices=has_choices)
        rng = np.random.default_rng([*_seed(chain), 1])
        self._kinds, self._space = chain.kinds, chain.space
        first = parts[0].setting if parts else None
        starts = [history.start if first is None else int(first[history.start]) for history in histories]
        self._paths = [replayer.replay(history, end, rng) for history in histories]
        self._states = [np.append(start, path.state) for start, path in zip(starts, self._paths, strict=True)]
        self._acts: dict[Act, Bool[np.ndarray, " kinds+1"]] = {}

    def at(self, target: StateMask, time: float) -> Number:
        mask, pairs = np.asarray(target), zip(self._states, self._paths, strict=True)
        last = [states[np.searchsorted(path.time, time, side="right")] for states, path in pairs]
        return _share(mask[last].astype(bool))

    def first(self, event: Event, other: Event | None, begin: float, end: float) -> Number:
        def when(each: Event | None, i: int) -> float:
            return math.inf if each is None else self._when(each, i, begin, end)

        came = [(when(event, i), when(other, i)) for i in range(len(self._paths))]
        return _share(np.array([one <= end and one < another for one, another in came]))

    def hazard(self, event: Event, time: float) -> Undefined:
        return Undefined(NOT_LIVED)

    def levels(self, times: Sequence[float]) -> Int64[np.ndarray, "paths times variables"]:
        """Return which level each variable has in every history at some times."""
        space, found = self._space, []
        for states, path in zip(self._states, self._paths, strict=True):
            there = states[np.searchsorted(path.time, np.asarray(times), side="right")]
            found.append(np.stack([space.levels_of(name)[there] for name in space.names], axis=1))
        return np.stack(found)

    def number(self, act: Act, begin: float, end: float) -> Number:
        counts = np.array(
            [float(np.sum(self._is_act(act, p) & (p.time >= begin) & (p.time <= end))) for p in self._paths]
        )
        return Number(float(counts.mean()), float(counts.std(ddof=1)) / math.sqrt(len(counts)))

    def wait(self, event: Event) -> Undefined:
        return Undefined(NOT_LIVED)

    def rate(self, act: Act, time: float) -> Undefined:
        return Undefined(NOT_LIVED)

    def steps(self, player: str, time: float) -> Undefined:
        return Undefined(NOT_LIVED)

    def worth(self, player: str, time: float) -> Undefined:
        return Undefined(NOT_LIVED)

    def _when(self, event: Event, i: int, begin: float, end: float) -> float:
        """Return when an event comes about in one history, from one time to another; infinite if it does not."""
        path = self._paths[i]
        if isinstance(event, Act):
            times = path.time[self._is_act(event, path)]
            return min(times[times >= begin].tolist(), default=math.inf)
        if isinstance(event, Acts):
            each = [self._when(act, i, begin, end) for act in event.each]
            return max(each) if event.is_all else min(each)
        stretches = 1 + int(np.searchsorted(path.time, end, side="right"))
        since = np.append(0.0, path.time[: stretches - 1])
        held = np.asarray(event)[self._states[i][:stretches]].astype(bool) & (np.append(since[1:], math.inf) > begin)
        return max(float(since[np.argmax(held)]), begin) if held.any() else math.inf

    def _is_act(self, act: Act, path: Path) -> Bool[np.ndarray, " events"]:
        if act not in self._acts:
            mine = [(kind.who, kind.what) == (act.who, act.what) for kind in self._kinds]
            self._acts[act] = np.array([*mine, False])  # the last is that of a change from outside
        return self._acts[act][path.kind]


def _share(held: Bool[np.ndarray, " paths"]) -> Number:
    share, count = float(held.mean()), len(held)
    moved = (share * count + 0.5) / (count + 1.0)  # half a history on either side: all of a few are not all there are
    return Number(share, math.sqrt(moved * (1.0 - moved) / (count + 1.0)))


def _chain(motion: Motion) -> Chain:
    assert isinstance(motion, ChainMotion)
    return motion.chain
