import dataclasses

import numpy as np
import pytest
from dense import Dense, matrix_of
from random_games import random_game
from scipy.special import xlogy
from small_games import BORDER_SPACE, border

from raison.chain import Act
from raison.equilibrium import solve
from raison.errors import NotConverged
from raison.game import Motive
from raison.game.holding import holding
from raison.inference.reasons import COSTS, SHOCKS, Reasons


@pytest.fixture(scope="module")
def reasons(border_solved) -> Reasons:
    return Reasons(border(), border_solved.values)


def test_parts_add_up_to_the_log_odds_of_the_choice_over_waiting(reasons, border_solved):
    for player, choice in zip(border().players, border_solved.play.choices, strict=True):
        probs = np.asarray(choice.probs)
        waiting = 1.0 - probs.sum(axis=0)
        for action, prob in zip(player.actions, probs, strict=True):
            available = prob > 0
            total = sum(reasons.advantage(Act(player.name, action.name)).values())
            log_odds = np.log(prob[available] / waiting[available])
            assert np.abs(total[available] - log_odds).max(initial=0.0) < 1e-10


def test_parts_over_another_act_are_the_difference_of_the_two(reasons):
    one, other = (reasons.advantage(Act("north", name)) for name in ("press", "court"))
    both = reasons.advantage(Act("north", "press"), "court")
    for part in both:
        np.testing.assert_allclose(both[part], one[part] - other[part], atol=1e-14)


def test_each_part_is_what_its_own_payoff_is_worth_by_brute_force(reasons, border_dense: Dense, border_values):
    matrix = matrix_of(border_dense.jumps(border_values), BORDER_SPACE.size)
    for i, player in enumerate(border().players):
        sigma = border_dense.choices(i, border_values[i])
        costs = np.array([action[1] for action in border_dense.actions[i]])
        flows = {motive.name: motive.weight * np.asarray(motive.feature) for motive in player.motives}
        flows[COSTS] = -border_dense.alphas[i] * (costs @ sigma[:-1])
        flows[SHOCKS] = border_dense.alphas[i] * (border().shock_mean - xlogy(sigma, sigma).sum(axis=0))
        for a, (name, cost, _, outcomes, _) in enumerate(border_dense.actions[i]):
            found = reasons.advantage(Act(player.name, name))
            for part, flow in flows.items():
                values = np.linalg.solve(border_dense.rhos[i] * np.eye(len(matrix)) - matrix, flow)
                gain = sum(chance * values[target] for chance, target in outcomes) - values
                expected = gain - (costs[a] if part == COSTS else 0.0)
                np.testing.assert_allclose(found[part], expected, atol=1e-9)
            assert cost == costs[a]


@pytest.mark.parametrize("variable", BORDER_SPACE.names)
def test_what_works_through_a_variable_is_what_is_lost_where_nothing_moves_it(
    reasons, border_dense: Dense, border_values, variable: str
):
    """By brute force: the dense chain of the held game, its players choosing as in the other."""
    held = Dense(holding(border(), variable))
    matrix = np.zeros((24, 24))
    for free, jump in zip(border_dense.jumps(border_values), held.jumps(border_values), strict=True):
        for x in range(24):
            matrix[x, jump.target[x]] += free.rate[x]
            matrix[x, x] -= free.rate[x]
    for i, player in enumerate(border().players[:2]):
        motive = player.motives[0]
        flow = motive.weight * np.asarray(motive.feature)
        values = np.linalg.solve(border_dense.rhos[i] * np.eye(24) - matrix, flow)
        for name, _, _, outcomes, _ in held.actions[i]:
            act = Act(player.name, name)
            without = sum(chance * values[target] for chance, target in outcomes) - values
            found = reasons.through(act, variable)[motive.name]
            np.testing.assert_allclose(found, reasons.advantage(act)[motive.name] - without, atol=1e-9)


def test_nothing_works_through_what_an_act_costs(reasons):
    through = reasons.through(Act("north", "declare"), "tension")  # it changes nothing
    assert max(float(np.abs(each).max()) for each in through.values()) < 1e-9


def test_how_far_a_motive_drives_options_apart_is_the_largest_less_the_smallest_of_its_parts(reasons):
    for player in border().players[:2]:
        spreads = reasons.spreads(player.name)
        for motive in player.motives:
            options = [np.zeros(24)]
            for action in player.actions:
                part = np.asarray(reasons.advantage(Act(player.name, action.name))[motive.name])
                is_available = np.ones(24, dtype=bool) if action.is_available is None else action.is_available
                options.append(np.where(is_available, part, 0.0))
            expected = np.max(options, axis=0) - np.min(options, axis=0)
            np.testing.assert_allclose(spreads[motive.name], expected, atol=1e-12)


def test_a_motive_of_weight_zero_is_no_reason():
    game = border()
    first, *others = game.players
    idle = Motive(0.0, np.arange(BORDER_SPACE.size, dtype=float), "idle")
    game = dataclasses.replace(game, players=(dataclasses.replace(first, motives=(*first.motives, idle)), *others))
    found = Reasons(game, solve(game, tolerance=1e-12).values).advantage(Act("north", "press"))
    assert np.abs(found["idle"]).max() == 0.0
    assert np.abs(found[SHOCKS]).max() > 0.0


@pytest.mark.parametrize("seed", range(5))
def test_parts_add_up_in_random_games(seed: int):
    game = random_game(seed)
    solved = solve(game, tolerance=1e-12)
    reasons = Reasons(game, solved.values)
    for player, choice in zip(game.players, solved.play.choices, strict=True):
        probs = np.asarray(choice.probs)
        waiting = 1.0 - probs.sum(axis=0)
        for action, prob in zip(player.actions, probs, strict=True):
            clear = (prob > 1e-12) & (waiting > 1e-12)
            total = sum(reasons.advantage(Act(player.name, action.name)).values())
            assert np.abs(total - np.log(np.where(clear, prob / waiting, 1.0)))[clear].max(initial=0.0) < 1e-8


def test_values_that_solve_nothing_are_not_split(border_solved):
    game = border()
    reasons = Reasons(game, border_solved.values + np.arange(BORDER_SPACE.size))
    with pytest.raises(NotConverged, match="parts of the values"):
        reasons.spreads(game.players[0].name)
