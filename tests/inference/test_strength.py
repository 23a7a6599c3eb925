import dataclasses
import math

import numpy as np
import pytest
from small_games import border, in_days, scaled_record, watched

from raison.chain import Chain, distribution_at
from raison.chain.filter import time_average
from raison.equilibrium import solve
from raison.game import Action, Drift, Effect, Game, Hazard, Motive, Player, StateSpace, Variable
from raison.inference.strength import random_chain, random_whereabouts, spreads
from raison.record import Record

DOOR = Variable("door", ("closed", "open"))
ROOM = StateSpace((DOOR,))
ACTS, CLOSES, HORIZON = 3.0, 0.7, 5.0


def porter(feature: np.ndarray, *, weight: float = 1.0, space: StateSpace = ROOM) -> Game:
    """One player who may open a door that nature closes."""
    door = space.variables[0]
    opens = Action(0.5, (1.0,), space.levels_of(door.name) == 0, "open", (Effect.become(door, door.levels[1]),))
    player = Player(Hazard(ACTS), 1.0 / HORIZON, (opens,), (Motive(weight, feature, "open"),), "porter")
    closes = Drift(Hazard(CLOSES), None, "door closes", Effect.become(door, door.levels[0]))
    return Game((closes,), (player,), space)


def in_room(until: float):
    return watched(Record((), until), space=ROOM, start=np.array([1.0, 0.0]))


def test_the_spread_in_two_states_is_its_closed_form() -> None:
    game, until = porter(np.array([0.0, 1.0])), 4.0
    opening, both = ACTS / 2, ACTS / 2 + CLOSES  # a chance to act is used every second time
    share_open = opening / both * (1.0 - (1.0 - math.exp(-both * until)) / (both * until))
    where = random_whereabouts(game, [in_room(until)])
    np.testing.assert_allclose(where, [1.0 - share_open, share_open], rtol=1e-6)
    worth = 1.0 / (1.0 / HORIZON + both)
    ((found,),) = spreads(game, where)
    assert found == pytest.approx(worth * math.sqrt(where[0]), rel=1e-8)


def test_whereabouts_are_the_time_average_and_longer_records_weigh_more() -> None:
    game, chain, short, long = border(), random_chain(border()), watched(), watched(Record((), 21.0))
    times = np.linspace(0.0, 7.0, 4001)
    at = np.array([distribution_at(chain, short.start, time) for time in times])
    average = (at[1:] + at[:-1]).mean(axis=0) / 2
    np.testing.assert_allclose(time_average(chain, short.start, 7.0), average, atol=1e-6)
    parts = [random_whereabouts(game, [each]) for each in (short, long)]
    np.testing.assert_allclose(random_whereabouts(game, [short, long]), (parts[0] + 3 * parts[1]) / 4, rtol=1e-12)


def test_players_who_act_at_random_take_every_available_option_equally_often() -> None:
    game = border()
    chain = random_chain(game)
    for player in game.players:
        for action in player.actions:
            free = np.ones(24) if action.is_available is None else np.asarray(action.is_available)
            options = 1.0 + sum(
                np.ones(24) if each.is_available is None else np.asarray(each.is_available) for each in player.actions
            )
            expected = np.asarray(player.decision_rate.rate(game.space)) * free / options
            np.testing.assert_allclose(chain.act_rate(player.name, action.name), expected, rtol=1e-12)


@pytest.mark.parametrize("player", [0, 1])
def test_a_scaled_and_shifted_feature_has_the_same_strength_for_as_much_less_weight(player: int) -> None:
    game, where = border(), random_whereabouts(border(), [watched()])

    def changed(motive: Motive) -> Motive:
        return dataclasses.replace(motive, feature=40.0 * np.asarray(motive.feature) - 3.0)

    players = tuple(dataclasses.replace(each, motives=tuple(map(changed, each.motives))) for each in game.players)
    stretched = dataclasses.replace(game, players=players)
    plain = np.array(spreads(game, where)[player])
    np.testing.assert_allclose(np.array(spreads(stretched, where)[player]), 40.0 * plain, rtol=1e-7)


def test_strength_does_not_depend_on_the_unit_of_time() -> None:
    game, record = border(), watched()
    ratio = 365.25 / 12
    daily, days = in_days(game, ratio), dataclasses.replace(record, record=scaled_record(record.record, ratio))
    log_strengths = [
        [float(motive.weight) * spread for player, each in zip(one.players, found, strict=True)
         for motive, spread in zip(player.motives, each, strict=True)]
        for one, found in (
            (game, spreads(game, random_whereabouts(game, [record]))),
            (daily, spreads(daily, random_whereabouts(daily, [days]))),
        )
    ]  # fmt: skip
    np.testing.assert_allclose(log_strengths[0], log_strengths[1], rtol=1e-7)


def test_strength_does_not_depend_on_names_and_their_order() -> None:
    gate = StateSpace((Variable("gate", ("shut", "ajar")),))
    where = np.array([0.3, 0.7])
    feature = np.array([0.0, 1.0])
    assert spreads(porter(feature, space=gate), where) == spreads(porter(feature), where)


def test_nobody_can_serve_a_motive_that_no_act_moves() -> None:
    game = porter(np.ones(2))
    ((found,),) = spreads(game, random_whereabouts(game, [in_room(4.0)]))
    assert found == pytest.approx(0.0, abs=1e-9)


LUCK = Variable("luck", ("none", "good", "bad"), is_ordered=False)
CASINO = StateSpace((LUCK,))


def gambler(weight: float) -> Game:
    """A player without luck may turn to good or to bad; both pass at the same rate, so their worth is the same under
    any play."""
    idle = CASINO.levels_of("luck") == 0
    acts = tuple(Action(0.0, (1.0,), idle, name, (Effect.become(LUCK, name),)) for name in ("good", "bad"))
    player = Player(Hazard(2.0), 0.2, acts, (Motive(weight, np.array([0.0, 1.0, -1.0]), "luck"),), "gambler")
    return Game((Drift(Hazard(0.8), None, "luck passes", Effect.become(LUCK, "none")),), (player,), CASINO)


def test_strength_ten_gives_odds_of_ten_where_the_world_is() -> None:
    where = np.array([1.0, 0.0, 0.0])
    ((spread,),) = spreads(gambler(1.0), where)
    solved = solve(gambler(math.log(10.0) / spread))
    chain = Chain.of_play(solved.arrays, solved.play)
    rates = [float(chain.act_rate("gambler", name)[0]) for name in ("good", "bad")]
    assert rates[0] / rates[1] == pytest.approx(10.0, rel=1e-7)
