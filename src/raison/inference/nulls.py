"""The fair nulls: rivals that differ from the explanations in what is at stake and in nothing else.

    no motives            the case as it is, all weights of motives zero: what any motive must beat
    shared motives only   the motives that every explanation grants, the others zero: what those that differ must beat
    habit and reply       every action at a constant share of the chances to act, times a factor after an act of a rival

The shares of habit have no prior of their own: it is centred and spread as the explanations' own priors have them,
before the record is seen. The factor is as likely above 1 as below.

Source: goldstein1991 (docs/reference/references.md)
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from jaxtyping import Float

from raison.chain import Chain
from raison.chain.filter import distribution_at
from raison.equilibrium import Equilibrium
from raison.errors import NotConverged
from raison.inference.game_map import NumberVector
from raison.inference.laplace import numbers_at
from raison.inference.model import HABIT, NO_MOTIVES, SHARED_MOTIVES, Explanation, Parameter
from raison.inference.posterior import free_of
from raison.inference.prior import Q95, Fixed, Normal, Prior
from raison.record import WatchedRecord

PREDICTIVE_PAIRS = 4
"""Pairs of draws from the prior of each explanation that tell how often it expects each action."""

LOOKS = 4
"""Moments of a record at which that is asked."""

LEAST_SPREAD = 0.1
"""Smallest standard deviation of the log of a share."""

UNKNOWN = math.log(0.1), 1.0
"""Mean and standard deviation of the log of a share where no game could be solved."""

REPLY = Normal(-math.log(3.0), math.log(3.0))
"""Prior of the log of a reply factor: nine times in ten an act of a rival makes an action at most three times as
likely, and at least a third as likely."""

TINY = 1e-12
"""Share below which an action is as good as never taken."""


def without_motives(like: Explanation, motives: Iterable[int]) -> Explanation:
    """Return the explanation in which nobody wants anything.

    Args:
        like: the case's own numbers.
        motives: positions of the weights of motives among them.
    """
    return dataclasses.replace(
        like, name=NO_MOTIVES, label="No motives", held_by="nobody", weight=1.0, parameters=_still(like, set(motives))
    )


def with_shared_motives(
    like: Explanation, explanations: Sequence[Explanation], motives: Iterable[int]
) -> Explanation | None:
    """Return the explanation with the motives on which all agree; None where these are all of them, or none.

    Args:
        like: the case's own numbers.
        explanations: the rivals of the case.
        motives: positions of the weights of motives among their numbers.
    """
    weights = [i for i in motives if any(each.parameters[i].prior != Fixed(0.0) for each in explanations)]
    own = {i for i in weights if len({each.parameters[i].prior for each in explanations}) > 1}
    if not own or len(own) == len(weights):
        return None
    agreed = tuple(
        explanations[0].parameters[i] if i in weights else parameter for i, parameter in enumerate(like.parameters)
    )
    return dataclasses.replace(
        like,
        name=SHARED_MOTIVES,
        label="Shared motives only",
        held_by="nobody",
        weight=1.0,
        parameters=_still(dataclasses.replace(like, parameters=agreed), own),
    )


def _still(like: Explanation, motives: set[int]) -> tuple[Parameter, ...]:
    """Return the numbers of an explanation, some weights of motives at zero."""
    return tuple(
        dataclasses.replace(parameter, prior=Fixed(0.0), basis="zero in this rival") if i in motives else parameter
        for i, parameter in enumerate(like.parameters)
    )


def every_act(actions: Mapping[str, Iterable[str]]) -> list[str]:
    """Return every act as it is written, player by player."""
    return [f"{player} {action}" for player, each in actions.items() for action in each]


def numbers_of_habit(acts: Sequence[str]) -> list[str]:
    """Return the names of the numbers that habit and reply has besides those of a case."""
    return [*(f"log share of {act}" for act in acts), *(f"log reply of {act}" for act in acts)]


def predict_habit(
    acts: Sequence[str],
    explanations: Sequence[Explanation],
    solve: Callable[[NumberVector], Equilibrium],
    records: Sequence[WatchedRecord],
) -> dict[str, Prior]:
    """Return the priors of these numbers: the base rates that the explanations' own priors imply.

    Args:
        acts: of every player.
        explanations: the rivals of the case.
        solve: solves the game at given numbers, or raises `NotConverged`.
        records: what is watched, and when.
    """
    predicted = [
        _predicted_shares(solve, numbers, records) for each in explanations for numbers in _from_prior(each.parameters)
    ]
    log_shares = np.log(np.maximum(np.reshape([each for each in predicted if each is not None], (-1, len(acts))), TINY))
    reply = REPLY if len({act.partition(" ")[0] for act in acts}) > 1 else Fixed(0.0)
    priors = [*(_spread_as(column) for column in log_shares.T), *([reply] * len(acts))]
    return dict(zip(numbers_of_habit(acts), priors, strict=True))


def habit(like: Explanation, motives: Iterable[int], acts: Sequence[str], priors: Mapping[str, Prior]) -> Explanation:
    """Return the explanation in which every action has a constant share of its player's chances to act.

    The log share of each action, then the log of its reply factor, are added to the numbers at the end; a player
    without a rival has nobody to reply to.

    Args:
        like: the case's own numbers.
        motives: positions of the weights of motives among them.
        acts: of every player.
        priors: of these logs, by name; one that is not there is 0.
    """
    basis = {"log share": "as the explanations' own priors have it", "log reply": "assumed: as likely above 1 as below"}
    own = tuple(
        Parameter(name, priors.get(name, Fixed(0.0)), basis[name[: len("log share")]])
        for name in numbers_of_habit(acts)
    )
    return Explanation(HABIT, (*_still(like, set(motives)), *own), label="Habit and reply", held_by="nobody")


def _spread_as(log_shares: Float[np.ndarray, " draws"]) -> Normal:
    """Return the normal with the mean and the spread of what was drawn; wide where nothing was."""
    centre, spread = UNKNOWN
    if len(log_shares) > 1:
        centre, spread = float(log_shares.mean()), max(float(log_shares.std(ddof=1)), LEAST_SPREAD)
    return Normal(centre - Q95 * spread, centre + Q95 * spread)


def _from_prior(parameters: tuple[Parameter, ...]) -> list[NumberVector]:
    """Return vectors of numbers drawn from their priors, in pairs on opposite sides of the middle."""
    free = len(free_of(parameters))
    noise = np.random.default_rng(0).standard_normal((PREDICTIVE_PAIRS, free))
    return [numbers_at(parameters, sign * z) for z in noise for sign in (1.0, -1.0)]


def _predicted_shares(
    solve: Callable[[NumberVector], Equilibrium], numbers: NumberVector, records: Sequence[WatchedRecord]
) -> Float[np.ndarray, " actions"] | None:
    """Return the share of chances at which each action is taken where it can be, before any record is seen.

    None where the game does not converge.
    """
    try:
        equilibrium = solve(numbers)
    except NotConverged:
        return None
    chain = Chain.of_play(equilibrium.arrays, equilibrium.play)
    where = np.zeros(chain.space.size)
    for watched in records:
        for look in range(LOOKS):
            elapsed = watched.record.until * look / (LOOKS - 1)
            where += np.asarray(distribution_at(chain, watched.start, elapsed))
    shares = []
    for player, choice in zip(equilibrium.arrays.players, equilibrium.play.choices, strict=True):
        chances = player.decision_rate * where
        shares.append((choice.probs @ chances) / np.maximum(player.is_available @ chances, TINY))
    return np.concatenate(shares)
