"""How the forecast from the end of the record did on what followed.

Of every act: whether it comes about within a month, three, six, a year, two years, or all the time that is held out.
Of every reading that is held out: whether the world is then in one of its levels. Nothing is fitted to any of it.

    Brier score    mean of (p - y)^2
    log score      mean of  y log p + (1 - y) log (1 - p)

with y whether it came about; of a doubtful item its confidence.

Source: gneiting2007 (docs/reference/references.md)
"""

from __future__ import annotations

import datetime
import functools
import itertools
import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from raison.analysis.fitting import Fit
from raison.analysis.pool import Pool
from raison.analysis.watch import Watch
from raison.analysis.worlds import world_of
from raison.case import BuiltCase
from raison.chain import Act
from raison.errors import NotConverged
from raison.query.conditions import mask
from raison.query.forms.probability import Moment, Probability
from raison.query.tree import Given, Happens, In
from raison.query.world import Facts, World
from raison.record import Move, Reading, bulk
from raison.study import CalibrationBin, ForecastScore, HeldOutForecast, HeldOutResult

SCORING = "hold the forecast against what followed"

DRAWS, LEAST = 64, 8
"""Draws of the numbers, in all and under each explanation at least."""

HORIZONS = (30, 91, 182, 365, 730)
"""Days within which an act may come about."""

BINS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Ends of the bins of calibration."""

HALF_AN_ACT = 0.5
"""What the pace of an act counts that the record does not have."""

RECORD = Given("all")
"""What is known."""

Probabilities = Float[np.ndarray, " forecasts"]


class _Drawn(NamedTuple):
    """Probabilities at draws of the numbers.

    Attributes:
        probs: at each draw. Shape `[draws, forecasts]`.
        times: how often each was picked. Shape `[draws]`.
    """

    probs: Float[np.ndarray, "draws forecasts"]
    times: Float[np.ndarray, " draws"]

    @property
    def mean(self) -> Probabilities:
        return self.times @ self.probs / self.times.sum()

    def error_of(self, score: Callable[[Probabilities], float]) -> float:
        """Return the standard error of a score of the mean, by leaving out each draw in turn; nan of a single draw."""
        if len(self.times) < 2:
            return math.nan
        left = (self.times @ self.probs - self.times[:, None] * self.probs) / (self.times.sum() - self.times)[:, None]
        scores = np.array([score(each) for each in left])
        return math.sqrt((len(scores) - 1) / len(scores) * float(np.square(scores - scores.mean()).sum()))


class _Event(NamedTuple):
    """Something that may come about: an act by a day, or a reading of a day."""

    what: Probability
    came: float

    @property
    def is_act(self) -> bool:
        return isinstance(self.what.event, Happens)


def score_forecasts(case: BuiltCase, fits: Sequence[Fit], seed: int, watch: Watch, pool: Pool) -> HeldOutResult | None:
    """Return how the forecast did on what is held out; None if nothing is.

    Errors:
        `NotConverged` if a game at none of the draws of an explanation is solved.
    """
    if case.held_out is None:
        return None
    events = _events(case)
    watch.tell(SCORING, 0, len(fits))
    each = pool.side_by_side(
        functools.partial(_foresee, case=case, events=events),
        [(fit, seed + number) for number, fit in enumerate(fits)],
        bulk=bulk(case.records),
        done=lambda count, *_: watch.tell(SCORING, count, len(fits)),
        cost=lambda job: job[0].motion.space.size,
    )
    names = [fit.explanation.name for fit in fits]
    shares = np.array([fit.share for fit in fits])
    means = [drawn.mean for drawn in each]
    average = shares @ np.stack(means)
    pace = _pace(case, events)
    is_act = np.array([event.is_act for event in events])
    came = np.array([event.came for event in events])

    def score(probs: Probabilities) -> float:
        return brier(probs[is_act], came[is_act])

    errors = [drawn.error_of(score) for drawn in each]
    by_share = [
        drawn.error_of(functools.partial(_moved, score, average, share, drawn.mean))
        for share, drawn in zip(shares, each, strict=True)
    ]
    whole = math.sqrt(math.fsum(error**2 for error in by_share))
    return HeldOutResult(
        until=str(case.held_out.until),
        forecasts=tuple(
            HeldOutForecast(
                str(event.what),
                str(event.what.moment.date),
                event.came,
                float(average[i]),
                {name: float(probs[i]) for name, probs in zip(names, means, strict=True)},
            )
            for i, event in enumerate(events)
        ),
        scores=tuple(
            ForecastScore(
                name,
                brier(probs[is_act], came[is_act]),
                error,
                log_score(probs[is_act], came[is_act]),
                brier(probs[~is_act], came[~is_act]),
                log_score(probs[~is_act], came[~is_act]),
            )
            for name, probs, error in [("", average, whole), *zip(names, means, errors, strict=True)]
        ),
        pace_brier=brier(pace, came[is_act]),
        pace_log=log_score(pace, came[is_act]),
        calibration=calibration(average[is_act], came[is_act]),
    )


def brier(probs: Probabilities, came: Probabilities) -> float:
    """Return the mean squared error of forecasts, that to be expected where it is in doubt; nan if there are none."""
    return float(np.mean(came * (1.0 - probs) ** 2 + (1.0 - came) * probs**2)) if len(probs) else math.nan


def log_score(probs: Probabilities, came: Probabilities) -> float:
    """Return the mean log score of forecasts; nan if there are none."""
    if not len(probs):
        return math.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        yes, no = came * np.log(probs), (1.0 - came) * np.log(1.0 - probs)
    parts = np.where(came > 0.0, yes, 0.0) + np.where(came < 1.0, no, 0.0)
    return float(np.mean(parts))


def calibration(probs: Probabilities, came: Probabilities) -> tuple[CalibrationBin, ...]:
    """Return forecasts by their probability, in bins that have any."""
    place = np.minimum(np.searchsorted(BINS, probs, side="right") - 1, len(BINS) - 2)
    return tuple(
        CalibrationBin(
            low,
            high,
            int(np.sum(place == i)),
            float(probs[place == i].mean()),
            float(came[place == i].mean()),
        )
        for i, (low, high) in enumerate(itertools.pairwise(BINS))
        if np.any(place == i)
    )


def _moved(
    score: Callable[[Probabilities], float],
    average: Probabilities,
    share: float,
    was: Probabilities,
    now: Probabilities,
) -> float:
    """Return the score of the average with other forecasts of one explanation, which has a share in it."""
    return score(average + share * (now - was))


def _events(case: BuiltCase) -> list[_Event]:
    assert case.held_out is not None
    begin, until = case.records[0].until, case.held_out.until
    days = [begin + datetime.timedelta(days=each) for each in HORIZONS]
    days = [*(day for day in days if day < until), until]
    moves = [item for item in case.held_out.items if isinstance(item, Move)]
    events = []
    for player, actions in case.names.actions.items():
        for action in actions:
            act = Act(player, action)
            for day in days:
                missed = [
                    1.0 - each.confidence
                    for each in moves
                    if act in (each.act, each.answer) and datetime.date.fromisoformat(each.date) <= day
                ]
                came = 1.0 - math.prod(missed)
                events.append(_Event(Probability(Happens(player, action), Moment("by", day), RECORD), came))
    for item in case.held_out.items:
        if isinstance(item, Reading):
            day = datetime.date.fromisoformat(item.date)
            events.append(_Event(Probability(In(item.who, item.levels), Moment("at", day), RECORD), item.reliability))
    return events


def _foresee(job: tuple[Fit, int], *, case: BuiltCase, events: Sequence[_Event]) -> _Drawn:
    """Return how likely one explanation held all events at the end of the record."""
    fit, seed = job
    facts = Facts(fit.motion.space, fit.records)
    at_mode = world_of(case, fit.likelihood, facts, fit.posterior.mode, None)
    draws = fit.posterior.draws()
    picked = Counter(draws.pick(max(LEAST, round(DRAWS * fit.share)), seed).tolist())
    rows, weights = [], []
    for position, times in picked.items():
        try:
            rows.append(_probabilities(world_of(case, fit.likelihood, facts, draws.numbers[position], at_mode), events))
            weights.append(float(times))
        except NotConverged:
            continue
    if not rows:
        return _Drawn(_probabilities(at_mode, events)[None], np.ones(1))
    return _Drawn(np.stack(rows), np.array(weights))


def _probabilities(world: World, events: Sequence[_Event]) -> Probabilities:
    """Return the probability of every event, each kind of event in one pass over time."""
    forecast, calendar = world.forecast(RECORD), world.record().calendar
    begin, motion = forecast.begin, forecast.motion
    start, found = forecast.distribution(begin), np.empty(len(events))
    by_event: dict[str, list[int]] = {}
    for i, event in enumerate(events):
        by_event.setdefault(str(event.what.event) if event.is_act else "", []).append(i)
    for places in by_event.values():
        places.sort(key=lambda i: events[i].what.moment.date)
        event = events[places[0]].what.event
        times = np.array([max(calendar.end_of(events[i].what.moment.date) - begin, 0.0) for i in places])
        if isinstance(event, Happens):
            found[places] = motion.happened_by(Act(event.player, event.action), start, times)
            continue
        where, now = np.asarray(start), 0.0
        for i, time in zip(places, times, strict=True):
            where, now = np.asarray(motion.distribution(where, time - now)), time
            reading = events[i].what.event
            assert isinstance(reading, In)
            found[i] = float(where @ mask(reading, world.space))
    return np.clip(found, 0.0, 1.0)  # rounding


def _pace(case: BuiltCase, events: Sequence[_Event]) -> Probabilities:
    """Return how likely acts are for one who expects each at its pace in the record; half an act where it has none."""
    watched = case.records[0]
    found = []
    for event in events:
        if isinstance(event.what.event, Happens):
            act = Act(event.what.event.player, event.what.event.action)
            acts = sum(
                item.confidence
                for item in watched.record.items
                if isinstance(item, Move) and act in (item.act, item.answer)
            )
            rate = max(acts, HALF_AN_ACT) / watched.record.until
            elapsed = watched.calendar.end_of(event.what.moment.date) - watched.record.until
            found.append(-math.expm1(-rate * elapsed))
    return np.array(found)
