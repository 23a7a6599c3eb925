"""Brute force: games as loops over states and dense matrices, written from the formulas and sharing no code.

Only the data of a game are read (levels, maps, rates, masks). Row vectors are distributions, columns are values.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
import scipy.linalg
from scipy.special import logsumexp

from raison.record import Move, Shock


class Jump(NamedTuple):
    """One kind of jump: who makes it, its rate and its target in every state, how often it is seen."""

    who: str
    what: str
    rate: np.ndarray
    target: np.ndarray
    seen: float


def states_of(space):
    return list(itertools.product(*[range(len(variable.levels)) for variable in space.variables]))


def targets_of(space, effect):
    names = [variable.name for variable in space.variables]
    states = states_of(space)
    targets = []
    for state in states:
        after = list(state)
        for name, level_map in effect.maps:
            after[names.index(name)] = level_map[state[names.index(name)]]
        targets.append(states.index(tuple(after)))
    return np.array(targets)


def rate_of(space, hazard):
    names = [variable.name for variable in space.variables]
    rates = []
    for state in states_of(space):
        rate = float(hazard.base)
        for name, ratio in zip(hazard.names, hazard.ratios, strict=True):
            rate *= float(np.asarray(ratio)[state[names.index(name)]])
        rates.append(rate)
    return np.array(rates)


class Dense:
    """A game laid out flat."""

    def __init__(self, game):
        self.game, self.space = game, game.space
        self.size = len(states_of(game.space))
        self.alphas = [rate_of(game.space, player.decision_rate) for player in game.players]
        self.rhos = [float(player.discount_rate) for player in game.players]
        self.payoffs = [
            sum((float(m.weight) * np.asarray(m.feature) for m in player.motives), np.zeros(self.size))
            for player in game.players
        ]
        everywhere = np.ones(self.size, dtype=bool)
        self.actions = [
            [
                (
                    action.name,
                    np.asarray(action.cost, dtype=float),
                    everywhere if action.is_available is None else np.asarray(action.is_available),
                    [
                        (np.asarray(chance, dtype=float), targets_of(game.space, effect))
                        for chance, effect in zip(action.chances, action.outcomes, strict=True)
                    ],
                    float(action.seen[0]),
                )
                for action in player.actions
            ]
            for player in game.players
        ]
        self.nature = []
        for drift in game.drifts:
            rate = rate_of(game.space, drift.hazard)
            target = targets_of(game.space, drift.effect)
            stays = target == np.arange(self.size)
            acts = ~stays if drift.where is None else ~stays & np.asarray(drift.where)
            self.nature.append(Jump("nature", drift.name, rate * acts, target, 0.0))

    def action_values(self, i, values):
        """Q of every action of player i, then of waiting."""
        rows = [
            np.where(available, -cost + sum(chance * values[target] for chance, target in outcomes), -np.inf)
            for _, cost, available, outcomes, _ in self.actions[i]
        ]
        return np.array([*rows, values])

    def choices(self, i, values):
        """sigma of every action of player i, then of waiting."""
        worth = self.action_values(i, values)
        return np.exp(worth - logsumexp(worth, axis=0))

    def failure(self, values):
        """How far both sides of the Bellman equation are apart, for every player and state."""
        players = range(len(self.actions))
        sigmas = [self.choices(i, values[i]) for i in players]
        rows = []
        for i in players:
            mine = values[i]
            side = self.payoffs[i] + sum((j.rate * (mine[j.target] - mine) for j in self.nature), np.zeros(self.size))
            for j in players:
                if j == i:
                    gain = logsumexp(self.action_values(i, mine), axis=0) - mine + self.game.shock_mean
                    side = side + self.alphas[i] * gain
                    continue
                for a, (_, _, _, outcomes, _) in enumerate(self.actions[j]):
                    change = sum(chance * mine[target] for chance, target in outcomes) - mine
                    side = side + self.alphas[j] * sigmas[j][a] * change
            rows.append(side - self.rhos[i] * mine)
        return np.array(rows)

    def after_one_policy_step(self, values):
        """V after one policy step: an equilibrium stays where it is."""
        generator = matrix_of(self.jumps(values), self.size)
        rows = zip(self.rhos, self.failure(values), strict=True)
        return values + np.stack([np.linalg.solve(rho * np.eye(self.size) - generator, row) for rho, row in rows])

    def solve(self):
        """V, by Newton's method with a Jacobian of differences."""
        values = np.zeros((len(self.actions), self.size))
        for _ in range(40):
            failure = self.failure(values)
            jacobian = np.empty((values.size, values.size))
            for k in range(values.size):
                step = np.zeros(values.size)
                step[k] = 1e-6
                step = step.reshape(values.shape)
                jacobian[:, k] = ((self.failure(values + step) - self.failure(values - step)) / 2e-6).reshape(-1)
            correction = np.linalg.solve(jacobian, failure.reshape(-1)).reshape(values.shape)
            values = values - correction
            if np.abs(correction).max() < 1e-13 * max(1.0, np.abs(values).max()):
                return values
        raise AssertionError("the dense reference did not converge")

    def jumps(self, values):
        """Every kind of jump when players choose as `values` say."""
        jumps = list(self.nature)
        for i, player in enumerate(self.game.players):
            sigma = self.choices(i, values[i])
            for a, (name, _, _, outcomes, seen) in enumerate(self.actions[i]):
                for chance, target in outcomes:
                    jumps.append(Jump(player.name, name, chance * self.alphas[i] * sigma[a], target, seen))
        return jumps


def matrix_of(jumps, size):
    """Q, rows sum to zero."""
    matrix = np.zeros((size, size))
    for jump in jumps:
        for x in range(size):
            matrix[x, jump.target[x]] += jump.rate[x]
            matrix[x, x] -= jump.rate[x]
    return matrix


def reach(jumps, size, start, target, elapsed):
    """Probability of having been in `target` by `elapsed`."""
    matrix = matrix_of(jumps, size)
    matrix[target] = 0.0
    return float((start @ scipy.linalg.expm(matrix * elapsed))[target].sum())


def silent_matrix(jumps, size, observed_drifts):
    """Q of what moves unseen, less the rates of what would have been seen."""
    unseen, killing = [], np.zeros(size)
    for jump in jumps:
        seen = 1.0 if jump.who == "nature" and jump.what in observed_drifts else jump.seen
        killing += seen * jump.rate
        unseen.append(jump._replace(rate=(1.0 - seen) * jump.rate))
    return matrix_of(unseen, size) - np.diag(killing)


def act_matrix(jumps, size, who, what):
    """Rate of going from x to y by an act that is seen."""
    matrix = np.zeros((size, size))
    for jump in jumps:
        if (jump.who, jump.what) == (who, what):
            for x in range(size):
                matrix[x, jump.target[x]] += (1.0 if who == "nature" else jump.seen) * jump.rate[x]
    return matrix


class ForwardBackward:
    """The exact likelihood and smoothing of a record, with one matrix for each gap and each item.

    `items` pairs a time with a matrix that weighs and moves the state.
    """

    def __init__(self, silent, items, until, start):
        self.silent, self.items, self.until = silent, items, until
        self.times = [time for time, _ in items] + [until]
        self.forward = [np.asarray(start)]  # before each gap, not normalised
        self.arrived = []  # at the end of each gap
        now = 0.0
        for time, item in [*items, (until, np.eye(len(start)))]:
            self.arrived.append(self.forward[-1] @ scipy.linalg.expm(silent * (time - now)))
            self.forward.append(self.arrived[-1] @ item)
            now = time
        ahead = np.ones(len(start))
        self.after_item, self.before_item = [ahead], [ahead]  # probability of all that is seen later; row 0 is the last
        later = until
        for time, item in reversed(items):
            ahead = scipy.linalg.expm(silent * (later - time)) @ self.before_item[0]
            self.after_item.insert(0, ahead)
            self.before_item.insert(0, item @ ahead)
            later = time

    @property
    def log_likelihood(self):
        return float(np.log(self.forward[-1].sum()))

    def silence(self):
        return np.array([np.log(a.sum() / f.sum()) for a, f in zip(self.arrived, self.forward, strict=False)])

    def act(self):
        return np.array([np.log(f.sum() / a.sum()) for a, f in zip(self.arrived, self.forward[1:], strict=True)])

    def begin_of(self, gap):
        return self.times[gap - 1] if gap else 0.0

    def predicted(self, gap, time):
        """Distribution at `time` inside a gap, given what was seen before."""
        now = self.forward[gap] @ scipy.linalg.expm(self.silent * (time - self.begin_of(gap)))
        return now / now.sum()

    def filtered(self, gap):
        return self.forward[gap + 1] / self.forward[gap + 1].sum()

    def smoothed(self, gap, time):
        """Distribution at `time` inside a gap, given the whole record."""
        behind = self.forward[gap] @ scipy.linalg.expm(self.silent * (time - self.begin_of(gap)))
        ahead = scipy.linalg.expm(self.silent * (self.times[gap] - time)) @ self.before_item[gap]
        return behind * ahead / (behind @ ahead)

    def smoothed_after(self, gap):
        """Distribution after the item that ends a gap, given the whole record."""
        weight = self.forward[gap + 1] * self.after_item[gap]
        return weight / weight.sum()


def item_matrix(item, record, jumps, space):
    """How an item weighs and moves the state, by the definitions in the docstring of `raison.record.filter`."""
    size = len(states_of(space))
    if isinstance(item, Move):
        alike = [i for i in record.items if isinstance(i, Move) and (i.who, i.what) == (item.who, item.what)]
        error = (1 - item.confidence) * len(alike) / record.until
        return item.confidence * act_matrix(jumps, size, item.who, item.what) + error * np.eye(size)
    if isinstance(item, Shock) and item.drift:
        return act_matrix(jumps, size, "nature", item.drift)
    if isinstance(item, Shock):
        matrix = np.zeros((size, size))
        matrix[np.arange(size), targets_of(space, item.effect)] = 1.0
        return matrix
    axis, variable = next((k, v) for k, v in enumerate(space.variables) if v.name == item.who)
    names = [variable.levels[state[axis]] for state in states_of(space)]
    return np.diag([item.reliability if n in item.levels else 1 - item.reliability for n in names])


def filter_by_matrices(record, jumps, space, start):
    """Return the forward and backward passes of a record."""
    drifts = {item.drift for item in record.items if isinstance(item, Shock) and item.drift}
    items = [(item.time, item_matrix(item, record, jumps, space)) for item in record.items]
    return ForwardBackward(silent_matrix(jumps, len(start), drifts), items, record.until, start)


def central_slope(value, numbers, share=2e-3):
    """Derivatives of value(numbers) by central differences of two steps, which cancel the error of third order."""
    slopes = []
    for k in range(len(numbers)):
        step = np.zeros(len(numbers))
        step[k] = share * abs(numbers[k])
        wide = (value(numbers + 2 * step) - value(numbers - 2 * step)) / (4 * step[k])
        narrow = (value(numbers + step) - value(numbers - step)) / (2 * step[k])
        slopes.append((4 * narrow - wide) / 3)
    return np.array(slopes)


def simulate(jumps, size, state, until, rng):
    """Draw a path by Gillespie's method. Returns (time, jump, state after) of every jump."""
    now, path = 0.0, []
    while True:
        rates = np.array([jump.rate[state] for jump in jumps])
        now += rng.exponential(1.0 / rates.sum())
        if now > until:
            return path
        jump = jumps[rng.choice(len(jumps), p=rates / rates.sum())]
        state = int(jump.target[state])
        path.append((now, jump, state))
