import numpy as np
import pytest

from raison.analysis import worlds
from raison.analysis.worlds import world_of
from raison.query.grammar import parse_query
from raison.query.world import Facts


def test_a_world_of_habits_solves_no_game_and_forecasts_all_the_same(case, fits):
    habits = fits[-1]
    facts = Facts(habits.motion.space, habits.records)
    world = world_of(case, habits.likelihood, facts, habits.posterior.mode, None)
    question = parse_query("P(border = open at 2022-06-30 | record to 2021-11-15)")
    where = habits.records[0]
    time = where.calendar.end_of(question.given.record)
    here = where.whereabouts(habits.motion, lambda: habits.motion.filter(where.plan, where.start), time)
    later = habits.motion.distribution(here, where.calendar.end_of(question.moment.date) - time)
    is_open = habits.motion.space.levels_of("border") == 2
    assert np.isclose(world.answer(question).value, np.asarray(later)[is_open].sum(), atol=1e-10)


def test_a_world_near_another_has_the_same_answers(case, fits):
    first = fits[0]
    facts = Facts(first.motion.space, first.records)
    far, near = first.posterior.draws().numbers[:2]
    other = world_of(case, first.likelihood, facts, far, None)
    alone = world_of(case, first.likelihood, facts, near, None)
    beside = world_of(case, first.likelihood, facts, near, other)
    for text, error in (
        ("P(border = open at 2022-06-30)", 1e-3),
        ("payoff(northland | do(southland never protest))", 1e-6),
    ):
        assert np.isclose(alone.answer(parse_query(text)).value, beside.answer(parse_query(text)).value, rtol=error)


def test_payoffs_can_be_told_apart_however_roughly_games_are_solved_to_choose_by(case, rivals, monkeypatch):
    explanation = rivals[0].explanation
    facts = Facts(case.space, case.records)

    def asked(text: str) -> dict[str, float]:
        world = world_of(case, rivals[0].likelihood, facts, explanation.centre, None)
        return {name: each.value for name, each in world.answer(parse_query(text)).shares.items()}

    for text, error in (("restraints(southland)", 1e-5), ("steps(southland | record)", 1e-3)):
        rough = asked(text)
        with monkeypatch.context() as patched:
            patched.setattr(worlds, "FORECAST_TOLERANCE", 1e-12)
            patched.setattr(worlds, "WORTH_TOLERANCE", 1e-12)
            fine = asked(text)
        assert rough == {name: pytest.approx(each, abs=error) for name, each in fine.items()}
