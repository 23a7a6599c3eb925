"""Chains of consequences in small games whose rates are written down."""

import dataclasses

import numpy as np
import pytest

from raison.chain import Act, Chain, ChainMotion
from raison.equations import GameArrays
from raison.game import Action, Drift, Effect, Game, Hazard, Motive, Player, StateSpace, Variable
from raison.inference.consequences import consequences, links

TIES = Variable("ties", ("cold", "warm"))
TRADE = Variable("trade", ("weak", "fair", "good"))
VOTES = Variable("votes", ("few", "many"))
SPACE = StateSpace((TIES, TRADE, VOTES))
EVEN = np.full(SPACE.size, 1.0 / SPACE.size)


def hazard(base: float, **ratios: tuple[float, ...]) -> Hazard:
    return Hazard(base, tuple(np.array(each) for each in ratios.values()), tuple(ratios))


def game(*, trade_by_ties: tuple[float, ...] = (1.0, 4.0), votes_by_trade: tuple[float, ...] = (1.0, 1.5, 2.0)) -> Game:
    """A government may warm ties (half the time it does), ties help trade, and trade wins votes; it may also cool."""
    drifts = (
        Drift(hazard(0.1, ties=trade_by_ties), None, "trade rises", Effect.shift(TRADE, 1)),
        Drift(hazard(0.2, trade=votes_by_trade), None, "votes rise", Effect.shift(VOTES, 1)),
    )
    warm = Action(0.0, (0.5, 0.5), None, "warm", (Effect.shift(TIES, 1), Effect()))
    cool = Action(0.0, (1.0,), None, "cool", (Effect.shift(TIES, -1),))
    speak = Action(0.0, (1.0,), None, "speak", (Effect.shift(VOTES, 1),))
    player = Player(Hazard(1.0), 1.0, (warm, cool, speak), (Motive(1.0, EVEN, "none"),), "government")
    return Game(drifts, (player,), SPACE)


def motion_of(played: Game) -> ChainMotion:
    """Every action at rate 1 everywhere."""
    return ChainMotion(Chain.of(GameArrays.of(played), [np.ones((3, SPACE.size))]))


def found(played: Game):
    return links(played, motion_of(played), EVEN)


VOTES_WANTED = SPACE.levels_of("votes").astype(float)


def test_a_link_has_the_rates_at_the_levels_of_its_cause() -> None:
    by_ends = {(link.cause, link.effect, link.move): link for link in found(game())}
    assert set(by_ends) == {("ties", "trade", "rises"), ("trade", "votes", "rises")}
    first = by_ends["ties", "trade", "rises"]
    assert (first.slow, first.fast, first.act) == ("cold", "warm", Act("nature", "trade rises"))
    # trade can rise from two levels of three
    assert (first.slow_rate, first.fast_rate) == pytest.approx((0.1 * 2 / 3, 0.4 * 2 / 3))
    assert first.share == pytest.approx(0.75)
    # votes also rise by a speech, at rate 1, which trade does not change: the link is diluted by it
    second = by_ends["trade", "votes", "rises"]
    assert (second.slow_rate, second.fast_rate) == pytest.approx(((0.2 + 1.0) / 2, (0.4 + 1.0) / 2))


def test_a_chain_is_the_path_that_passes_on_most_and_works_for_the_feature() -> None:
    played = game()
    warm = consequences(found(played), played, EVEN, Act("government", "warm"), VOTES_WANTED)
    assert warm is not None
    assert (warm.begins, warm.chance) == ("ties", pytest.approx(0.5 * 0.5))  # half the time ties are cold
    assert [(link.cause, link.effect) for link in warm.links] == [("ties", "trade"), ("trade", "votes")]
    assert warm.share == pytest.approx(0.25 * 0.75 * (1 - 1.2 / 1.4))


def test_an_act_that_works_against_a_feature_does_not_serve_it() -> None:
    played = game()
    assert consequences(found(played), played, EVEN, Act("government", "cool"), VOTES_WANTED) is None
    cool = consequences(found(played), played, EVEN, Act("government", "cool"), 1.0 - VOTES_WANTED)
    assert cool is not None
    assert [link.effect for link in cool.links] == ["trade", "votes"]


def test_an_act_that_moves_what_is_wanted_needs_no_link() -> None:
    played = game()
    speak = consequences(found(played), played, EVEN, Act("government", "speak"), VOTES_WANTED)
    assert speak is not None
    assert (speak.begins, speak.links, speak.chance) == ("votes", (), pytest.approx(0.5))


def test_a_broken_link_breaks_the_chain() -> None:
    played = game(trade_by_ties=(1.0, 1.0))
    assert consequences(found(played), played, EVEN, Act("government", "warm"), VOTES_WANTED) is None


def test_levels_at_which_the_world_is_not_found_do_not_count() -> None:
    played = game(votes_by_trade=(0.0, 1.5, 2.0))
    rarely_weak = np.where(SPACE.levels_of("trade") == 0, 0.01, 1.0)
    (link,) = [
        each for each in links(played, motion_of(played), rarely_weak / rarely_weak.sum()) if each.effect == "votes"
    ]
    assert (link.slow, link.fast) == ("fair", "good")


def test_levels_without_an_order_have_no_direction() -> None:
    played = game()
    loose = StateSpace((dataclasses.replace(TIES, is_ordered=False), TRADE, VOTES))
    become = Action(0.0, (1.0,), None, "cool", (Effect.become(loose.variables[0], "cold"),))
    player = dataclasses.replace(played.players[0], actions=(become,))
    other = dataclasses.replace(played, players=(player,), space=loose)
    motion = ChainMotion(Chain.of(GameArrays.of(other), [np.ones((1, SPACE.size))]))
    cool = consequences(links(other, motion, EVEN), other, EVEN, Act("government", "cool"), VOTES_WANTED)
    assert cool is not None
    assert cool.chance == pytest.approx(0.5)
