"""The result that one can read in a minute, in the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich import box
from rich.console import Console, Group
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from raison.asked import Asked
from raison.combined import Combined
from raison.errors import counted
from raison.report.answer import fragility_lines, make_answer
from raison.report.asked import asked_table, sentence
from raison.report.clues import make_clues
from raison.report.combined import combined_sentence, combined_warnings
from raison.report.episodes import make_episodes
from raison.report.evidence import deciding_rows, item_rows
from raison.report.held_out import held_out_sentence
from raison.report.names import explanation_label, shorten, tied_with_leader
from raison.report.parts import MotiveRow, PowerTable, SignatureRow
from raison.report.variants import make_variants
from raison.report.verdicts import notable_claims, verdict_counts
from raison.report.words import NOT_KNOWN, evidence_number, log_number, number, percent, probability_word, seconds
from raison.study import Study

_WIDTH = 100
_STYLES = {"supported": "green", "contradicted": "red", "undecided": "yellow", "not-testable": "dim"}


def show_study(study: Study, console: Console) -> None:
    """Print what the study says, in at most 100 columns: the answer first, then what it rests on."""
    width = min(_WIDTH, console.width)
    parts = [
        _answer(study),
        _size(study),
        _explanations(study),
        _episodes(study),
        _variants(study),
        _clues(study),
        _deciding(study),
        _held_out(study),
        _questions(study),
        _claims(study),
        _cannot_tell(study),
    ]
    console.print(Group(*(part for part in parts if part is not None)), width=width)


def show_power(table: PowerTable, console: Console) -> None:
    """Print what a record could tell at most, and what would help."""
    shown = _table(
        ("made under", "left"),
        *((f"{place}", "right") for place in range(1, len(table.rivals) + 1)),
        ("hardest to tell from", "left"),
        ("log BF", "right"),
        ("above 3", "right"),
    )
    for place, row in enumerate(table.rows, start=1):
        shown.add_row(
            Text(f"{place} {shorten(row.label, 26)}"),
            *row.leads,
            Text(shorten(row.nearest, 24)),
            row.expected,
            row.strong,
        )
    helps = _table(("what would change it", "left"), ("mean log Bayes factor", "right"), ("adds", "right"))
    for change, expected, gain in table.helps:
        helps.add_row(Text(change), expected, gain)
    parts = [Text(table.sentence), _heading(f"In how many of 100 records each leads ({table.basis})"), shown]
    parts += [_heading("What would help"), helps] if table.helps else []
    if table.lengths:
        lengths = _table(("length", "left"), ("truth leads, of 100", "right"), ("mean log Bayes factor", "right"))
        for row in table.lengths:
            lengths.add_row(*row)
        parts += [_heading("Planted truth over the length of the record"), lengths]
    console.print(Group(*parts), width=min(_WIDTH, console.width))


def show_motives(rows: Sequence[MotiveRow], console: Console) -> None:
    """Print what every motive does alone."""
    table = _table(
        ("who wants", "left"), ("under", "left"), ("strength", "right"), ("acts that it changes most", "left")
    )
    for row in rows:
        table.add_row(
            Text(f"{row.player}: {row.feature}"),
            Text(shorten(row.under, 60)),
            Text(row.strength, style="yellow" if row.flag else ""),
            Text(row.acts),
        )
    title = "What each motive does alone, at the middles of all ranges (acts: times as likely on the focal date)"
    console.print(Group(_heading(title), table), width=min(_WIDTH, console.width))


def show_signatures(rows: Sequence[SignatureRow], console: Console) -> None:
    """Print what explanations say they predict, and whether they do."""
    table = _table(
        ("explanation", "left"), ("predicts", "left"), ("at the middles", "left"), ("in draws", "right"), ("", "short")
    )
    for row in rows:
        table.add_row(
            Text(shorten(row.explanation, 24)),
            Text(row.text),
            row.sides,
            row.share,
            Text("holds", style="green") if row.passes else Text("fails", style="yellow"),
        )
    console.print(Group(_heading("What each explanation says it predicts"), table), width=min(_WIDTH, console.width))


def _heading(text: str) -> Text:
    return Text(f"\n{text}", style="bold")


def _table(*columns: tuple[str, str]) -> Table:
    """Return an empty table; a column is (title, side): `left`, `short`, `right`, or `wide` for a long title."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for title, side in columns:
        is_whole = side in ("right", "short")
        overflow = "ellipsis" if is_whole else "fold"
        justify = "right" if side in ("right", "wide") else "left"
        table.add_column(title, justify=justify, no_wrap=is_whole, overflow=overflow)
    return table


def _answer(study: Study) -> Panel:
    answer = make_answer(study)
    text = Text(answer.headline, style="bold")
    for line in answer.sentences:
        text.append(f"\n{line}", style="not bold")
    for warning in answer.warnings:
        text.append(f"\n! {warning}", style="not bold yellow")
    return Panel(text, title=Text(study.case.title), title_align="left", padding=(0, 1))


def _size(study: Study) -> Text:
    game = study.game
    solved = [each.equilibrium for each in study.explanations if each.equilibrium is not None]
    converged = sum(each.has_converged for each in solved)
    residuals = [each.residual for each in solved if each.residual == each.residual]
    worst = f", largest residual {number(max(residuals), 1)}" if residuals else ""
    most = max((each.found or 1 for each in solved), default=1)
    several = "" if most == 1 else f", up to {most} equilibria each"
    total = seconds(sum(stage.seconds for stage in study.stages))
    return Text(
        f"{counted(len(game.players), 'player')}, {counted(len(game.variables), 'variable')}, "
        f"{counted(game.states, 'state')}, {counted(len(study.items) - len(study.records), 'dated item')}; "
        f"{converged} of {counted(len(solved), 'game')} solved{worst}{several}; {total}.",
        style="dim",
    )


def _explanations(study: Study) -> Group:
    table = _table(
        ("explanation", "left"), ("posterior", "right"), ("", "short"), ("log evidence", "right"), ("status", "left")
    )
    tied = tied_with_leader(study)
    for each in sorted(study.explanations, key=lambda e: -e.posterior if e.posterior == e.posterior else 2.0):
        is_solved = each.equilibrium is None or each.equilibrium.has_converged
        status = each.status if not each.is_ok or is_solved else "game not solved"
        table.add_row(
            Text(shorten(explanation_label(study, each.name), 44)),
            percent(each.posterior),
            "tied" if each.name in tied else probability_word(each.posterior),
            evidence_number(each),
            Text(shorten(status, 24), style="" if each.is_ok and is_solved else "yellow"),
        )
    for failed in study.failed:
        table.add_row(Text(shorten(failed.label or failed.name, 44)), "", "", "", Text("not fitted", style="yellow"))
    lines = [
        Text(f"{line.label}: {line.text}", style="yellow" if line.is_warning else "") for line in fragility_lines(study)
    ]
    flips = Padding(Group(*(line for line in lines if line.plain)), (0, 0, 0, 2))
    return Group(_heading("Explanations, given this model and this list"), table, _heading("What could flip it"), flips)


def _episodes(study: Study) -> Group | None:
    found = make_episodes(study)
    if found is None:
        return None
    table = _table(
        ("explanation", "left"), ("all", "right"), *((f"{shorten(name, 18)} alone", "right") for name in found.names)
    )
    for row in found.rows:
        table.add_row(Text(shorten(row.label, 40)), row.all, *row.alone)
    return Group(_heading("Posterior by all episodes together, and by each alone"), table, Text(found.sentence))


def _variants(study: Study) -> Group | None:
    found = make_variants(study)
    if found is None:
        return None
    table = _table(("explanation", "left"), ("case", "right"), *((shorten(name, 40), "wide") for name in found.names))
    for row in found.rows:
        table.add_row(Text(shorten(row.label, 40)), *row.factors)
    title = "Log Bayes factor against the leader of the case, under each variant"
    return Group(_heading(title), table, Text(found.sentence))


def _clues(study: Study) -> Group | None:
    found = make_clues(study)
    if found is None:
        return None
    table = _table(
        ("explanation", "left"),
        ("record", "right"),
        ("clues", "right"),
        ("", "right"),
        ("both", "right"),
        ("", "right"),
    )
    for row in found.shares:
        table.add_row(
            Text(shorten(row.label, 40)), row.record, row.clues, f"({row.clues_span})", row.both, f"({row.both_span})"
        )
    lines = [Text(found.basis), *(Text(f"- {sentence}") for sentence in found.firmness)]
    return Group(_heading("Posterior by the record alone, by the clues alone, and by both"), table, *lines)


def _deciding(study: Study) -> Group | None:
    rows = deciding_rows(study, item_rows(study))[:8]
    if not rows:
        return None
    table = _table(
        ("date", "short"), ("item", "left"), ("act", "right"), ("silence", "right"), ("sum", "right"), ("for", "left")
    )
    for row in rows:
        table.add_row(
            Text(row.date), Text(shorten(row.text, 38)), row.act, row.silence, row.total, Text(shorten(row.favours, 20))
        )
    title = "Items that decide between leader and runner-up (log weight, at the most probable parameters)"
    return Group(_heading(title), table)


def _claims(study: Study) -> Group | None:
    if not study.claims:
        return None
    counts = Text()
    for each in verdict_counts(study):
        counts.append(f"{each.mark} {each.claims} {each.verdict}   ", style=_STYLES[each.key])
    table = _table(("", "short"), ("claim", "left"), ("holds", "right"), ("rests on", "short"), ("would flip", "left"))
    for row in notable_claims(study):
        table.add_row(
            Text(row.mark, style=_STYLES[row.key]),
            Text(shorten(row.says.strip(), 48)),
            row.value,
            Text(row.rests_on),
            Text(shorten(row.fragile, 24)),
        )
    title = "Claims (probability that the test holds; yes or no where it compares posteriors)"
    others = len(study.claims) - table.row_count
    rest = f"{counted(others, 'other claim stands', 'other claims stand')} in the report." if others > 0 else ""
    return Group(_heading(title), counts, table, Text(rest))


def _cannot_tell(study: Study) -> Group:
    lines = [Text(f"- {sentence}") for sentence in study.cannot_tell] or [Text("- Nothing was named.")]
    return Group(_heading("What cannot be told"), *lines)


def show_combined(combined: Combined, console: Console) -> None:
    """Print what studies say together: a sentence, every explanation, and what was left out."""
    table = _table(
        ("explanation", "left"),
        *((name, "right") for name in combined.cases),
        ("together", "right"),
        ("±", "right"),
        ("posterior", "right"),
    )
    for row in combined.rows:
        table.add_row(
            Text(row.label, style="" if row.is_ok else "yellow"),
            *(log_number(each) for each in row.each),
            log_number(row.together),
            NOT_KNOWN if math.isnan(row.error) else f"{max(row.error, 0.01):.2f}",
            percent(row.posterior),
        )
    title = "Log evidence below the best, in each study and together"
    parts = [Text(combined_sentence(combined)), _heading(title), table]
    parts += [Text(f"warning: {each}", style="yellow") for each in combined_warnings(combined)]
    console.print(Group(*parts), width=min(_WIDTH, console.width))


def show_asked(answers: Sequence[Asked], console: Console) -> None:
    """Print the answers to questions: a sentence, every explanation, and the average."""
    for asked in answers:
        shown = asked_table(asked)
        console.print(Text(shown.question, style="bold"), soft_wrap=True)
        console.print(Text(shown.sentence))
        if shown.rows:
            columns = (("explanation", "left"), ("posterior", "right"), ("answer", "right"))
            table = _table(*columns, *([(shown.more, "left")] if shown.more else []))
            for row in shown.rows:
                table.add_row(row.label, row.posterior, row.value, *([row.more] if shown.more else []))
            console.print(table)
        console.print(Text(shown.method, style="dim"))
        console.print()


def _held_out(study: Study) -> Group | None:
    """Return how the forecast did on what followed."""
    if study.held_out is None:
        return None
    return Group(_heading("What followed"), Text(held_out_sentence(study.held_out)))


def _questions(study: Study) -> Group | None:
    """Return the questions of the case with their answers in words."""
    if not study.questions:
        return None
    lines = [
        Text.assemble((asked.in_words, "bold"), "\n" if asked.in_words else "", asked.question, "\n", sentence(asked))
        for asked in study.questions
    ]
    return Group(_heading("Questions of the case"), *lines)
