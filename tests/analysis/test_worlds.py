import numpy as np

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
    for text in ("P(border = open at 2022-06-30)", "payoff(northland | do(southland never protest))"):
        assert np.isclose(alone.answer(parse_query(text)).value, beside.answer(parse_query(text)).value, rtol=1e-3)
