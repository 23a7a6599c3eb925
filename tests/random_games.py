"""Games of all shapes, drawn at random."""

import functools

import numpy as np

from raison.game import Action, Drift, Effect, Game, Hazard, Motive, Player, StateSpace, Variable


@functools.cache
def random_game(seed: int) -> Game:
    """A game of one to nine players and up to 48 states; rates over four orders of magnitude, discounts over three."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(2, 5, size=rng.integers(1, 4))
    variables = tuple(Variable(f"v{k}", tuple("abcd"[:size]), bool(rng.integers(2))) for k, size in enumerate(sizes))
    space = StateSpace(variables)

    def effect() -> Effect:
        touched = rng.choice(len(variables), size=rng.integers(0, len(variables) + 1), replace=False)
        maps = [
            (variables[k].name, tuple(int(level) for level in rng.integers(sizes[k], size=sizes[k]))) for k in touched
        ]
        return Effect(tuple(sorted(maps)))

    def action(number: int) -> Action:
        chances = rng.dirichlet(np.ones(rng.integers(1, 4)))
        where = None if rng.integers(2) else rng.random(space.size) < 0.7
        outcomes = tuple(effect() for _ in chances)
        return Action(float(rng.normal()), tuple(float(chance) for chance in chances), where, f"a{number}", outcomes)

    def player(number: int) -> Player:
        rate, discount = 10.0 ** rng.uniform(-2, 2), 10.0 ** rng.uniform(-3, 0)
        payoff = rng.normal(size=space.size) * 10.0 ** rng.uniform(-2, 1) * discount
        actions = tuple(action(a) for a in range(rng.integers(0, 5)))
        return Player(Hazard(rate), discount, actions, (Motive(1.0, payoff, "payoff"),), f"p{number}")

    drifts = tuple(
        Drift(Hazard(10.0 ** rng.uniform(-2, 2)), None, f"drift {d}", effect()) for d in range(rng.integers(1, 5))
    )
    return Game(drifts, tuple(player(i) for i in range(rng.integers(1, 10))), space)
