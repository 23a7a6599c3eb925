import dataclasses
import datetime

import numpy as np
import pytest
import scipy.integrate
import scipy.linalg
from dense import Dense, filter_by_matrices, matrix_of, reach
from small_games import (
    BEGIN,
    BORDER_NAMES,
    BORDER_NUMBERS,
    BORDER_SPACE,
    MOOD,
    border,
    border_record,
    border_start,
    watched,
)

from raison.chain import Act, Chain, ChainMotion
from raison.equations import GameArrays
from raison.equations.play import play
from raison.equilibrium import solve
from raison.errors import QueryError
from raison.game import Effect
from raison.inference.likelihood import GameLikelihood
from raison.inference.model import Parameter
from raison.inference.prior import Fixed, LogNormal
from raison.query.answers import Number, Parts, Table, Undefined
from raison.query.conditions import check_query, mask
from raison.query.course import Played
from raison.query.forms.again import same_again
from raison.query.forms.why import shared_out
from raison.query.grammar import parse_condition, parse_query, parse_test
from raison.query.tree import Names
from raison.query.world import Facts, World, _combine, rests_on
from raison.record import Count, Move, Record, Shock

ACTION = "north press"
"""A player and an action of the border game."""

DAYS = 40
"""Days in a unit of time."""


ONE_DAY = 1 / DAYS
"""A date is the whole day: what is known to a date, or asked for at one, is so at its end."""


def _day(time: float) -> datetime.date:
    """Return the day that begins at a time."""
    return BEGIN + datetime.timedelta(days=round(time * DAYS))


@pytest.fixture(scope="module")
def facts() -> Facts:
    return Facts(
        space=BORDER_SPACE,
        records=(watched(),),
        indicators={("gas", BEGIN): 27.4},
        probabilities={"record": {"economy": 0.7, "bluff": 0.3}, "clues": {"economy": 0.2, "bluff": 0.8}},
    )


class BorderRules:
    """The border game, solved to rounding, at some numbers."""

    def __init__(self, numbers=BORDER_NUMBERS):
        self.numbers = numbers
        self.parameters = [
            Parameter(name, LogNormal(0.5 * number, 2.0 * number) if number > 0.0 else Fixed(number))
            for name, number in zip(BORDER_NAMES, BORDER_NUMBERS, strict=True)
        ]

    def with_number(self, name, value):
        moved = self.numbers.copy()
        moved[BORDER_NAMES.index(name)] = value
        return BorderRules(moved)

    def slopes(self, seen):
        gradient = GameLikelihood(border, [seen], tolerance=1e-12).evaluate(self.numbers).gradient
        return dict(zip(BORDER_NAMES, gradient.tolist(), strict=True))

    def game(self, changes):
        game = border(self.numbers)
        for each in changes:
            assert each.name == "players.south.looks ahead"
            north, south, *others = game.players
            rate = south.discount_rate / each.value if each.is_ratio else 1.0 / each.value
            game = dataclasses.replace(game, players=(north, dataclasses.replace(south, discount_rate=rate), *others))
        return game

    def number(self, name):
        return 10.0 if name == "players.south.looks ahead" else float(self.numbers[BORDER_NAMES.index(name)])

    def choices(self, played, player):
        arrays = GameArrays.of(played.game)
        place = [each.name for each in arrays.players].index(player)
        probs = np.asarray(play(arrays, played.values).choices[place].probs)
        return np.vstack([1.0 - probs.sum(axis=0), probs])

    def play(self, game, near):
        equilibrium = solve(game, start=near, tolerance=1e-13)
        motion = ChainMotion(Chain.of_play(equilibrium.arrays, equilibrium.play))
        return Played(game, motion, equilibrium.values, lambda: equilibrium.values)

    def keep_on(self, game, played):
        arrays, acts = GameArrays.of(game), play(GameArrays.of(played.game), played.values)
        rates = [
            player.decision_rate * choice.probs * np.asarray(player.is_available)
            for player, choice in zip(arrays.players, acts.choices, strict=True)
        ]
        return ChainMotion(Chain.of(arrays, rates))


@pytest.fixture(scope="module")
def world(facts) -> World:
    return World(facts, BorderRules())


@pytest.fixture(scope="module")
def passes(border_jumps):
    return filter_by_matrices(border_record(), border_jumps, BORDER_SPACE, border_start())


def _ask(world: World, text: str) -> float:
    answer = world.answer(parse_query(text))
    assert isinstance(answer, Number)
    return answer.value


def _later(jumps, start, elapsed: float, text: str, when: str) -> float:
    target = mask(parse_condition(text), BORDER_SPACE)
    if when == "by":
        return reach(jumps, 24, start, target, elapsed)
    return float((start @ scipy.linalg.expm(matrix_of(jumps, 24) * elapsed))[target].sum())


@pytest.mark.parametrize("when", ["at", "by"])
def test_a_forecast_from_the_first_day_is_that_of_brute_force(world, border_jumps, when: str):
    condition = "tension >= high and mood != warm"
    found = _ask(world, f"P({condition} {when} {_day(3.0)})")
    assert found == pytest.approx(_later(border_jumps, border_start(), 3.0 + ONE_DAY, condition, when), abs=1e-10)


@pytest.mark.parametrize("when", ["at", "by"])
@pytest.mark.parametrize(("known_to", "items"), [(0.5, 2), (1.5, 4), (2.5, 9), (4.0, 9)])
def test_a_forecast_from_a_day_of_the_record_knows_the_record_to_that_day(
    world, passes, border_jumps, when: str, known_to: float, items: int
):
    now = passes.predicted(items, known_to + ONE_DAY)
    found = _ask(world, f"P(tension = brink {when} {_day(6.0)} | record to {_day(known_to)})")
    expected = _later(border_jumps, now, 6.0 - known_to, "tension = brink", when)
    assert found == pytest.approx(expected, abs=1e-10)


def test_a_forecast_from_the_whole_record_starts_at_its_end(world, passes, border_jumps):
    found = _ask(world, f"P(mood = sour at {_day(9.0)} | record)")
    expected = _later(border_jumps, passes.filtered(len(passes.items)), 2.0 + ONE_DAY, "mood = sour", "at")
    assert found == pytest.approx(expected, abs=1e-10)


def test_a_forecast_for_the_day_it_starts_is_what_is_known_then(world, passes):
    found = _ask(world, f"P(tension >= high at {_day(2.5)} | record to {_day(2.5)})")
    assert found == pytest.approx(passes.predicted(9, 2.5 + ONE_DAY)[12:].sum(), abs=1e-10)


def test_the_chances_of_all_levels_add_up_to_one(world):
    total = " + ".join(f"P(tension = {level} at {_day(3.0)} | record to {_day(1.0)})" for level in ("calm", "raised"))
    rest = f"P(tension in (high, brink) at {_day(3.0)} | record to {_day(1.0)})"
    assert _ask(world, f"{total} + {rest}") == pytest.approx(1.0, abs=1e-10)


def _held_tension() -> Dense:
    """The border game in which no jump moves the tension, by brute force: every target keeps its first coordinate."""
    dense = Dense(border())
    here = np.arange(24)

    def kept(target):
        return here // 6 * 6 + target % 6

    dense.nature = [
        jump._replace(target=kept(jump.target), rate=np.where(kept(jump.target) == here, 0.0, jump.rate))
        for jump in dense.nature
    ]
    dense.actions = [
        [
            (name, cost, available, [(chance, kept(target)) for chance, target in outcomes], seen)
            for name, cost, available, outcomes, seen in actions
        ]
        for actions in dense.actions
    ]
    return dense


@pytest.mark.parametrize("when", ["at", "by"])
def test_a_variable_held_from_outside_is_known_to_be_held(world, passes, when: str):
    dense = _held_tension()
    jumps = dense.jumps(dense.solve())
    now = passes.predicted(2, 0.5 + ONE_DAY).reshape(4, 6)
    start = np.zeros((4, 6))
    start[2] = now.sum(axis=0)
    found = _ask(
        world, f"P(mood = sour and army = ready {when} {_day(3.0)} | record to {_day(0.5)}, do(tension = high))"
    )
    expected = _later(jumps, start.reshape(-1), 2.5, "mood = sour and army = ready", when)
    assert found == pytest.approx(expected, abs=1e-10)


def test_a_held_variable_keeps_the_level_it_is_set_to(world):
    assert _ask(world, f"P(tension = high at {_day(6.0)} | do(tension = high))") == pytest.approx(1.0, abs=1e-10)
    assert _ask(world, f"P(tension != high by {_day(6.0)} | do(tension = high))") == 0.0
    assert _ask(world, f"P(tension = calm at {_day(6.0)} | do(tension = calm))") == pytest.approx(1.0, abs=1e-10)


@pytest.mark.parametrize("when", ["at", "by"])
def test_an_action_barred_from_outside_is_known_to_be_barred(world, when: str):
    dense = Dense(border())
    south = dense.actions[1]
    nowhere = np.zeros(24, dtype=bool)
    south[1] = (*south[1][:2], nowhere, *south[1][3:])
    jumps = dense.jumps(dense.solve())
    found = _ask(world, f"P(tension = brink {when} {_day(2.0)} | do(south never talk))")
    assert found == pytest.approx(_later(jumps, border_start(), 2.0 + ONE_DAY, "tension = brink", when), abs=1e-10)


def test_a_world_near_another_gives_the_same_answers(facts, world):
    query = f"P(tension = brink by {_day(2.0)} | do(south never talk))"
    assert _ask(World(facts, BorderRules(), near=world), query) == pytest.approx(_ask(world, query), abs=1e-9)


@pytest.mark.parametrize("known", ["record", f"record to {_day(2.5)}", f"record to {_day(2.5)}, do(tension = high)"])
def test_a_day_before_the_forecast_starts_is_refused(world, known: str):
    with pytest.raises(QueryError, match="2016-03-21 lies before the forecast starts"):
        _ask(world, f"P(tension = brink at {_day(2.0)} | {known})")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("posterior(bluff) / posterior(economy)", 3 / 7),
        (f"value(gas at {BEGIN}) - 2 * (1 + 0.5)", 24.4),
        (f"moves(south talk from {BEGIN} to {_day(7.0)})", 1.7),
        (f"moves(south talk from {_day(1.0)} to {_day(5.5)})", 1.7),
        (f"moves(south talk from {_day(1.5)} to {_day(5.0)})", 0.0),
        (f"moves(north press from {BEGIN} to {_day(0.5)})", 1.0),
    ],
)
def test_what_needs_no_chain_is_looked_up(world, text: str, expected: float):
    assert _ask(world, text) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("posterior(bluff) < posterior(economy)", True),
        ("posterior(bluff) >= 0.3", True),
        ("posterior(bluff) > 0.3", False),
        ("posterior(bluff) <= 0.2 and posterior(economy) > 0.5", False),
        (f"P(tension = brink at {_day(2.0)}) <= P(tension = brink by {_day(2.0)})", True),
    ],
)
def test_a_test_holds_if_every_comparison_does(world, text: str, holds: bool):
    assert world.holds(parse_test(text)) is holds


def test_what_is_undefined_neither_holds_nor_fails(world):
    assert world.answer(parse_query("0 / 0")) == Undefined("0 divided by 0")
    assert world.answer(parse_query("1 + 0 / 0")) == Undefined("0 divided by 0")
    assert world.answer(parse_query("2 / 0")) == Number(np.inf)
    assert world.holds(parse_test("0 / 0 < 1")) == Undefined("0 divided by 0")
    assert world.holds(parse_test("0 / 0 >= 1")) == Undefined("0 divided by 0")
    assert world.holds(parse_test("1 < 2 and 0 / 0 >= 0")) == Undefined("0 divided by 0")
    assert world.holds(parse_test("0 / 0 >= 0 and 2 < 1")) is False
    assert isinstance(world.holds(parse_test("1 / 0 > 1 / 0")), Undefined)
    assert world.holds(parse_test("1 / 0 > 2")) is True
    assert isinstance(world.holds(parse_test("reason(north) > 0")), Undefined)


def test_errors_go_through_arithmetic_to_first_order():
    left, right = Number(6.0, 0.3), Number(2.0, 0.4)
    rng = np.random.default_rng(5)
    a, b = (each.value + 1e-3 * each.error * rng.standard_normal(200_000) for each in (left, right))
    for op, drawn in (("+", a + b), ("-", a - b), ("*", a * b), ("/", a / b)):
        found = _combine(op, left, right)
        assert isinstance(found, Number)
        assert found.error == pytest.approx(drawn.std() * 1e3, rel=0.01)


def test_arithmetic_takes_numbers_only():
    assert isinstance(_combine("+", Number(1.0), Parts({"votes": Number(0.5)})), Undefined)


def test_a_world_that_believes_otherwise_answers_anew_what_speaks_of_explanations(world):
    other = world.believing({"record": {"economy": 0.1, "bluff": 0.9}})
    assert _ask(other, "posterior(bluff)") == 0.9
    assert _ask(world, "posterior(bluff)") == 0.3
    assert _ask(world, "posterior(bluff | record)") == 0.3
    assert _ask(world, "posterior(bluff | clues)") == 0.8


def test_a_rate_is_the_mean_over_the_time_that_the_world_spends(world, border_jumps):
    matrix = matrix_of(border_jumps, BORDER_SPACE.size)
    until = world.record().record.until
    times = np.linspace(0.0, until, 2001)
    step = scipy.linalg.expm(matrix * (times[1] - times[0]))
    at = [border_start()]
    for _ in times[1:]:
        at.append(at[-1] @ step)
    at = np.array(at)
    occupied = (at[1:] + at[:-1]).mean(axis=0) / 2
    player, action = ACTION.split()
    rates = np.asarray(world.motion.rate(Act(player, action)))
    assert _ask(world, f"rate({ACTION})") == pytest.approx(occupied @ rates, rel=1e-6)
    shape = BORDER_SPACE.shape
    high = occupied.reshape(shape)[2:3].sum(axis=(1, 2), keepdims=True)
    rest = occupied.reshape(shape).sum(axis=0, keepdims=True)
    expected = ((high / high.sum()) * rest * rates.reshape(shape)[2:3]).sum()
    assert _ask(world, f"rate({ACTION} | tension = high)") == pytest.approx(expected, rel=1e-6)
    day = _day(2.0)
    then = border_start() @ scipy.linalg.expm(matrix * (2.0 + ONE_DAY))
    assert _ask(world, f"rate({ACTION} at {day})") == pytest.approx(then @ rates, rel=1e-8)


def test_a_rate_on_what_never_happens_is_undefined(world):
    answer = world.answer(parse_query(f"rate({ACTION} | tension = calm and tension = high)"))
    assert isinstance(answer, Undefined)


def test_an_expected_number_is_the_rate_over_the_time(world, border_jumps):
    matrix = matrix_of(border_jumps, BORDER_SPACE.size)
    player, action = ACTION.split()
    rates = np.asarray(world.motion.rate(Act(player, action)))
    size = BORDER_SPACE.size
    wide = np.zeros((size + 1, size + 1))
    wide[:size, :size], wide[:size, size] = matrix, rates
    then = np.append(border_start() @ scipy.linalg.expm(matrix * 1.0), 0.0)
    expected = (then @ scipy.linalg.expm(wide * (2.0 + ONE_DAY)))[size]
    assert _ask(world, f"E(number of {ACTION} from {_day(1.0)} to {_day(3.0)})") == pytest.approx(expected, rel=1e-8)


def test_an_expected_number_after_the_record_begins_where_it_ends(world, passes, border_jumps):
    matrix = matrix_of(border_jumps, BORDER_SPACE.size)
    player, action = ACTION.split()
    size = BORDER_SPACE.size
    wide = np.zeros((size + 1, size + 1))
    wide[:size, :size], wide[:size, size] = matrix, np.asarray(world.motion.rate(Act(player, action)))
    now = np.append(passes.predicted(9, 2.5 + ONE_DAY), 0.0)
    expected = (now @ scipy.linalg.expm(wide * 1.5))[size]
    after = _day(2.5 + ONE_DAY)
    found = _ask(world, f"E(number of {ACTION} from {after} to {_day(4.0)} | record to {_day(2.5)})")
    assert found == pytest.approx(expected, rel=1e-8)


def test_a_payoff_is_the_value_where_the_world_is(world, passes, border_values):
    players = [player.name for player in border().players]
    for name, values in zip(players, border_values, strict=True):
        assert _ask(world, f"payoff({name})") == pytest.approx(border_start() @ values, rel=1e-9)
        known = passes.predicted(9, 2.5 + ONE_DAY) @ values
        assert _ask(world, f"payoff({name} | record to {_day(2.5)})") == pytest.approx(known, rel=1e-9)
    difference = _ask(world, f"payoff(north | do({ACTION.replace(' ', ' never ')})) - payoff(north)")
    assert difference < 0.0  # nobody gains by losing the most it can do, here


def _reasons(world: World, text: str) -> dict[str, float]:
    answer = world.answer(parse_query(text))
    assert isinstance(answer, Parts)
    return {name: each.value for name, each in answer.shares.items()}


def test_the_reason_of_a_move_is_taken_where_the_world_was_at_it(world, passes, border_values):
    dense = Dense(border())
    found = _reasons(world, f"reason(north court on {_day(1.8)})")
    position = [item.what for item in border_record().items].index("court")
    actions = [name for name, *_ in dense.actions[0]]
    rate = np.asarray(world.motion.rate(Act("north", "court")))
    where = passes.predicted(position, 1.8) * rate
    sigma = dense.choices(0, border_values[0])
    log_odds = np.log(np.where(rate > 0, sigma[actions.index("court")] / sigma[-1], 1.0))
    assert found["all together"] == pytest.approx(where @ log_odds / where.sum(), abs=1e-9)
    assert sum(value for name, value in found.items() if name != "all together") == found["all together"]


def test_the_reason_of_several_moves_is_their_mean_doubtful_ones_for_less(world):
    one, other = (_reasons(world, f"reason(south {what})") for what in ("arm", "talk"))
    first, second = (_reasons(world, f"reason(south talk on {_day(time)})") for time in (1.0, 5.5))
    for part in other:
        assert other[part] == pytest.approx((0.7 * first[part] + second[part]) / 1.7, abs=1e-12)
        whole = _reasons(world, "reason(south)")[part]
        assert whole == pytest.approx((0.7 * first[part] + second[part] + one[part]) / 2.7, abs=1e-12)


def test_a_move_that_is_not_in_the_record_has_no_reason(world):
    answer = world.answer(parse_query(f"reason(north court on {_day(3.0)})"))
    assert isinstance(answer, Undefined)
    assert str(_day(1.8)) in answer.why


@pytest.mark.parametrize(
    ("text", "basis"),
    [
        ("value(gas at 2016-01-01) > 3", "looked up"),
        ("moves(north press from 2016-01-01 to 2016-02-01) >= value(gas at 2016-01-01)", "looked up"),
        ("P(tension = calm at 2016-03-01 | do(north never press)) > 0.5", "assumed"),
        ("P(tension = calm at 2016-03-01) > value(gas at 2016-01-01)", "assumed"),
        ("P(tension = calm at 2016-03-01 | record to 2016-02-01) > 0.5", "inferred"),
        ("posterior(bluff) > 0.5 and moves(north press from 2016-01-01 to 2016-02-01) > 1", "inferred"),
        ("reason(north)", "inferred"),
        ("payoff(north)", "assumed"),
        ("2 > 1", "assumed"),
    ],
)
def test_a_query_says_what_its_answer_rests_on(text: str, basis: str):
    assert rests_on(parse_query(text)) == basis


def _first(jumps, event, other, elapsed: float, begin=None) -> float:
    """Probability that an event comes first, by one matrix of states and two of where they end.

    An event is a mask of states, or what a jump is called.
    """
    size = BORDER_SPACE.size
    held = [each if isinstance(each, np.ndarray) else np.zeros(size, dtype=bool) for each in (other, event)]
    acts = {each: size + place for place, each in enumerate((event, other)) if isinstance(each, str)}
    ends = np.arange(size)
    ends[held[1]], ends[held[0]] = size, size + 1
    matrix = np.zeros((size + 2, size + 2))
    for jump in jumps:
        for x in range(size):
            to = acts.get(jump.what, ends[jump.target[x]])
            matrix[x, to] += jump.rate[x]
            matrix[x, x] -= jump.rate[x]
    start = np.zeros(size + 2)
    np.add.at(start, ends, border_start() if begin is None else begin)
    return float((start @ scipy.linalg.expm(matrix * elapsed))[size])


@pytest.mark.parametrize(
    ("text", "event", "other"),
    [
        ("south arm", "arm", None),
        ("north press", "press", None),
        ("tension >= high before mood = sour", "tension >= high", "mood = sour"),
        ("south arm before north press", "arm", "press"),
        ("south arm before tension = brink", "arm", "tension = brink"),
        ("tension = brink before south arm", "tension = brink", "arm"),
        ("mood = warm before south arm", "mood = warm", "arm"),
    ],
)
def test_what_comes_about_first_is_what_a_dense_matrix_says(world, border_jumps, text, event, other):
    end = _day(1.2)
    found = _ask(world, f"P({text} by {end})")
    parts = [mask(parse_condition(each), BORDER_SPACE) if each and " " in each else each for each in (event, other)]
    assert found == pytest.approx(_first(border_jumps, *parts, 1.2 + ONE_DAY), abs=1e-9)


def test_two_events_and_neither_exhaust_what_may_come_first(world):
    end = _day(1.2)
    orders = "mood = sour before south arm", "south arm before mood = sour"
    first, second = (_ask(world, f"P({text} by {end})") for text in orders)
    either = _ask(world, f"P(mood = sour by {end})"), _ask(world, f"P(south arm by {end})")
    assert first <= either[0]
    assert second <= either[1]
    assert max(either) <= first + second <= 1.0


def test_what_comes_about_is_asked_for_by_a_day(facts):
    names = Names(BORDER_SPACE.variables, {"south": ("arm", "talk")}, (), (), {"": (BEGIN, _day(7.0))})
    for text, says in (
        (f"P(south arms at {_day(1.0)})", "comes about some day; write `by"),
        (f"P(mood = sour before mood = warm at {_day(1.0)})", "comes about some day; write `by"),
        (f"P(south arm by {_day(1.0)} | do(south never arms))", ""),
        (f"P(south amr by {_day(1.0)})", "player `south` has no action `amr`"),
        (f"P(mood = sour before suoth arms by {_day(1.0)})", "no player `suoth`"),
    ):
        wrong = check_query(parse_query(text), names)
        assert [says in message for message in wrong] == [True] * len(wrong)
        assert bool(wrong) == bool(says)


def test_moves_has_counts_whose_span_lies_within_its_dates(facts):
    count = Count(2.0, "south", "talk", str(_day(1.95)), since=1.0, number=3)
    given = watched(Record((count, Move(5.5, "south", "talk")), 7.0))
    world = World(dataclasses.replace(facts, records=(given,)), BorderRules())
    assert _ask(world, f"moves(south talk from {_day(1.0)} to {_day(7.0)})") == 4.0
    assert _ask(world, f"moves(south talk from {_day(1.0)} to {_day(1.975)})") == 3.0
    assert _ask(world, f"moves(south talk from {_day(2.0)} to {_day(7.0)})") == 1.0
    answer = world.answer(parse_query(f"moves(south talk from {_day(1.5)} to {_day(7.0)})"))
    assert isinstance(answer, Undefined)
    assert "lies only partly within" in answer.why


def test_the_reason_of_an_answer_is_taken_where_the_other_act_has_led(facts, passes, border_jumps, border_values):
    items = list(border_record().items)
    items[0] = dataclasses.replace(items[0], answer=Act("south", "arm"))
    given = watched(Record(tuple(items), 7.0))
    world = World(dataclasses.replace(facts, records=(given,)), BorderRules())
    found = _reasons(world, f"reason(south arm on {_day(0.5)})")
    moved = np.zeros(BORDER_SPACE.size)
    for jump in (each for each in border_jumps if each.what == "press"):
        np.add.at(moved, jump.target, passes.predicted(0, 0.5) * jump.rate)
    where = moved * sum(jump.rate for jump in border_jumps if jump.what == "arm")
    values, (arm, *_) = border_values[1], [jump.target for jump in border_jumps if jump.what == "arm"]
    log_odds = values[arm] - values - 0.8
    assert found["all together"] == pytest.approx(float(log_odds @ where / where.sum()), rel=1e-6)
    assert _ask(world, f"moves(south arm from {BEGIN} to {_day(7.0)})") == 2.0
    assert _ask(world, f"moves(south arm from {BEGIN} to {_day(1.0)})") == 1.0


def _moved(jumps, where, elapsed: float):
    return where @ scipy.linalg.expm(elapsed * matrix_of(jumps, 24))


def _set_high(where):
    return np.bincount(12 + np.arange(24) % 6, weights=where, minlength=24)


def test_what_is_done_on_a_day_is_foreseen_by_nobody_and_known_to_all_from_then_on(world, border_jumps):
    held = _held_tension()
    changed = held.jumps(held.solve())
    at_once = _set_high(_moved(border_jumps, border_start(), 1.0))
    sour = mask(parse_condition("mood = sour"), BORDER_SPACE)
    found = _ask(world, f"P(mood = sour at {_day(3.0)} | do(tension = high from {_day(1.0)}))")
    assert found == pytest.approx(_moved(changed, at_once, 2.0 + ONE_DAY)[sour].sum(), abs=1e-10)
    found = _ask(world, f"P(mood = sour at {_day(3.0)} | do(tension = high from {_day(1.0)} to {_day(2.0)}))")
    after = _moved(border_jumps, _moved(changed, at_once, 1.0 + ONE_DAY), 1.0)
    assert found == pytest.approx(after[sour].sum(), abs=1e-10)
    before = _ask(world, f"P(mood = sour at {_day(0.5)} | do(tension = high from {_day(1.0)}))")
    assert before == pytest.approx(_ask(world, f"P(mood = sour at {_day(0.5)})"), abs=1e-12)


def test_what_comes_about_by_a_day_may_be_what_is_done(world, border_jumps):
    first = reach(border_jumps, 24, border_start(), mask(parse_condition("tension = high"), BORDER_SPACE), 1.0)
    until = f"P(tension = high by {_day(0.97)} | do(tension = high from {_day(1.0)}))"
    assert _ask(world, until) < first
    assert _ask(world, f"P(tension = high by {_day(1.0)} | do(tension = high from {_day(1.0)}))") == pytest.approx(1.0)
    barred = f"P(tension = high before tension = brink by {_day(1.0)} | do(tension = high from {_day(1.0)}))"
    assert first < _ask(world, barred) < 1.0


def test_what_is_expected_of_acts_adds_up_over_a_change(world):
    acts = "E(number of south talk from {} to {} | do(tension = high from {}))"
    whole = _ask(world, acts.format(BEGIN, _day(3.0), _day(1.0)))
    parts = [
        _ask(world, acts.format(BEGIN, _day(1.0) - datetime.timedelta(1), _day(1.0))),
        _ask(world, acts.format(_day(1.0), _day(3.0), _day(1.0))),
    ]
    assert whole == pytest.approx(sum(parts), rel=1e-6)


def test_a_surprise_leaves_choices_as_they_were(world, border_jumps):
    changed = [
        jump._replace(rate=0.0 * jump.rate) if (jump.who, jump.what) == ("south", "talk") else jump
        for jump in border_jumps
    ]
    for when in ("at", "by"):
        found = _ask(world, f"P(tension = brink {when} {_day(2.0)} | surprise(south never talk))")
        assert found == pytest.approx(
            _later(changed, border_start(), 2.0 + ONE_DAY, "tension = brink", when), abs=1e-10
        )
    aware = _ask(world, f"P(tension = brink by {_day(2.0)} | do(south never talk))")
    assert abs(aware - found) > 1e-3


def test_a_number_may_be_changed(world):
    game = border()
    north, south, *others = game.players
    patient = dataclasses.replace(south, discount_rate=south.discount_rate / 3.0)
    dense = Dense(dataclasses.replace(game, players=(north, patient, *others)))
    jumps = dense.jumps(dense.solve())
    expected = _later(jumps, border_start(), 2.0 + ONE_DAY, "tension = brink", "by")
    for text in ("x3", f"{3.0 / float(south.discount_rate)}"):
        found = _ask(world, f"P(tension = brink by {_day(2.0)} | do(players.south.looks ahead = {text}))")
        assert found == pytest.approx(expected, abs=1e-10)


def test_without_a_change_the_record_is_what_was(world):
    """A ratio of 1 changes nothing: the moves of the record come out again, and the world is where it was."""
    given = "record, had(players.south.looks ahead = x1)"
    acts = _ask(world, f"E(number of south talk from {BEGIN} to {_day(7.0)} | {given})")
    assert acts > 1.5  # two moves, both of them a little doubtful
    known = _ask(world, f"P(tension = calm at {_day(7.0)} | record)")
    again = world.answer(parse_query(f"P(tension = calm at {_day(7.0)} | {given})"))
    assert again.value == pytest.approx(known, abs=5 * max(again.error, 0.02))


def test_what_is_set_in_the_past_is_so_from_then_on(world):
    given = f"record, had(tension = brink from {_day(2.0)})"
    assert _ask(world, f"P(tension = brink at {_day(2.5)} | {given})") == 1.0
    assert _ask(world, f"P(tension = brink at {_day(1.5)} | {given})") < 1.0
    assert _ask(world, f"P(tension = brink by {_day(2.5)} | {given})") == 1.0
    assert _ask(world, f"E(number of south talk from {BEGIN} to {_day(7.0)} | record, had(south never talk))") == 0.0


def test_what_is_held_in_the_past_is_held_against_shocks_of_the_record_too(world):
    """The record has that the mood turned sour from outside; held warm, it never did."""
    held = "record, had(mood = warm)"
    for day in (0.5, 1.0, 2.0, 7.0):
        assert _ask(world, f"P(mood = warm at {_day(day)} | {held})") == 1.0
    after = f"record, had(mood = warm to {_day(0.5)})"
    assert _ask(world, f"P(mood = sour at {_day(1.0)} | {after})") > 0.8


def _mean_time(jumps, where, stopping) -> float:
    free = ~stopping
    return float(np.linalg.solve(-matrix_of(jumps, 24)[free][:, free].T, where[free]).sum())


def test_the_mean_time_until_a_condition_holds_is_that_of_the_dense_system(world, passes, border_jumps):
    brink = mask(parse_condition("tension = brink"), BORDER_SPACE)
    expected = _mean_time(border_jumps, border_start(), brink)
    assert _ask(world, "E(days until tension = brink)") == pytest.approx(DAYS * expected, rel=1e-9)
    expected = _mean_time(border_jumps, passes.predicted(11, 7.0), brink)
    assert _ask(world, "E(weeks until tension = brink | record)") == pytest.approx(DAYS / 7 * expected, rel=1e-8)


def test_the_mean_time_until_an_act_is_the_time_in_which_it_has_not_happened(world):
    """Added up by the trapezoid rule, to a day that is far off."""
    late = 40.0
    found = _ask(world, "E(days until south arm)") / DAYS
    by = [1.0 - _ask(world, f"P(south arm by {_day(t)})") for t in np.arange(0.0, late, 0.5)]
    rough = 0.5 * (sum(by) - 0.5 * by[0])
    assert found == pytest.approx(rough, rel=0.05)


def test_a_change_on_a_day_counts_from_then_on_in_a_mean_time(world, border_jumps):
    held = _held_tension()
    changed = held.jumps(held.solve())
    sour = mask(parse_condition("mood = sour"), BORDER_SPACE)
    matrix = matrix_of(border_jumps, 24)
    matrix[sour] = 0.0
    times = np.linspace(0.0, 1.0, 2001)
    alive = [float((border_start() @ scipy.linalg.expm(matrix * t))[~sour].sum()) for t in times[::100]]
    first = scipy.integrate.simpson(alive, x=times[::100])
    after = (border_start() @ scipy.linalg.expm(matrix)) * ~sour
    rest = _mean_time(changed, _set_high(after), sour)
    found = _ask(world, f"E(days until mood = sour | do(tension = high from {_day(1.0)}))") / DAYS
    assert found == pytest.approx(first + rest, rel=1e-6)


def test_what_may_never_come_about_has_no_mean_time(world):
    assert isinstance(world.answer(parse_query("E(months until tension = brink | do(tension = calm))")), Undefined)
    assert _ask(world, "E(months until tension = calm | do(tension = calm))") == 0.0


def test_a_parameter_is_that_of_the_world(world):
    assert _ask(world, "parameter(players.south.looks ahead)") == 10.0


def test_what_an_option_is_worth_is_the_log_of_its_odds_against_waiting(world, border_values):
    """Where the world is, as far as the option can be taken there."""
    dense = Dense(border())
    where = border_start()
    answer = world.answer(parse_query("options(south)"))
    assert isinstance(answer, Parts)
    sigma = dense.choices(1, border_values[1])
    for a, (name, _, available, *_) in enumerate(dense.actions[1]):
        here = where * available
        with np.errstate(divide="ignore", invalid="ignore"):
            odds = np.where(available, np.log(sigma[a] / sigma[-1]), 0.0)
        assert answer.shares[name].value == pytest.approx(float(odds @ here / here.sum()), abs=1e-9)


def test_what_can_be_taken_nowhere_is_no_option(world):
    answer = world.answer(parse_query("options(south | do(south never talk))"))
    assert isinstance(answer, Parts)
    assert set(answer.shares) == {"arm"}
    armed = world.answer(parse_query("options(south | record, do(south never talk))"))
    assert isinstance(armed, Undefined)  # it has armed, and cannot again


def test_between_two_days_counts_from_the_beginning_of_the_first(world, border_jumps):
    matrix = matrix_of(border_jumps, 24)
    then = border_start() @ scipy.linalg.expm(matrix * 1.0)
    sour = mask(parse_condition("mood = sour"), BORDER_SPACE)
    found = _ask(world, f"P(mood = sour between {_day(1.0)} and {_day(2.0)})")
    assert found == pytest.approx(reach(border_jumps, 24, then, sour, 1.0 + ONE_DAY), abs=1e-9)
    found = _ask(world, f"P(south arm between {_day(1.0)} and {_day(2.0)})")
    assert found == pytest.approx(_first(border_jumps, "arm", None, 1.0 + ONE_DAY, then), abs=1e-9)


def test_between_two_days_of_a_change_is_asked_in_the_changed_game(world):
    changed = f"do(tension = high from {_day(1.0)})"
    assert _ask(world, f"P(tension = high between {_day(1.0)} and {_day(1.5)} | {changed})") == pytest.approx(1.0)
    assert _ask(world, f"P(tension = high between {_day(0.5)} and {_day(0.75)} | {changed})") == pytest.approx(
        _ask(world, f"P(tension = high between {_day(0.5)} and {_day(0.75)})"), abs=1e-9
    )


def test_several_acts_are_all_or_one_of_them(world):
    end = _day(1.5)
    arm, press = (_ask(world, f"P({act} by {end})") for act in ("south arm", "north press"))
    both, one = (_ask(world, f"P(south arm {op} north press by {end})") for op in ("and", "or"))
    assert both + one == pytest.approx(arm + press, abs=1e-9)
    assert both < min(arm, press) < max(arm, press) < one
    orders = "south arm before north press", "north press before south arm"
    assert one == pytest.approx(sum(_ask(world, f"P({order} by {end})") for order in orders), abs=1e-9)


def test_the_hazard_is_the_rate_at_which_the_share_without_falls(world):
    for event, given in (
        ("mood = sour", ""),
        ("south arm", ""),
        ("mood = sour", f" | do(tension = high from {_day(0.5)})"),
    ):
        by = [1.0 - _ask(world, f"P({event} by {_day(t)}{given})") for t in (0.975, 1.025)]
        found = _ask(world, f"hazard({event} at {_day(1.0)}{given})")
        assert found == pytest.approx(-np.diff(np.log(by))[0] / (2 * ONE_DAY), rel=1e-3)
    sure = world.answer(parse_query(f"hazard(tension = calm at {_day(1.0)} | do(tension = calm))"))
    assert isinstance(sure, Undefined)


def test_shares_of_motives_add_up_and_one_is_what_all_have_of_it(world):
    day = _day(2.5)
    every = world.answer(parse_query(f"share(north at {day} | record to {day})"))
    assert isinstance(every, Parts)
    assert sum(each.value for each in every.shares.values()) == pytest.approx(1.0, abs=1e-12)
    assert _ask(world, f"share(north, warmth at {day} | record to {day})") == every.shares["warmth"].value
    assert all(0.0 <= each.value <= 1.0 for each in every.shares.values())


def test_what_changed_between_two_days_adds_up_to_the_log_of_the_ratio_of_the_rates(world):
    late, early = _day(2.5), _day(0.25)
    found = world.answer(parse_query(f"why(north press at {late} against {early})"))
    assert isinstance(found, Parts)
    *parts, whole = [each.value for each in found.shares.values()]
    rates = [_ask(world, f"rate(north press at {day} | record to {day})") for day in (late, early)]
    assert whole == pytest.approx(np.log(rates[0] / rates[1]), abs=1e-12)
    assert sum(parts) == pytest.approx(whole, abs=1e-12)


def test_a_change_is_shared_out_as_by_all_orders():
    """Three variables by hand; the third moves nothing."""
    rng = np.random.default_rng(7)
    rate = np.repeat(rng.uniform(0.5, 2.0, (4, 3))[:, :, None], 2, axis=2)
    before, after = rng.dirichlet(np.ones(24), 2)
    mixes = {
        "": before.reshape(4, 3, 2).sum(axis=2),
        "t": np.outer(after.reshape(4, 3, 2).sum(axis=(1, 2)), before.reshape(4, 3, 2).sum(axis=(0, 2))),
        "m": np.outer(before.reshape(4, 3, 2).sum(axis=(1, 2)), after.reshape(4, 3, 2).sum(axis=(0, 2))),
        "tm": after.reshape(4, 3, 2).sum(axis=2),
    }
    log = {name: np.log((rate[:, :, 0] * mix).sum()) for name, mix in mixes.items()}
    found = shared_out(rate.reshape(-1), before, after, BORDER_SPACE).shares
    assert set(found) == {"tension", "mood", "all together"}
    by_tension = 0.5 * (log["t"] - log[""] + log["tm"] - log["m"])
    assert found["tension"].value == pytest.approx(by_tension, abs=1e-12)


def test_what_can_never_be_taken_with_some_of_the_variables_is_not_shared_out():
    rate = np.zeros((4, 3, 2))
    rate[0, 0] = rate[1, 1] = 1.0
    before, after = np.zeros((2, 24))
    before[0] = after[8] = 1.0
    assert isinstance(shared_out(rate.reshape(-1), before, after, BORDER_SPACE), Undefined)


@pytest.mark.parametrize(
    ("was", "would", "expected"),
    [
        ((0.5, 0.3, 0.2), (0.2, 0.3, 0.5), (0.4, 0.76923077, 1.0)),
        ((0.1, 0.2, 0.3, 0.4), (0.4, 0.3, 0.2, 0.1), (1.0, 0.85714286, 0.57142857, 0.25)),
        ((0.7, 0.3), (0.4, 0.6), (0.57142857, 1.0)),
        ((0.9, 0.05, 0.05), (0.05, 0.9, 0.05), (0.05555556, 1.0, 0.54054054)),
    ],
)
def test_a_choice_is_made_again_as_in_the_closed_form_of_gumbel_max(was, would, expected):
    """Oberst and Sontag (2019); the numbers are the diagonals of the tables of the closed form."""
    for taken, each in enumerate(expected):
        luck, least, most = same_again(np.array([was]).T, np.array([would]).T, taken)[:, 0]
        assert luck == pytest.approx(each, abs=1e-8)
        assert least <= luck <= most
        assert most == pytest.approx(min(1.0, would[taken] / was[taken]))
        assert least == pytest.approx(max(0.0, (was[taken] + would[taken] - 1.0) / was[taken]))


def test_the_same_moment_again_is_one_choice_with_its_shocks(world):
    day = _day(2.5)
    same = world.answer(parse_query(f"again(south arm on {day} | had(nothing))"))
    assert [each.value for each in same.shares.values()] == pytest.approx([1.0, 1.0, 1.0])
    barred = world.answer(parse_query(f"again(south arm on {day} | had(south never arm))"))
    assert [each.value for each in barred.shares.values()] == [0.0, 0.0, 0.0]
    calm = world.answer(parse_query(f"again(south arm on {day} | had(tension = calm))"))
    luck, least, most = (each.value for each in calm.shares.values())
    assert 0.0 <= least <= luck <= most <= 1.0 + 1e-12


def test_what_works_through_variables_is_told_of_each(world):
    day = _day(0.5)
    paths = world.answer(parse_query(f"paths(north press on {day})"))
    for name, each in paths.shares.items():
        parts = world.answer(parse_query(f"reason(north press on {day} through {name})"))
        assert parts.shares["all together"].value == pytest.approx(each.value, abs=1e-9)


def test_steps_are_the_options_of_a_player_and_what_it_gains_by_those_of_others(world, border_values):
    steps, own = (world.answer(parse_query(text)) for text in ("steps(south)", "options(south)"))
    for name, each in own.shares.items():
        assert steps.shares[f"south {name}"] == each
    dense, where = Dense(border()), border_start()
    values = border_values[1]
    (press,) = [action for action in dense.actions[0] if action[0] == "press"]
    here = where * press[2]
    gain = sum(chance * values[target] for chance, target in press[3]) - values
    assert steps.shares["north press"].value == pytest.approx(float(gain @ here / here.sum()), abs=1e-9)


def test_restraints_are_differences_of_payoffs(world):
    found = world.answer(parse_query("restraints(south | record)"))
    north = {f"north never {action}" for action in ("press", "court", "declare")}
    assert set(found.shares) == {*north, "bystander never plead"}
    for name in ("north never press", "bystander never plead"):
        expected = _ask(world, f"payoff(south | record, do({name})) - payoff(south | record)")
        assert found.shares[name].value == pytest.approx(expected, abs=1e-12)
    assert found.shares["bystander never plead"].value == pytest.approx(0.0, abs=1e-9)  # it is nowhere available


def test_with_nothing_changed_the_past_is_the_record(world):
    assert _ask(world, f"P(south arm by {_day(7.0)} | record, had(nothing))") == 1.0
    assert _ask(world, f"P(south arm by {_day(2.25)} | record, had(nothing))") == 0.0
    assert _ask(world, f"P(south arm between {_day(2.5)} and {_day(2.5)} | record, had(nothing))") == 1.0
    assert _ask(world, f"P(south arm and north press by {_day(3.0)} | record, had(nothing))") == 1.0


def test_what_came_of_a_forecast_is_read_off_the_record(world):
    text = f"south arm by {_day(3.0)} | record to {_day(1.0)}"
    found = world.answer(parse_query(f"outcome({text})")).shares
    p = _ask(world, f"P({text})")
    assert found["forecast"].value == p
    assert found["that it came"].value == 1.0
    assert found["Brier score"].value == pytest.approx((1.0 - p) ** 2)
    assert found["log score"].value == pytest.approx(np.log(p))


OUTCOME = f"tension = brink by {_day(2.0)}"
"""Of which it is asked on which numbers it hangs."""


def _log_odds(world: World, text: str) -> float:
    p = _ask(world, text)
    return float(np.log(p / (1.0 - p)))


def test_how_an_outcome_hangs_on_numbers_is_the_slope_of_its_log_odds(facts, world):
    for text in (OUTCOME, f"mood = warm at {_day(3.0)} | record to {_day(1.0)}"):
        found = world.answer(parse_query(f"sensitivity({text})")).shares
        assert any("sour comes later" in name for name in found) == ("record" in text)
        for name, each in found.items():
            if name not in BORDER_NAMES:
                continue
            value = BorderRules().number(name)
            sides = [World(facts, BorderRules().with_number(name, value * np.exp(step))) for step in (-1e-4, 1e-4)]
            low, high = (_log_odds(side, f"P({text})") for side in sides)
            assert each.value == pytest.approx((high - low) / 2e-4, rel=1e-4, abs=1e-6)
        assert "weight of calm" in found  # a fear, of which it hangs like any other


def test_a_number_that_turns_an_outcome_makes_it_as_likely_as_not(facts, world):
    text = f"mood = warm by {_day(0.5)}"
    assert _ask(world, f"P({text})") < 0.45
    found = world.answer(parse_query(f"pivots({text})"))
    assert isinstance(found, Table)
    first, *rows = found.rows.items()
    assert first == ("its probability", (Number(_ask(world, f"P({text})")), Number(0.5), Number(0.0), Number(1.0)))
    assert rows
    for name, (now, turn, low, high) in rows:
        assert now.value == pytest.approx(BorderRules().number(name))
        assert (low.value, high.value) == pytest.approx((0.5 * now.value, 2.0 * now.value))
        there = World(facts, BorderRules().with_number(name, turn.value))
        assert _ask(there, f"P({text})") == pytest.approx(0.5, abs=1e-3)


def test_the_day_of_a_shock_moves_an_outcome_as_a_record_with_another_day_does(facts, world):
    known = f"mood = warm by {_day(2.0)} | record to {_day(1.4)}"
    found = world.answer(parse_query(f"sensitivity({known})")).shares
    (name,) = [each for each in found if "sour comes later" in each]
    sides = []
    for later in (-1, 1):
        items = list(border_record().items)
        items[2] = dataclasses.replace(items[2], time=items[2].time + later / DAYS)
        items.sort(key=lambda item: item.time)
        other = World(dataclasses.replace(facts, records=(watched(Record(tuple(items), 7.0)),)), BorderRules())
        sides.append(_log_odds(other, f"P({known})"))
    assert found[name].value == pytest.approx((sides[1] - sides[0]) / 2, rel=1e-9)


def test_a_shock_on_the_first_day_can_only_come_later(facts):
    first = Shock(0.0, "mood", "sour", effect=Effect.become(MOOD, "sour"))
    moved = watched(Record((first, *border_record().items), 7.0))
    world = World(dataclasses.replace(facts, records=(moved,)), BorderRules())
    text = f"mood = warm by {_day(0.9)} | record to {_day(0.25)}"
    (name,) = [each for each in world.answer(parse_query(f"sensitivity({text})")).shares if "comes later" in each]
    found = world.answer(parse_query(f"pivots({text})"))
    assert isinstance(found, Table)
    if name in found.rows:
        assert found.rows[name][1].value >= 0.0


def test_what_is_certain_hangs_on_nothing(world):
    for form in ("sensitivity", "pivots"):
        sure = world.answer(parse_query(f"{form}(tension >= calm by {_day(1.0)})"))
        assert isinstance(sure, Undefined)
        assert "certain" in sure.why


def test_new_questions_say_what_is_wrong_with_them():
    names = Names(
        BORDER_SPACE.variables,
        {"north": ("press",), "south": ("arm", "talk")},
        (),
        (),
        {"": (BEGIN, _day(7.0))},
        motives={"north": ("warmth",), "south": ()},
    )
    for text, says in (
        (f"P(south arms between {_day(2.0)} and {_day(1.0)})", "the first date must not be after the second"),
        (f"P(south arms between {_day(7.0)} and {_day(8.0)} | record)", "begin on the day after it"),
        (f"P(south arms by {_day(1.0)} | do(nothing))", "changes nothing"),
        (f"P({' or '.join(['south arms'] * 5)} by {_day(1.0)})", "at most 4"),
        (f"hazard(south amr at {_day(1.0)})", "has no action `amr`"),
        (f"hazard(south arms at {_day(1.0)} | record, had(tension = calm))", "only"),
        (f"share(north, votes at {_day(1.0)})", "wants no `votes`"),
        (f"share(nroth at {_day(1.0)})", "no player `nroth`"),
        (f"share(north at {_day(1.0)} | do(tension = calm))", "leave `do(tension = calm)` out"),
        (f"why(south arms at {_day(8.0)} against {_day(1.0)})", "the record runs from"),
        (f"again(south arms on {_day(1.0)} | record)", "stands only `had(...)`"),
        (f"again(south arms on {_day(1.0)} | do(tension = calm))", "without days"),
        ("reason(south arms through tensoin)", "no variable `tensoin`"),
        (f"outcome(south arms by {_day(9.0)})", "is known to"),
        (f"outcome(south arms by {_day(1.0)} | do(tension = calm))", "did not happen"),
        (f"pivots(south arms by {_day(1.0)} | do(tension = calm))", "leave `do(tension = calm)` out"),
    ):
        assert any(says in message for message in check_query(parse_query(text), names)), text
