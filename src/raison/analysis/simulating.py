"""What may come: paths of a finished study's games, drawn as often under each explanation as it is probable.

Every path has numbers of its own kind: draws from the posterior of its explanation, and a start drawn from where the
world then is.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

from raison.analysis.asking import case_of, rivals_of
from raison.analysis.fitting import Rival
from raison.analysis.pool import Pool, Processes
from raison.analysis.watch import Watch
from raison.analysis.worlds import worlds_of
from raison.case import BuiltCase
from raison.errors import CaseError, NotConverged, Problem, QueryError, TooFast, did_you_mean
from raison.inference.posterior import Draws
from raison.query.conditions import check_forecast, check_given, check_no_replay, resolve_given
from raison.query.grammar import parse_given
from raison.query.tree import Given
from raison.record import bulk
from raison.study import ExplanationResult, Study

if TYPE_CHECKING:
    import xarray

SIMULATING = "draw paths"

PATHS = 1000
"""Paths in all."""

MOST_DRAWS = 32
"""Draws of the numbers under one explanation: a game is solved for each."""

MOST_ROWS = 5_000_000
"""Jumps in all, starts among them."""


@dataclass(frozen=True, eq=False)
class Paths:
    """Paths, jump by jump, in order of time within each.

    Attributes:
        explanation: under which each path was drawn. Shape `[paths]`.
        path: to which each row belongs. Shape `[rows]`.
        date: of each row. Shape `[rows]`, `datetime64[D]`.
        who: player, or `nature`; empty for the first row of a path, which says where it starts. Shape `[rows]`, text.
        what: action or drift; `start` there. Shape `[rows]`, text.
        levels: by variable, the level after each jump. Each of shape `[rows]`, text.
        unconverged: draws of the numbers, out of all, whose game did not converge; they have no paths.
        draws: of the numbers, in all.
    """

    explanation: tuple[str, ...]
    path: Int[np.ndarray, " rows"]
    date: np.ndarray
    who: np.ndarray
    what: np.ndarray
    levels: dict[str, np.ndarray]
    unconverged: int
    draws: int

    def dataset(self) -> xarray.Dataset:
        """Return the paths as arrays along one axis: a row for the start of each path and for each jump."""
        import xarray  # half a second to load, and few ask for it

        columns = {"path": self.path, "date": self.date.astype("datetime64[ns]"), "who": self.who, "what": self.what}
        columns |= self.levels
        columns["explanation"] = np.array(self.explanation)[self.path]
        return xarray.Dataset({name: ("row", column) for name, column in columns.items()})


def simulate(
    study: Study,
    until: str | datetime.date,
    *,
    paths: int = PATHS,
    given: str = "record",
    explanation: str | None = None,
    seed: int = 0,
    watch: Watch | None = None,
    pool: Pool | None = None,
) -> Paths:
    """Return paths of the world from what is known of it to the end of a day.

    Args:
        study: with the draws that it was saved with.
        until: last day, such as `2018-08-12`.
        paths: how many, in all.
        given: what is known and changed, as after the bar of a question: `record`, `record to 2016-06-22`,
            `record, do(turkey never defies)`; empty for the start of the record.
        explanation: draw under this one only.
        seed: of all that is drawn.
        watch: told of every explanation that is done.
        pool: where explanations are drawn; the cores of this machine if it is None.

    Errors:
        `QueryError` if `given` cannot be read or `until` lies before it. `CaseError` if there is no such day, no such
        explanation, or the study holds no case or no draws. `TooFast` if the paths have more than five million jumps.
    """
    watch, pool = watch or Watch(), pool or Processes(hesitates=True)
    day = _day(until)
    case = case_of(study)
    known = resolve_given(parse_given(given), case.names.actions)
    wrong = check_given(known, case.names) + check_no_replay(known) + check_forecast(known, day, case.names)
    if wrong:
        raise QueryError([Problem(given, 0, 0, "", message) for message in wrong])
    results = [each for each in study.explanations if len(each.weights) and explanation in (None, each.name)]
    if not results:
        names = [each.name for each in study.explanations]
        message = f"no explanation `{explanation}`.{did_you_mean(explanation or '', names)}"
        raise CaseError([Problem(study.case.name, 0, 0, "", message)])
    shares = np.array([each.posterior for each in results])
    amounts = np.random.default_rng(seed).multinomial(paths, shares / shares.sum())
    by_name = {each.explanation.name: each for each in rivals_of(study, case)}
    jobs = [
        _Job(case, each, by_name[each.name], int(amount), (seed, number), known, day)
        for number, (each, amount) in enumerate(zip(results, amounts, strict=True))
        if amount
    ]
    drawn = pool.side_by_side(
        _draw,
        jobs,
        bulk=bulk(case.records),
        done=lambda count, *_: watch.tell(SIMULATING, count, len(jobs)),
        cost=lambda job: job.amount,
    )
    return _together(case, known, jobs, drawn)


def _day(text: str | datetime.date) -> datetime.date:
    """Return the day that is named, without the time of day that a timestamp has."""
    if isinstance(text, datetime.date):
        return datetime.date(text.year, text.month, text.day)
    try:
        return datetime.date.fromisoformat(text)
    except (TypeError, ValueError):
        raise CaseError(f"found {text} as the last day; need a day such as 2018-08-12.") from None


@dataclass(frozen=True, eq=False)
class _Job:
    """Paths to be drawn under one explanation."""

    case: BuiltCase
    result: ExplanationResult
    rival: Rival
    amount: int
    seed: tuple[int, int]
    known: Given
    until: datetime.date


@dataclass(frozen=True, eq=False)
class _Drawn:
    """Paths under one explanation.

    Attributes:
        rows: of each path, its start among them. Shape `[paths]`.
        times: of all rows, path after path. Shape `[rows]`.
        acts: what may jump, the start first.
        act: which of them, row by row. Shape `[rows]`.
        levels: by variable, which level is there after it. Each of shape `[rows]`.
        unconverged: draws whose game did not converge.
        draws: in all.
    """

    rows: Int[np.ndarray, " paths"]
    times: Float[np.ndarray, " rows"]
    acts: tuple[tuple[str, str], ...]
    act: Int[np.ndarray, " rows"]
    levels: dict[str, Int[np.ndarray, " rows"]]
    unconverged: int
    draws: int


def _draw(job: _Job) -> _Drawn:
    rival, rng = job.rival, np.random.default_rng(job.seed)
    world_at = worlds_of(job.case, rival.explanation, rival.likelihood, rival.records)
    mode = world_at(np.array([each.mode for each in job.result.parameters]), None, None)
    number = min(job.amount, MOST_DRAWS)
    picked = Draws(job.result.draws, job.result.weights).pick(number, int(rng.integers(2**31)))
    each_has = np.bincount(np.arange(job.amount) % number, minlength=number)
    times, states, acts, counts = [np.empty(0)], [np.empty(0, np.int64)], [np.empty(0, np.int64)], []
    names: tuple[tuple[str, str], ...] = (("", "start"),)
    unconverged, rows, space = 0, 0, job.case.space
    for position, again in Counter(picked.tolist()).items():
        amount = int(each_has[picked == position].sum())
        try:
            world = world_at(job.result.draws[position], mode, None)
            forecast = world.forecast(job.known)
        except NotConverged:
            unconverged += again
            continue
        end = world.record(job.known.episode).calendar.end_of(job.until)
        names = (("", "start"), *((kind.who, kind.what) for kind in forecast.motion.simulator().chain.kinds))
        space = world.space
        for _ in range(amount):
            state, path = forecast.path(end, rng)
            times += [np.array([forecast.begin]), path.time]
            states += [np.array([state]), path.state]
            acts += [np.array([0]), path.kind + 1]
            counts.append(1 + len(path.state))
            rows += counts[-1]
            if rows > MOST_ROWS:
                raise TooFast(f"the paths have more than {MOST_ROWS:,} jumps; ask for fewer paths, or an earlier day.")
    there = np.concatenate(states)
    levels = {name: space.levels_of(name)[there] for name in job.case.space.names}
    return _Drawn(
        np.array(counts, dtype=np.int64),
        np.concatenate(times),
        names,
        np.concatenate(acts),
        levels,
        unconverged,
        number,
    )


def _together(case: BuiltCase, known: Given, jobs: Sequence[_Job], drawn: Sequence[_Drawn]) -> Paths:
    calendar = next(each for each in case.records if known.episode in ("", each.name)).calendar
    rows = np.concatenate([one.rows for one in drawn])
    days = np.floor(np.concatenate([one.times for one in drawn]) * calendar.days + 1e-6).astype(np.int64)
    who, what = (
        np.concatenate([np.array([act[part] for act in one.acts])[one.act] for one in drawn]) for part in (0, 1)
    )
    levels = {
        name: np.array(case.space.variable(name).levels)[np.concatenate([one.levels[name] for one in drawn])]
        for name in case.space.names
    }
    return Paths(
        explanation=tuple(job.result.name for job, one in zip(jobs, drawn, strict=True) for _ in one.rows),
        path=np.repeat(np.arange(len(rows)), rows),
        date=np.datetime64(calendar.begin) + days.astype("timedelta64[D]"),
        who=who,
        what=what,
        levels=levels,
        unconverged=sum(one.unconverged for one in drawn),
        draws=sum(one.draws for one in drawn),
    )
