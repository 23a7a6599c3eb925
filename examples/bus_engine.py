"""Estimate the bus engine replacement model of Rust (1987), in the continuous time of Blevins (2025).

One variable, the mileage of a bus since its last engine, in 90 cells of 5,000 miles. Nature moves it up a cell at
rate gamma. The superintendent has a chance to act at rate lambda, pays beta * x / 90 per month (beta < 0), and may
replace the engine, which sets x to 0 and costs -mu. 162 buses were looked at once a month, so

    log L = sum over pairs of cells (x, y) of count(x, y) * log P(x, y),     P = exp(G * 1 month)

Beyond the published model, the chance to act may come at two rates, one for low and one for high mileage.

Run from the folder that holds `examples`:

    python examples/bus_engine.py

Source: rust1987, blevins2025 (docs/reference/references.md)
"""

from __future__ import annotations

import csv
import pathlib
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
import scipy.stats

from raison.game import EULER, Action, Drift, Effect, Game, Hazard, Motive, Player, StateSpace, Variable
from raison.inference.laplace import Laplace, fit
from raison.inference.likelihood import GameLikelihood
from raison.inference.model import Parameter
from raison.inference.posterior import PosteriorStatus
from raison.inference.prior import Fixed, Flat, Prior
from raison.record.transitions import Transitions

COUNTS = pathlib.Path(__file__).parent / "data" / "rust-1987-counts.csv"
CELLS = 90
DISCOUNT_RATE = 0.05
"""rho, per month."""

MILEAGE = Variable("mileage", tuple(str(cell) for cell in range(CELLS)))
SPACE = StateSpace((MILEAGE,))

MANY_MILES = 40
"""Cell from which an engine counts as worn: 200,000 miles (assumed)."""

TWO_RATE_NAMES = ("lambda", "ratio", "gamma", "beta", "mu")
NAMES = ("lambda", "gamma", "beta", "mu")
PUBLISHED = {
    "lambda free": ((0.032, 0.005), (0.526, 0.006), (-1.257, 0.285), (-8.072, 1.345), -13938.5070681912),
    "lambda = 1": ((1.0, None), (0.526, 0.006), (-0.533, 0.052), (-8.081, 0.393), -13947.5502306698),
}
"""Table 2 of Blevins (2025, arXiv:2511.02701): estimate and standard error of each number, and the log likelihood."""

PUBLISHED_RATIO = 18.08
"""Likelihood ratio of lambda = 1, as published (twice the difference of the log likelihoods above is 18.086)."""


def bus_game(numbers: jax.Array) -> Game:
    """Return the game at (lambda, gamma, beta, mu); traceable by JAX."""
    return _game(Hazard(numbers[0]), *numbers[1:])


def two_rate_game(numbers: jax.Array) -> Game:
    """Return the game at (lambda, ratio, gamma, beta, mu): from `MANY_MILES` on chances come `ratio` times as often."""
    is_worn = np.arange(CELLS) >= MANY_MILES
    return _game(Hazard(numbers[0], (jnp.where(is_worn, numbers[1], 1.0),), ("mileage",)), *numbers[2:])


def _game(decision_rate: Hazard, wear_rate: jax.Array, mileage_cost: jax.Array, replacement: jax.Array) -> Game:
    wear = Drift(Hazard(wear_rate), where=None, name="mileage rises", effect=Effect.shift(MILEAGE, +1))
    replace = Action(
        cost=-replacement,
        chances=(1.0,),
        is_available=None,
        name="replace",
        outcomes=(Effect.become(MILEAGE, "0"),),
    )
    superintendent = Player(
        decision_rate=decision_rate,
        discount_rate=DISCOUNT_RATE,
        actions=(replace,),
        motives=(Motive(mileage_cost, np.arange(CELLS) / CELLS, "mileage"),),
        name="superintendent",
    )
    return Game(drifts=(wear,), players=(superintendent,), space=SPACE, shock_mean=EULER)


def read_transitions(path: pathlib.Path = COUNTS) -> Transitions:
    """Return the counted monthly transitions."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(int(row["before"]), int(row["after"]), int(row["count"])) for row in csv.DictReader(file)]
    before, after, count = np.array(rows).T
    return Transitions(before, after, count, elapsed=1.0)


def priors_of(decision_rate: Prior, ratio: Prior | None = None) -> list[Parameter]:
    """Return the numbers: no prior on what is estimated, so the mode is the maximum of the likelihood."""
    rates = [decision_rate] if ratio is None else [decision_rate, ratio]
    priors = [*rates, Flat(0.5, 0.006, is_positive=True), Flat(-1.0, 0.3), Flat(-8.0, 1.0)]
    names = NAMES if ratio is None else TWO_RATE_NAMES
    return [Parameter(name, prior) for name, prior in zip(names, priors, strict=True)]


def estimate(likelihood: GameLikelihood, decision_rate: Prior) -> Laplace:
    """Return the maximum likelihood estimate."""
    return fit(likelihood, priors_of(decision_rate))


def estimate_two_rates(likelihood: GameLikelihood, ratio: Prior) -> Laplace:
    """Return the maximum likelihood estimate with chances to act that hang on the mileage."""
    return fit(likelihood, priors_of(Flat(0.05, 0.02, is_positive=True), ratio))


def likelihood_ratio(free: Laplace, restricted: Laplace, restrictions: int = 1) -> tuple[float, float]:
    """Return twice the difference of the log likelihoods, and its p-value by the chi-squared distribution."""
    statistic = 2 * (free.log_likelihood - restricted.log_likelihood)
    return statistic, float(scipy.stats.chi2.sf(statistic, restrictions))


def _row(label: str, cells: Sequence[str], log_likelihood: float) -> str:
    return f"{label:<22}" + "".join(f"{cell:>19}" for cell in cells) + f"{log_likelihood:>20.8f}"


def _cell(value: float, error: float | None, digits: int) -> str:
    return f"{value:.{digits}f}" if not error else f"{value:.{digits}f} ({error:.{digits}f})"


def main() -> None:
    """Print both rows of the table beside the published ones, the test of the one against the other, and two rates."""
    likelihood = GameLikelihood(bus_game, [read_transitions()])
    rows = {}
    print(f"{'':<22}" + "".join(f"{name:>19}" for name in NAMES) + f"{'log likelihood':>20}")
    for label, decision_rate in (("lambda free", Flat(0.05, 0.02, is_positive=True)), ("lambda = 1", Fixed(1.0))):
        found = rows[label] = estimate(likelihood, decision_rate)
        errors = found.standard_errors()
        cells = [_cell(value, error, 5) for value, error in zip(found.mode, errors, strict=True)]
        print(_row(f"{label}, here", cells, found.log_likelihood))
        *published, log_likelihood = PUBLISHED[label]
        print(_row(f"{label}, published", [_cell(*each, 3) for each in published], log_likelihood))
        if found.status is not PosteriorStatus.OK:
            print(f"  {found.status.value}")
    print(
        "\nStandard errors in brackets, here from differences of exact gradients. Where lambda is free the published\n"
        "ones of lambda, beta and mu are smaller: they come from a coarse numerical Hessian.\n"
    )
    statistic, p = likelihood_ratio(rows["lambda free"], rows["lambda = 1"])
    print(f"Likelihood ratio of lambda = 1: {statistic:.2f} (p = {p:.1e}); published: {PUBLISHED_RATIO:.2f}")
    two = estimate_two_rates(GameLikelihood(two_rate_game, [read_transitions()]), Flat(1.0, 0.3, is_positive=True))
    statistic, p = likelihood_ratio(two, rows["lambda free"])
    numbers = zip(TWO_RATE_NAMES, two.mode, two.standard_errors(), strict=True)
    told = ", ".join(f"{name} {_cell(value, error, 3)}" for name, value, error in numbers)
    print(f"Two rates of decision, split at {MANY_MILES * 5000:,} miles: {told}")
    print(f"Log likelihood {two.log_likelihood:.4f}; likelihood ratio of one rate: {statistic:.2f} (p = {p:.2f})")


if __name__ == "__main__":
    main()
