"""The parts of a page: text ready to be shown, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Link:
    """A word that may lead to a source."""

    text: str
    url: str
    """Empty if there is nowhere to go."""
    title: str


@dataclass(frozen=True)
class Line:
    """A labelled sentence."""

    label: str
    text: str
    basis: str = ""
    """`at the mode`, `averaged over the posterior`, ... : what kind of number it is."""
    is_warning: bool = False


@dataclass(frozen=True)
class Answer:
    """The answer in words."""

    headline: str
    is_provisional: bool
    sentences: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class ExplanationRow:
    """One rival explanation."""

    name: str
    label: str
    held_by: str
    posterior: str
    word: str
    log_evidence: str
    behind: str
    """Log Bayes factor against the leader."""
    log_likelihood: str
    status: str
    is_ok: bool
    solver: str
    is_leader: bool


@dataclass(frozen=True)
class PowerRow:
    """Records made under one rival."""

    label: str
    leads: tuple[str, ...]
    """In how many of a hundred each rival leads."""
    nearest: str
    """The rival that is hardest to tell from it."""
    expected: str
    """Mean log Bayes factor against that one."""
    strong: str
    """How often it exceeds 3."""


@dataclass(frozen=True)
class PowerTable:
    """What a record could tell at most."""

    sentence: str
    basis: str
    rivals: tuple[str, ...]
    rows: tuple[PowerRow, ...]
    helps: tuple[tuple[str, str, str], ...]
    """What would help, the mean log Bayes factor that it would give, and what of it is added."""
    lengths: tuple[tuple[str, str, str], ...]
    """Length of the record, in how many of a hundred the truth leads, and the mean log Bayes factor."""


@dataclass(frozen=True)
class ResidualRow:
    """An act, or the readings of a variable, against what an explanation expects."""

    explanation: str
    what: str
    seen: str
    expected: str
    """Of readings: the log probability that is expected."""
    stretch: str
    """Where seen and expected part most; empty for readings."""
    p_value: str
    is_unexplained: bool


@dataclass(frozen=True)
class Unexplained:
    """What the best explanation does not account for."""

    summary: str
    sentences: tuple[str, ...]
    chart: Chart | None
    rows: tuple[ResidualRow, ...]


@dataclass(frozen=True)
class ClueShareRow:
    """An explanation: its posterior by the record, by the clues and by both."""

    label: str
    record: str
    clues: str
    clues_span: str
    both: str
    both_span: str
    weight: str


@dataclass(frozen=True)
class ClueRow:
    """One clue and what it weighs under each explanation that was judged."""

    id: str
    date: str
    says: str
    group: str
    """Its origin; empty if it is the only one of it."""
    confidence: str
    sources: tuple[Link, ...]
    weights: tuple[str, ...]


@dataclass(frozen=True)
class CluesTable:
    """What the clues say beside the record."""

    sentence: str
    basis: str
    firmness: tuple[str, ...]
    shares: tuple[ClueShareRow, ...]
    judged: tuple[str, ...]
    """The explanations that were judged."""
    rows: tuple[ClueRow, ...]


@dataclass(frozen=True)
class NextRow:
    """Something that was not seen, and what it would weigh."""

    what: str
    expected: str
    pair: str
    """The explanations that it would tell apart best."""
    most: str


@dataclass(frozen=True)
class NextTable:
    """What would tell more."""

    sentence: str
    rows: tuple[NextRow, ...]


@dataclass(frozen=True)
class ScoreRow:
    """How well the forecasts of one explanation did."""

    label: str
    acts_brier: str
    acts_log: str
    readings_brier: str
    readings_log: str


@dataclass(frozen=True)
class SurpriseRow:
    """A forecast that what followed surprised."""

    what: str
    probability: str
    came: str


@dataclass(frozen=True)
class CalibrationRow:
    """Forecasts of about one probability."""

    said: str
    forecasts: str
    probability: str
    came: str


@dataclass(frozen=True)
class HeldOutTable:
    """How the forecast did on what followed."""

    sentence: str
    scores: tuple[ScoreRow, ...]
    surprises: tuple[SurpriseRow, ...]
    calibration: tuple[CalibrationRow, ...]


@dataclass(frozen=True)
class EpisodeRow:
    """An explanation over the episodes of a case."""

    label: str
    all: str
    """Posterior by all episodes together."""
    alone: tuple[str, ...]
    """By each alone."""
    without: tuple[str, ...]
    """By all but each; empty where there are two."""
    weights: tuple[str, ...]
    """Log likelihood of each, relative to the leader."""


@dataclass(frozen=True)
class EpisodesTable:
    """What each episode says."""

    sentence: str
    names: tuple[str, ...]
    without: tuple[str, ...]
    """Names of those that are left out in turn; empty where there are two."""
    rows: tuple[EpisodeRow, ...]


@dataclass(frozen=True)
class VariantRow:
    """An explanation over the variants of a case."""

    label: str
    factors: tuple[str, ...]
    """Log Bayes factor against the leader of the case: in the case, then under each variant."""
    span: str


@dataclass(frozen=True)
class VerdictChangeRow:
    """A claim whose verdict is not the same under all variants."""

    id: str
    says: str
    verdicts: tuple[str, ...]
    """In the case, then under each variant."""


@dataclass(frozen=True)
class VariantsTable:
    """How the answer fares under the variants of a case."""

    sentence: str
    names: tuple[str, ...]
    changes: tuple[str, ...]
    rows: tuple[VariantRow, ...]
    shares: tuple[tuple[str, ...], ...]
    """Posterior of each explanation, in the case and under each variant."""
    verdicts: tuple[VerdictChangeRow, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class MotiveRow:
    """What a motive does alone."""

    player: str
    feature: str
    under: str
    """The explanations that have it."""
    strength: str
    """At the middle of its range."""
    span: str
    """Its range; empty if it is one number."""
    acts: str
    """The acts that it makes likelier or less likely."""
    flag: str
    """What is wrong with it; empty if nothing is."""


@dataclass(frozen=True)
class SignatureRow:
    """Something that an explanation says it predicts."""

    explanation: str
    text: str
    sides: str
    """Both sides of its first comparison, at the middles of all ranges."""
    share: str
    """In how many draws from the prior it holds."""
    passes: bool
    why: tuple[str, ...]
    """The chain of consequences of each motive, and its weakest link."""


@dataclass(frozen=True)
class ItemRow:
    """One dated item, and what it says between the leader and the runner-up."""

    date: str
    kind: str
    text: str
    note: str
    confidence: str
    sources: tuple[Link, ...]
    distance: str
    act: str
    silence: str
    total: str
    favours: str
    flags: tuple[str, ...]
    weights: tuple[str, ...]
    """Act and silence together under each explanation, relative to the mean; in the order of the explanations."""


@dataclass(frozen=True)
class GroupRow:
    """Items that share a source or a day."""

    name: str
    sources: tuple[Link, ...]
    items: int
    raw: str
    """Sum of the weights of the acts, leader over runner-up, as if they were independent."""
    once: str
    """The same if the group counts once: the mean of its acts."""
    lead_without: str
    """What is left of the lead in log likelihood when these acts are taken out."""
    flips: bool


@dataclass(frozen=True)
class Grouping:
    """The weights taken together by source or by day."""

    by: str
    summary: str
    rows: tuple[GroupRow, ...]


@dataclass(frozen=True)
class ClaimAnswerRow:
    """The test of a claim under one explanation."""

    explanation: str
    left: str
    right: str
    holds: str


@dataclass(frozen=True)
class ClaimRow:
    """A claim and what became of it."""

    id: str
    where: str
    says: str
    kind: str
    verdict: str
    mark: str
    key: str
    value: str
    word: str
    test: str
    rests_on: str
    reason: str
    fragile: str
    answers: tuple[ClaimAnswerRow, ...]
    command: str
    """What asks the test alone; empty if there is none."""


@dataclass(frozen=True)
class VerdictCount:
    """How many claims got a verdict."""

    verdict: str
    mark: str
    key: str
    meaning: str
    claims: int


@dataclass(frozen=True)
class ParameterRow:
    """One number of the case: what was believed before and after. Places are in percent of the bar's width."""

    name: str
    prior: str
    mode: str
    posterior: str
    flag: str
    basis: str
    sources: tuple[Link, ...]
    prior_left: float
    prior_width: float
    posterior_left: float
    posterior_width: float
    mode_at: float


@dataclass(frozen=True)
class ParameterTable:
    """The parameters of one explanation; `flags` counts those to beware of."""

    label: str
    flags: str
    rows: tuple[ParameterRow, ...]


@dataclass(frozen=True)
class ForecastRow:
    """An action: how often it was seen, and expected under each explanation."""

    player: str
    action: str
    observed: int
    expected: tuple[str, ...]


@dataclass(frozen=True)
class SourceRow:
    """A source and how many items cite it."""

    key: str
    title: str
    url: str
    cited: int


@dataclass(frozen=True)
class StageRow:
    """Time and memory of a stage of the run."""

    name: str
    seconds: str
    memory: str


@dataclass(frozen=True)
class Chart:
    """A drawing, as SVG text that is already escaped, and the sentence under it."""

    svg: str
    caption: str


@dataclass(frozen=True)
class Scopes:
    """How good the analysis is given its sources, and how far it may travel."""

    given: tuple[str, ...]
    beyond: tuple[str, ...]


@dataclass(frozen=True)
class Run:
    """What it takes to make the numbers again."""

    command: str
    version: str
    seed: str
    hash: str
    stages: tuple[StageRow, ...]
    total_seconds: str
    peak_memory: str


@dataclass(frozen=True)
class WordRow:
    """A row of a table of words."""

    range: str
    word: str


@dataclass(frozen=True)
class AskedRow:
    """The answer to a question under one explanation, or averaged over all."""

    label: str
    posterior: str
    value: str
    more: str
    """The spread of a number, or the parts of the answer."""


@dataclass(frozen=True)
class AskedTable:
    """A question and its answer."""

    question: str
    in_words: str
    """What is asked, in the words of the case; may be empty."""
    sentence: str
    method: str
    more: str
    """Title of the last column; empty if there is none."""
    rows: tuple[AskedRow, ...]
    """One for each explanation, and the average at the end; none where nothing is defined."""
    over_time: Chart | None = None
    """The answer for other days; None if it is asked for none."""
    lived_again: Chart | None = None
    """Every variable in histories that were lived through again; None if none were."""
