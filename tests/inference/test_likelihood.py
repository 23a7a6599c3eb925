from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from dense import Dense, central_slope, filter_by_matrices
from small_games import (
    BORDER_NAMES,
    BORDER_NUMBERS,
    BORDER_SPACE,
    border,
    border_record,
    border_start,
    in_days,
    scaled_record,
    turned_border,
)

from raison.chain import Chain
from raison.equilibrium import solve
from raison.errors import NotConverged
from raison.game import Action, Effect, Game, Hazard, Player, StateSpace, Variable
from raison.inference.likelihood import ConstantRateLikelihood, GameLikelihood, SeenRecord
from raison.record import Move, Record
from raison.record.filter import log_likelihood
from raison.record.plan import make_plan

SEEN = SeenRecord(border_record(), BORDER_SPACE, border_start(), longest=0.25)


def test_the_likelihood_through_the_equilibrium_is_that_of_brute_force(border_likelihood, border_jumps):
    reference = filter_by_matrices(border_record(), border_jumps, BORDER_SPACE, border_start())
    assert border_likelihood.evaluate(BORDER_NUMBERS).log_likelihood == pytest.approx(
        reference.log_likelihood, abs=1e-10
    )


def test_its_gradient_is_that_of_differences(border_likelihood):
    at = border_likelihood.evaluate(BORDER_NUMBERS)
    expected = central_slope(lambda n: border_likelihood.evaluate(n, near=at).log_likelihood, BORDER_NUMBERS)
    np.testing.assert_allclose(at.gradient, expected, rtol=1e-6, err_msg=str(BORDER_NAMES))


def test_a_start_nearby_changes_no_answer(border_likelihood):
    at = border_likelihood.evaluate(BORDER_NUMBERS * 1.05)
    again = border_likelihood.evaluate(BORDER_NUMBERS, near=at)
    fresh = border_likelihood.evaluate(BORDER_NUMBERS)
    assert again.log_likelihood == pytest.approx(fresh.log_likelihood, abs=1e-10)
    np.testing.assert_allclose(again.gradient, fresh.gradient, rtol=1e-6)


@pytest.fixture(scope="module")
def constant_rates() -> ConstantRateLikelihood:
    return ConstantRateLikelihood(border, SEEN, [3, 2, 1])


def test_a_faster_world_has_its_record_cut_finer(constant_rates):
    fast = BORDER_NUMBERS * np.where(np.arange(len(BORDER_NUMBERS)) == 2, 12.0, 1.0)
    constant_rates.evaluate(np.append(BORDER_NUMBERS, np.full(6, -1.0)))
    before = constant_rates._of_chain.seen.plan.longest
    rates = np.array([2.0, 1.0, 0.0, 1.0, 2.0, 0.0])
    found = constant_rates.evaluate(np.append(fast, rates)).log_likelihood
    assert constant_rates._of_chain.seen.plan.longest < before
    reference = filter_by_matrices(border_record(), _constant_jumps(fast, rates), BORDER_SPACE, border_start())
    assert found == pytest.approx(reference.log_likelihood, abs=1e-9)


def _constant_jumps(numbers, log_rates):
    """Every action at a constant rate where it is available, by brute force."""
    dense = Dense(border(numbers))
    rates = iter(np.exp(log_rates))
    jumps = list(dense.nature)
    some = dense.jumps(np.zeros((3, 24)))[len(jumps) :]
    for player, actions in zip(dense.game.players, dense.actions, strict=True):
        for name, _, available, outcomes, _ in actions:
            rate = next(rates)
            kinds = [jump for jump in some if (jump.who, jump.what) == (player.name, name)]
            jumps += [
                jump._replace(rate=chance * rate * available) for jump, (chance, _) in zip(kinds, outcomes, strict=True)
            ]
    return jumps


def test_the_gradient_under_constant_rates_is_that_of_differences_and_motives_do_not_count(
    constant_rates,
):
    numbers = np.append(BORDER_NUMBERS, [-1.0, -0.5, -0.3, -1.2, -0.2, -2.0])
    at = constant_rates.evaluate(numbers)
    expected = central_slope(lambda n: constant_rates.evaluate(n).log_likelihood, numbers)
    np.testing.assert_allclose(at.gradient, expected, rtol=1e-6, atol=1e-10)
    for name in ("decision rate", "cost of pressing", "weight of tension", "weight of calm", "horizon"):
        assert at.gradient[BORDER_NAMES.index(name)] == 0.0
    assert at.gradient[-1] == 0.0  # pleading is nowhere available
    assert at.equilibrium is None


def test_constant_rates_have_their_textbook_likelihood():
    door = Variable("door", ("shut", "open"))
    space = StateSpace((door,))
    is_open = space.levels_of("door") == 1

    def game(numbers):
        actions = (
            Action(0.0, (1.0,), ~is_open, "open", (Effect.become(door, "open"),)),
            Action(0.0, (1.0,), is_open, "shut", (Effect.become(door, "shut"),)),
        )
        return Game((), (Player(Hazard(1.0), 0.1, actions, (), "porter"),), space)

    record = Record(
        (
            Move(1.0, "porter", "open"),
            Move(1.5, "porter", "shut"),
            Move(4.0, "porter", "open"),
            Move(4.2, "porter", "shut"),
        ),
        until=6.0,
    )
    likelihood = ConstantRateLikelihood(game, SeenRecord(record, space, np.array([1.0, 0.0])), [2])
    opening, shutting = 0.7, 2.5
    found = likelihood.evaluate(np.log([opening, shutting]))
    shut, opened = 1.0 + 2.5 + 1.8, 0.5 + 0.2
    expected = 2 * np.log(opening) - opening * shut + 2 * np.log(shutting) - shutting * opened
    assert found.log_likelihood == pytest.approx(expected, abs=1e-10)
    np.testing.assert_allclose(found.gradient, [2 - opening * shut, 2 - shutting * opened], rtol=0, atol=1e-7)


def _of(game: Game, record: Record, start=None) -> float:
    equilibrium = solve(game, tolerance=1e-13)
    chain = Chain.of_values(equilibrium.arrays, equilibrium.values)
    plan = make_plan(record, game.space, longest=0.2 * record.until / 7.0)
    start = border_start() if start is None else start
    return float(jax.jit(lambda c: log_likelihood(c, plan, jnp.asarray(start)))(chain))


def test_time_in_days_takes_the_log_of_the_ratio_off_for_every_act(border_likelihood):
    ratio = 365.25 / 12
    in_months = border_likelihood.evaluate(BORDER_NUMBERS).log_likelihood
    acts = 7  # six moves, and a storm that nature sends at a rate
    found = _of(in_days(border(), ratio), scaled_record(border_record(), ratio))
    assert found == pytest.approx(in_months - acts * np.log(ratio), abs=1e-9)


def test_variables_and_levels_in_another_order_change_no_likelihood(border_likelihood):
    game, order = turned_border()
    found = _of(game, turned_record(), border_start()[order])
    assert found == pytest.approx(border_likelihood.evaluate(BORDER_NUMBERS).log_likelihood, abs=1e-9)


def turned_record() -> Record:
    """Return the record with its outside shock told in the turned order of levels, where sour comes first."""
    record = border_record()
    sours = Effect((("mood", (0, 0, 0)),))
    return replace(record, items=tuple(replace(i, effect=sours) if i.what == "sour" else i for i in record.items))


def test_a_game_that_was_not_solved_is_refused():
    likelihood = GameLikelihood(border, SEEN, tolerance=1e-30)
    with pytest.raises(NotConverged, match="not converged: residual"):
        likelihood.evaluate(BORDER_NUMBERS)
