"""Whether posteriors mean what they say: simulation-based calibration on three small cases.

    python benchmarks/calibration.py [--records 200] [--only motives]

An explanation is drawn by its prior weight, its numbers from their priors; a record is simulated from the game that
they make and fitted under every explanation. Over many records, the rank of each true number among draws from its
posterior must be uniform, a 90 % interval must hold it nine times in ten, and explanations that get the posterior p
must be true in a share p of the records.

Source: talts2018 (docs/reference/references.md)
"""

from __future__ import annotations

import argparse
import concurrent.futures
import dataclasses
import json
import multiprocessing
import os
import pathlib
import sys
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # records are fitted side by side

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import chi2, norm

from raison import open_case
from raison.case import BuiltCase
from raison.chain import Chain
from raison.chain.chain import NATURE
from raison.errors import ComputationError
from raison.inference.evidence import posterior_probabilities
from raison.inference.importance import draw_around
from raison.inference.laplace import fit, numbers_at
from raison.inference.likelihood import GameLikelihood, chain_of
from raison.inference.posterior import PosteriorStatus, free_of
from raison.record import Move, Reading, Record

HERE = pathlib.Path(__file__).parent
CASES = ("motives", "rates", "hidden")
RESULTS = HERE / "results" / "calibration.json"
PICTURE = HERE.parent / "docs" / "images" / "calibration.svg"

READ = {"motives": ("price", "high", 1.0), "rates": ("tension", "calm", 0.9), "hidden": ("resolve", "firm", 0.8)}
"""What is read of each case, a level of a variable, and how reliably."""

LOOKS = {"motives": 24, "rates": 12, "hidden": 6}
"""How often, at even distances."""

DRAWS = 99
"""Equally weighted draws among which a true number is ranked."""

BINS = 10
"""Bins of ranks, and of posteriors of explanations."""

LEVEL = 0.01
"""Level of all tests of one case together."""


def simulate(
    chain: Chain,
    start: np.ndarray,
    until: float,
    looks: np.ndarray,
    read: tuple[str, str, float],
    rng: np.random.Generator,
) -> Record:
    """Return a record of the moves that were seen and of readings at given times."""
    variable, level, reliability = read
    known = chain.space.variable(variable)
    is_level = chain.space.levels_of(variable) == known.index(level)
    others = tuple(each for each in known.levels if each != level)
    targets = [kind.effect.targets(chain.space) for kind in chain.kinds]
    rates = np.array(chain.rates)
    state, now, items = int(rng.choice(len(start), p=start)), 0.0, []
    remaining = list(looks)
    while True:
        total = rates[:, state].sum()
        following = now + rng.exponential(1.0 / total) if total > 0.0 else np.inf
        while remaining and remaining[0] <= min(following, until):
            says = bool(is_level[state]) == (rng.random() < reliability)
            levels = (level,) if says else others
            items.append(
                Reading(remaining.pop(0), variable, " or ".join(levels), levels=levels, reliability=reliability)
            )
        if following > until:
            return Record(tuple(items), until)
        now = following
        made = int(rng.choice(len(rates), p=rates[:, state] / total))
        kind = chain.kinds[made]
        if kind.who != NATURE and rng.random() < chain.seen[made]:
            items.append(Move(now, kind.who, kind.what))
        state = int(targets[made][state])


def trial(name: str, number: int) -> dict:
    """Return what came of record `number` of a case. Raises a `ComputationError` if a game cannot be solved."""
    case = open_case(str(HERE / "calibration" / f"{name}.yaml"))
    rng = np.random.default_rng([CASES.index(name), number])
    weights = np.array([each.weight for each in case.explanations])
    true = int(rng.choice(len(weights), p=weights / weights.sum()))
    parameters = case.explanations[true].parameters
    z = rng.standard_normal(len(free_of(parameters)))
    watched = case.records[0]
    until = watched.record.until
    looks = np.linspace(0.0, until, LOOKS[name] + 1)[1:]
    truth = numbers_at(parameters, z)
    chain = chain_of(GameLikelihood(case.game, case.records).solve(truth))
    record = simulate(chain, watched.start, until, looks, READ[name], rng)
    seen = dataclasses.replace(case, records=(dataclasses.replace(watched, record=record),))
    return {"true": true, "items": len(record.items), **judge(seen, true, truth, number)}


def judge(case: BuiltCase, true: int, truth: np.ndarray, seed: int) -> dict:
    """Fit a record under every explanation and compare with the truth."""
    likelihood = GameLikelihood(case.game, case.records)
    likelihood = likelihood.starting_at(case.explanations[0].centre)
    evidence, errors, laplace, rough, ranks, covered = [], [], [], 0, {}, {}
    for k, explanation in enumerate(case.explanations):
        mode = fit(likelihood, explanation.parameters)
        posterior = draw_around(mode, likelihood, seed)
        evidence.append(posterior.log_evidence)
        errors.append(posterior.log_evidence_error)
        laplace.append(mode.log_evidence)
        rough += posterior.status is not PosteriorStatus.OK
        if k == true:
            draws = posterior.draws()
            drawn = draws.numbers[draws.pick(DRAWS, seed)]
            for i in free_of(explanation.parameters):
                low, high = posterior.interval(i)
                ranks[explanation.parameters[i].name] = int((drawn[:, i] < truth[i]).sum())
                covered[explanation.parameters[i].name] = bool(low <= truth[i] <= high)
    weights = [each.weight for each in case.explanations]
    return {
        "posterior": posterior_probabilities(evidence, weights).tolist(),
        "by laplace": posterior_probabilities(laplace, weights).tolist(),
        "errors": errors,
        "rough": rough,
        "ranks": ranks,
        "covered": covered,
    }


def attempt(job: tuple[str, int]) -> dict:
    """Return a trial, or why it failed."""
    try:
        return trial(*job)
    except ComputationError as error:
        return {"failed": str(error)}


def summary(trials: list[dict]) -> dict:
    """Return what the trials of one case say together."""
    good = [each for each in trials if "failed" not in each]
    names = sorted({name for each in good for name in each["ranks"]})
    ranks = {name: [each["ranks"][name] for each in good if name in each["ranks"]] for name in names}
    every = np.array([rank for each in ranks.values() for rank in each])
    inside = [each for trial in good for each in trial["covered"].values()]
    return {
        "records": len(good),
        "failed": [each["failed"] for each in trials if "failed" in each],
        "rough": sum(each["rough"] > 0 for each in good),
        "items": float(np.median([each["items"] for each in good])),
        "error": float(np.median([error for each in good for error in each["errors"]])),
        "numbers": {name: {"records": len(each), "p": uniformity(each)} for name, each in ranks.items()},
        "ranks": np.bincount(every * BINS // (DRAWS + 1), minlength=BINS).tolist(),
        "covered": float(np.mean(inside)),
        "explanations": reliability([each["posterior"] for each in good], [each["true"] for each in good]),
        "by laplace": reliability([each["by laplace"] for each in good], [each["true"] for each in good]),
    }


def uniformity(ranks: list[int]) -> float:
    """Return the p-value of uniform ranks, by the chi-squared test over bins."""
    seen = np.bincount(np.array(ranks) * BINS // (DRAWS + 1), minlength=BINS)
    expected = len(ranks) / BINS
    return float(chi2.sf(((seen - expected) ** 2 / expected).sum(), BINS - 1))


def reliability(posteriors: list[list[float]], true: list[int]) -> dict:
    """Return claimed and true shares by bins of the claimed, and the p-value of the log score of the truth."""
    claimed = np.concatenate(posteriors)
    is_true = np.concatenate([np.arange(len(each)) == k for each, k in zip(posteriors, true, strict=True)])
    place = np.minimum((claimed * BINS).astype(int), BINS - 1)
    bins = [place == b for b in range(BINS) if (place == b).any()]
    rows = [
        {"claimed": float(claimed[here].mean()), "true": float(is_true[here].mean()), "of": int(here.sum())}
        for here in bins
    ]
    # one explanation per record, so that the terms are independent
    table = np.array(posteriors)
    logs = np.log(table.clip(1e-300))
    mean, square = (table * logs).sum(axis=1), (table * logs**2).sum(axis=1)
    score = (logs[np.arange(len(true)), true] - mean).sum() / np.sqrt((square - mean**2).sum())
    return {"bins": rows, "p": float(2 * norm.sf(abs(score)))}


def verdict(found: dict) -> str:
    """Return what the tests of one case say, in words."""
    tests = [each["p"] for each in found["numbers"].values()] + [found["explanations"]["p"]]
    is_calibrated = min(tests) > LEVEL / len(tests)
    return (
        f"{found['records']} records, smallest of {len(tests)} p-values {min(tests):.3f}, 90 % intervals hold "
        f"{100 * found['covered']:.1f} %: {'' if is_calibrated else 'NOT '}calibrated at level {LEVEL}"
    )


def draw(results: dict) -> None:
    """Draw ranks above, explanations below."""
    figure, axes = plt.subplots(2, len(results), figsize=(9.0, 5.2), sharey="row", layout="constrained")
    for column, (name, found) in enumerate(results.items()):
        ranks = np.array(found["ranks"]) / np.mean(found["ranks"])
        noise = 1.96 / np.sqrt(np.mean(found["ranks"]))
        axes[0, column].bar(np.arange(BINS) + 0.5, ranks, width=0.9, color="#56B4E9")
        axes[0, column].axhspan(1 - noise, 1 + noise, color="black", alpha=0.12, linewidth=0)
        axes[0, column].set(title=name, xticks=[0, BINS], xticklabels=["lowest", "highest"])
        axes[1, column].plot([0, 1], [0, 1], color="grey", linewidth=0.8)
        for row in found["explanations"]["bins"]:
            half = 1.96 * np.sqrt(max(row["claimed"] * (1 - row["claimed"]), 1e-4) / row["of"])
            axes[1, column].plot([row["claimed"]] * 2, [row["true"] - half, row["true"] + half], color="#0072B2")
            axes[1, column].plot(row["claimed"], row["true"], "o", color="#0072B2", markersize=4)
        axes[1, column].set(xlabel="posterior of an explanation", xlim=(0, 1), ylim=(0, 1))
    axes[0, 0].set_ylabel("rank of the true number,\nover what is expected")
    axes[1, 0].set_ylabel("how often it is true")
    figure.savefig(PICTURE, metadata={"Date": None})


def main() -> int:
    """Try every case, or one; write results and picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=200, help="records of each case")
    parser.add_argument("--only", choices=CASES, help="one case; the results of the others are kept")
    chosen = parser.parse_args()
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count(), context) as workers:
        for name in [chosen.only] if chosen.only else CASES:
            begin = time.perf_counter()
            jobs = [(name, number) for number in range(chosen.records)]
            results[name] = summary(list(workers.map(attempt, jobs, chunksize=5)))
            print(f"{name}: {verdict(results[name])} ({time.perf_counter() - begin:.0f} s)")
            RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    draw(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
