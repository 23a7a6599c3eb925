"""The same history once more, with something changed and the same luck.

Every process has a clock that ticks faster than it ever acts, and each tick a mark: a drift happens at a tick if its
mark lies below its rate there; a player has a chance to act if the mark lies below the rate of its chances, and then
takes the option whose advantage and shock together are the largest (Gumbel-max), which may be to wait; the outcome of
an act is told by a mark of its own. Clocks, marks and shocks do not hang on the state: they are the luck. It is drawn
given what happened (thinning), and played once more:

    an event                 a tick; its mark lies below the rate there; of the shocks, that of the option taken won
    no event in a stretch    ticks at the bound less the rate of what would have been an event, marks accordingly

Without a change the history comes out as it was. What the luck of a choice is, other than its probability, no record
tells: with another coupling of the shocks another history would come out.

Source: oberst2019, noorbakhsh2022, maddison2014 (docs/reference/references.md)
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int64

from raison.arrays import StateNumbers
from raison.chain.chain import NATURE, Chain, over_rate
from raison.chain.histories import OUTSIDE, History
from raison.chain.native_filter import Hidden
from raison.chain.plan import Plan
from raison.chain.simulation import Path
from raison.engine.compiling import compiled
from raison.game import Effect
from raison.game.holding import without


@dataclass(frozen=True, eq=False)
class Part:
    """A time in which the world moves in one way.

    Attributes:
        begin: when it begins.
        chain: how the world moves then.
        setting: state to which each is set when it begins; None if none is.
        held: variables that nothing moves meanwhile, changes from outside included.
    """

    begin: float
    chain: Chain
    setting: StateNumbers | None = None
    held: tuple[str, ...] = ()


class _Rates(NamedTuple):
    """A chain, process by process.

    Attributes:
        drift: rate of each process that is one kind of jump. Shape `[drifts, states]`.
        chance: rate of each player's chances to act. Shape `[players, states]`.
        logs: log probability of each option, player by player, waiting first. Shape `[options, states]`.
        share: of each kind in its act, added up over the outcomes of the act. Shape `[kinds, states]`.
        target: where each kind leads. Shape `[kinds, states]`.
    """

    drift: Float[np.ndarray, "drifts states"]
    chance: Float[np.ndarray, "players states"]
    logs: Float[np.ndarray, "options states"]
    share: Float[np.ndarray, "kinds states"]
    target: Int64[np.ndarray, "kinds states"]


class _Layout(NamedTuple):
    """Which kinds of jump belong to what.

    Attributes:
        drifts: kind of each process of its own. Shape `[drifts]`.
        options: where the options of each player begin, waiting first. Shape `[players + 1]`.
        first: where the kinds of each option begin; waiting has none. Shape `[options + 1]`.
        kinds: the kinds of the options. Shape `[kinds of acts]`.
    """

    drifts: Int64[np.ndarray, " drifts"]
    options: Int64[np.ndarray, " players+1"]
    first: Int64[np.ndarray, " options+1"]
    kinds: Int64[np.ndarray, " acts"]


class _Ticks(NamedTuple):
    """Ticks in order of time.

    Attributes:
        time: of each.
        process: a drift, or (behind them) a player; -1 for a change from outside.
        mark: below which a rate makes it an event.
        shocks: of the options of the player. Shape `[ticks, options of the player with the most]`.
        outcome: mark of the outcome.
        event: kind that an answer waits for in the tick before it; -1 if it is no answer.
        outside: row of the changes from outside.
    """

    time: Float[np.ndarray, " ticks"]
    process: Int64[np.ndarray, " ticks"]
    mark: Float[np.ndarray, " ticks"]
    shocks: Float[np.ndarray, "ticks options"]
    outcome: Float[np.ndarray, " ticks"]
    event: Int64[np.ndarray, " ticks"]
    outside: Int64[np.ndarray, " ticks"]


class Replayer:
    """Plays histories of a chain once more in others.

    Args:
        chain: of which the histories are.
        hidden: what of it goes unseen.
        plan: the record.
        parts: how the world would have moved, in order of time; the first begins with the record.
        has_choices: whether players choose; else each kind of jump has a clock of its own.
    """

    def __init__(self, chain: Chain, hidden: Hidden, plan: Plan, parts: Sequence[Part], *, has_choices: bool) -> None:
        self._chain = chain
        self._plan = plan
        self._unseen = hidden.unseen * hidden.is_hidden[:, None]
        self._layout = _layout(chain, has_choices)
        self._was = _rates(chain, self._layout)
        self._widest = int(np.max(np.diff(self._layout.options), initial=1))
        self._rates = np.array([np.asarray(rate) for rate in chain.rates]).reshape(len(chain.kinds), -1)
        self._drift, self._option, self._player, self._rows = _places(self._layout, len(chain.kinds))
        self._below = _below(self._layout, self._was.share)
        self._parts = list(parts)
        self._would = [_rates(part.chain, self._layout) for part in parts]
        every = [self._was, *self._would]
        whole = [np.concatenate([each.drift, each.chance]).max(axis=1, initial=0.0) for each in every]
        self._bound = np.max(whole, axis=0)
        self._outside = [_outside(plan, chain, part.held) for part in parts]

    def replay(self, history: History, until: float, rng: np.random.Generator) -> Path:
        """Return a history as it would have been, with the same luck, up to a time.

        What is set when a part begins, after the first, is an event, of the kind `OUTSIDE` as all changes from outside.
        """
        ticks = self._ticks(history, until, rng)
        begins = np.array([part.begin for part in self._parts])
        state, room = history.start, len(ticks.time) + len(self._parts)
        times, (kinds, states) = np.empty(room), np.empty((2, room), dtype=np.int64)
        count, last_kind = 0, -2
        for number, part in enumerate(self._parts):
            end = begins[number + 1] if number + 1 < len(begins) else np.inf
            low, high = (int(np.searchsorted(ticks.time, each, side="left")) for each in (part.begin, end))
            if number == 0:
                low = 0
            if part.setting is not None:
                state = int(part.setting[state])
                if number > 0:
                    times[count], kinds[count], states[count] = part.begin, OUTSIDE, state
                    count += 1
            count, state, last_kind = _play(
                low, high, *ticks, *self._layout, *self._would[number], self._outside[number], state, last_kind,
                times, kinds, states, count,
            )  # fmt: skip
        return Path(times[:count], kinds[:count], states[:count], state)

    def _ticks(self, history: History, until: float, rng: np.random.Generator) -> _Ticks:
        """Return the luck of a history."""
        parts = [self._of_events(history, rng), self._between(history, until, rng)]
        time, *rest = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.argsort(time, kind="stable")
        return _Ticks(time[order], *(column[order] for column in rest))

    def _of_events(self, history: History, rng: np.random.Generator) -> _Ticks:
        """Return the ticks that were events."""
        count, kind, before = len(history.time), history.kind, history.before
        process, event, mark = np.full(count, -1), np.full(count, -1), np.full(count, -1.0)
        shocks, outcome = np.zeros((count, self._widest)), np.zeros(count)
        answers = np.flatnonzero(history.is_answer)
        event[answers] = kind[answers - 1]  # each had its chance because of the event before it
        luck = rng.random(count)
        own = np.flatnonzero((kind != OUTSIDE) & (self._drift[kind] >= 0))
        process[own] = self._drift[kind[own]]
        mark[own] = luck[own] * self._was.drift[process[own], before[own]]
        acts = np.flatnonzero((kind != OUTSIDE) & (self._option[kind] >= 0))
        option = self._option[kind[acts]]
        player = self._player[option]
        process[acts] = len(self._layout.drifts) + player
        shocks[acts] = self._shocks(before[acts], option, rng)
        outcome[acts] = self._outcome(kind[acts], before[acts], rng)
        mark[acts] = np.where(event[acts] < 0, luck[acts] * self._was.chance[player, before[acts]], -1.0)
        return _Ticks(history.time, process, mark, shocks, outcome, event, history.outside)

    def _between(self, history: History, until: float, rng: np.random.Generator) -> _Ticks:
        """Return the ticks that made no event, or one that changed nothing and was not seen.

        In rows: marks above the rate of each process; then, below it, what was drawn by each drift, waiting by each
        player, and each kind of act.
        """
        begin = np.append(0.0, history.time)
        length = np.maximum(np.append(history.time, until) - begin, 0.0)
        state = np.append(history.start, history.after)
        is_still = self._was.target[:, state] == state
        quiet = self._rates[:, state] * is_still * self._unseen[:, self._period(begin + 0.5 * length)]
        rate = np.concatenate([self._was.drift, self._was.chance])[:, state]
        excess = self._bound[:, None] - rate
        drifts, waiting = len(self._layout.drifts), self._layout.options[:-1]
        waits = rate[drifts:] * np.exp(self._was.logs[waiting][:, state])
        load = np.concatenate([excess, quiet[self._layout.drifts], waits, quiet[self._layout.kinds]]) * length
        row, where = np.nonzero(counts := rng.poisson(np.maximum(load, 0.0)))
        row, where = (np.repeat(each, counts[row, where]) for each in (row, where))
        process, option, kind = (column[row] for column in self._rows)
        luck, here = rng.random(len(row)), rate[process, where]
        is_above = row < len(self._bound)
        mark = np.where(is_above, here + luck * excess[process, where], luck * here)
        shocks = -np.log(rng.standard_exponential((len(row), self._widest)))
        outcome = rng.random(len(row))
        taken, acts = np.flatnonzero(option >= 0), np.flatnonzero(kind >= 0)
        shocks[taken] = self._shocks(state[where[taken]], option[taken], rng)
        outcome[acts] = self._outcome(kind[acts], state[where[acts]], rng)
        time = begin[where] + length[where] * rng.random(len(row))
        return _Ticks(time, process, mark, shocks, outcome, np.full(len(row), -1), np.zeros(len(row), dtype=np.int64))

    def _outcome(
        self, kind: Int64[np.ndarray, " ticks"], state: Int64[np.ndarray, " ticks"], rng: np.random.Generator
    ) -> Float[np.ndarray, " ticks"]:
        """Return marks that tell the outcomes which are these kinds, in these states."""
        low, high = self._below[kind, state], self._was.share[kind, state]
        return low + rng.random(len(kind)) * (high - low)

    def _period(self, time: Float[np.ndarray, " stretches"]) -> Int64[np.ndarray, " stretches"]:
        """Return the reporting period of each time."""
        row = np.searchsorted(np.asarray(self._plan.time), time, side="left")
        return np.asarray(self._plan.period)[np.minimum(row, len(self._plan.time) - 1)]

    def _shocks(self, state, option, rng) -> Float[np.ndarray, "ticks options"]:
        """Return shocks of the options of players, given in which state each took which."""
        shocks = np.zeros((len(state), self._widest))
        for low, high in itertools.pairwise(self._layout.options.tolist()):
            mine = np.flatnonzero((option >= low) & (option < high))
            logs = self._was.logs[low:high, state[mine]].T
            shocks[mine, : high - low] = winning_shocks(logs, option[mine] - low, rng)
        return shocks


def _outside(plan: Plan, chain: Chain, held: Sequence[str]) -> Int64[np.ndarray, "jumps states"]:
    """Return where each jump of a plan that is a change from outside leads, if some variables are held."""
    still = np.arange(chain.space.size)
    each = [without(jump, held).targets(chain.space) if isinstance(jump, Effect) else still for jump in plan.jumps]
    return np.array(each, dtype=np.int64)


def winning_shocks(
    logs: Float[np.ndarray, "ticks options"], taken: Int64[np.ndarray, " ticks"], rng: np.random.Generator
) -> Float[np.ndarray, "ticks options"]:
    """Return Gumbel shocks of options, given which of them was taken.

    Args:
        logs: log probability of each option; minus infinity where it could not be taken.
        taken: the option that was.
        rng: source of randomness.

    Source: maddison2014 (docs/reference/references.md)
    """
    noise = rng.standard_exponential(logs.shape)
    largest = -np.log(rng.standard_exponential(len(logs)))  # of log probability plus shock: of location 0
    is_open = np.isfinite(logs)
    safe = np.where(is_open, logs, 0.0)
    below = -np.log(np.exp(-largest)[:, None] + noise * np.exp(-safe)) - safe
    shocks = np.where(is_open, below, -np.log(noise))
    rows = np.arange(len(logs))
    shocks[rows, taken] = largest - logs[rows, taken]
    return shocks


def _layout(chain: Chain, has_choices: bool) -> _Layout:
    own = [i for i, kind in enumerate(chain.kinds) if kind.who == NATURE or not has_choices]
    options, first, kinds = [0], [0], []
    for player in chain.players if has_choices else ():
        first.append(len(kinds))  # to wait
        mine = [i for i, kind in enumerate(chain.kinds) if kind.who == player]
        for what in dict.fromkeys(chain.kinds[i].what for i in mine):
            kinds += [i for i in mine if chain.kinds[i].what == what]
            first.append(len(kinds))
        options.append(len(first) - 1)
    return _Layout(*(np.array(each, dtype=np.int64) for each in (own, options, first, kinds)))


class _Rows(NamedTuple):
    """What each row of ticks between the events is of; see `Replayer`.

    Attributes:
        process: a drift, or (behind them) a player. Shape `[rows]`.
        option: that was taken; -1 for none. Shape `[rows]`.
        kind: of the act; -1 for none. Shape `[rows]`.
    """

    process: Int64[np.ndarray, " rows"]
    option: Int64[np.ndarray, " rows"]
    kind: Int64[np.ndarray, " rows"]


class _Places(NamedTuple):
    """Where kinds and options stand in a layout.

    Attributes:
        drift: place of each kind among the drifts; -1 for none. Shape `[kinds]`.
        option: of each kind; -1 for none. Shape `[kinds]`.
        player: of each option. Shape `[options]`.
        rows: of the ticks between the events.
    """

    drift: Int64[np.ndarray, " kinds"]
    option: Int64[np.ndarray, " kinds"]
    player: Int64[np.ndarray, " options"]
    rows: _Rows


def _places(layout: _Layout, kinds: int) -> _Places:
    own, acts = layout.drifts, layout.kinds
    drifts, players = np.arange(len(own)), np.arange(len(layout.options) - 1)
    drift, option = np.full(kinds, -1), np.full(kinds, -1)
    drift[own] = drifts
    option[acts] = np.repeat(np.arange(len(layout.first) - 1), np.diff(layout.first))
    player = np.repeat(players, np.diff(layout.options))
    choosing, nobody = len(drifts) + players, np.full(2 * len(drifts) + len(players), -1)
    rows = _Rows(
        np.concatenate([drifts, choosing, drifts, choosing, len(drifts) + player[option[acts]]]),
        np.concatenate([nobody, layout.options[:-1], option[acts]]),
        np.concatenate([nobody, np.full(len(players), -1), acts]),
    )
    return _Places(drift, option, player, rows)


def _below(layout: _Layout, share: Float[np.ndarray, "kinds states"]) -> Float[np.ndarray, "kinds states"]:
    """Return where the share of each kind in its act begins, added up as in `_Rates`."""
    below = np.zeros_like(share)
    for low, high in itertools.pairwise(layout.first.tolist()):
        below[layout.kinds[low + 1 : high]] = share[layout.kinds[low : max(high - 1, low)]]
    return below


def _rates(chain: Chain, layout: _Layout) -> _Rates:
    states = chain.space.size
    rates = np.array([np.asarray(rate) for rate in chain.rates]).reshape(len(chain.kinds), states)
    chance = np.array([np.asarray(each) for each in chain.decisions]).reshape(-1, states)
    share, logs = np.ones((len(chain.kinds), states)), np.empty((len(layout.first) - 1, states))
    players = len(layout.options) - 1
    for player in range(players):
        low, high = int(layout.options[player]), int(layout.options[player + 1])
        left = np.ones(states)
        for option in range(low + 1, high):
            mine = layout.kinds[layout.first[option] : layout.first[option + 1]]
            act = rates[mine].sum(axis=0)
            probability = over_rate(act, chance[player])
            left = left - probability
            with np.errstate(divide="ignore"):
                logs[option] = np.log(probability)
            share[mine] = np.cumsum(rates[mine], axis=0) / np.where(act > 0.0, act, 1.0)
        logs[low] = np.log(np.maximum(left, 1e-300))
    target = np.array([kind.effect.targets(chain.space) for kind in chain.kinds]).astype(np.int64)
    return _Rates(rates[layout.drifts], chance[:players], logs, share, target.reshape(len(chain.kinds), states))


@compiled
def _play(
    low, high, time, process, mark, shocks, outcome, event, outside, own, options, first, kinds_of, drift, chance, logs,
    share, target, changes, state, last_kind, times, kinds, states, count,
):  # fmt: skip
    """Play the ticks low .. high - 1 from a state; return how many events there are now, the state, the last kind."""
    for n in range(low, high):
        kind = -1
        if process[n] < 0:
            state = changes[outside[n], state]
            times[count], kinds[count], states[count] = time[n], -1, state
            count += 1
            last_kind = -1
            continue
        if event[n] >= 0 and event[n] != last_kind:  # nobody asked
            last_kind = -1
            continue
        if process[n] < len(own):
            if mark[n] < drift[process[n], state]:
                kind = own[process[n]]
        else:
            player = process[n] - len(own)
            if event[n] >= 0 or mark[n] < chance[player, state]:
                best, taken = -np.inf, 0
                for option in range(options[player], options[player + 1]):
                    worth = logs[option, state] + shocks[n, option - options[player]]
                    if worth > best:
                        best, taken = worth, option
                for k in range(first[taken], first[taken + 1]):
                    kind = kinds_of[k]
                    if outcome[n] < share[kind, state]:
                        break
        if kind >= 0:
            state = target[kind, state]
            times[count], kinds[count], states[count] = time[n], kind, state
            count += 1
        last_kind = kind
    return count, state, last_kind
