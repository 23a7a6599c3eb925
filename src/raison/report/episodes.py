"""What each episode says alone, and what is left without it, as rows."""

from __future__ import annotations

from raison.report.names import explanation_label, leader_of, plain
from raison.report.parts import EpisodeRow, EpisodesTable
from raison.report.words import count, percent, signed
from raison.study import EpisodeResult, Study


def make_episodes(study: Study) -> EpisodesTable | None:
    """Return what each episode says; None if the case has one record."""
    if not study.episodes:
        return None
    return EpisodesTable(
        sentence=episodes_sentence(study),
        names=tuple(plain(each.name) for each in study.episodes),
        without=tuple(plain(each.name) for each in _left_out(study)),
        rows=tuple(
            EpisodeRow(
                label=explanation_label(study, one.name),
                all=percent(one.posterior),
                alone=tuple(percent(_share(each, one.name, is_alone=True)) for each in study.episodes),
                without=tuple(percent(_share(each, one.name, is_alone=False)) for each in _left_out(study)),
                weights=tuple(_weight(study, each, one.name) for each in study.episodes),
            )
            for one in study.explanations
        ),
    )


def episodes_sentence(study: Study) -> str:
    """Return whether the episodes agree on who leads."""
    leader = leader_of(study)
    total = count(len(study.episodes), "episode")
    if leader is None:
        return f"{total}; no explanation has a posterior."
    alone = {each.name: _leader(each, is_alone=True) for each in study.episodes}
    without = {each.name: _leader(each, is_alone=False) for each in _left_out(study)}
    other = "; ".join(
        f"{plain(name)} alone prefers “{explanation_label(study, best)}”"
        for name, best in alone.items()
        if best not in ("", leader.name)
    )
    turned = "; ".join(
        f"without {plain(name)} “{explanation_label(study, best)}” leads"
        for name, best in without.items()
        if best not in ("", leader.name)
    )
    label = f"“{explanation_label(study, leader.name)}”"
    agree = f"Each of {total} alone prefers {label}" if not other else f"The episodes do not agree: {other}"
    if not without:
        return f"{agree}."
    return agree + (f"; {turned}." if turned else f"; {label} leads without any one of them.")


def _left_out(study: Study) -> tuple[EpisodeResult, ...]:
    """Return the episodes without which the others are worth a look: of two, the other alone is shown already."""
    return study.episodes if len(study.episodes) > 2 else ()


def _shares(each: EpisodeResult, *, is_alone: bool) -> dict[str, float]:
    return {one.explanation: one.posterior for one in (each.alone if is_alone else each.without)}


def _share(each: EpisodeResult, name: str, *, is_alone: bool) -> float | None:
    return _shares(each, is_alone=is_alone).get(name)


def _leader(each: EpisodeResult, *, is_alone: bool) -> str:
    shares = _shares(each, is_alone=is_alone)
    return max(shares, key=lambda name: shares[name]) if shares else ""


def _weight(study: Study, each: EpisodeResult, name: str) -> str:
    """Return the log likelihood of an episode under an explanation, relative to the leader."""
    leader = leader_of(study)
    if leader is None or name not in each.weights or leader.name not in each.weights:
        return "not known"
    return signed(each.weights[name] - each.weights[leader.name])
