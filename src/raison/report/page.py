"""Everything that a report shows, as one object; the template gets nothing else."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from raison.report.answer import fragility_lines, make_answer
from raison.report.asked import asked_table
from raison.report.charts import (
    forecast_chart,
    lived_again_chart,
    over_time_chart,
    posterior_chart,
    predictions_chart,
    reasons_chart,
    structure_chart,
    timeline_chart,
    variants_chart,
    weights_chart,
)
from raison.report.clues import make_clues
from raison.report.episodes import make_episodes
from raison.report.evidence import deciding_rows, evidence_note, groupings, item_rows
from raison.report.held_out import make_held_out
from raison.report.items import is_doubtful, look_of
from raison.report.motives import motive_rows
from raison.report.names import (
    explanation_label,
    explanation_labels,
    focus_text,
    leader_of,
    plain,
    safe_url,
    source_links,
    span_text,
    tied_with_leader,
)
from raison.report.next_best import make_next
from raison.report.parts import (
    Answer,
    AskedTable,
    Chart,
    ClaimRow,
    CluesTable,
    EpisodesTable,
    ExplanationRow,
    ForecastRow,
    Grouping,
    HeldOutTable,
    ItemRow,
    Line,
    MotiveRow,
    NextTable,
    ParameterTable,
    PowerTable,
    Run,
    Scopes,
    SignatureRow,
    SourceRow,
    StageRow,
    Unexplained,
    VariantsTable,
    VerdictCount,
    WordRow,
)
from raison.report.power import power_table
from raison.report.signatures import signatures_of
from raison.report.unexplained import make_unexplained
from raison.report.variants import make_variants
from raison.report.verdicts import claim_rows, forecast_rows, kind_counts, parameter_tables, verdict_counts
from raison.report.words import (
    EVIDENCE_WORDS,
    PROBABILITY_WORDS,
    count,
    equilibria_found,
    evidence_number,
    log_number,
    number,
    percent,
    probability_word,
    seconds,
    signed,
)
from raison.study import ExplanationResult, FailedExplanation, ItemResult, Study


@dataclass(frozen=True)
class Page:
    """A report, ready to be laid out; every text is final, every number written."""

    title: str
    question: str
    summary: str
    """What the text under study says."""
    subtitle: str
    """Span of the record and size of the game."""
    answer: Answer
    power: PowerTable | None
    """None if it was not foreseen."""
    unexplained: Unexplained | None
    """None if no record was compared."""
    questions: tuple[AskedTable, ...]
    """The questions of the case; empty if it has none."""
    reasons: Chart | None
    """None if nobody acts for a reason."""
    clues: CluesTable | None
    """None if the case has no clues."""
    next_best: NextTable | None
    """None if nothing was tried."""
    held_out: HeldOutTable | None
    """None if nothing is held out."""
    episodes: EpisodesTable | None
    """None if the case has one record."""
    variants: VariantsTable | None
    """None if none was studied."""
    variants_chart: Chart | None
    fragility: tuple[Line, ...]
    cannot_tell: tuple[str, ...]
    structure: Chart
    timelines: tuple[Chart, ...]
    """One for each record."""
    explanations: tuple[ExplanationRow, ...]
    posterior: Chart
    motives: tuple[MotiveRow, ...]
    signatures: tuple[SignatureRow, ...]
    weights: Chart | None
    """None where the leading explanations are tied: nothing is decomposed."""
    predictions: Chart | None
    leader: str
    runner_up: str
    """Empty if there is none."""
    items: tuple[ItemRow, ...]
    """Every dated item, in order."""
    deciding: tuple[ItemRow, ...]
    """The items that weigh most between leader and runner-up."""
    evidence_note: str
    groupings: tuple[Grouping, ...]
    forecasts: Chart | None
    forecast_rows: tuple[ForecastRow, ...]
    claims: tuple[ClaimRow, ...]
    verdicts: tuple[VerdictCount, ...]
    claim_kinds: str
    parameters: tuple[ParameterTable, ...]
    scopes: Scopes
    leaves_out: tuple[str, ...]
    probability_words: tuple[WordRow, ...]
    evidence_words: tuple[WordRow, ...]
    sources: tuple[SourceRow, ...]
    run: Run


def make_page(study: Study) -> Page:
    """Return the page of `study`."""
    rows = item_rows(study)
    deciding = deciding_rows(study, rows)
    fragility = study.fragility
    is_tied = len(tied_with_leader(study)) > 1
    return Page(
        title=study.case.title,
        question=study.case.question,
        summary=study.case.summary,
        subtitle=_subtitle(study),
        answer=make_answer(study),
        power=power_table(study.power, explanation_labels(study)) if study.power else None,
        unexplained=make_unexplained(study),
        questions=tuple(
            replace(
                asked_table(each),
                over_time=over_time_chart(each, place),
                lived_again=lived_again_chart(study, each, place),
            )
            for place, each in enumerate(study.questions)
        ),
        reasons=reasons_chart(study),
        clues=make_clues(study),
        next_best=make_next(study),
        held_out=make_held_out(study),
        episodes=make_episodes(study),
        variants=make_variants(study),
        structure=structure_chart(study),
        variants_chart=variants_chart(study) if study.variants else None,
        fragility=fragility_lines(study),
        cannot_tell=study.cannot_tell,
        timelines=tuple(timeline_chart(study, record) for record in study.records),
        explanations=_explanation_rows(study),
        posterior=posterior_chart(study),
        motives=motive_rows(study.motives, study.case.labels, explanation_labels(study)),
        signatures=signatures_of(study),
        weights=None if is_tied else weights_chart(study),
        predictions=predictions_chart(study),
        leader=explanation_label(study, fragility.leader),
        runner_up=explanation_label(study, fragility.runner_up) if fragility.runner_up else "",
        items=rows,
        deciding=deciding,
        evidence_note=evidence_note(study, deciding),
        groupings=groupings(study),
        forecasts=forecast_chart(study),
        forecast_rows=forecast_rows(study),
        claims=claim_rows(study),
        verdicts=verdict_counts(study),
        claim_kinds=kind_counts(study),
        parameters=parameter_tables(study),
        scopes=_scopes(study),
        leaves_out=study.case.leaves_out,
        probability_words=_probability_table(),
        evidence_words=_evidence_table(),
        sources=_source_rows(study),
        run=_run(study),
    )


def _subtitle(study: Study) -> str:
    game = study.game
    focus = f", focal decision {focus_text(study)}" if focus_text(study) else ""
    return (
        f"Record {span_text(study)}{focus}. {count(len(_cited(study)), 'dated item')}, "
        f"{count(len(game.players), 'player')}, {count(len(game.variables), 'variable')}, "
        f"{count(game.states, 'state')}, {count(sum(len(a) for a in game.actions.values()), 'action')}, "
        f"{count(game.parameters, 'number')} given as ranges."
    )


def _explanation_rows(study: Study) -> tuple[ExplanationRow, ...]:
    leader = leader_of(study)
    rows = [_explanation_row(study, each, leader) for each in study.explanations]
    return (*rows, *(_failed_row(each) for each in study.failed))


def _failed_row(each: FailedExplanation) -> ExplanationRow:
    return ExplanationRow(
        name=each.name,
        label=each.label or plain(each.name),
        held_by="",
        posterior="",
        word="not fitted",
        log_evidence="",
        behind="",
        log_likelihood="",
        status=each.reason,
        is_ok=False,
        solver="",
        is_leader=False,
    )


def _explanation_row(study: Study, each: ExplanationResult, leader: ExplanationResult | None) -> ExplanationRow:
    behind = each.log_evidence - leader.log_evidence if leader else math.nan
    solver = "no game: nobody chooses"
    if each.equilibrium is not None:
        solved = each.equilibrium
        solver = f"{solved.status}, residual {number(solved.residual, 1)}; {equilibria_found(solved)}"
    elif not each.is_null:
        solver = "no game was solved"
    is_solved = each.equilibrium is None or each.equilibrium.has_converged
    return ExplanationRow(
        name=each.name,
        label=explanation_label(study, each.name),
        held_by=each.held_by,
        posterior=percent(each.posterior),
        word="tied" if each.name in tied_with_leader(study) else probability_word(each.posterior),
        log_evidence=evidence_number(each),
        behind="best" if each is leader else signed(behind),
        log_likelihood=log_number(each.log_likelihood),
        status=each.status if not each.is_ok or is_solved else "its game is not solved",
        is_ok=each.is_ok and is_solved,
        solver=solver,
        is_leader=each is leader,
    )


def _cited(study: Study) -> list[ItemResult]:
    """Return the items that somebody coded: all but the silence at the end of a record."""
    return [item for item in study.items if look_of(item).was_coded]


def _scopes(study: Study) -> Scopes:
    cited = _cited(study)
    without = sum(not item.source for item in cited)
    doubtful = sum(is_doubtful(item) for item in cited)
    keys = {link.text for item in cited for link in source_links(study, item.source)}
    given = (
        f"The record has {count(len(cited), 'dated item')} from {count(len(keys), 'source')}; {without} name no "
        f"source and {doubtful} are less than 90 % sure.",
        f"{study.case.assumed} of {count(study.game.parameters, 'range')} rest on an assumption, not on a source.",
        "An item that no source reported is not in the record; where the sources share an origin, their items are "
        "less than independent.",
    )
    beyond = (
        f"One case, {span_text(study)}. The posterior says which of the listed "
        "motives fits this record; it says nothing about other leaders, other years or motives that nobody listed.",
        "Answers to “what if” hold in the model: they carry over only as far as the game has the paths that mattered.",
        "A forecast beyond the record assumes that motives, rates and players stay as they were.",
    )
    return Scopes(given, beyond)


def _probability_table() -> tuple[WordRow, ...]:
    rows = []
    for entry in PROBABILITY_WORDS:
        span = f"{entry.low:.0f} to {entry.high:.0f} %"
        if entry.low == 0:
            span = f"below {entry.high:.0f} %"
        if entry.high == 100:
            span = f"above {entry.low:.0f} %"
        rows.append(WordRow(span, entry.word))
    return tuple(rows)


def _evidence_table() -> tuple[WordRow, ...]:
    rows = []
    for entry in EVIDENCE_WORDS:
        span = f"{entry.low:.0f} to {entry.high:.0f}" if math.isfinite(entry.high) else f"above {entry.low:.0f}"
        rows.append(WordRow(span, entry.word))
    return tuple(rows)


def _source_rows(study: Study) -> tuple[SourceRow, ...]:
    cited = [link.text for item in study.items for link in source_links(study, item.source)]
    return tuple(SourceRow(s.key, s.title, safe_url(s.url), cited.count(s.key)) for s in study.case.sources)


def _run(study: Study) -> Run:
    stages = study.stages
    memory = max((stage.peak_mib for stage in stages), default=math.nan)
    return Run(
        command=study.command,
        version=study.version,
        seed=str(study.seed),
        hash=study.case.hash,
        stages=tuple(StageRow(s.name, seconds(s.seconds), f"{number(s.peak_mib, 3)} MiB") for s in stages),
        total_seconds=seconds(sum(stage.seconds for stage in stages)),
        peak_memory=f"{number(memory, 3)} MiB" if stages else "not measured",
    )
