import numpy as np
import pytest
from small_games import BORDER_SPACE, MOOD, TENSION

from raison.chain.bands import BRIDGED, bands_of
from raison.game import Effect, StateSpace, Variable

EFFECTS = (
    Effect.shift(TENSION, 1),
    Effect.shift(TENSION, -2),
    Effect.become(MOOD, "sour"),
    Effect.shift(TENSION, 1).and_(Effect.become(MOOD, "warm")),
    Effect(),
)


def target_of_cell(bands, cell: int) -> tuple[int, int]:
    """Return where the jump of a cell leaves from and where it leads, as the loops read it."""
    band = np.searchsorted(bands.offset, cell, side="right") - 1
    source = bands.begin[band] + cell - bands.offset[band]
    return int(source), int(source + bands.shift[band])


@pytest.mark.parametrize("effect", EFFECTS, ids=str)
def test_the_cell_of_a_jump_leads_where_the_effect_leads(effect: Effect):
    bands = bands_of(BORDER_SPACE, EFFECTS)
    for state, (cell, target) in enumerate(zip(bands.place(effect), effect.targets(BORDER_SPACE), strict=True)):
        assert (cell == bands.cells) == (target == state)
        if cell < bands.cells:
            assert target_of_cell(bands, int(cell)) == (state, target)


def test_bands_cover_their_cells_once_and_stay_within_the_states():
    bands = bands_of(BORDER_SPACE, EFFECTS)
    assert bands.cells == bands.length.sum()
    np.testing.assert_array_equal(bands.offset, np.cumsum(bands.length) - bands.length)
    assert (bands.begin + np.minimum(bands.shift, 0) >= 0).all()
    assert (bands.begin + bands.length + np.maximum(bands.shift, 0) <= BORDER_SPACE.size).all()


def test_a_jump_from_many_levels_to_one_takes_few_cells_more_than_jumps():
    """A reset of the last variable leads from every level by another shift: its bands are short, and not bridged."""
    space = StateSpace((Variable("engine", ("old", "new")), Variable("mileage", tuple(map(str, range(90))))))
    reset = Effect.become(space.variable("mileage"), "0")
    bands = bands_of(space, (reset,))
    assert bands.cells <= 2 * (space.size - 2) + BRIDGED


def test_effects_without_a_jump_have_no_bands():
    bands = bands_of(BORDER_SPACE, (Effect(),))
    assert (bands.cells, len(bands.begin)) == (0, 0)
