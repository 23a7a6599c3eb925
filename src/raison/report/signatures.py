"""What explanations say they predict, whether they do, and where a chain of consequences breaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from raison.report.names import explanation_labels, plain
from raison.report.parts import SignatureRow
from raison.report.words import number
from raison.study import MotiveChain, SignatureResult, Study

HARDLY = 0.2
"""Share of an effect below which a link hardly passes it on."""


def signature_rows(
    signatures: Sequence[SignatureResult], labels: Mapping[str, str], explanations: Mapping[str, str], unit: str
) -> tuple[SignatureRow, ...]:
    """Return a row for everything that an explanation says it predicts.

    Args:
        signatures: what was tried.
        labels: reader's names of players, variables and actions (`player.action`).
        explanations: reader's name of every explanation.
        unit: of time.
    """
    return tuple(
        SignatureRow(
            explanation=explanations.get(each.explanation) or plain(each.explanation),
            text=each.text,
            sides=f"{number(each.left, 3)} against {number(each.right, 3)}",
            share=f"{round(each.share * each.draws)} of {each.draws}",
            passes=each.passes,
            why=tuple(_chain(chain, labels, unit) for chain in each.chains),
        )
        for each in signatures
    )


def signatures_of(study: Study) -> tuple[SignatureRow, ...]:
    """Return the rows of a study."""
    return signature_rows(study.signatures, study.case.labels, explanation_labels(study), study.records[0].unit)


def failing_sentences(rows: Sequence[SignatureRow]) -> tuple[str, ...]:
    """Return a sentence for everything that an explanation says it predicts and does not."""
    return tuple(
        f"“{row.explanation}” does not predict what it says, `{row.text}`: {row.sides} at the middles of its ranges, "
        f"and it holds in {row.share} draws from them."
        for row in rows
        if not row.passes
    )


def _chain(chain: MotiveChain, labels: Mapping[str, str], unit: str) -> str:
    """Return the chain of an act in a sentence, with the step that passes on least."""

    def name(key: str) -> str:
        return labels.get(key) or plain(key.rpartition(".")[2])

    act, feature = name(f"{chain.player}.{chain.action}"), plain(chain.feature)
    if not chain.begins:
        return f"Nothing that `{act}` changes leads to `{feature}`: there is no chain of consequences."
    begin = f"`{act}` moves {name(chain.begins)} in {round(100 * chain.chance)} of 100 cases"
    if not chain.links:
        return f"{begin}, which `{feature}` looks at."
    steps = " → ".join([name(chain.begins), *(name(link.effect) for link in chain.links)])
    weakest = min(chain.links, key=lambda link: link.share)
    by = name(f"{weakest.who}.{weakest.what}")
    by = f"“{by}”" if weakest.who == "nature" else f"{name(weakest.who)}, “{by}”"
    depends = "hardly depends" if weakest.share < HARDLY else "depends"
    return (
        f"{begin}, and that serves `{feature}` through {steps}; the weakest link: how often {name(weakest.effect)} "
        f"{plain(weakest.move)} {depends} on {name(weakest.cause)}, {number(weakest.slow_rate)} a {unit} where it is "
        f"{plain(weakest.slow)} and {number(weakest.fast_rate)} where it is {plain(weakest.fast)} (by {by})."
    )
