from dataclasses import replace

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
    watched,
)

from raison.chain import Chain
from raison.chain.filter import log_likelihood
from raison.equilibrium import solve
from raison.errors import NotConverged
from raison.game import Action, Effect, Game, Hazard, Player, StateSpace, Variable
from raison.game.last_to_act import remembering
from raison.inference.likelihood import GameLikelihood, HabitLikelihood
from raison.record import Move, Record


def test_the_likelihood_through_the_equilibrium_is_that_of_brute_force(border_likelihood, border_jumps):
    reference = filter_by_matrices(border_record(), border_jumps, BORDER_SPACE, border_start())
    assert border_likelihood.evaluate(BORDER_NUMBERS).log_likelihood == pytest.approx(
        reference.log_likelihood, abs=1e-10
    )


def test_its_gradient_is_that_of_differences(border_likelihood):
    at = border_likelihood.evaluate(BORDER_NUMBERS)
    expected = central_slope(lambda n: border_likelihood.value(n), BORDER_NUMBERS)
    np.testing.assert_allclose(at.gradient, expected, rtol=1e-6, err_msg=str(BORDER_NAMES))


def test_the_value_is_that_of_the_evaluation(border_likelihood, habit):
    assert border_likelihood.value(BORDER_NUMBERS) == pytest.approx(
        border_likelihood.evaluate(BORDER_NUMBERS).log_likelihood, abs=1e-11
    )
    numbers = np.append(BORDER_NUMBERS, np.full(6, -1.0))
    assert habit.value(numbers) == pytest.approx(habit.evaluate(numbers).log_likelihood, abs=1e-11)


def test_the_answer_at_a_point_does_not_depend_on_the_points_before(border_likelihood):
    first = border_likelihood.evaluate(BORDER_NUMBERS)
    border_likelihood.evaluate(BORDER_NUMBERS * 1.3)
    again = border_likelihood.evaluate(BORDER_NUMBERS)
    assert again.log_likelihood == first.log_likelihood
    np.testing.assert_array_equal(again.gradient, first.gradient)


def test_the_likelihoods_of_several_records_multiply(border_likelihood):
    short = watched(Record((Move(0.7, "south", "talk"),), 2.0))
    both = GameLikelihood(border, [watched(), short], tolerance=1e-13).evaluate(BORDER_NUMBERS)
    one, other = border_likelihood.evaluate(BORDER_NUMBERS), GameLikelihood(border, [short]).evaluate(BORDER_NUMBERS)
    assert both.log_likelihood == pytest.approx(one.log_likelihood + other.log_likelihood, abs=1e-8)
    np.testing.assert_allclose(both.gradient, one.gradient + other.gradient, rtol=1e-6, atol=1e-8)


def test_a_start_nearby_changes_no_answer(border_likelihood):
    again = border_likelihood.starting_at(BORDER_NUMBERS * 1.05).evaluate(BORDER_NUMBERS)
    fresh = border_likelihood.evaluate(BORDER_NUMBERS)
    assert again.log_likelihood == pytest.approx(fresh.log_likelihood, abs=1e-10)
    np.testing.assert_allclose(again.gradient, fresh.gradient, rtol=1e-6)


@pytest.fixture(scope="module")
def habit() -> HabitLikelihood:
    return HabitLikelihood(border, [watched().within(remembering(border()).space)], 6)


def test_a_world_a_hundred_times_faster_needs_no_other_plan(habit):
    fast = BORDER_NUMBERS * np.where(np.isin(np.arange(len(BORDER_NUMBERS)), [0, 2]), 100.0, 1.0)
    rates = np.array([-2.5, -3.5, -4.5, 0.3, 1.3, -0.7])
    numbers = np.concatenate([fast, rates, np.zeros(6)])
    reference = filter_by_matrices(border_record(), _constant_jumps(fast, rates), BORDER_SPACE, border_start())
    assert habit.value(numbers) == pytest.approx(reference.log_likelihood, abs=1e-8)
    assert habit.evaluate(numbers).log_likelihood == pytest.approx(reference.log_likelihood, abs=1e-8)


def _constant_jumps(numbers, log_shares):
    """Every action at a constant share of the chances to act where it is available, by brute force."""
    dense = Dense(border(numbers))
    rates = iter(np.exp(log_shares))
    jumps = list(dense.nature)
    some = dense.jumps(np.zeros((3, 24)))[len(jumps) :]
    for player, actions in zip(dense.game.players, dense.actions, strict=True):
        decisions = np.asarray(player.decision_rate.rate(BORDER_SPACE))
        for name, _, available, outcomes, _ in actions:
            rate = next(rates) * decisions
            kinds = [jump for jump in some if (jump.who, jump.what) == (player.name, name)]
            jumps += [
                jump._replace(rate=chance * rate * available) for jump, (chance, _) in zip(kinds, outcomes, strict=True)
            ]
    return jumps


def test_the_gradient_under_habit_is_that_of_differences_and_motives_do_not_count(habit):
    shares, replies = [-1.0, -0.5, -0.3, -1.2, -0.2, -2.0], [0.3, -0.5, 0.2, 1.0, -0.4, 0.1]
    numbers = np.concatenate([BORDER_NUMBERS, shares, replies])
    at = habit.evaluate(numbers)
    expected = central_slope(lambda n: habit.evaluate(n).log_likelihood, numbers)
    np.testing.assert_allclose(at.gradient, expected, rtol=1e-6, atol=1e-8)
    for name in ("cost of pressing", "weight of tension", "weight of calm", "horizon"):
        assert at.gradient[BORDER_NAMES.index(name)] == 0.0
    assert at.gradient[-7] == at.gradient[-1] == 0.0  # pleading is nowhere available


def test_habit_have_their_textbook_likelihood():
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
    likelihood = HabitLikelihood(game, [watched(record, space=space, start=np.array([1.0, 0.0]))], 2)
    opening, shutting = 0.7, 2.5
    found = likelihood.evaluate(np.append(np.log([opening, shutting]), [0.0, 0.0]))
    shut, opened = 1.0 + 2.5 + 1.8, 0.5 + 0.2
    expected = 2 * np.log(opening) - opening * shut + 2 * np.log(shutting) - shutting * opened
    assert found.log_likelihood == pytest.approx(expected, abs=1e-10)
    expected_slope = [2 - opening * shut, 2 - shutting * opened, 0.0, 0.0]
    np.testing.assert_allclose(found.gradient, expected_slope, rtol=0, atol=1e-7)


def test_a_reply_multiplies_the_share_while_a_rival_was_the_last_to_act():
    """Two players who may act at any time: the log likelihood is that of a point process, added up by hand."""
    flag = Variable("flag", ("down", "up"))
    space = StateSpace((flag,))
    wave = Action(0.0, (1.0,), None, "wave", (Effect.become(flag, "up"),))
    names = ("north", "south")
    game = Game((), tuple(Player(Hazard(1.0), 0.1, (wave,), (), name) for name in names), space)
    moves = ((0.5, "north"), (0.8, "north"), (1.5, "south"), (3.0, "south"), (3.1, "north"))
    record = Record(tuple(Move(time, who, "wave") for time, who in moves), until=6.0)
    seen = watched(record, space=space, start=np.array([1.0, 0.0])).within(remembering(game).space)
    share, reply = {"north": 0.7, "south": 1.3}, {"north": 2.5, "south": 0.4}
    numbers = np.log([*share.values(), *reply.values()])
    found = HabitLikelihood(lambda numbers: game, [seen], 2).value(numbers)
    expected, now, last = 0.0, 0.0, None
    for time, who in (*moves, (6.0, None)):
        rates = {name: share[name] * (reply[name] if last not in (None, name) else 1.0) for name in names}
        expected -= (time - now) * sum(rates.values())
        expected += 0.0 if who is None else np.log(rates[who])
        now, last = time, who
    assert found == pytest.approx(expected, abs=1e-10)


def _of(game: Game, record: Record, start=None) -> float:
    equilibrium = solve(game, tolerance=1e-13)
    chain = Chain.of_play(equilibrium.arrays, equilibrium.play)
    return log_likelihood(chain, record.plan(game.space), border_start() if start is None else start)


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
    likelihood = GameLikelihood(border, [watched()], tolerance=1e-30)
    with pytest.raises(NotConverged, match="not converged: residual"):
        likelihood.evaluate(BORDER_NUMBERS)
