"""The games of the benchmarks, built as a user of the Python interface would."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from raison.game import Action, Drift, Effect, Game, Hazard, Motive, Player, StateSpace, Variable

SHAPES = {
    1_000: (6, 6, 6, 5),
    10_000: (10, 10, 10, 10),
    100_000: (18, 18, 18, 18),
    1_000_000: (32, 32, 32, 31),
    10_000_000: (57, 57, 56, 56),
}
"""Levels of the four variables of a random game, by its number of states, rounded."""

SHUFFLED, ORDERED = FAMILIES = ("shuffled", "ordered")
"""Jumps lead to levels far off, or one level up or down."""


def entry_game(players: int, *, levels: int = 6, precision: float = 1.0) -> Game:
    """Return an entry game: `players` firms are in or out of a market whose demand drifts; 2**players * levels states.

    A firm in the market earns 0.2 * demand - 0.1 * firms in the market per unit time. It decides twice per unit time;
    entry costs 0.5. Demand moves a level up or down at rate 1 each.

    Args:
        players: number of firms.
        levels: of demand.
        precision: by which payoffs and costs are multiplied.
    """
    demand = Variable("demand", tuple(f"d{level}" for level in range(levels)))
    firms = tuple(Variable(f"firm{i}", ("out", "in")) for i in range(players))
    space = StateSpace((demand, *firms))
    in_market = sum(space.levels_of(firm.name) for firm in firms)

    def player(firm: Variable) -> Player:
        is_in = space.levels_of(firm.name) == 1
        enter = Action(0.5 * precision, (1.0,), ~is_in, "enter", (Effect.become(firm, "in"),))
        leave = Action(0.0, (1.0,), is_in, "leave", (Effect.become(firm, "out"),))
        profit = is_in * (0.2 * space.levels_of("demand") - 0.1 * in_market)
        return Player(Hazard(2.0), 0.05, (enter, leave), (Motive(precision, profit, "profit"),), firm.name)

    drifts = tuple(Drift(Hazard(1.0), None, f"demand {by:+d}", Effect.shift(demand, by)) for by in (+1, -1))
    return Game(drifts, tuple(player(firm) for firm in firms), space)


def random_game(family: str, states: int, *, players: int = 4, actions: int = 4, precision: float = 1.0) -> Game:
    """Return a random game with four variables, each of which drifts in two ways.

    Each action touches one variable, or two for every second player. Rates, costs and what touches what are the same
    at every size. In a shuffled game no two drifts or actions lead from one state to the same other and none stays
    put, so that games of all sizes have as many jumps per state; in an ordered game borders and equal steps make
    them fewer.

    Args:
        family: one of `FAMILIES`.
        states: a key of `SHAPES`.
        players: number of players.
        actions: of each player.
        precision: by which payoffs and costs are multiplied.
    """
    shape = SHAPES[states]
    structure, maps = np.random.default_rng([0, 0]), np.random.default_rng([0, 1])
    variables = tuple(
        Variable(f"v{k}", tuple(str(level) for level in range(n)), family == ORDERED) for k, n in enumerate(shape)
    )
    space = StateSpace(variables)
    taken = [np.eye(n) for n in shape]

    def shuffled(k: int) -> tuple[str, tuple[int, ...]]:
        """Return a random permutation of the levels of variable k that leads nowhere where an earlier one leads."""
        _, levels = linear_sum_assignment(maps.uniform(size=taken[k].shape) + 1000.0 * taken[k])
        taken[k][np.arange(shape[k]), levels] = 1.0
        return variables[k].name, tuple(int(level) for level in levels)

    def effect(touched: tuple[int, ...], by: tuple[int, ...]) -> Effect:
        if family == SHUFFLED:
            return Effect(tuple(shuffled(k) for k in touched))
        first, *rest = (Effect.shift(variables[k], step) for k, step in zip(touched, by, strict=True))
        return first.and_(rest[0]) if rest else first

    def action(number: int, touched: tuple[int, ...]) -> Action:
        by = tuple(int(step) for step in structure.choice((-1, 1), size=len(touched)))
        cost = precision * float(structure.uniform(0, 2))
        return Action(cost, (1.0,), None, f"a{number}", (effect(touched, by),))

    def player(number: int) -> Player:
        payoff = np.random.default_rng([0, 2, number]).normal(size=space.size)
        for k, weight in enumerate(structure.normal(size=len(shape))):
            payoff += weight * np.linspace(0, 1, shape[k])[space.levels_of(f"v{k}")]
        rate = Hazard(float(structure.uniform(0.5, 2)))
        motive = Motive(precision, payoff, "payoff")
        order = np.tile(structure.permutation(len(shape)), 2)
        touched = [tuple(sorted(order[a : a + 1 + number % 2])) for a in range(len(shape))]
        moves = tuple(action(a, touched[a % len(shape)]) for a in range(actions))
        return Player(rate, 0.1, moves, (motive,), f"p{number}")

    drifts = tuple(
        Drift(Hazard(float(structure.uniform(0.2, 1.0))), None, f"v{k} {by:+d}", effect((k,), (by,)))
        for k in range(len(shape))
        for by in (+1, -1)
    )
    return Game(drifts, tuple(player(i) for i in range(players)), space)
