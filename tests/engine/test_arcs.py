import numpy as np
from dense import targets_of
from small_games import ARMY, BORDER_SPACE, MOOD, TENSION

from raison.engine.arcs import arcs_of
from raison.game import Effect, StateSpace, Variable

EFFECTS = (
    Effect.shift(TENSION, 1),
    Effect.become(TENSION, "brink"),
    Effect.shift(TENSION, -2),
    Effect(),
    Effect.become(MOOD, "sour").and_(Effect.become(ARMY, "low")),
)


def test_every_effect_follows_an_arc_to_its_target_or_stays():
    arcs = arcs_of(BORDER_SPACE, EFFECTS)
    for u, effect in enumerate(EFFECTS):
        for x, target in enumerate(targets_of(BORDER_SPACE, effect)):
            slot = arcs.slot[x, u]
            assert (slot == len(EFFECTS)) == (target == x)
            if target != x:
                assert arcs.first[x] + slot < arcs.first[x + 1]
                assert arcs.target[arcs.first[x] + slot] == target


def test_effects_with_the_same_target_share_an_arc():
    arcs = arcs_of(BORDER_SPACE, EFFECTS)
    for x in range(BORDER_SPACE.size):
        leaving = arcs.target[arcs.first[x] : arcs.first[x + 1]]
        assert len(set(leaving)) == len(leaving)


def test_turned_around_every_arc_comes_in_once():
    arcs = arcs_of(BORDER_SPACE, EFFECTS)
    into = arcs.reversed
    sources = np.repeat(np.arange(BORDER_SPACE.size), np.diff(arcs.first))
    ends = np.repeat(np.arange(BORDER_SPACE.size), np.diff(into.first))
    assert sorted(into.arc) == list(range(len(arcs.target)))
    np.testing.assert_array_equal(arcs.target[into.arc], ends)
    np.testing.assert_array_equal(sources[into.arc], into.source)


def test_more_effects_than_fit_in_a_byte_find_their_arcs():
    dial = Variable("dial", tuple(str(level) for level in range(300)))
    space = StateSpace((dial,))
    arcs = arcs_of(space, tuple(Effect.become(dial, level) for level in dial.levels))
    assert arcs.slot.dtype == np.uint16
    for x in range(space.size):
        expected = [target for target in range(space.size) if target != x]
        np.testing.assert_array_equal(arcs.target[arcs.first[x] : arcs.first[x + 1]], expected)
        np.testing.assert_array_equal(np.delete(arcs.slot[x], x), np.arange(space.size - 1))
        assert arcs.slot[x, x] == space.size
