"""Repeat a published experiment on a structural estimate of politics: deterrence as a game of strategic choice.

An attacker attacks or holds; a target that is attacked defends or gives in. What an outcome is worth hangs on what was
measured of each pair of states, and the attacker foresees what the target will do (Signorino 1999):

    U1(status quo) = 0      U1(capitulation) = b1 x1      U1(war) = b2 x2
                            U2(capitulation) = 0          U2(war) = b3 x3 + b4 x4

The experiment is that of Monogan (2015, section 11.7): x standard normal, every b = 1, what the players know and the
researcher does not is normal with variance 1/2 for each act, 1,000 pairs a sample. Does the estimate find b?

All pairs of states of a sample are one game here: `pair` is a variable that nothing moves, and `stage` is where a pair
stands. Players may wait, which costs whoever is to decide a little, so that nobody waits for long; the future is hardly
discounted. Given that a player acts, the odds of one act against the other are those of Signorino's tree.

What differs: players of Raison err by the logit, those of the experiment by the normal distribution. Samples are drawn
as published and estimated by the logit, so an estimate goes to another number than b: to that at which the logit comes
closest to the published model. It is computed in closed form, without Raison, and estimates are divided by it.

Run from the folder that holds `examples`; 100 samples take some minutes:

    python examples/deterrence.py [SAMPLES]

Source: signorino1999, monogan2015 (docs/reference/references.md)
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.optimize
import scipy.special
import scipy.stats
from jaxtyping import Float, Int

from raison.chain import Chain
from raison.chain.filter import distribution_at, distribution_slope
from raison.chain.filters import Slope
from raison.game import Action, Effect, Game, Hazard, Motive, Player, StateSpace, Variable
from raison.inference.game_map import GameFunction
from raison.inference.laplace import Laplace, fit
from raison.inference.likelihood import GameLikelihood
from raison.inference.model import Parameter
from raison.inference.posterior import PosteriorStatus
from raison.inference.prior import Flat

if TYPE_CHECKING:
    import jax

PAIRS, SAMPLES = 1000, 100
"""Pairs of states in a sample, and samples, as published."""

SEED = 3141593

NAMES = ("b1", "b2", "b3", "b4")
TRUE = np.ones(4)

PUBLISHED_MEANS = (1.0037, 1.0115, 1.0069, 0.9986)
PUBLISHED_ERRORS = (0.0788, 0.0806, 0.0717, 0.0713)
"""Means of 100 estimates, and the means of their absolute errors (Monogan 2015, section 11.7.2)."""

OUTCOMES = ("status quo", "capitulation", "war")
STAGE = Variable("stage", ("undecided", "attacked", *OUTCOMES), is_ordered=False)

DISCOUNT_RATE = 1e-6
"""Per time unit, in which one chance to act comes: so small that an outcome counts as if it came at once."""

HASTE = 1.0
"""What a time unit of waiting costs whoever is to decide: two chances in three are then taken, whatever they are."""

LONG = 60.0
"""Time units after which all is decided, but for one pair in 1e15."""

Numbers = Float[np.ndarray, " 4"]
Measured = Float[np.ndarray, "pairs 4"]
OfPairs = Float[np.ndarray, " pairs"]
Distribution = Callable[[OfPairs], OfPairs]
"""The distribution function of what a choice hangs on besides what was measured."""


@dataclass(frozen=True, eq=False)
class Sample:
    """What was measured of every pair of states, and what came of it.

    Attributes:
        measured: x1 to x4. Shape `[pairs, 4]`.
        outcome: number of the outcome in `OUTCOMES`. Shape `[pairs]`.
    """

    measured: Measured
    outcome: Int[np.ndarray, " pairs"]


def draw(pairs: int, rng: np.random.Generator, numbers: Numbers = TRUE) -> Sample:
    """Return a sample as the published experiment draws it: every act is worth something more that is not measured."""
    measured = rng.standard_normal((pairs, 4))
    hold, attack, give_in, defend = np.sqrt(0.5) * rng.standard_normal((4, pairs))
    to_attack, to_defend = _advantages(measured, numbers, scipy.stats.norm.cdf)
    is_attack, is_war = to_attack + attack > hold, to_defend + defend > give_in
    return Sample(measured, np.where(is_attack, np.where(is_war, 2, 1), 0))


def deterrence_game(measured: Measured) -> GameFunction:
    """Return the game of many pairs of states as a function of (b1, b2, b3, b4); traceable by JAX."""
    space = StateSpace((Variable("pair", tuple(map(str, range(len(measured)))), is_ordered=False), STAGE))
    pair, stage = space.levels_of("pair"), space.levels_of("stage")
    in_stage = {name: stage == STAGE.index(name) for name in STAGE.levels}

    def motive(number: jax.Array | np.ndarray, column: int, outcome: str) -> Motive:
        """A flow that is worth `number` times x from now to the end of time, where the outcome has come about."""
        feature = np.where(in_stage[outcome], DISCOUNT_RATE * measured[pair, column], 0.0)
        return Motive(number, feature, f"x{column + 1} at {outcome}")

    def haste(stands: str) -> Motive:
        return Motive(-HASTE, np.where(in_stage[stands], 1.0, 0.0), "haste")

    def act(name: str, stands: str, leads: str) -> Action:
        return Action(0.0, (1.0,), in_stage[stands], name, (Effect.become(STAGE, leads),))

    def game(numbers: jax.Array | np.ndarray) -> Game:
        b1, b2, b3, b4 = (numbers[k] for k in range(4))
        attacker = Player(
            decision_rate=Hazard(1.0),
            discount_rate=DISCOUNT_RATE,
            actions=(act("attack", "undecided", "attacked"), act("hold", "undecided", "status quo")),
            motives=(motive(b1, 0, "capitulation"), motive(b2, 1, "war"), haste("undecided")),
            name="attacker",
        )
        target = Player(
            decision_rate=Hazard(1.0),
            discount_rate=DISCOUNT_RATE,
            actions=(act("defend", "attacked", "war"), act("give in", "attacked", "capitulation")),
            motives=(motive(b3, 2, "war"), motive(b4, 3, "war"), haste("attacked")),
            name="target",
        )
        return Game(drifts=(), players=(attacker, target), space=space)

    return game


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What came of every pair of states, as something that a chain makes more or less likely.

    The pairs never mix, so that one walk from all of them at once, each with its share, has every pair's chances.
    """

    sample: Sample

    def log_likelihood(self, chain: Chain) -> float:
        """Return the sum over pairs of the log probability of what came of it."""
        start, places = self._start_and_places(chain)
        return float(np.log(len(places) * np.asarray(distribution_at(chain, start, LONG))[places]).sum())

    def log_likelihood_slope(self, chain: Chain) -> Slope:
        """Return the same, and its derivatives by the rates of the chain."""
        start, places = self._start_and_places(chain)
        end = np.asarray(distribution_at(chain, start, LONG))
        bar = np.zeros_like(end)
        bar[places] = 1.0 / end[places]
        value = float(np.log(len(places) * end[places]).sum())
        return Slope(value, distribution_slope(chain, start, LONG, bar))

    def _start_and_places(self, chain: Chain) -> tuple[Float[np.ndarray, " states"], Int[np.ndarray, " pairs"]]:
        """Return the distribution in which nothing is decided yet, and the state in which each pair ends."""
        stage = chain.space.levels_of("stage")
        start = np.where(stage == STAGE.index("undecided"), 1.0, 0.0)
        ends = [STAGE.index(OUTCOMES[k]) for k in self.sample.outcome]
        return start / start.sum(), np.arange(len(ends)) * len(STAGE.levels) + np.array(ends)


def estimate(sample: Sample) -> Laplace:
    """Return the maximum likelihood estimate, in the units of the logit's shocks."""
    likelihood = GameLikelihood(deterrence_game(sample.measured), [Outcomes(sample)])
    return fit(likelihood, [Parameter(name, Flat(0.1, 0.3)) for name in NAMES])


def _advantages(measured: Measured, numbers: Numbers, chance_of: Distribution) -> tuple[OfPairs, OfPairs]:
    """Return what attacking and defending are worth over the other act, where choices have the distribution given."""
    capitulation, war, for_war, also_for_war = (measured * numbers).T
    to_defend = for_war + also_for_war
    chance = chance_of(to_defend)
    return chance * war + (1.0 - chance) * capitulation, to_defend


def outcome_chances(
    measured: Measured, numbers: Numbers, chance_of: Distribution = scipy.special.expit
) -> Float[np.ndarray, "pairs 3"]:
    """Return the probability of every outcome in Signorino's tree, in closed form. Shape `[pairs, 3]`."""
    to_attack, to_defend = _advantages(measured, numbers, chance_of)
    attack, defend = chance_of(to_attack), chance_of(to_defend)
    return np.stack([1.0 - attack, attack * (1.0 - defend), attack * defend], axis=1)


def closest_logit(pairs: int = 2**17) -> Numbers:
    """Return the numbers at which the logit comes closest to the published model: where its estimates go.

    Closest is the largest expected log likelihood, over points of a Sobol sequence.
    """
    measured = scipy.stats.qmc.MultivariateNormalQMC(np.zeros(4), rng=np.random.default_rng(0)).random(pairs)
    true = outcome_chances(measured, TRUE, scipy.stats.norm.cdf)
    found = scipy.optimize.minimize(
        lambda numbers: -float((true * np.log(outcome_chances(measured, numbers))).sum(axis=1).mean()),
        1.7 * TRUE,
        method="BFGS",
    )
    return found.x


def experiment(samples: int, pairs: int = PAIRS, seed: int = SEED) -> Float[np.ndarray, "samples 4"]:
    """Return the estimates of so many samples, in units of the published ones."""
    rng = np.random.default_rng(seed)
    scale = closest_logit()
    rows = []
    for _ in range(samples):
        found = estimate(draw(pairs, rng))
        if found.status is not PosteriorStatus.OK:
            raise RuntimeError(f"an estimate is not to be had: {found.status.value}")
        rows.append(found.mode / scale)
    return np.array(rows)


def main() -> None:
    """Print what the experiment found beside what was published."""
    samples = int(sys.argv[1]) if len(sys.argv) > 1 else SAMPLES
    found = experiment(samples)
    off = np.abs(found - TRUE)
    print(f"{samples} samples of {PAIRS:,} pairs; published: 100 samples, by the normal distribution\n")
    print(f"{'':<4}{'mean here':>20}{'published':>12}{'absolute error here':>24}{'published':>12}")
    for k, name in enumerate(NAMES):
        means, errors = (
            f"{column[:, k].mean():.4f} ({column[:, k].std(ddof=1) / np.sqrt(samples):.4f})" for column in (found, off)
        )
        print(f"{name:<4}{means:>20}{PUBLISHED_MEANS[k]:>12}{errors:>24}{PUBLISHED_ERRORS[k]:>12}")
    print("\nIn brackets: how far the figure may be off, for there are only so many samples.")


if __name__ == "__main__":
    main()
