import numpy as np
from dense import rate_of
from small_games import BORDER_SPACE, border

from raison.game import Drift, Effect, Hazard


def test_a_rate_is_the_base_times_the_ratio_of_every_level():
    hazard = Hazard(0.5, (np.array([1.0, 2.0, 3.0, 0.0]), np.array([1.0, 0.1])), ("tension", "army"))
    np.testing.assert_allclose(hazard.rate(BORDER_SPACE), rate_of(BORDER_SPACE, hazard), rtol=1e-15)


def test_a_drift_has_no_rate_where_it_changes_nothing_or_is_barred():
    falls, sours, _ = border().drifts
    tension, mood = BORDER_SPACE.levels_of("tension"), BORDER_SPACE.levels_of("mood")
    assert np.all((np.asarray(falls.rate(BORDER_SPACE)) == 0) == (tension == 0))
    assert np.all((np.asarray(sours.rate(BORDER_SPACE)) > 0) == ((tension >= 2) & (mood != 2)))


def test_a_drift_without_effect_never_happens():
    assert not np.asarray(Drift(Hazard(3.0), None, "nothing", Effect()).rate(BORDER_SPACE)).any()
