"""How much a motive alone moves behaviour.

With V_m the value of feature m at weight 1 when everybody acts at random (precision 0), and what an option gains by it,

    Q_m(x, a) = E V_m(x after a) - V_m(x),    0 for waiting

a motive of weight w makes the option that serves it best exp(w spread(x)) times as likely as the one that serves it
worst, where spread(x) is the largest less the smallest Q_m over the available options. Its strength is exp(w s), with s
the root mean square of spread(x) over the states, weighted by where the random world is during the records.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from raison.arrays import PlayerValues, StateVector
from raison.chain import Chain, ChainMotion
from raison.engine import engine_of
from raison.equations import GameArrays
from raison.equations.play import expected_gains, play
from raison.equilibrium.iteration import Status, iterate, status_of
from raison.equilibrium.solver import TOLERANCE
from raison.errors import NotConverged
from raison.game import Game
from raison.record import WatchedRecord
from raison.record.watched import occupied

MAX_STEPS = 50
"""Most steps of the linear solve for the values of random play."""


def random_chain(game: Game) -> Chain:
    """Return the chain in which every available option, waiting included, is equally likely."""
    arrays = GameArrays.of(game)
    return Chain.of_play(arrays, play(arrays, np.zeros((len(arrays.players), arrays.space.size)), 0.0))


def random_whereabouts(game: Game, records: Sequence[WatchedRecord]) -> StateVector:
    """Return the share of the records' time that the random world spends in each state. Shape `[states]`, sums to 1."""
    return occupied(ChainMotion(random_chain(game)), records)


def spreads(game: Game, where: StateVector) -> tuple[tuple[float, ...], ...]:
    """Return s of every motive of every player, at weight 1.

    Args:
        game: the game; the weights of its motives do not matter.
        where: weight of each state. Shape `[states]`, sums to 1.

    Errors:
        `NotConverged` if the values of random play are not found.
    """
    arrays = GameArrays.of(game)
    nothing = np.zeros(arrays.space.size)
    idle = _random_values(arrays, [nothing] * len(game.players))
    found: list[list[float]] = [[] for _ in game.players]
    for turn in range(max((len(player.motives) for player in game.players), default=0)):
        wanted = [player.motives[turn].feature if turn < len(player.motives) else nothing for player in game.players]
        scales = [float(abs(feature).max()) or 1.0 for feature in wanted]
        values = _random_values(arrays, [feature / scale for feature, scale in zip(wanted, scales, strict=True)]) - idle
        for i, player in enumerate(game.players):
            if turn < len(player.motives):
                found[i].append(scales[i] * _root_mean_square(_spread(arrays, values[i], i), where))
    return tuple(tuple(each) for each in found)


def _random_values(arrays: GameArrays, payoffs: Sequence[StateVector]) -> PlayerValues:
    """Return what players who act at random expect of given payoffs, and of acting. Shape `[players, states]`."""
    players = [
        dataclasses.replace(player, payoff=payoff) for player, payoff in zip(arrays.players, payoffs, strict=True)
    ]
    changed = dataclasses.replace(arrays, players=tuple(players))
    engine = engine_of(changed)
    run = iterate(engine, engine.field(np.zeros((len(players), arrays.space.size))), 0.0, TOLERANCE, MAX_STEPS)
    if status_of(run.residual, run.error, TOLERANCE) is not Status.CONVERGED:
        raise NotConverged(f"the values of random play were not found: residual {run.residual:.1e}.")
    return engine.by_player(run.values)


def _spread(arrays: GameArrays, values: StateVector, player: int) -> StateVector:
    """Return the largest less the smallest gain over the options of a player, waiting among them. Shape `[states]`."""
    gains = expected_gains(arrays, values, player) * np.asarray(arrays.players[player].is_available)
    return gains.max(axis=0, initial=0.0) - gains.min(axis=0, initial=0.0)


def _root_mean_square(numbers: StateVector, where: StateVector) -> float:
    return float(np.sqrt((where * numbers**2).sum()))
