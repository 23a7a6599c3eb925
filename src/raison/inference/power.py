"""What a record could tell at most, before it is seen: records made under every rival, weighed under all.

Every record is made and weighed at the same other numbers, drawn from their priors, as if these were known; motives are
in the middle of their ranges. For a pair of rivals the mean log Bayes factor for the true one is then at least what it
is where the other numbers have to be learned from the record, too (the Kullback-Leibler divergence is convex): where
even this is small, such a record cannot tell them apart.

    expected = E log(p_true / p_rival) under the true one; where small, with E (p_rival / p_true) = 1 as control variate

Source: kullback1951 (docs/reference/references.md)
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from raison.chain import Chain
from raison.chain.simulation import Simulator
from raison.inference.game_map import NumberVector
from raison.inference.model import Explanation
from raison.inference.prior import Narrowed
from raison.record import Count, Item, Move, Reading, WatchedRecord
from raison.record.simulated import simulate_record

Weights = Float[np.ndarray, "true records rivals"]
"""Log likelihood of records made under each rival, under each."""

LEAST_RECORDS = 8
"""Records from which the control variate is used: its slope is worked out from them, too."""

LARGEST_MEAN = 0.5
"""Mean log Bayes factor up to which the control variate is used: beyond it, its own mean hangs on rare records."""


@dataclass(frozen=True, eq=False)
class Pair:
    """What records made under one rival say against another.

    Attributes:
        expected: mean log Bayes factor for the true one.
        error: its standard error.
        above: share of the records with a log Bayes factor above each of some thresholds.
    """

    expected: float
    error: float
    above: tuple[float, ...]


def numbers_drawn(
    explanation: Explanation, motives: Sequence[int], z: Float[np.ndarray, " parameters"], *, motives_at: float = 0.0
) -> NumberVector:
    """Return the numbers of an explanation at standardised numbers that all rivals share.

    Args:
        explanation: the explanation.
        motives: positions of the weights of motives.
        z: a standardised number for each.
        motives_at: standardised weight of every motive that the explanation has; 0 for the middle of its range.
    """
    at = np.array(z)
    at[list(motives)] = motives_at
    return np.array([each.prior.value(float(k)) for each, k in zip(explanation.parameters, at, strict=True)])


def weigh_records(
    chains: Sequence[Chain], watched: Sequence[WatchedRecord], count: int, rng: np.random.Generator
) -> Weights:
    """Make so many records under each chain, and weigh them under all.

    Args:
        chains: of the rivals.
        watched: the watches; of several records the likelihoods multiply.
        count: records of each watch.
        rng: draws them.
    """
    found = np.empty((len(chains), count, len(chains)))
    for true, chain in enumerate(chains):
        simulator = Simulator(chain)
        for number in range(count):
            made = [simulate_record(simulator, each, rng) for each in watched]
            found[true, number] = [sum(each.log_likelihood(rival) for each in made) for rival in chains]
    return np.nan_to_num(found, nan=-np.inf, neginf=-np.inf)  # nothing is known after what cannot happen


def pair_of(weights: Weights, true: int, rival: int, thresholds: Sequence[float]) -> Pair:
    """Return what the records made under `true` say against `rival`."""
    factors = weights[true, :, true] - weights[true, :, rival]
    shares = tuple(float((factors > threshold).mean()) for threshold in thresholds)
    if np.isposinf(factors).any():  # some records cannot happen under the rival
        return Pair(np.inf, 0.0, shares)
    corrected = factors
    lost = 1
    if factors.mean() < LARGEST_MEAN and len(factors) >= LEAST_RECORDS:
        lost = 2
        ratios = np.exp(-factors)
        spread = ratios.var()
        slope = np.cov(factors, ratios, bias=True)[0, 1] / spread if spread > 0.0 else 0.0
        corrected = factors - slope * (ratios - 1.0)
    return Pair(
        float(corrected.mean()),
        float(corrected.std(ddof=lost) / np.sqrt(len(corrected))),
        shares,
    )


def mean_of_pairs(weights: Weights, own: int, together: int = 1) -> tuple[float, float]:
    """Return the mean over the pairs of the first `own` rivals, and its standard error; nan where there is no pair.

    Args:
        weights: of the records.
        own: how many rivals count.
        together: so many records in a row, under every rival, were made at one draw of the numbers: they go together.
    """
    return _left_out(lambda kept: _mean(weights[:, kept], own), weights.shape[1], together)


def gain_of(weights: Weights, before: Weights, own: int, together: int = 1) -> tuple[float, float]:
    """Return by how much the mean over the pairs is above that of other records at the same draws, and its error.

    As `mean_of_pairs`; what all records of a draw have in common cancels.
    """

    def gain(kept: Bool[np.ndarray, " records"]) -> float:
        one, other = _mean(weights[:, kept], own), _mean(before[:, kept], own)
        return one - other if math.isfinite(other) else 0.0

    return _left_out(gain, weights.shape[1], together)


def _mean(weights: Weights, own: int) -> float:
    pairs = [pair_of(weights, true, rival, ()).expected for true, rival in itertools.permutations(range(own), 2)]
    return float(np.mean(pairs)) if pairs else math.nan


def _left_out(
    number: Callable[[Bool[np.ndarray, " records"]], float], records: int, together: int
) -> tuple[float, float]:
    """Return a number of all records, and its standard error, by leaving out those of each draw in turn."""
    draw = np.arange(records) // together
    value, draws = number(draw >= 0), int(draw.max(initial=-1)) + 1
    if not math.isfinite(value) or draws < 2:
        return value, 0.0 if math.isinf(value) else math.nan
    left = np.array([number(draw != each) for each in range(draws)])
    return value, math.sqrt((draws - 1) / draws * float(np.square(left - left.mean()).sum()))


def leads(weights: Weights, prior: Sequence[float]) -> Float[np.ndarray, "true rivals"]:
    """Return the share of the records made under each rival in which each leads; ties are shared."""
    scores = weights + np.log(np.asarray(prior))
    best = scores >= scores.max(axis=2, keepdims=True) - 1e-9
    return (best / best.sum(axis=2, keepdims=True)).mean(axis=1)


def lengthened(watched: WatchedRecord, factor: float) -> WatchedRecord:
    """Return the watch `factor` times as long, above 0.

    What comes after its end has readings as often, and moves as doubtful, as the watch has; of a shorter one the first
    part is kept.
    """
    record = watched.record
    until = factor * record.until
    items = [item for item in record.items if item.time <= until]
    for turn in range(1, math.ceil(factor)):
        items += [
            item.later(turn * record.until)
            for item in record.items
            if isinstance(item, Reading | Move | Count) and item.time + turn * record.until <= until
        ]
    return dataclasses.replace(watched, record=dataclasses.replace(record, items=tuple(items), until=until))


def certain(watched: WatchedRecord) -> WatchedRecord:
    """Return the watch with nothing doubtful in it: every move that is seen happened, and every reading is right."""

    def sure(item: Item) -> Item:
        match item:
            case Move():
                return dataclasses.replace(item, confidence=1.0)
            case Reading():
                return dataclasses.replace(item, reliability=1.0)
        return item

    items = tuple(sure(item) for item in watched.record.items)
    return dataclasses.replace(watched, record=dataclasses.replace(watched.record, items=items))


def narrowed(explanation: Explanation, motives: Sequence[int], share: float) -> Explanation:
    """Return an explanation whose ranges, but those of motives, have a share of their width; see `Narrowed`."""
    parameters = tuple(
        each if place in motives else dataclasses.replace(each, prior=Narrowed(each.prior, share))
        for place, each in enumerate(explanation.parameters)
    )
    return dataclasses.replace(explanation, parameters=parameters)


def with_readings(watched: WatchedRecord, variable: str, reliability: float, every: float) -> WatchedRecord:
    """Return the watch with a variable read again and again.

    Args:
        watched: the watch.
        variable: what is read.
        reliability: of each reading.
        every: time between readings, in time units.
    """
    levels = watched.space.variable(variable).levels[:1]
    times = np.arange(every, watched.record.until, every)
    readings = [Reading(float(time), variable, levels[0], levels=levels, reliability=reliability) for time in times]
    items = sorted([*watched.record.items, *readings], key=lambda item: item.time)
    return dataclasses.replace(watched, record=dataclasses.replace(watched.record, items=tuple(items)))
