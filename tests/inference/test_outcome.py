import numpy as np
import pytest
from dense import central_slope
from small_games import BORDER_NUMBERS, BORDER_SPACE, border, watched

from raison.chain import Act, ChainMotion
from raison.chain.happening import Acts
from raison.inference.likelihood import GameLikelihood, chain_of
from raison.inference.outcome import Foreseen
from raison.query.conditions import mask
from raison.query.grammar import parse_condition

BRINK, SOUR = (mask(parse_condition(text), BORDER_SPACE) for text in ("tension = brink", "mood = sour"))
BOTH = Acts((Act("north", "press"), Act("south", "talk")), is_all=True)


@pytest.mark.parametrize("known", [None, 1.4, 7.0])
@pytest.mark.parametrize(
    ("event", "other", "wait", "length"),
    [
        (BRINK, None, 0.0, 1.5),  # by a day
        (BRINK, SOUR, 0.0, 1.5),  # before something else
        (BRINK, None, 1.5, 0.0),  # at a day
        (Act("south", "talk"), None, 0.7, 1.0),  # between two days
        (BOTH, None, 0.0, 2.0),
    ],
)
def test_the_gradient_of_a_forecast_is_that_of_finite_differences(known, event, other, wait, length):
    begin = (known or 0.0) + wait
    seen = Foreseen(watched(), known, event, other, begin, begin + length)
    likelihood = GameLikelihood(border, [seen], tolerance=1e-13)
    found = likelihood.evaluate(BORDER_NUMBERS)
    expected = central_slope(likelihood.value, BORDER_NUMBERS, 1e-4)
    np.testing.assert_allclose(found.gradient, expected, rtol=2e-5, atol=2e-6)


def test_its_probability_is_that_of_the_forecast():
    likelihood = GameLikelihood(border, [], tolerance=1e-13)
    motion_chain = chain_of(likelihood.solve(BORDER_NUMBERS))
    seen = Foreseen(watched(), None, BRINK, None, 0.0, 2.0)
    race = ChainMotion(motion_chain).race(BRINK)
    expected = race.won(race.run(race.begin(watched().start), 2.0))
    assert np.exp(seen.log_likelihood(motion_chain)) == pytest.approx(expected, rel=1e-10)


def test_what_cannot_come_about_has_no_likelihood():
    never = np.zeros(24, dtype=bool)
    likelihood = GameLikelihood(border, [Foreseen(watched(), None, never, None, 0.0, 2.0)])
    assert likelihood.value(BORDER_NUMBERS) == -np.inf
