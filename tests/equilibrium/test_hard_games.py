"""Games that break solvers, against dense algebra."""

import dataclasses

import numpy as np
import pytest
from dense import Dense
from random_games import random_game
from small_games import border, demand_game, retuned

from raison.engine import engine_of
from raison.equations.game_arrays import GameArrays
from raison.equilibrium import Status, continuation, solve
from raison.equilibrium.continuation import follow
from raison.equilibrium.solver import random_play_values
from raison.game import Action, Drift, Effect, Game, Hazard, Motive, Player, StateSpace, Variable

STAGE = Variable("stage", ("talks", "truce", "war", "peace"))
HOPE = Variable("hope", ("none", "some"))


def one_way() -> Game:
    """Two players with one action each; peace absorbs, and hope, once lost, never comes back."""
    space = StateSpace((STAGE, HOPE))
    stage, hope = (space.levels_of(name) for name in space.names)
    make_peace = Action(0.5, (0.7, 0.3), (stage < 3) & (hope == 1), "sign", (Effect.become(STAGE, "peace"), Effect()))
    attack = Action(1.0, (1.0,), stage < 2, "attack", (Effect.become(STAGE, "war"),))
    drifts = (
        Drift(Hazard(0.4), stage < 3, "hope dies", Effect.become(HOPE, "none")),
        Drift(Hazard(0.3), stage == 2, "exhaustion", Effect.become(STAGE, "truce")),
    )
    hopeful = Player(Hazard(1.0), 0.1, (make_peace,), (Motive(2.0, (stage == 3) * 1.0, "peace"),), "dove")
    angry = Player(Hazard(2.0), 0.2, (attack,), (Motive(1.0, (stage == 2) * 1.0, "war"),), "hawk")
    return Game(drifts, (hopeful, angry), space)


HARD = {
    "near-zero discount": retuned(border(), rho=1e-6),
    "near-zero discount, entry": retuned(demand_game(-0.5, 0.5, firms=3, levels=4), rho=1e-6),
    "fast nature, slow players": retuned(border(), nature=1e3, deciding=1e-3),
    "slow nature, fast players": retuned(border(), nature=1e-3, deciding=1e3),
    "nature a million times as fast": retuned(border(), nature=1e6),
    "precision 10": retuned(border(), precision=10.0),
    "precision 50": retuned(border(), precision=50.0),
    "precision 50, rivals": retuned(demand_game(-0.5, 0.5, firms=3, levels=4), precision=50.0),
    "best responses that go round in circles": retuned(random_game(36), precision=10.0),
    "best responses that go round in circles, Newton steps stuck": retuned(random_game(46), precision=100.0),
    "absorbing and unreachable states, one action each": one_way(),
}


@pytest.mark.parametrize("name", HARD)
def test_hard_games_are_solved_as_exactly_as_64_bits_allow(name: str):
    game = HARD[name]
    equilibrium = solve(game, tolerance=1e-13)
    assert equilibrium.status is Status.CONVERGED
    values = np.asarray(equilibrium.values)
    dense = Dense(game)
    exact = dense.after_one_policy_step(values)
    # a constant in V is known only as well as rounding in F, which the smallest discount rate divides, lets it be
    fastest = max(sum(jump.rate[x] for jump in dense.jumps(values)) for x in range(dense.size))
    scale = max(1.0, np.abs(values).max())
    rounding = 10 * np.finfo(float).eps * fastest / min(dense.rhos)
    assert np.abs(exact - values).max() <= max(1e-9, rounding) * scale
    for i in range(len(values)):
        close = max(1e-9, 20 * np.finfo(float).eps * scale)
        np.testing.assert_allclose(dense.choices(i, values[i]), dense.choices(i, exact[i]), rtol=0, atol=close)


def test_two_time_scales_in_one_game():
    """One variable turns a million times as fast as the other."""
    game = border()
    fast = dataclasses.replace(game.drifts[1], hazard=Hazard(3e5))
    slow = dataclasses.replace(game.drifts[0], hazard=Hazard(0.3))
    stiff = dataclasses.replace(game, drifts=(slow, fast, game.drifts[2]))
    equilibrium = solve(stiff, tolerance=1e-13)
    assert equilibrium.has_converged
    exact = Dense(stiff).solve()
    np.testing.assert_allclose(equilibrium.values, exact, rtol=0, atol=1e-9 * max(1.0, np.abs(exact).max()))


def test_states_that_nothing_reaches_do_not_disturb_the_rest():
    """A variable that nobody moves and nobody minds only repeats the game."""
    game = one_way()
    idle = Variable("idle", ("a", "b", "c"))
    space = StateSpace((*game.space.variables, idle))

    def spread(mask):
        return None if mask is None else np.repeat(np.asarray(mask), 3)

    players = tuple(
        dataclasses.replace(
            player,
            actions=tuple(dataclasses.replace(a, is_available=spread(a.is_available)) for a in player.actions),
            motives=tuple(dataclasses.replace(m, feature=spread(m.feature)) for m in player.motives),
        )
        for player in game.players
    )
    drifts = tuple(dataclasses.replace(drift, where=spread(drift.where)) for drift in game.drifts)
    wide = solve(Game(drifts, players, space), tolerance=1e-13)
    narrow = solve(game, tolerance=1e-13)
    np.testing.assert_allclose(wide.values, np.repeat(np.asarray(narrow.values), 3, axis=1), rtol=0, atol=1e-10)


@pytest.mark.parametrize("seed", [12, 15, 36, 46, 111])
def test_circling_best_responses_are_soon_broken(seed: int):
    """Values of up to a million at a precision of 100 leave it to rounding how near the error comes to its bound."""
    equilibrium = solve(retuned(random_game(seed), precision=100.0))
    assert equilibrium.residual <= equilibrium.tolerance
    assert equilibrium.steps < 100


def test_a_path_that_leads_back_past_its_beginning_is_left(monkeypatch: pytest.MonkeyPatch):
    looked, arrays = [], GameArrays.of(border())
    engine = engine_of(arrays)
    monkeypatch.setattr(
        continuation, "_tangent", lambda engine, place, before: looked.append(place) or backwards(place)
    )

    def backwards(place):
        return type(place)(np.zeros_like(place.values), -1.0)

    path = follow(engine, random_play_values(engine, GameArrays.of(border()), 1e-10), 1e-10, max_points=50)
    assert path.values is None
    assert len(looked) == 1
