import datetime
import math
import pathlib

import jax
import numpy as np
import pytest
from dense import central_slope

import raison
from raison.case import BuiltCase
from raison.case.template import write_template
from raison.cases import open_case
from raison.game import Effect, Game
from raison.inference.likelihood import GameLikelihood
from raison.inference.prior import Fixed, LogNormal
from raison.record import Move, Reading, Shock


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> BuiltCase:
    folder = tmp_path_factory.mktemp("built") / "small"
    write_template(folder)
    return open_case(folder)


def slots(built: BuiltCase) -> dict[str, int]:
    return {parameter.name: slot for slot, parameter in enumerate(built.explanations[0].parameters)}


def random_slope(built: BuiltCase, numbers: np.ndarray, seed: int) -> Game:
    """Return random derivatives by a game in its form; masks stay as they are."""
    rng = np.random.default_rng(seed)
    return jax.tree.map(
        lambda leaf: leaf if np.asarray(leaf).dtype == bool else rng.normal(size=np.shape(leaf)), built.game(numbers)
    )


def test_every_number_of_the_game_is_its_parameter(built: BuiltCase) -> None:
    at = slots(built)
    theta = np.arange(1.0, len(at) + 1)
    game = built.game(theta)
    falls, northland, southland = game.drifts[0], game.players[0], game.players[1]
    assert falls.hazard.base == 1 / theta[at["nature.trade falls.every"]]
    ratios = [
        1.0,
        theta[at["nature.trade falls.when.border.partial"]],
        theta[at["nature.trade falls.when.border.open"]],
    ]
    np.testing.assert_array_equal(falls.hazard.ratios[0], ratios)
    assert northland.decision_rate.base == theta[at["players.northland.acts"]]
    assert northland.discount_rate == 1 / theta[at["players.northland.looks ahead"]]
    assert northland.actions[0].cost == theta[at["players.northland.actions.offer.costs"]]
    assert northland.actions[0].chances == (1.0,)
    assert southland.actions[1].chances[0] == pytest.approx(
        theta[at["players.southland.actions.protest.outcomes.1.chance"]]
    )
    assert [motive.name for motive in northland.motives] == ["trade", "calm"]
    assert northland.motives[1].weight == theta[at["players.northland.wants.calm"]]


def test_every_written_parameter_reaches_the_game(built: BuiltCase) -> None:
    numbers = np.full(len(slots(built)), 0.3)
    by_game = random_slope(built, numbers, 1)
    touched = built.game.pull(numbers, by_game) != 0
    assert {name for name, slot in slots(built).items() if not touched[slot] and not name.endswith(".seen")} == set()


def test_an_act_that_may_go_unseen_has_its_chance_among_the_parameters(tmp_path: pathlib.Path) -> None:
    write_template(tmp_path / "small")
    path = tmp_path / "small" / "case.yaml"
    path.write_text(path.read_text().replace("costs: 1 to 3, about: offers", "costs: 1 to 3, seen: 0.3, about: offers"))
    built = open_case(tmp_path / "small")
    slot = slots(built)["players.northland.actions.offer.seen"]
    assert built.explanations[0].parameters[slot].prior == Fixed(0.3)
    assert built.game(np.arange(1.0, 60.0)).players[0].actions[0].seen == (slot + 1,)


def test_an_act_may_be_seen_with_another_chance_from_a_date_on(tmp_path: pathlib.Path) -> None:
    write_template(tmp_path / "small")
    path = tmp_path / "small" / "case.yaml"
    text = path.read_text()
    text = text.replace(
        "costs: 1 to 3, about: offers", "costs: 1 to 3, seen: {until 2021-11-14: 0.9, after: 0.3}, about: offers"
    )
    text = text.replace(
        "costs: 0.5 to 2, about: closes",
        "costs: 0.5 to 2, seen: {until 2021-03-31: 0.8, until 2021-11-14: 0.7, after: 0.6}, about: closes",
    )
    path.write_text(text)
    built = open_case(tmp_path / "small")
    at, (watched,) = slots(built), built.records
    theta = np.arange(len(at)) + 1.0
    offer, close, speak = built.game(theta).players[0].actions
    first, later = (at[f"players.northland.actions.offer.seen.{key}"] for key in ("until 2021-11-14", "after"))
    assert offer.seen == (first + 1, first + 1, later + 1)
    keys = ("until 2021-03-31", "until 2021-11-14", "after")
    assert close.seen == tuple(at[f"players.northland.actions.close.seen.{key}"] + 1 for key in keys)
    assert speak.seen == (1.0,)
    assert [watched.calendar.date_of(time) for time in watched.record.periods] == [
        datetime.date(2021, 4, 1),
        datetime.date(2021, 11, 15),
    ]
    row = next(number for number, item in enumerate(watched.record.items) if item.what == "offer")
    assert watched.plan.period[np.flatnonzero(watched.plan.item == row)].tolist() == [1, 2]
    by_game = random_slope(built, np.full(len(at), 0.3), 2)
    pulled = built.game.pull(np.full(len(at), 0.3), by_game)
    seen = by_game.players[0].actions[0].seen
    assert pulled[[first, later]] == pytest.approx([float(seen[0] + seen[1]), float(seen[2])])


THREE_OUTCOMES = """{chance: 0.2 to 0.4, changes: {mood: -1}}
          - {chance: 0.1, changes: {border: -1}}
          - {chance: rest}"""


@pytest.fixture
def three_outcomes(tmp_path: pathlib.Path):
    """The chances of an act with a range, a number and a rest, as a function of the two that are written."""
    write_template(tmp_path / "small")
    path = tmp_path / "small" / "case.yaml"
    text = path.read_text()
    begin = text.index("{chance: 0.2 to 0.4")
    path.write_text(text[:begin] + THREE_OUTCOMES + text[text.index("{chance: rest}") + len("{chance: rest}") :])
    built = open_case(tmp_path / "small")
    root = "players.southland.actions.protest.outcomes"
    at = [slots(built)[f"{root}.{number}.chance"] for number in (1, 2)]
    assert f"{root}.3.chance" not in slots(built)

    def chances(first: float, second: float) -> list[float]:
        theta = np.full(len(slots(built)), 2.0)
        theta[at] = first, second
        return [float(chance) for chance in built.game(theta).players[1].actions[1].chances]

    middle = built.explanations[0].parameters[at[0]].prior.value(0.0)
    return chances, middle


def test_a_chance_is_what_is_written_while_the_others_are_at_their_middles(three_outcomes) -> None:
    chances, middle = three_outcomes
    np.testing.assert_allclose(chances(middle, 0.1), [middle, 0.1, 0.9 - middle], rtol=1e-12)
    for first in (0.01, 0.2, 0.4, 0.99):
        found = chances(first, 0.1)
        assert found[0] == pytest.approx(first, rel=1e-12)
        assert found[1] / found[2] == pytest.approx(0.1 / (0.9 - middle), rel=1e-12)
    assert chances(middle, 0.5)[1] == pytest.approx(0.5, rel=1e-12)


def test_chances_sum_to_one_wherever_they_go(three_outcomes) -> None:
    chances, _ = three_outcomes
    for first in (1e-6, 0.5, 1 - 1e-6):
        for second in (0.0, 0.5, 1 - 1e-6):
            found = chances(first, second)
            assert sum(found) == pytest.approx(1.0, abs=1e-14)
            assert min(found) >= 0.0


@pytest.mark.parametrize("chances", ["{chance: 0.2 to 0.4", THREE_OUTCOMES])
def test_the_derivative_by_the_numbers_is_that_of_differences(tmp_path: pathlib.Path, chances: str) -> None:
    write_template(tmp_path / "small")
    path = tmp_path / "small" / "case.yaml"
    text = path.read_text().replace("costs: 1 to 3, about: offers", "costs: 1 to 3, seen: 0.3 to 0.6, about: offers")
    begin = text.index("{chance: 0.2 to 0.4")
    if chances is THREE_OUTCOMES:
        end = text.index("{chance: rest}", begin) + len("{chance: rest}")
        text = text[:begin] + chances + text[end:]
    path.write_text(text)
    built = open_case(tmp_path / "small")
    numbers = np.random.default_rng(2).uniform(0.1, 0.4, len(slots(built)))
    by_game = random_slope(built, numbers, 3)

    def weighted(at: np.ndarray) -> float:
        leaves = zip(jax.tree.leaves(by_game), jax.tree.leaves(built.game(at)), strict=True)
        return sum(float(np.sum(by * leaf)) for by, leaf in leaves if np.asarray(leaf).dtype != bool)

    np.testing.assert_allclose(
        built.game.pull(numbers, by_game), central_slope(weighted, numbers), rtol=1e-6, atol=1e-8
    )


def test_structure_is_what_was_written(built: BuiltCase) -> None:
    game = built.game(np.full(len(slots(built)), 0.5))
    space = built.space
    offer, protest = game.players[0].actions[0], game.players[1].actions[1]
    assert offer.outcomes == (Effect.shift(space.variable("border"), 1),)
    np.testing.assert_array_equal(offer.is_available, space.levels_of("border") < 2)
    assert protest.is_available is None
    assert protest.outcomes == (Effect.shift(space.variable("mood"), -1), Effect())
    trade, calm = game.players[0].motives
    np.testing.assert_allclose(trade.feature, space.levels_of("trade") / 2)
    np.testing.assert_array_equal(calm.feature, space.levels_of("mood") == 1)


def test_explanations_share_their_parameters_and_differ_in_motives(built: BuiltCase) -> None:
    trade, votes = built.explanations
    assert [p.name for p in trade.parameters] == [p.name for p in votes.parameters]
    at = slots(built)
    assert trade.parameters[at["players.northland.wants.calm"]].prior == Fixed(0.0)
    calm, south = (
        votes.parameters[at[f"players.{name}"]].prior for name in ("northland.wants.calm", "southland.wants.trade")
    )
    assert isinstance(calm, LogNormal)
    assert isinstance(south, LogNormal)
    assert calm.high / calm.low == pytest.approx(math.log(30.0) / math.log(3.0))
    assert south.high / south.low == pytest.approx(math.log(8.0) / math.log(2.0))
    assert (trade.label, trade.weight, built.assumed) == ("Trade", 1.0, 15)


def test_what_an_explanation_sees_takes_the_place_of_the_number(tmp_path: pathlib.Path) -> None:
    write_template(tmp_path / "small")
    path = tmp_path / "small" / "case.yaml"
    old = "    wants: {northland: {calm: x3 to x30}}\n"
    path.write_text(path.read_text().replace(old, f"{old}    sees: {{players.northland.looks ahead: 6 months}}\n"))
    built = open_case(tmp_path / "small")
    slot = slots(built)["players.northland.looks ahead"]
    assert [each.parameters[slot].prior for each in built.explanations] == [Fixed(24.0), Fixed(6.0)]


def test_the_record_has_times_levels_and_effects(built: BuiltCase) -> None:
    reading, move = built.records[0].record.items[:2]
    shock = built.records[0].record.items[3]
    assert isinstance(reading, Reading)
    assert (reading.levels, reading.reliability) == (("weak",), 0.95)
    assert reading.time == pytest.approx(37 / 30.4375)
    assert isinstance(move, Move)
    assert (move.who, move.what, move.confidence, move.date) == ("southland", "protest", 1.0, "2021-04-20")
    assert isinstance(shock, Shock)
    assert (shock.drift, shock.effect) == ("trade falls", Effect.shift(built.space.variable("trade"), -1))
    assert built.records[0].record.until == pytest.approx(543 / 30.4375)
    assert built.records[0].until == datetime.date(2022, 6, 30)
    assert built.records[0].name == built.name == "small"


def test_a_shock_on_a_variable_shifts_or_sets_it(tmp_path: pathlib.Path) -> None:
    write_template(tmp_path / "small")
    path = tmp_path / "small" / "record.csv"
    path.write_text("date,kind,who,what\n2021-02-10,shock,border,open\n2021-02-11,shock,trade,-1\n")
    built = open_case(tmp_path / "small")
    border, trade = built.space.variable("border"), built.space.variable("trade")
    effects = [item.effect for item in built.records[0].record.items if isinstance(item, Shock)]
    assert effects == [Effect.become(border, "open"), Effect.shift(trade, -1)]


def test_the_start_is_the_product_of_the_variables(built: BuiltCase) -> None:
    assert built.records[0].start.sum() == pytest.approx(1.0)
    state = built.space.state({"border": "closed", "trade": "weak", "mood": "angry"})
    assert built.records[0].start[state] == pytest.approx(0.7)


def test_claims_carry_tests_with_exact_action_names(built: BuiltCase) -> None:
    assert [claim.test is None for claim in built.claims] == [False, False, True]
    assert "do(southland never welcome)" in str(built.claims[1].test)
    assert built.claims[2].not_testable == "a value judgement"


def test_a_case_built_twice_has_the_same_hash(tmp_path: pathlib.Path, built: BuiltCase) -> None:
    write_template(tmp_path / "again")
    assert open_case(tmp_path / "again").hash == built.hash
    assert built.records[0].focus == datetime.date(2021, 11, 15)


@pytest.mark.parametrize("unit", ["day", "week", "year"])
def test_the_time_unit_changes_no_weight_per_month_and_no_rate(
    tmp_path: pathlib.Path, built: BuiltCase, unit: str
) -> None:
    write_template(tmp_path / "small")
    text = (tmp_path / "small" / "case.yaml").read_text()
    (tmp_path / "small" / "case.yaml").write_text(text.replace("unit: month", f"unit: {unit}"))
    other = open_case(tmp_path / "small")
    games = []
    for case in (built, other):
        centre = np.asarray(case.explanations[0].centre)
        games.append(case.game(centre))
    ratio = other.records[0].record.until / built.records[0].record.until
    for in_months, in_units in zip(games[0].players, games[1].players, strict=True):
        assert float(in_units.decision_rate.base) * ratio == pytest.approx(float(in_months.decision_rate.base))
        assert float(in_units.discount_rate) * ratio == pytest.approx(float(in_months.discount_rate))
        for motive, same in zip(in_months.motives, in_units.motives, strict=True):
            assert float(same.weight) * ratio == pytest.approx(float(motive.weight))


def test_a_number_that_is_the_same_as_another_is_one_number(case: pathlib.Path) -> None:
    text = (case / "case.yaml").read_text(encoding="utf-8")
    links = {
        "looks ahead: 3 years": "looks ahead: same as players.northland.looks ahead",
        "mood rises:  {every: 6 to 12 months": "mood rises:  {every: same as nature.mood falls.every",
        "partial, costs: 0.5 to 2": "partial, costs: same as players.northland.actions.close.costs",
    }
    before = open_case(case)
    for old, new in links.items():
        assert old in text
        text = text.replace(old, new)
    (case / "case.yaml").write_text(text, encoding="utf-8")
    after = open_case(case)
    names = [parameter.name for parameter in after.explanations[0].parameters]
    assert len(names) == len(before.explanations[0].parameters) - 3
    numbers = after.explanations[0].centre
    numbers[names.index("players.northland.looks ahead")] = 50.0
    numbers[names.index("nature.mood falls.every")] = 4.0
    numbers[names.index("players.northland.actions.close.costs")] = 1.25
    game = after.game(numbers)
    assert [player.discount_rate for player in game.players] == [1 / 50.0, 1 / 50.0]
    assert {drift.name: drift.hazard.base for drift in game.drifts if "mood" in drift.name} == {
        "mood falls": 0.25,
        "mood rises": 0.25,
    }
    assert game.players[1].actions[0].cost == 1.25
    # the derivative by a shared number is the sum of those by its places
    likelihood = GameLikelihood(after.game, after.records)
    slot = names.index("nature.mood falls.every")
    step = 1e-4
    ends = []
    for side in (-1.0, 1.0):
        moved = numbers.copy()
        moved[slot] += side * step
        ends.append(likelihood.value(moved))
    assert likelihood.evaluate(numbers).gradient[slot] == pytest.approx((ends[1] - ends[0]) / (2 * step), rel=1e-4)


STATE_COSTS = (
    "costs: {base: 1 to 3, when: {mood: {angry: 0.5 to 2}, trade: {dying: -1, good: 0.2 to 1}}}, about: offers"
)


@pytest.fixture(scope="module")
def dear(tmp_path_factory: pytest.TempPathFactory) -> BuiltCase:
    """The small case, in which an offer costs more where voters are angry, and by the state of trade."""
    folder = tmp_path_factory.mktemp("dear") / "small"
    write_template(folder)
    path = folder / "case.yaml"
    path.write_text(path.read_text().replace("costs: 1 to 3, about: offers", STATE_COSTS))
    return open_case(folder)


def test_a_cost_may_hang_on_the_state(dear: BuiltCase) -> None:
    root = "players.northland.actions.offer.costs"
    at = slots(dear)
    numbers = dear.explanations[0].centre
    numbers[[at[root], at[f"{root}.when.mood.angry"], at[f"{root}.when.trade.good"]]] = 2.0, 0.7, 0.3
    offer = dear.game(numbers).players[0].actions[0]
    mood, trade = dear.space.levels_of("mood"), dear.space.levels_of("trade")
    expected = 2.0 + 0.7 * (mood == 0) - 1.0 * (trade == 0) + 0.3 * (trade == 2)
    np.testing.assert_allclose(offer.cost, expected, rtol=1e-15)
    assert np.ndim(dear.game(numbers).players[0].actions[1].cost) == 0


def test_the_gradient_by_costs_that_hang_on_the_state_is_that_of_differences(dear: BuiltCase) -> None:
    likelihood = GameLikelihood(dear.game, dear.records, tolerance=1e-13)
    numbers = dear.explanations[0].centre
    found = likelihood.evaluate(numbers).gradient
    free = [i for i, name in enumerate(slots(dear)) if ".costs" in name]
    assert len(free) > 5
    for i in free:
        step = np.zeros_like(numbers)
        step[i] = 1e-5
        slope = (likelihood.value(numbers + step) - likelihood.value(numbers - step)) / 2e-5
        assert found[i] == pytest.approx(slope, rel=1e-5, abs=1e-8)


def test_costs_that_hang_on_the_state_are_studied_like_others(dear: BuiltCase) -> None:
    """Fits, nulls, reasons: the parts of a reason sum to the log of how many times likelier the act is than waiting."""
    study = raison.run_study(dear, search=False)
    assert all(each.is_ok for each in study.explanations)
    (answer,) = raison.ask(study, ["reason(northland offer on 2021-11-15)"])
    *parts, whole = [each.value for each in answer.parts.values()]
    assert sum(parts) == pytest.approx(whole, abs=1e-9)


STATE_CHANCES = (
    "outcomes: [{chance: {base: 0.3 to 0.7, when: {mood: {angry: x0.2 to x0.6}, trade: {dying: x3}}}, "
    "changes: {border: +1}}, {chance: 0.05 to 0.2, changes: {mood: calm}}, {chance: rest}]"
)


@pytest.fixture(scope="module")
def fickle(tmp_path_factory: pytest.TempPathFactory) -> BuiltCase:
    """The small case, in which an offer is less likely to help where voters are angry, more where trade is dying."""
    folder = tmp_path_factory.mktemp("fickle") / "small"
    write_template(folder)
    path = folder / "case.yaml"
    text = path.read_text()
    (written,) = [line.strip() for line in text.splitlines() if line.strip().startswith("offer:")]
    assert "changes: {border: +1}" in written
    path.write_text(text.replace(written, written.replace("changes: {border: +1}", STATE_CHANCES)))
    return open_case(folder)


def test_a_chance_may_hang_on_the_state(fickle: BuiltCase) -> None:
    """The odds of the outcome against the rest are what is multiplied; where nothing is written it has its chance."""
    root = "players.northland.actions.offer.outcomes.1.chance"
    at = slots(fickle)
    numbers = fickle.explanations[0].centre
    numbers[[at[root], at[f"{root}.when.mood.angry"]]] = 0.5, 0.4
    middle = numbers[at["players.northland.actions.offer.outcomes.2.chance"]]
    up, calm, rest = fickle.game(numbers).players[0].actions[0].chances
    mood, trade = fickle.space.levels_of("mood"), fickle.space.levels_of("trade")
    np.testing.assert_allclose(up + calm + rest, 1.0, rtol=1e-14)
    factor = np.where(mood == 0, 0.4, 1.0) * np.where(trade == 0, 3.0, 1.0)
    np.testing.assert_allclose(up / rest, (up / rest)[factor == 1.0][0] * factor, rtol=1e-12)
    np.testing.assert_allclose(up[factor == 1.0], 0.5, rtol=1e-12)
    np.testing.assert_allclose(calm / rest, middle / (0.5 - middle), rtol=1e-12)
    assert all(np.ndim(each) == 0 for each in fickle.game(numbers).players[0].actions[1].chances)


def test_the_gradient_by_chances_that_hang_on_the_state_is_that_of_differences(fickle: BuiltCase) -> None:
    likelihood = GameLikelihood(fickle.game, fickle.records, tolerance=1e-13)
    numbers = fickle.explanations[0].centre
    found = likelihood.evaluate(numbers).gradient
    free = [i for i, name in enumerate(slots(fickle)) if ".chance" in name]
    assert len(free) == 5  # one of another action among them
    for i in free:
        step = np.zeros_like(numbers)
        step[i] = 1e-5
        slope = (likelihood.value(numbers + step) - likelihood.value(numbers - step)) / 2e-5
        assert found[i] == pytest.approx(slope, rel=1e-5, abs=1e-8)


def test_an_odds_ratio_of_nought_rules_an_outcome_out(fickle: BuiltCase) -> None:
    numbers = fickle.explanations[0].centre
    at = slots(fickle)["players.northland.actions.offer.outcomes.1.chance.when.trade.dying"]
    numbers[at] = 0.0
    up, calm, rest = fickle.game(numbers).players[0].actions[0].chances
    trade = fickle.space.levels_of("trade")
    assert (up[trade == 0] == 0.0).all()
    np.testing.assert_allclose(calm + rest, 1.0 - up, rtol=1e-14)
    assert np.isfinite(GameLikelihood(fickle.game, fickle.records).evaluate(numbers).gradient).all()


def test_chances_that_hang_on_the_state_are_studied_like_others(fickle: BuiltCase) -> None:
    study = raison.run_study(fickle, search=False)
    assert all(each.is_ok for each in study.explanations)
    odds = "players.northland.actions.offer.outcomes.1.chance.when.mood.angry"
    reason, twice = raison.ask(
        study,
        ["reason(northland offer on 2021-11-15)", f"P(border = open by 2022-12-31 | record, do({odds} = x2))"],
    )
    *parts, whole = [each.value for each in reason.parts.values()]
    assert sum(parts) == pytest.approx(whole, abs=1e-9)
    (estimate,) = twice.parts.values()
    assert 0.0 < estimate.value < 1.0
