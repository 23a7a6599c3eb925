"""Games with a known number of equilibria: the volunteer's dilemma, whose equilibria solve scalar equations."""

import dataclasses
import itertools

import numpy as np
import pytest
from scipy.optimize import brentq, root
from small_games import border, dilemma

from raison.equilibrium.branches import best_response_radius, find_branches
from raison.equilibrium.solver import solve

GAMMA, RHO = 1.0, 0.1
UNIQUE, THREE, STEEP = (3.0, 1.0, 4.0), (20.0, 8.0, 4.0), (20.0, 10.0, 20.0)
"""Weight, cost and rate of dilemmas."""


def gain(others: float, weight: float, cost: float, rate: float) -> float:
    """D, given the sum of the other players' chances to end the crisis."""

    def excess(d: float) -> float:
        return (RHO + GAMMA + rate * others) * d + rate * np.logaddexp(0.0, d - cost) - weight

    return brentq(excess, -1.0, weight / RHO, xtol=1e-14)


def response(others: float, numbers) -> float:
    return 1.0 / (1.0 + np.exp(numbers[1] - gain(others, *numbers)))


def known_chances(numbers) -> list[float]:
    """Every p of player 1 in an equilibrium of the dilemma of two: the fixed points of the response to a response."""
    grid = np.linspace(0.0, 1.0, 2001)
    twice = [response(response(p, numbers), numbers) - p for p in grid]
    return [
        brentq(lambda p: response(response(p, numbers), numbers) - p, grid[i], grid[i + 1], xtol=1e-14)
        for i in range(len(grid) - 1)
        if twice[i] * twice[i + 1] < 0
    ]


def chance_of(equilibrium, player: int = 0) -> float:
    return float(np.asarray(equilibrium.choices[player].probs)[0, 1])


@pytest.mark.parametrize(("numbers", "count"), [(UNIQUE, 1), (THREE, 3), (STEEP, 3), ((30.0, 6.0, 20.0), 3)])
def test_all_equilibria_of_a_dilemma_of_two_are_found(numbers, count: int):
    known = known_chances(numbers)
    assert len(known) == count
    branches = find_branches(dilemma(*numbers))
    found = sorted(chance_of(equilibrium) for equilibrium in branches.equilibria)
    np.testing.assert_allclose(found, known, rtol=0, atol=1e-8)


def test_all_equilibria_of_a_dilemma_of_three_are_found():
    def gap(chances):
        chances = np.clip(chances, 0.0, 1.0)
        return [response(chances.sum() - chances[i], STEEP) - chances[i] for i in range(3)]

    known: list[np.ndarray] = []
    for start in itertools.product(np.linspace(0.0, 0.99, 7), repeat=3):
        end = root(gap, start, tol=1e-13)
        is_inside = (end.x > 0).all() and (end.x < 1).all() and np.abs(gap(end.x)).max() < 1e-10
        if is_inside and all(np.abs(end.x - other).max() > 1e-6 for other in known):
            known.append(end.x)
    assert len(known) > 3
    branches = find_branches(dilemma(*STEEP, players=3))
    found = [np.array([chance_of(each, i) for i in range(3)]) for each in branches.equilibria]
    missed = [chances for chances in known if all(np.abs(chances - other).max() > 1e-6 for other in found)]
    assert not missed
    assert branches.count == len(known)


def test_the_radius_of_the_best_response_map_has_its_closed_form():
    equilibrium = solve(dilemma(*STEEP), tolerance=1e-13)
    p = chance_of(equilibrium)
    assert chance_of(equilibrium, 1) == pytest.approx(p)
    d, rate = gain(p, *STEEP), STEEP[2]
    slope = p * (1 - p) * rate * d / (RHO + GAMMA + 2 * rate * p)
    assert slope > 1
    assert best_response_radius(equilibrium) == pytest.approx(slope, rel=1e-6)


def test_where_best_responses_lead_away_the_symmetric_equilibrium_is_still_the_answer():
    branches = find_branches(dilemma(*STEEP))
    first = branches.equilibria[0]
    assert chance_of(first, 0) == pytest.approx(chance_of(first, 1))
    assert branches.principal == 0
    assert branches.radii[0] > 1 > max(branches.radii[1:])
    assert first.has_converged


def test_the_radius_by_arnoldi_is_that_of_the_matrix(monkeypatch: pytest.MonkeyPatch):
    equilibrium = solve(border(), tolerance=1e-13)
    by_arnoldi = best_response_radius(equilibrium)
    monkeypatch.setattr("raison.equilibrium.branches.DENSE_UP_TO", 100)
    assert by_arnoldi == pytest.approx(best_response_radius(equilibrium), rel=1e-2)


def test_a_single_player_has_no_rival_to_respond_to():
    assert best_response_radius(solve(dilemma(*THREE, players=1))) == 0.0


def test_equilibria_are_different_and_each_says_how_it_was_found():
    branches = find_branches(dilemma(*THREE))
    for first, second in itertools.combinations(branches.equilibria, 2):
        assert np.abs(np.asarray(first.values) - np.asarray(second.values)).max() > 1e-3
    assert all(each.has_converged and each.origin for each in branches.equilibria)
    assert branches.searches >= 25
    assert branches.failures < branches.searches


def test_an_uneven_dilemma_keeps_its_three_equilibria():
    game = dilemma(*THREE)
    first, second = game.players
    dearer = dataclasses.replace(second.actions[0], cost=8.3)
    uneven = dataclasses.replace(game, players=(first, dataclasses.replace(second, actions=(dearer,))))
    branches = find_branches(uneven)
    assert branches.count == 3
    assert branches.principal is not None
