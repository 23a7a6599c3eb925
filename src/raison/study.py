"""What a study found. Data only: computed by `raison.analysis`, shown by `raison.report`.

Every field is documented in docs/reference/study.md. All probabilities are in 0..1, all weights and
evidences are natural logarithms, dates are ISO text.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from raison.asked import Asked, Estimate
from raison.notebook import html_table
from raison.record import Source

A_HALF, NO_BETTER = 0.25, 0.02
"""Brier score of a half for everything, and the difference from it or another below which forecasts do no better."""

NEAR_DAYS = 60
"""Days from the focal date within which an item counts as near."""


MOST_STATES = 200_000
"""States above which values and choices are not kept: they would fill the disk."""


APART: dict[str, bool] = {"apart": True}
"""Marks what is too long for `study.json` and stands in `draws.nc` and `play.nc`."""


@dataclass(frozen=True)
class GameSize:
    """How large the game is."""

    players: tuple[str, ...]
    variables: dict[str, tuple[str, ...]]
    """Levels of every variable."""
    states: int
    actions: dict[str, tuple[str, ...]]
    """Actions of every player."""
    parameters: int
    """Numbers of the case that are ranges."""


@dataclass(frozen=True)
class EquilibriumStatus:
    """How the game of one explanation was solved, at its most probable parameters, and what else was found."""

    status: str
    """`converged`, or what went wrong and what to do."""
    has_converged: bool
    residual: float
    """Change that one more Bellman sweep would make, over max(1, largest value)."""
    error: float
    """Most that a player could gain by acting otherwise, over max(1, largest value)."""
    steps: int
    origin: str
    """Where the search that found it began."""
    best_response_radius: float | None
    """None if nobody searched. Spectral radius of the best-response map: above 1, best responses lead away from it."""
    on_branch: bool | None
    """Whether it is the one to which the branch from precision 0 leads; None if that branch was lost."""
    folds: tuple[float, ...]
    """Precisions at which that branch turns back."""
    found: int | None
    """Different equilibria found, this one included; None if nobody searched. All numbers of the study use this one."""
    searches: int


@dataclass(frozen=True)
class ParameterEstimate:
    """One number of the case under one explanation."""

    name: str
    low: float
    """5 % point of the prior."""
    high: float
    """95 % point of the prior."""
    mode: float
    posterior_low: float
    posterior_high: float
    basis: str
    """`assumed ...` or the keys of the sources."""
    flag: str
    """What to beware of: `UNTOUCHED`, `EDGE` or `WIDER`; empty if nothing."""


@dataclass(frozen=True)
class ActResidual:
    """How the acts of one kind were seen and expected in the course of a record, under one explanation.

    The record is compared with records that the explanation itself makes under the same watch, at its most probable
    parameters.
    """

    explanation: str
    record: str
    player: str
    action: str
    seen: int
    expected: float
    """Expected number during the record, given the record up to each moment, with as many as are in doubt."""
    begin: str
    """First day of the stretch of time in which seen and expected part most."""
    end: str
    """Its last day."""
    is_crowd: bool
    """Whether more acts were seen in it than expected."""
    seen_there: int
    expected_there: float
    p_value: float
    """Share of the explanation's own records in which seen and expected part as far, this one counted among them."""
    off: tuple[float, ...]
    """Seen less expected up to each of 61 moments, equally spaced over the record."""
    low: tuple[float, ...]
    """5 % point of the same over the explanation's own records."""
    high: tuple[float, ...]
    """95 % point."""
    expected_by: tuple[float, ...]
    """Expected number up to each moment."""


@dataclass(frozen=True)
class ReadingResidual:
    """How well an explanation foresees the readings of one variable."""

    explanation: str
    record: str
    variable: str
    readings: int
    log_score: float
    """Log probability of all of them, given the record before each."""
    expected_log_score: float
    """Its mean over the explanation's own records."""
    p_value: float
    """Share of the explanation's own records whose readings are as improbable, this one counted among them."""


@dataclass(frozen=True)
class PowerPair:
    """What records made under one rival say against another, all numbers but the motives known."""

    true: str
    rival: str
    expected: float
    """Mean log Bayes factor for the true one."""
    error: float
    """Its standard error."""
    above_1: float
    """Share of the records with a log Bayes factor above 1."""
    above_3: float
    above_5: float


@dataclass(frozen=True)
class PowerHelp:
    """What a change of the watch or of the case would do to the power."""

    change: str
    expected: float
    """Mean log Bayes factor over the pairs of the case's own explanations."""
    error: float
    gain_error: float
    """Standard error of what that is above the records of the case, at the same draws where they are."""


@dataclass(frozen=True)
class PowerLength:
    """What records of another length say."""

    factor: float
    """How many times as long as the record of the case."""
    truth_leads: float
    """Share of the records made under an explanation of the case in which it leads all rivals."""
    records: int
    """On how many that rests."""
    expected: float
    """Mean log Bayes factor over the pairs of the case's own explanations."""
    error: float


@dataclass(frozen=True)
class PowerResult:
    """What a record like this one could tell: made under every rival, weighed under all."""

    rivals: tuple[str, ...]
    """The explanations of the case, then the nulls that solve a game."""
    records: int
    """Records made under each."""
    unsolved: int
    """Draws of the other numbers, left out, at which a game did not converge."""
    leads: dict[str, dict[str, float]]
    """By the true rival, the share of its records in which each leads."""
    pairs: tuple[PowerPair, ...]
    expected: float
    """Mean log Bayes factor over the pairs of the case's own explanations; nan if there is but one."""
    error: float
    helps: tuple[PowerHelp, ...]
    """What would help, the most first; empty where that was not asked."""
    lengths: tuple[PowerLength, ...]
    """Over the length of the record; empty where that was not asked."""
    is_ceiling: bool
    """Whether all numbers but the motives are taken as known; else every one was fitted to every record."""


UNEXPLAINED = 0.01
"""p-value below which an explanation does not account for an act or a reading."""


@dataclass(frozen=True)
class MotiveResult:
    """What one motive alone does under one explanation, all other numbers at the middles of their ranges.

    The strength is how many times likelier, in a typical state, it makes the option that serves it best than the one
    that serves it worst; below 1 for what is feared.
    """

    explanation: str
    player: str
    feature: str
    low: float
    """Strength at the 5 % point of the prior of its weight."""
    middle: float
    high: float
    """At the 95 % point."""
    likelier: dict[str, float]
    """By action of the player: how many times likelier it is on the focal date than without any motive, in the
    equilibrium with this motive alone. Actions that are impossible then are left out."""
    stake: float
    """Difference in value between the best state and the worst for its owner, in units of the shocks, in that game."""

    @property
    def is_weak(self) -> bool:
        """Return whether it hardly moves anyone."""
        return abs(math.log(self.middle)) < math.log(WEAK)

    @property
    def is_unserved(self) -> bool:
        """Return whether its owner can hardly serve it, so that it must weigh very much to have its strength."""
        return self.stake > LARGE_STAKE


@dataclass(frozen=True)
class ChainLink:
    """One step of a chain of consequences: the rate at which a variable moves depends on another."""

    cause: str
    effect: str
    move: str
    """How `effect` moves: `rises`, `falls` or `becomes LEVEL`."""
    who: str
    """The player through whom the dependence comes most, or `nature`."""
    what: str
    """Its action, or the drift."""
    slow: str
    """The level of `cause`, of those at which the world is found, at which `effect` moves least often, all else as it
    is over the record's time."""
    fast: str
    slow_rate: float
    """How often it moves there, by whatever moves it, per unit of time."""
    fast_rate: float

    @property
    def share(self) -> float:
        """Return how much of an effect on the cause is passed on, in 0..1."""
        return 1.0 - self.slow_rate / self.fast_rate


@dataclass(frozen=True)
class MotiveChain:
    """The chain of consequences along which an act serves a motive: the one that passes on most."""

    player: str
    feature: str
    action: str
    begins: str
    """The variable that the act changes; empty if there is no chain."""
    chance: float
    """That it does, where the world is; 0 if there is no chain."""
    links: tuple[ChainLink, ...]
    """From there to a variable of the feature; none where the act changes one itself."""


@dataclass(frozen=True)
class SignatureResult:
    """Something that an explanation says it predicts, before anything is seen."""

    explanation: str
    text: str
    left: float
    """Left side of its first comparison at the middles of all ranges; nan if that is not defined."""
    right: float
    is_held: bool
    """Whether it holds there."""
    share: float
    """Share of the draws from the prior in which it holds."""
    draws: int
    unconverged: int
    """Further draws whose game did not converge."""
    chains: tuple[MotiveChain, ...]
    """Of the motives that tell this explanation from the others."""

    @property
    def passes(self) -> bool:
        """Return whether the explanation predicts it: at the middles, and in most of its prior."""
        return self.is_held and self.share > 0.5


WEAK = 1.3
"""Strength below which a motive hardly moves anyone."""

LARGE_STAKE = 100.0
"""Difference in value, in units of the shocks, from which choices are all but sure and games hard to solve."""


UNTOUCHED, EDGE, WIDER = (
    "the record does not touch it",
    "the record pulls it to the edge of its range",
    "the record leaves it wider than its range",
)
"""What to beware of in the posterior of a number."""


@dataclass(frozen=True)
class ActionForecast:
    """How often an action was expected under one explanation, and how often it was seen."""

    record: str
    player: str
    action: str
    expected: float
    """Expected number of moves during the record, given the record up to each moment."""
    observed: int
    expected_by: tuple[float, ...]
    """The same up to each of the record's times."""


@dataclass(frozen=True)
class ExplanationResult:
    """One rival: an explanation of the case, or a null, which differs from these in what is at stake alone."""

    name: str
    label: str
    held_by: str
    is_null: bool
    posterior: float
    log_evidence: float
    log_evidence_error: float
    """Standard error of the log evidence, as it was measured; nan if it was not."""
    log_likelihood: float
    """At the most probable parameters."""
    status: str
    """`ok`, or why the number may not be trusted."""
    is_ok: bool
    diagnostics: dict[str, float]
    """The numbers on which the status rests, by name."""
    equilibrium: EquilibriumStatus | None
    """None for `habit and reply`, which solves no game."""
    parameters: tuple[ParameterEstimate, ...]
    forecasts: tuple[ActionForecast, ...]
    paths: dict[str, dict[str, np.ndarray]]
    """By record, smoothed path of every variable: probability of each level. Shape `[times, levels]`."""
    draws: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)), repr=False, metadata=APART)
    """Draws of the parameters from the posterior, in their order. Shape `[draws, parameters]`."""
    weights: np.ndarray = field(default_factory=lambda: np.zeros(0), repr=False, metadata=APART)
    """Weight of each draw; sum 1. Shape `[draws]`."""
    values: dict[str, np.ndarray] = field(default_factory=dict, repr=False, metadata=APART)
    """By player, its value in every state, at the most probable parameters, in units of the shocks. An axis for each
    variable. Empty for `habit and reply`, and above `MOST_STATES` states."""
    choices: dict[str, dict[str, np.ndarray]] = field(default_factory=dict, repr=False, metadata=APART)
    """By player and action, the probability of taking it at a chance to act; waiting takes the rest. As `values`."""
    solved: dict[int, np.ndarray] = field(default_factory=dict, repr=False, metadata=APART)
    """By the place of a draw, about the values of the players there, in single precision: from them questions begin.
    Shape `[players, states]`. Empty for `habit and reply`, and where games are large."""


@dataclass(frozen=True)
class FailedExplanation:
    """An explanation that could not be fitted: nothing is known of how well it does."""

    name: str
    label: str
    reason: str
    """What went wrong, and at which numbers."""


@dataclass(frozen=True)
class ItemWeight:
    """What one dated item says for one explanation: log likelihood at its most probable parameters."""

    act: float
    silence: float


@dataclass(frozen=True)
class ItemResult:
    """One dated item of a record. The last one of each, of kind `end`, is the silence after the last act."""

    record: str
    date: str
    kind: str
    """`move`, `count`, `reading`, `shock` or `end`."""
    who: str
    what: str
    source: str
    note: str
    answer: str
    """Player and action that answered a move at once, as one joint act with it; empty if none did."""
    begin: str
    """First day of the span in which acts were counted; empty for anything but a count."""
    number: int | None
    """Acts that were counted; null for anything but a count."""
    confidence: float
    weights: dict[str, ItemWeight]
    """By explanation."""


@dataclass(frozen=True)
class ClaimAnswer:
    """The test of a claim under one explanation."""

    explanation: str
    left: float
    """Value of the left side of the test, at the most probable parameters."""
    right: float
    holds: float
    """Probability that the test holds, over the posterior of the parameters."""
    draws: int
    """Draws on which that rests."""
    unconverged: int
    """Further draws whose game did not converge."""
    undefined: int = 0
    """Further draws in which the test means nothing."""


@dataclass(frozen=True)
class ClaimResult:
    """One claim and what became of it."""

    id: str
    where: str
    says: str
    kind: str
    verdict: str
    """`supported`, `contradicted`, `undecided` or `not testable`."""
    value: float | None
    """Probability that the test holds, averaged over the explanations; None if not testable."""
    low: float | None
    """Lower end of its 90 % interval, by the number of draws and the errors of the evidence."""
    high: float | None
    test: str
    rests_on: str
    """`looked up`: a number or a count that stands in the case; `inferred`: from the record under the explanations;
    `assumed`: it follows from how the case has the world go; empty if not testable."""
    compares: bool
    """Whether the test compares posteriors of explanations: `value` then tells how sure their computation is of that,
    not how probable the claim is."""
    reason: str
    """Why the verdict is what it is, in a sentence."""
    fragile: str
    """What would flip it; empty if nothing that was tried does."""
    answers: tuple[ClaimAnswer, ...]


@dataclass(frozen=True)
class RecordResult:
    """What was watched, and when."""

    name: str
    begin: str
    until: str
    unit: str
    focal_date: str
    """The date of the decision in question; empty if none."""
    times: tuple[str, ...]
    """Dates of the smoothed paths."""


@dataclass(frozen=True)
class ClueShare:
    """How probable an explanation is by the record alone, by the clues alone, and by both."""

    explanation: str
    record: float
    weight: float
    """Sum of the log weights of the clues at the middles of the judgements, relative to the mean over the explanations
    that were judged, each origin once, before it counts for less."""
    clues: float
    """Mean over the judgements and for how much they count."""
    clues_low: float
    """5 % point."""
    clues_high: float
    """95 % point."""
    both: float
    both_low: float
    both_high: float


@dataclass(frozen=True)
class ClueResult:
    """One clue."""

    id: str
    date: str
    says: str
    group: str
    """Its origin; clues of one origin count once."""
    source: str
    confidence: float
    weights: dict[str, float]
    """By explanation, log weight at the middle of the judgements, relative to the mean over those that were judged."""


@dataclass(frozen=True)
class LeftOut:
    """What is left when a clue, or all clues of one origin, are left out."""

    name: str
    """The id of the clue, or the origin."""
    clues: int
    """How many are left out."""
    by_clues: dict[str, float]
    """Posterior of each explanation by the other clues."""
    by_both: dict[str, float]
    """By the record and the other clues."""


@dataclass(frozen=True)
class RaterAgreement:
    """How far raters agree on the log of the judged probabilities, relative to the mean over the explanations."""

    raters: int
    cells: int
    """Clue and explanation, judged by at least two."""
    alpha: float
    """Krippendorff's alpha for interval data."""
    correlation: float
    """Mean over the pairs of raters."""


@dataclass(frozen=True)
class CluesResult:
    """What the clues say: judged by people, not computed from a game."""

    count_low: float
    """For how much of their weight clues count: 5 % point of the prior."""
    count_high: float
    agreement: RaterAgreement | None
    """None if no clue was judged by two raters."""
    not_judged: tuple[str, ...]
    """Explanations, nulls among them, that get the mean of the others."""
    shares: tuple[ClueShare, ...]
    """In the order of `explanations`."""
    clues: tuple[ClueResult, ...]
    without_clue: tuple[LeftOut, ...]
    without_group: tuple[LeftOut, ...]


@dataclass(frozen=True)
class FittedShare:
    """How well an explanation does where all were fitted anew: under a variant, or to some of the episodes."""

    explanation: str
    posterior: float
    log_evidence: float
    log_evidence_error: float


@dataclass(frozen=True)
class VariantResult:
    """The study under another defensible assumption."""

    name: str
    changes: dict[str, str]
    """The entries of the case that it replaces: dotted path and new value."""
    shares: tuple[FittedShare, ...]
    """Of the explanations and the nulls that could be fitted; empty if none could."""
    verdicts: dict[str, str]
    """Verdict on each claim, by its id."""
    failed: dict[str, str]
    """Explanations that could not be fitted, with the reason."""

    @property
    def leader(self) -> str:
        """Return the name of the most probable explanation; empty if there is none."""
        return max(self.shares, key=lambda each: each.posterior).explanation if self.shares else ""


@dataclass(frozen=True)
class EpisodeResult:
    """What one episode of several says."""

    name: str
    weights: dict[str, float]
    """Log likelihood of its record by explanation, at the most probable parameters of all episodes together."""
    alone: tuple[FittedShare, ...]
    """How well the explanations do on it alone; empty if none could be fitted."""
    without: tuple[FittedShare, ...]
    """On all the others."""


@dataclass(frozen=True)
class HeldOutForecast:
    """Something that might come about after the record, how likely it was, and whether it did."""

    question: str
    """What was to be expected, in the query language."""
    date: str
    came: float
    """1 if it came about, 0 if not; between, if it is in doubt."""
    probability: float
    """Averaged over the explanations by their posterior."""
    by: dict[str, float]
    """By explanation, averaged over draws of the numbers."""


@dataclass(frozen=True)
class ForecastScore:
    """How well the forecasts of one explanation did."""

    explanation: str
    """Empty for the average over the explanations."""
    acts_brier: float
    """Mean squared error of the forecasts of acts; what always says a half has 0.25, lower is better."""
    acts_error: float
    """Standard error of that, by draws of the numbers; nan where one draw is all."""
    acts_log: float
    """Mean log score of these: the log of the probability of what came about; a half has -0.69, higher is better."""
    readings_brier: float
    readings_log: float
    """The same of forecasts of readings; nan if there are none."""


@dataclass(frozen=True)
class CalibrationBin:
    """Forecasts of acts of about one probability, averaged over the explanations."""

    low: float
    high: float
    forecasts: int
    probability: float
    """Their mean."""
    came: float
    """Share of them that came about."""


@dataclass(frozen=True)
class HeldOutResult:
    """How the forecast from the end of the record did on what followed."""

    until: str
    """Last day of what is held out."""
    forecasts: tuple[HeldOutForecast, ...]
    scores: tuple[ForecastScore, ...]
    """The average first, then every explanation."""
    pace_brier: float
    """Mean squared error of the forecasts of acts by one who expects each at the pace that it had in the record."""
    pace_log: float
    calibration: tuple[CalibrationBin, ...]


@dataclass(frozen=True)
class NextEvidence:
    """Something that was not seen, and what it would weigh: one more reading, or a longer watch.

    Every explanation of the case is taken at its most probable parameters.
    """

    record: str
    variable: str
    """What would be read, nine times in ten right; empty for a longer watch."""
    date: str
    """When it would be read; for a longer watch its new end."""
    expected: float
    """Mean log Bayes factor over the pairs of the case's own explanations, given the record."""
    error: float
    """Its standard error; 0 for a reading, which is computed exactly."""
    true: str
    """The pair that it would tell apart best: the explanation that is true, and"""
    rival: str
    most: float
    """the expected log Bayes factor between these two."""


@dataclass(frozen=True)
class Stage:
    """Time and memory of one stage of the run."""

    name: str
    seconds: float
    peak_mib: float


@dataclass(frozen=True)
class MoveReasons:
    """The parts of the advantage over waiting of what a player did on a day, one for each motive."""

    record: str
    date: str
    player: str
    action: str
    parts: dict[str, Estimate]
    """Averaged over the explanations in which it wants something: each motive, `its costs`, `the shocks`, and `all
    together`, in units of the shocks."""
    under: dict[str, dict[str, float]]
    """By explanation, the mean of each part over draws of its numbers."""


@dataclass(frozen=True)
class VariableLinks:
    """What moves a variable, and what looks at it."""

    variable: str
    acts: dict[str, tuple[str, ...]]
    """By player, its actions that may move it."""
    drives: tuple[str, ...]
    """Other variables on which it hangs how often nature moves it."""
    allows: dict[str, tuple[str, ...]]
    """By player, the actions that its level allows, forbids, or makes dearer or likelier to work."""
    wants: dict[str, tuple[str, ...]]
    """By player, the motives that look at it, under whichever explanation."""


@dataclass(frozen=True)
class CaseSummary:
    """The case, as far as a report shows it."""

    name: str
    title: str
    question: str
    summary: str
    """What the text says, in a paragraph."""
    labels: dict[str, str]
    """Reader's name of players, variables and actions (`player.action`)."""
    leaves_out: tuple[str, ...]
    sources: tuple[Source, ...]
    assumed: int
    """How many ranges rest on an assumption, not on a source."""
    hash: str
    """SHA-256 of the files of the case."""
    files: dict[str, str]
    """Texts of these files, by name; the first is that in which the case starts."""


@dataclass(frozen=True)
class Fragility:
    """How firmly the leading explanation leads."""

    leader: str
    runner_up: str
    log_bayes_factor: float
    """Leader over runner-up."""
    largest_item: int
    """Index into `items` of the one that favours the leader over the runner-up most."""
    largest_item_weight: float
    leader_without_it: str
    leader_by_fit: str
    """Who has the highest likelihood at its most probable parameters: nothing is taken off for wide priors."""
    share_near_focus: float
    """Share of the absolute weight between the two from items within `NEAR_DAYS` of the focal date, or nan."""
    end_weight: float
    """Leader over runner-up: log weight of the silences after the last items, added up over the records."""
    is_provisional: bool
    indistinct: tuple[tuple[str, ...], ...]
    """Groups of explanations that the record does not tell apart: every log Bayes factor within one is below 1."""


@dataclass(frozen=True)
class Study:
    """The whole study of a case."""

    case: CaseSummary
    game: GameSize
    structure: tuple[VariableLinks, ...]
    """Who acts on what, and what moves what: a row for each variable, in the order of the case."""
    explanations: tuple[ExplanationResult, ...]
    """In the order of the case; the nulls last."""
    items: tuple[ItemResult, ...]
    claims: tuple[ClaimResult, ...]
    motives: tuple[MotiveResult, ...]
    """Of the explanations of the case, in their order; those that an explanation puts at zero are left out."""
    signatures: tuple[SignatureResult, ...]
    """What explanations say they predict, in the order of the case."""
    residuals: tuple[ActResidual, ...]
    """Under the most probable explanation, and under the most probable of the case's own if that is a null."""
    reading_residuals: tuple[ReadingResidual, ...]
    """Under the same."""
    power: PowerResult | None
    """None where no draw of the numbers could be solved."""
    questions: tuple[Asked, ...]
    """What became of the questions of the case, in its order."""
    reasons: tuple[MoveReasons, ...]
    """Of every kind of move on every day of the records, in order of time; empty where nobody wants anything."""
    clues: CluesResult | None
    """None if the case has no clues."""
    next_evidence: tuple[NextEvidence, ...]
    """The most promising first; empty where the case has one explanation."""
    held_out: HeldOutResult | None
    """None if nothing is held out."""
    episodes: tuple[EpisodeResult, ...]
    """Empty where the case has one record."""
    variants: tuple[VariantResult, ...]
    """In the order of the case; empty where it has none, or these were left out."""
    fragility: Fragility
    records: tuple[RecordResult, ...]
    stages: tuple[Stage, ...]
    version: str
    seed: int
    command: str
    failed: tuple[FailedExplanation, ...]
    """Explanations that could not be fitted; every comparison is without them."""
    cannot_tell: tuple[str, ...]
    """What this record cannot decide, a sentence each."""

    def ask(self, *questions: str) -> tuple[Asked, ...]:
        """Return the answers to lines of the query language, in their order; see `raison.ask`, which has options.

        Errors:
            As `raison.ask`.
        """
        import raison  # who asks loads what answers: a study is data

        return raison.ask(self, questions)

    def __repr__(self) -> str:
        best = max(self.explanations, key=lambda each: each.posterior, default=None)
        led = f", {best.name} {best.posterior:.0%}" if best else ""
        return f"<Study {self.case.name}: {len(self.explanations)} explanations{led}; {len(self.claims)} claims>"

    def _repr_html_(self) -> str:
        rows = [
            (
                each.label,
                f"{each.posterior:.1%}",
                f"{each.log_evidence:.1f} ± {each.log_evidence_error:.1f}",
                "a null" if each.is_null else each.held_by,
            )
            for each in sorted(self.explanations, key=lambda each: -each.posterior)
        ]
        note = self.cannot_tell[0] if self.cannot_tell else ""
        return html_table(self.case.title, ("explanation", "posterior", "log evidence", "held by"), rows, note)
