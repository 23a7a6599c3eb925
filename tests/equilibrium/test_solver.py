import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from dense import Dense, central_slope
from random_games import random_game
from small_games import BORDER_NAMES, BORDER_NUMBERS, border, demand_game, in_days, retuned, turned_border, wavering

from raison.engine import engine_of
from raison.equations.game_arrays import GameArrays
from raison.equilibrium import Status, solve, solve_all, solver
from raison.equilibrium.iteration import SLOW, iterate
from raison.equilibrium.linear import solve_transposed
from raison.equilibrium.solver import checked, pull_back, random_play_values
from raison.errors import NotConverged

RIVALRY = {-0.1: 4, -1.0: 5, -2.25: 5, -4.0: 5}
"""Number of firms by the effect of a rival on payoffs."""


@pytest.fixture(scope="module")
def entry():
    """Equilibria of the entry game by the effect of rivals."""
    return {theta: solve(demand_game(theta, firms=firms), tolerance=1e-12) for theta, firms in RIVALRY.items()}


def test_values_and_choices_agree_with_brute_force(border_solved, border_dense, border_values):
    assert border_solved.status is Status.CONVERGED
    np.testing.assert_allclose(border_solved.values, border_values, rtol=0, atol=1e-10)
    for i, choice in enumerate(border_solved.choices):
        np.testing.assert_allclose(choice.probs, border_dense.choices(i, border_values[i])[:-1], rtol=0, atol=1e-10)


def test_the_residual_is_the_change_of_one_more_bellman_sweep(border_dense):
    rough = solve(border(), tolerance=1e-3, max_steps=3)
    values = np.asarray(rough.values)
    assert 0 < rough.residual <= 1e-3
    leaving = max(
        sum(jump.rate[x] for jump in border_dense.jumps(values) if jump.target[x] != x)
        for x in range(border_dense.size)
    )
    sweep = np.abs(border_dense.failure(values)) / (np.array(border_dense.rhos)[:, None] + leaving)
    assert rough.residual == pytest.approx(sweep.max() / max(1.0, np.abs(values).max()), rel=1e-8)


def test_a_start_nearby_gives_the_same_equilibrium_in_fewer_steps(border_solved):
    again = solve(border(), start=border_solved.values + 1e-3)
    assert again.has_converged
    assert again.steps < border_solved.steps
    np.testing.assert_allclose(again.values, border_solved.values, rtol=0, atol=1e-8)


def test_the_mean_of_the_shocks_is_paid_at_every_chance_to_act():
    constant = border([*BORDER_NUMBERS[:3], 1.0, *BORDER_NUMBERS[4:]])
    with_mean, without = solve(constant, tolerance=1e-13), solve(dataclasses.replace(constant, shock_mean=0.0))
    paid = [0.5772156649015329 * alpha / rho for alpha, rho in ((1.5, 1 / 3.0), (2.0, 0.5), (1.0, 0.4))]
    np.testing.assert_allclose(
        with_mean.values - without.values, np.tile(np.array(paid)[:, None], 24), rtol=0, atol=1e-7
    )
    for first, second in zip(with_mean.choices, without.choices, strict=True):
        np.testing.assert_allclose(first.probs, second.probs, rtol=0, atol=1e-8)


def test_a_player_without_actions_values_the_world_it_watches(border_values):
    north, south, bystander = border().players
    watched = dataclasses.replace(border(), players=(north, south, dataclasses.replace(bystander, actions=())))
    np.testing.assert_allclose(solve(watched, tolerance=1e-13).values, border_values, rtol=0, atol=1e-9)


@pytest.mark.parametrize("theta", RIVALRY)
def test_the_entry_game_is_solved_however_strong_the_rivalry(entry, theta: float):
    equilibrium = entry[theta]
    assert equilibrium.status is Status.CONVERGED
    failure = Dense(demand_game(theta, firms=RIVALRY[theta])).failure(np.asarray(equilibrium.values))
    assert np.abs(failure).max() < 1e-9


def test_newton_steps_lead_to_the_same_values_as_policy_steps():
    arrays = GameArrays.of(demand_game(-0.1, firms=3))
    engine = engine_of(arrays)
    start = random_play_values(engine, arrays, 1e-4)
    by_policy = iterate(engine, start, 1.0, 1e-10, 60)
    by_newton = iterate(engine, start, 1.0, 1e-10, 60, newton=True)
    assert (by_policy.newton_steps, by_newton.newton_steps) == (0, by_newton.steps)
    assert by_newton.residual <= 1e-10
    np.testing.assert_allclose(by_newton.values, by_policy.values, rtol=0, atol=1e-7)


@pytest.mark.parametrize("theta", RIVALRY)
def test_the_entry_game_is_symmetric_under_relabelling_of_firms(entry, theta: float):
    firms = RIVALRY[theta]
    values = np.asarray(entry[theta].values).reshape(firms, 6, *[2] * firms)
    for other in range(1, firms):
        np.testing.assert_allclose(values[other], np.swapaxes(values[0], 1, 1 + other), rtol=0, atol=1e-8)


def test_the_entry_game_of_three_firms_agrees_with_brute_force():
    game = demand_game(-1.0, firms=3, levels=3)
    np.testing.assert_allclose(solve(game, tolerance=1e-14).values, Dense(game).solve(), rtol=0, atol=1e-10)


@pytest.mark.parametrize("weight", [1e6, -1e6])
def test_absurd_payoffs_are_never_answered_by_nan(weight: float):
    equilibrium = solve(demand_game(-1.0, weight, firms=3, levels=3))
    assert np.isfinite(equilibrium.values).all()
    if equilibrium.has_converged:
        failure = Dense(demand_game(-1.0, weight, firms=3, levels=3)).failure(np.asarray(equilibrium.values))
        assert np.abs(failure).max() < 1e-7 * np.abs(equilibrium.values).max()
    else:
        assert "not converged: residual" in equilibrium.message


def test_too_few_steps_are_reported_and_raised_only_on_request():
    equilibrium = solve(demand_game(-4.0, firms=5), max_steps=1)
    assert not equilibrium.has_converged
    assert "needed. The payoffs may be too large for the shocks" in equilibrium.message
    with pytest.raises(NotConverged, match="not converged"):
        checked(equilibrium)


def test_a_constant_added_to_a_feature_changes_no_choice(border_solved):
    game = border()
    moved = dataclasses.replace(
        game,
        players=tuple(
            dataclasses.replace(
                player,
                motives=tuple(dataclasses.replace(m, feature=np.asarray(m.feature) + 7.0) for m in player.motives),
            )
            for player in game.players
        ),
    )
    for first, second in zip(solve(moved, tolerance=1e-13).choices, border_solved.choices, strict=True):
        np.testing.assert_allclose(first.probs, second.probs, rtol=0, atol=1e-10)


def test_finer_time_units_change_no_value(border_solved):
    per_day = solve(in_days(border()), tolerance=1e-14)
    np.testing.assert_allclose(per_day.values, border_solved.values, rtol=0, atol=1e-10)


def test_players_in_another_order_have_the_same_values(border_solved):
    game = border()
    turned = solve(dataclasses.replace(game, players=game.players[::-1], drifts=game.drifts[::-1]), tolerance=1e-14)
    np.testing.assert_allclose(turned.values, border_solved.values[::-1], rtol=0, atol=1e-10)


def test_variables_and_levels_in_another_order_permute_the_values(border_solved):
    game, order = turned_border()
    np.testing.assert_allclose(solve(game, tolerance=1e-14).values, border_solved.values[:, order], rtol=0, atol=1e-10)


def _pulled_slope(make, numbers: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Derivative of weights . V by the numbers, through `pull_back`."""
    equilibrium = solve(make(numbers), tolerance=1e-12)
    bar = pull_back(equilibrium, jnp.asarray(weights)).numbers
    pull = jax.jit(lambda t, bar: jax.vjp(make, t)[1](bar)[0])
    return np.asarray(pull(jnp.asarray(numbers), bar))


def _difference_slope(make, numbers: np.ndarray, weights: np.ndarray) -> np.ndarray:
    near = solve(make(numbers), tolerance=1e-13).values

    def value(shifted):
        return float((weights * np.asarray(solve(make(shifted), start=near, tolerance=1e-13).values)).sum())

    return central_slope(value, numbers)


@jax.jit
def _entry(numbers) -> GameArrays:
    theta_rn, theta_d, gamma, rate, rho, entry_cost = numbers
    game = demand_game(theta_rn, theta_d, firms=5, gamma=gamma, rate=rate, rho=rho, entry_cost=entry_cost)
    return GameArrays.of(game)


@jax.jit
def _border(numbers) -> GameArrays:
    return GameArrays.of(border(numbers))


@pytest.mark.parametrize(("slow", "is_solved_as_a_whole"), [(SLOW, False), (0.03, True)])
def test_the_gradient_through_the_entry_game_is_that_of_differences(
    monkeypatch, slow: float, is_solved_as_a_whole: bool
):
    """With responses put to the right where that contracts fast; as a whole where it does not, or is said not to."""
    calls = []
    monkeypatch.setattr(solver, "SLOW", slow)
    monkeypatch.setattr(solver, "solve_transposed", lambda *args: calls.append(1) or solve_transposed(*args))
    numbers = np.array([-4.0, 1.0, 1.0, 6.0, 0.05, 0.5])
    weights = np.random.default_rng(5).normal(size=(5, 192))
    slope = _pulled_slope(_entry, numbers, weights)
    assert bool(calls) == is_solved_as_a_whole
    np.testing.assert_allclose(slope, _difference_slope(_entry, numbers, weights), rtol=1e-6)


def test_the_gradient_through_the_border_game_is_that_of_differences():
    weights = np.random.default_rng(6).normal(size=(3, 24))
    slope = _pulled_slope(_border, BORDER_NUMBERS, weights)
    expected = _difference_slope(_border, BORDER_NUMBERS, weights)
    np.testing.assert_allclose(slope, expected, rtol=1e-6, atol=1e-9, err_msg=str(BORDER_NAMES))


def test_a_gradient_started_nearby_is_the_same(border_solved):
    weights = jnp.asarray(np.random.default_rng(7).normal(size=(3, 24)))
    first = pull_back(border_solved, weights)
    again = pull_back(border_solved, weights, start=first.adjoint * 1.01)
    np.testing.assert_allclose(again.adjoint, first.adjoint, rtol=1e-6, atol=1e-8)


def test_many_games_solved_side_by_side_are_solved_as_alone():
    draws = np.random.default_rng(8).uniform(0.8, 1.2, size=(5, 11)) * BORDER_NUMBERS
    together = solve_all([border(numbers) for numbers in draws], tolerance=1e-13)
    for numbers, equilibrium in zip(draws, together, strict=True):
        assert equilibrium.has_converged
        np.testing.assert_allclose(equilibrium.values, solve(border(numbers), tolerance=1e-13).values, atol=1e-10)
    assert solve_all([]) == ()


@pytest.mark.parametrize("at", [{"horizon": 1e7}, {"rate of falls": 1e7}, {"ratio of falls": 1e6}])
def test_rates_far_apart_are_solved_as_far_as_rounding_allows(at):
    """The first residual is below the tolerance: the error decides when to stop."""
    numbers = BORDER_NUMBERS.copy()
    for name, number in at.items():
        numbers[BORDER_NAMES.index(name)] = number
    equilibrium = solve(border(numbers))
    assert equilibrium.has_converged
    assert equilibrium.error < 1e-7


@pytest.mark.parametrize("at", [{"horizon": 1e10}, {"rate of falls": 1e11}, {"ratio of falls": 3e11}])
def test_a_game_whose_rates_are_worlds_apart_is_not_called_solved(at):
    """The residual, a share of the fastest rate, is below the tolerance before anything is solved."""
    numbers = BORDER_NUMBERS.copy()
    for name, number in at.items():
        numbers[BORDER_NAMES.index(name)] = number
    equilibrium = solve(border(numbers))
    assert equilibrium.residual <= equilibrium.tolerance
    assert equilibrium.error > 1e-5
    assert equilibrium.status is Status.TOO_STIFF
    assert "a player could still gain" in equilibrium.message


@pytest.mark.parametrize("seed", [0, 3, 8, 15, 24])
def test_a_rough_solve_from_values_nearby_goes_on_until_its_error_is_small_too(seed: int):
    """The residual is at the tolerance first, and policy steps are slow there: that is not yet rounding."""
    near, far = (retuned(random_game(seed), precision=each) for each in (5.1, 5.0))
    rough = solve(far, start=solve(near).values, tolerance=1e-5)
    assert rough.has_converged
    assert rough.origin == solver.NEARBY
    assert rough.error <= 1e-3


@pytest.mark.parametrize(("seed", "precision"), [(46, 50.0), (104, 20.0)])
def test_where_newton_steps_from_values_nearby_get_stuck_policy_steps_go_on(seed: int, precision: float):
    """The search from random play ends at the same values, the second time along the branch from precision 0."""
    near, far = (retuned(random_game(seed), precision=each) for each in (precision, 2.0 * precision))
    warm, cold = solve(far, start=solve(near).values), solve(far)
    assert warm.has_converged
    assert warm.origin == solver.NEARBY
    assert 0 < warm.newton_steps < warm.steps
    assert np.abs(warm.values - cold.values).max() < 1e-7 * np.abs(cold.values).max()


def test_values_and_choices_have_named_axes(border_solved):
    found = border_solved.dataset()
    space = border_solved.arrays.space
    place = {name: variable.levels[1] for name, variable in zip(space.names, space.variables, strict=True)}
    state = int(np.ravel_multi_index([1] * len(space.names), space.shape))
    for i, player in enumerate(border_solved.arrays.players):
        assert float(found.value.sel(player=player.name, **place)) == border_solved.values[i, state]
        for a, action in enumerate(player.actions):
            share = float(found.probability.sel(act=f"{player.name} {action}", **place))
            assert share == border_solved.choices[i].probs[a, state]
    assert "converged" in border_solved._repr_html_()


def dearer(game):
    """The border game, in which every action costs more the tenser it is."""
    tense = 0.4 * game.space.levels_of("tension")
    players = tuple(
        dataclasses.replace(p, actions=tuple(dataclasses.replace(a, cost=a.cost + tense) for a in p.actions))
        for p in game.players
    )
    return dataclasses.replace(game, players=players)


def test_costs_that_hang_on_the_state_agree_with_brute_force(border_solved):
    solved = solve(dearer(border()), tolerance=1e-12)
    dense = Dense(dearer(border()))
    np.testing.assert_allclose(solved.values, dense.solve(), rtol=0, atol=1e-9)
    assert np.abs(solved.values - border_solved.values).max() > 0.1


def test_a_cost_that_is_the_same_in_every_state_is_that_number(border_solved):
    game = border()
    flat = tuple(
        dataclasses.replace(
            p, actions=tuple(dataclasses.replace(a, cost=np.full(game.space.size, float(a.cost))) for a in p.actions)
        )
        for p in game.players
    )
    solved = solve(dataclasses.replace(game, players=flat), tolerance=border_solved.tolerance)
    np.testing.assert_allclose(solved.values, border_solved.values, rtol=0, atol=1e-10)


def test_an_action_with_another_cost_where_it_is_tense_is_two_actions(border_solved):
    """One that may be taken where it is calm and one where it is not, each with its own cost."""
    game = border()
    tense = game.space.levels_of("tension") >= 2
    player = game.players[1]
    arm = player.actions[0]
    available = np.ones(game.space.size, dtype=bool) if arm.is_available is None else np.asarray(arm.is_available)
    whole = dataclasses.replace(arm, cost=arm.cost + 1.5 * tense)
    parts = (
        dataclasses.replace(arm, is_available=available & ~tense),
        dataclasses.replace(arm, cost=arm.cost + 1.5, is_available=available & tense, name="arm, dear"),
    )
    one, two = (
        solve(
            dataclasses.replace(
                game,
                players=(
                    game.players[0],
                    dataclasses.replace(player, actions=(*actions, *player.actions[1:])),
                    *game.players[2:],
                ),
            ),
            tolerance=1e-12,
        )
        for actions in ((whole,), parts)
    )
    np.testing.assert_allclose(one.values, two.values, rtol=0, atol=1e-9)


def test_chances_that_hang_on_the_state_agree_with_brute_force(border_solved):
    solved = solve(wavering(border()), tolerance=1e-12)
    np.testing.assert_allclose(solved.values, Dense(wavering(border())).solve(), rtol=0, atol=1e-9)
    assert np.abs(solved.values - border_solved.values).max() > 1e-3


def test_a_chance_that_is_the_same_in_every_state_is_that_number(border_solved):
    game = border()
    flat = tuple(
        dataclasses.replace(
            p,
            actions=tuple(
                dataclasses.replace(a, chances=tuple(np.full(game.space.size, float(c)) for c in a.chances))
                for a in p.actions
            ),
        )
        for p in game.players
    )
    solved = solve(dataclasses.replace(game, players=flat), tolerance=border_solved.tolerance)
    np.testing.assert_allclose(solved.values, border_solved.values, rtol=0, atol=1e-10)
