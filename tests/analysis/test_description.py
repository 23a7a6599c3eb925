import numpy as np
import pytest

from raison.analysis.description import Described, item_results, record_results
from raison.analysis.fitting import Fit
from raison.case import BuiltCase
from raison.record import Move


def test_act_and_silence_add_up_to_the_log_likelihood(fits: tuple[Fit, ...], described: Described) -> None:
    for fit, each in zip(fits, described.each, strict=True):
        assert (each.act + each.silence).sum() == pytest.approx(fit.posterior.log_likelihood, abs=1e-6)
        assert (each.silence <= 1e-12).all(), "a silence is a probability"


def test_every_path_is_a_distribution_that_starts_and_ends_with_the_record(
    case: BuiltCase, described: Described
) -> None:
    assert described.dates[-1] == str(case.records[0].until)
    assert list(described.dates) == sorted(described.dates)
    for each in described.each:
        assert set(each.paths) == set(case.space.names)
        for variable in case.space.variables:
            path = each.paths[variable.name]
            assert path.shape == (len(described.dates), len(variable.levels))
            assert path.sum(axis=1) == pytest.approx(1.0, abs=1e-9)
            assert (path >= -1e-12).all()


def test_a_sure_move_shows_in_the_path(case: BuiltCase, described: Described) -> None:
    """Before the first offer the border is surely closed; after it, surely not, until it can be closed again."""
    at = described.dates.index("2021-11-15")
    for each in described.each:
        assert each.paths["border"][at - 1, 0] == pytest.approx(1.0, abs=1e-9)
        assert each.paths["border"][at, 1] == pytest.approx(1.0, abs=1e-9)


def test_habit_expects_its_share_of_the_chances(fits: tuple[Fit, ...], described: Described) -> None:
    """A protest can be made everywhere and at any time: share times rate of decisions times length of the record.

    While Northland was the last to act, it is made oftener or less often by the reply factor.
    """
    numbers = {
        each.name: value for each, value in zip(fits[-1].posterior.parameters, fits[-1].posterior.mode, strict=True)
    }
    rate = np.exp(numbers["log share of southland protest"]) * numbers["players.southland.acts"]
    times = [0.0, *(item.time for item in described.watched.record.items), described.watched.record.until]
    rivals = [False, *(_acted_last(described, number) == "northland" for number in range(len(times) - 2))]
    reply = np.exp(numbers["log reply of southland protest"])
    expected = rate * sum(np.diff(times) * np.where(rivals, reply, 1.0))
    (found,) = (each.expected for each in described.each[-1].forecasts if each.action == "protest")
    assert found == pytest.approx(expected, rel=1e-3)  # one of the moves is doubtful, and so is who acted last


def test_expected_and_seen_moves_cover_every_action(case: BuiltCase, described: Described) -> None:
    actions = [(player, action) for player, mine in case.names.actions.items() for action in mine]
    for each in described.each:
        assert [(forecast.player, forecast.action) for forecast in each.forecasts] == actions
        assert [forecast.observed for forecast in each.forecasts] == [1, 0, 0, 1, 1]
        assert all(np.isfinite(forecast.expected) and forecast.expected >= 0 for forecast in each.forecasts)


def test_the_items_keep_their_confidence_and_end_with_the_watch(
    case: BuiltCase, fits: tuple[Fit, ...], described: Described
) -> None:
    items = item_results(fits, (described,))
    assert [item.kind for item in items] == [
        *["reading", "move", "reading", "shock", "move", "move", "reading", "reading"],
        "end",
    ]
    assert [item.confidence for item in items] == [0.95, 1.0, 0.8, 1.0, 1.0, 0.95, 0.95, 0.8, 1.0]
    assert items[-1].date == str(case.records[0].until)
    assert set(items[0].weights) == {fit.explanation.name for fit in fits}
    assert {item.record for item in items} == {"small"}


def test_a_record_is_told_with_its_days(case: BuiltCase, described: Described) -> None:
    (told,) = record_results((described,))
    assert (told.name, told.begin, told.until, told.focal_date) == ("small", "2021-01-04", "2022-06-30", "2021-11-15")
    assert told.times == described.dates


def _acted_last(described: Described, number: int) -> str | None:
    """Return the player of the last move up to item `number`."""
    items = described.watched.record.items[: number + 1]
    return next((item.who for item in reversed(items) if isinstance(item, Move)), None)
