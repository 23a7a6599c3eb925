"""Whether each explanation predicts what it says it predicts, and if not, where its chain of consequences breaks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from raison.analysis.pool import Pool
from raison.analysis.watch import Watch
from raison.analysis.worlds import Choices
from raison.arrays import StateVector
from raison.case import BuiltCase, Prediction
from raison.chain import Act
from raison.errors import NotConverged
from raison.game import Game, Motive, Player
from raison.inference.consequences import Consequences, Link, consequences, links
from raison.inference.game_map import NumberVector
from raison.inference.model import Explanation
from raison.query.answers import Number
from raison.query.conditions import forms_in
from raison.query.forms.rate import Rate
from raison.query.tree import Expression, Test
from raison.query.world import Facts, World
from raison.record import bulk
from raison.study import ChainLink, MotiveChain, SignatureResult

SIGNING = "try what explanations predict"

DRAWS = 20
"""Draws from the prior of an explanation."""


class _Job(NamedTuple):
    """An explanation at one set of numbers, and what is to hold there."""

    case: BuiltCase
    predictions: tuple[Prediction, ...]
    numbers: NumberVector


def try_signatures(case: BuiltCase, seed: int, watch: Watch, pool: Pool) -> tuple[SignatureResult, ...]:
    """Return how every prediction of a case fares under its explanation, at the middles of its ranges and at draws.

    Errors:
        `NotConverged` if a game at the middles of the ranges is not solved.
    """
    told = [each for each in case.explanations if any(one.explanation == each.name for one in case.predictions)]
    jobs = [
        _Job(case, tuple(one for one in case.predictions if one.explanation == each.name), numbers)
        for number, each in enumerate(told)
        for numbers in _drawn(each, np.random.default_rng((seed, number)))
    ]
    watch.tell(SIGNING, 0, len(jobs))
    found = pool.side_by_side(
        _hold, jobs, bulk=bulk(case.records), done=lambda count, *_: watch.tell(SIGNING, count, len(jobs))
    )
    return tuple(
        result
        for number, each in enumerate(told)
        for result in _results(case, each, jobs[number * DRAWS].predictions, found[number * DRAWS :][:DRAWS])
    )


def _drawn(explanation: Explanation, rng: np.random.Generator) -> list[NumberVector]:
    rows = rng.standard_normal((DRAWS, len(explanation.parameters)))
    return [
        np.array([each.prior.value(float(z)) for each, z in zip(explanation.parameters, row, strict=True)])
        for row in rows
    ]


def _hold(job: _Job) -> list[bool] | None:
    """Return which predictions hold; None if a game is not solved."""
    world = _world(job.case, job.numbers)
    try:
        return [world.holds(each.test) is True for each in job.predictions]
    except NotConverged:
        return None


def _world(case: BuiltCase, numbers: NumberVector) -> World:
    return World(Facts(case.space, case.records), Choices(case, numbers))


def _results(
    case: BuiltCase, explanation: Explanation, predictions: Sequence[Prediction], drawn: Sequence[list[bool] | None]
) -> list[SignatureResult]:
    world = _world(case, explanation.centre)
    game, where = case.game(explanation.centre), world.occupied
    chains = _Chains(game, where, links(game, world.motion, where), _own_motives(case, explanation))
    held = [each for each in drawn if each is not None]
    results = []
    for place, prediction in enumerate(predictions):
        first = prediction.test.comparisons[0]
        result = SignatureResult(
            explanation=explanation.name,
            text=prediction.text,
            left=_number(world, first.left),
            right=_number(world, first.right),
            is_held=world.holds(prediction.test) is True,
            share=sum(each[place] for each in held) / len(held) if held else 0.0,
            draws=len(held),
            unconverged=len(drawn) - len(held),
            chains=chains.of(prediction.test),
        )
        results.append(result)
    return results


def _number(world: World, side: Expression) -> float:
    answer = world.answer(side)
    return answer.value if isinstance(answer, Number) else math.nan


class _Chains(NamedTuple):
    """What the chains of consequences of an explanation are made of: its game, and what moves what in it."""

    game: Game
    where: StateVector
    known: Sequence[Link]
    motives: Sequence[tuple[Player, Motive]]

    def of(self, test: Test) -> tuple[MotiveChain, ...]:
        """Return the chain of consequences of every motive that tells the explanation from the others.

        For every act of its owner of which the test speaks; where it speaks of none, for the act that serves it most.
        """
        asked = dict.fromkeys(Act(form.player, form.action) for form in forms_in(test) if isinstance(form, Rate))
        found = []
        for player, motive in self.motives:
            every = [Act(player.name, action.name) for action in player.actions if not asked]
            acts = [act for act in asked if act.who == player.name] or every
            feature = np.asarray(motive.feature)
            chains = {act: consequences(self.known, self.game, self.where, act, feature) for act in acts}
            if not asked:
                best = max(chains, key=lambda act: _passed_on(chains[act]))
                chains = {best: chains[best]}
            found += [_told(act, motive.name, chain) for act, chain in chains.items()]
        return tuple(found)


def _own_motives(case: BuiltCase, explanation: Explanation) -> list[tuple[Player, Motive]]:
    """Return the motives of an explanation that not all explanations have; all of its own if there are no such."""
    game, others = case.game(explanation.centre), [case.game(each.centre) for each in case.explanations]
    every = [
        (player, motive, all(other.players[i].motives[m].weight != 0.0 for other in others))
        for i, player in enumerate(game.players)
        for m, motive in enumerate(player.motives)
        if motive.weight != 0.0
    ]
    own = [(player, motive) for player, motive, is_shared in every if not is_shared]
    return own or [(player, motive) for player, motive, _ in every]


def _passed_on(chain: Consequences | None) -> float:
    return 0.0 if chain is None else chain.share


def _told(act: Act, feature: str, chain: Consequences | None) -> MotiveChain:
    if chain is None:
        return MotiveChain(act.who, feature, act.what, "", 0.0, ())
    steps = tuple(
        ChainLink(
            cause=link.cause,
            effect=link.effect,
            move=link.move,
            who=link.act.who,
            what=link.act.what,
            slow=link.slow,
            fast=link.fast,
            slow_rate=link.slow_rate,
            fast_rate=link.fast_rate,
        )
        for link in chain.links
    )
    return MotiveChain(act.who, feature, act.what, chain.begins, chain.chance, steps)
