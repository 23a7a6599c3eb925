"""A made-up study with the shape, the length and the nastiness of a real one."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from raison.asked import Asked, Estimate, Under
from raison.record import Source
from raison.study import (
    EDGE,
    ActionForecast,
    ActResidual,
    CalibrationBin,
    CaseSummary,
    ChainLink,
    ClaimAnswer,
    ClaimResult,
    ClueResult,
    ClueShare,
    CluesResult,
    EpisodeResult,
    EquilibriumStatus,
    ExplanationResult,
    FittedShare,
    ForecastScore,
    Fragility,
    GameSize,
    HeldOutForecast,
    HeldOutResult,
    ItemResult,
    ItemWeight,
    LeftOut,
    MotiveChain,
    MotiveResult,
    MoveReasons,
    NextEvidence,
    ParameterEstimate,
    PowerHelp,
    PowerPair,
    PowerResult,
    RaterAgreement,
    ReadingResidual,
    RecordResult,
    SignatureResult,
    Stage,
    Study,
    VariableLinks,
    VariantResult,
)

PLAYERS = {
    "turkey": (
        "the Turkish presidency",
        ("conciliate", "press_eu", "confront", "move_on_kurds", "open_secret_channel"),
    ),
    "russia": ("Russia & its <government>", ("sanction", "ease", "threaten", "offer_gas_hub")),
    "eu": ("the European Union", ("promise_visas", "stall", "pay")),
    "us": ("the United States", ("arm_kurds", "reassure")),
    "kurds": ("the Syrian Kurds", ("advance", "halt")),
}
VARIABLES = {
    "economy": ("crisis", "weak", "fair", "good"),
    "support": ("collapsing", "low", "even", "high"),
    "sanctions": ("none", "partial", "full"),
    "ties": ("hostile", "cold", "normal", "close"),
    "visas": ("promised", "stalled", "dead", "granted"),
    "crossings": ("few", "many"),
    "kurds_front": ("contained", "advancing", "west_of_the_river"),
    "west": ("united", "split"),
    "power": ("shared", "strong", "presidential"),
}
EXPLANATIONS = (
    ("economy-and-votes", "Economy and votes", "the article", -0.4),
    ("european-disappointment", "European disappointment", "the article, second half", -1.5),
    ("bluff", 'Bluff to <press> the "West" & others', "the analysts whom the article rejects; the last comment", -2.2),
    ("weakening-west", "A weakening West", "a comment", -9.0),
    ("kurds-bargain", "Bargain over the Kurds and over who holds the border west of the river", "comments", -3.1),
    ("partition", "Partition", "a comment", -20.7),
)
NONE = ("no motives", "No motives", "nobody", -6.3)
RECORD = "turkey-2016"
BEGIN = datetime.date(2015, 11, 24)
END = datetime.date(2016, 8, 12)
STATUS_BAD = "not converged after 200 rounds: start from another precision or widen the tolerance"


def make_study(*, listed: int = 6, items: int = 70, claims: int = 69, seed: int = 7) -> Study:
    """Return a study with `listed` explanations and a null."""
    rng = np.random.default_rng(seed)
    rows = (*EXPLANATIONS[:listed], NONE)
    names = tuple(row[0] for row in rows)
    records = _items(rng, {row[0]: row[3] / items for row in rows}, items)
    evidence = np.array([row[3] for row in rows])
    posterior = np.exp(evidence) / np.exp(evidence).sum()
    explanations = tuple(_explanation(rng, row, p, records) for row, p in zip(rows, posterior, strict=True))
    order = np.argsort(-evidence)
    leader, runner = names[order[0]], names[order[1]]
    gaps = [_total(item, leader) - _total(item, runner) for item in records]
    largest = int(np.argmax(gaps))
    return Study(
        case=_case(),
        game=GameSize(tuple(PLAYERS), VARIABLES, 41472, {who: actions for who, (_, actions) in PLAYERS.items()}, 38),
        explanations=explanations,
        items=records,
        claims=tuple(_claim(rng, number, names) for number in range(claims)),
        structure=_structure(),
        motives=_motives(names[:listed]),
        signatures=_signatures(names[0]),
        residuals=tuple(_residual(rng, leader, "turkey", action, p) for action, p in P_VALUES.items()),
        power=_power(names),
        reading_residuals=(
            ReadingResidual(leader, RECORD, "economy", 6, -14.2, -4.1, 0.005),
            ReadingResidual(leader, RECORD, "kurds_front", 1, -0.3, -0.4, 0.6),
        ),
        clues=_clues(names, posterior),
        next_evidence=_next(names),
        held_out=_held_out(names),
        episodes=(),
        questions=_questions(names),
        reasons=_reasons(names),
        variants=(),
        fragility=Fragility(
            leader=leader,
            runner_up=runner,
            log_bayes_factor=float(evidence[order[0]] - evidence[order[1]]),
            largest_item=largest,
            largest_item_weight=gaps[largest],
            leader_without_it=runner,
            leader_by_fit=leader,
            end_weight=0.2,
            share_near_focus=0.41,
            is_provisional=True,
            indistinct=(tuple(names[1:3]),) if listed > 2 else (),  # pyright: ignore[reportArgumentType]
        ),
        records=(
            RecordResult(
                name=RECORD,
                begin=BEGIN.isoformat(),
                until=END.isoformat(),
                unit="month",
                focal_date="2016-06-27",
                times=tuple((BEGIN + datetime.timedelta(days=round(262 * t / 59))).isoformat() for t in range(60)),
            ),
        ),
        stages=(
            Stage("read the case", 0.4, 210.0),
            Stage("solve the games", 11.2, 912.4),
            Stage("fit the explanations", 143.0, 1630.0),
            Stage("ask the claims", 21.7, 1711.9),
        ),
        version="0.1.0",
        seed=seed,
        command="raison run turkey-2016 --seed 7 --quick",
        failed=(),
        cannot_tell=(
            "Whether European disappointment or a bluff came first: both predict the same acts within this record.",
            "What the presidency wanted before the aircraft was shot down: the record starts on that day.",
        ),
    )


def with_episodes(study: Study) -> Study:
    """Return the study with three episodes; the second alone, and all but the third, prefer the second explanation."""
    (record,) = study.records
    names = [each.name for each in study.explanations]
    usual = tuple(FittedShare(each.name, each.posterior, each.log_evidence, 0.1) for each in study.explanations)
    other = tuple(
        FittedShare(name, 0.9 if n == 1 else 0.1 / (len(names) - 1), -1.0, 0.1) for n, name in enumerate(names)
    )
    weights = {name: -0.5 * n for n, name in enumerate(names)}
    episodes = (
        EpisodeResult(record.name, weights, usual, usual),
        EpisodeResult("jet_2018", weights, other, usual),
        EpisodeResult("israel_<2013>", weights, usual, other),
    )
    return replace(study, episodes=episodes, records=(record, *(replace(record, name=e.name) for e in episodes[1:])))


def with_variants(study: Study) -> Study:
    """Return the study with a variant that turns the lead by 2.8 and a verdict, and one in which nothing is fitted."""
    evidence = np.array([each.log_evidence for each in study.explanations])
    turned = np.where(np.arange(len(evidence)) == 1, evidence[0] + 2.8, evidence)
    posterior = np.exp(turned) / np.exp(turned).sum()
    names = [each.name for each in study.explanations]
    shares = tuple(
        FittedShare(name, float(p), float(log), 0.1) for name, p, log in zip(names, posterior, turned, strict=True)
    )
    change = {"players.russia.actions.ease.changes": "{sanctions: none}"}
    verdicts = {claim.id: claim.verdict for claim in study.claims}
    verdicts[study.claims[0].id] = "undecided" if study.claims[0].verdict != "undecided" else "supported"
    failed = {names[0]: "the record cannot happen."}
    variants = (
        VariantResult("an <apology> opens all", change, shares, verdicts, {}),
        VariantResult("nobody forgives", change, (), {}, failed),
    )
    return replace(study, variants=variants)


def _power(names: tuple[str, ...]) -> PowerResult:
    leads = {true: {rival: 0.4 if rival == true else 0.6 / (len(names) - 1) for rival in names} for true in names}
    pairs = tuple(
        PowerPair(true, rival, 0.12, 0.03, 0.2, 0.05, 0.0) for true in names for rival in names if true != rival
    )
    helps = (PowerHelp("a record twice as long", 0.24, 0.05, 0.03),)
    return PowerResult(names, 16, 1, leads, pairs, 0.12, 0.02, helps, (), is_ceiling=True)


def _signatures(name: str) -> tuple[SignatureResult, ...]:
    """One prediction that holds and one that fails, of the same explanation."""
    link = ChainLink("ties", "sanctions", "falls", "russia", "ease", "cold", "normal", 0.46, 0.5)
    chain = MotiveChain("turkey", "votes", "conciliate", "ties", 0.15, (link,))
    broken = MotiveChain("turkey", "income", "conciliate", "", 0.0, ())
    return (
        SignatureResult(name, "rate(turkey conciliates) > 0.1", 0.5, 0.1, True, 0.9, 20, 0, (chain,)),
        SignatureResult(name, "rate(turkey conciliates) > <1>", 0.5, 1.0, False, 0.1, 20, 0, (chain, broken)),
    )


def _next(names: tuple[str, ...]) -> tuple[NextEvidence, ...]:
    """Two readings of one variable, the better first, and a longer watch."""
    pair = names[:2]
    return (
        NextEvidence(RECORD, "kurds_front", "2016-06-01", 0.31, 0.0, *pair, 0.9),
        NextEvidence(RECORD, "", "2017-08-12", 0.12, 0.04, *pair, 0.2),
        NextEvidence(RECORD, "kurds_front", "2015-12-01", 0.02, 0.0, *pair, 0.1),
    )


def _held_out(names: tuple[str, ...]) -> HeldOutResult:
    """A forecast that came about, one that did not, and one in doubt."""
    rows = (("P(turkey defies by 2016-09-11 | record)", 0.8, 0.0), ("P(russia eases by 2016-09-11 | record)", 0.6, 1.0))
    reading = ("P(ties in (normal) at 2017-03-10 | record)", 0.7, 0.9)
    return HeldOutResult(
        until="2018-09-30",
        forecasts=tuple(
            HeldOutForecast(question, "2016-09-11", came, probability, dict.fromkeys(names, probability))
            for question, probability, came in (*rows, reading)
        ),
        scores=tuple(ForecastScore(name, 0.4, 0.02, -1.06, 0.13, -0.44) for name in ("", *names)),
        pace_brier=0.3,
        pace_log=-0.9,
        calibration=(CalibrationBin(0.6, 0.8, 1, 0.6, 1.0), CalibrationBin(0.8, 1.0, 1, 0.8, 0.0)),
    )


def _clues(names: tuple[str, ...], posterior: np.ndarray) -> CluesResult:
    """Two clues, which prefer the second explanation; the null is not judged."""
    share = {name: 0.5 if place == 1 else 0.5 / (len(names) - 1) for place, name in enumerate(names)}
    turned = {name: 0.6 if place == 2 else 0.4 / (len(names) - 1) for place, name in enumerate(names)}
    weights = {name: 0.04 if place == 1 else -0.03 for place, name in enumerate(names)}
    says = ("An envoy <says> that tours & visas came first.", "A union asks for the border to open.")
    return CluesResult(
        count_low=0.3,
        count_high=1.0,
        agreement=RaterAgreement(2, 12, 0.73, 0.85),
        not_judged=names[-1:],
        shares=tuple(
            ClueShare(name, float(p), weights[name], share[name], 0.1, 0.7, share[name], 0.2, 0.8)
            for name, p in zip(names, posterior, strict=True)
        ),
        clues=(
            ClueResult("c1", "2016-04-30", says[0], "envoy", "bbc-letter-1", 0.8, weights),
            ClueResult("c2", "2015-12-02", says[1], "c2", "", 1.0, weights),
        ),
        without_clue=(LeftOut("c1", 1, turned, share), LeftOut("c2", 1, share, share)),
        without_group=(LeftOut("envoy", 1, turned, share), LeftOut("c2", 1, share, share)),
    )


P_VALUES = {"conciliate": 0.005, "press_eu": 0.62, "confront": 0.04, "move_on_kurds": 1.0}


def _residual(rng: np.random.Generator, leader: str, player: str, action: str, p_value: float) -> ActResidual:
    off = np.cumsum(rng.normal(0.0, 0.3, 61))
    return ActResidual(
        explanation=leader,
        record=RECORD,
        player=player,
        action=action,
        seen=10,
        expected=6.9,
        begin="2016-05-24",
        end="2016-08-12",
        is_crowd=p_value < 0.5,
        seen_there=8 if p_value < 0.5 else 0,
        expected_there=3.1,
        p_value=p_value,
        off=tuple(off.tolist()),
        low=tuple(np.linspace(0.0, -3.0, 61).tolist()),
        high=tuple(np.linspace(0.0, 3.5, 61).tolist()),
        expected_by=tuple(np.linspace(0.0, 6.9, 61).tolist()),
    )


def _motives(names: tuple[str, ...]) -> tuple[MotiveResult, ...]:
    likelier = {"conciliate": 1.42, "confront": 0.61, "press_eu": 1.0}
    shared = [MotiveResult(name, "turkey", "votes", 1.1, 1.7, 6.3, likelier, 12.5) for name in names]
    return (*shared, MotiveResult(names[0], "russia", "kurdish_card", 1.0, 1.02, 1.2, {"ease": 0.0}, 3.0))


def _case() -> CaseSummary:
    labels = {who: name for who, (name, _) in PLAYERS.items()}
    labels |= {"turkey.conciliate": "takes a step towards Russia", "kurds_front": "the Kurdish front in Syria"}
    sources = tuple(
        Source(
            f"bbc-letter-{n}",
            f"Turkey 'sorry for downing <Russian> jet' & more (BBC, {n})",
            f"https://x.org/{n}?a=1&b=2",
        )
        for n in range(30)
    )
    return CaseSummary(
        name="turkey-2016",
        title="Why did Turkey turn to Russia in 2016?",
        question="What did the presidency want when it mended ties with Russia?",
        summary=(
            "The text says that the turn to Moscow served one goal, to keep power: the Russian sanctions hurt the "
            "economy on which votes rest, the European door had closed, and Russia was the only alternative left. "
            "It rejects the reading that the turn is a bluff <b>against</b> the West."
        ),
        labels=labels,
        leaves_out=(
            "Individual characters: a player is an office, with one set of motives from the first day to the last.",
            "The bargaining between ministries, the press and the army inside each player.",
            "Events before the aircraft was shot down on 24 November 2015.",
        ),
        sources=(*sources, Source("bad", "A source with a dangerous address", "javascript:alert(1)")),
        assumed=31,
        hash="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        files={},
    )


def _items(rng: np.random.Generator, tilt: dict[str, float], amount: int) -> tuple[ItemResult, ...]:
    days = np.sort(rng.integers(0, 262, amount - 1))
    days[amount // 2 : amount // 2 + 4] = days[amount // 2] if amount > 1 else 0
    days = np.append(np.sort(days), 262)
    result = []
    for place, offset in enumerate(days):
        kind, who, what = _what(rng, place, amount)
        has_act = kind != "end" and (kind != "shock" or who == "nature")
        weights = {}
        for name in tilt:
            act = float(-2.5 + tilt[name] + 0.15 * rng.standard_normal()) if has_act else 0.0
            weights[name] = ItemWeight(act, float(-0.1 * rng.exponential()))
        if place == 41 and "partition" in weights:
            weights["partition"] = ItemWeight(-np.inf, weights["partition"].silence)
        source = "" if place % 11 == 5 else "bad" if place == 3 else f"bbc-letter-{place % 30}"
        note = "<script>alert(1)</script> coded as a step, see the second paragraph" if place == 2 else "coded by hand"
        date = (BEGIN + datetime.timedelta(days=int(offset))).isoformat()
        moves = sum(item.kind in ("move", "count") for item in result)
        answer = "russia ease" if kind == "move" and who == "turkey" and moves == 1 else ""
        begin, number = (BEGIN.isoformat(), 3) if kind == "move" and moves == 2 else ("", None)
        written = (RECORD, date, "count" if begin else kind, who, what, source, note, answer, begin, number)
        result.append(ItemResult(*written, (1.0, 0.95, 0.6)[place % 3], weights))
    return tuple(result)


def _total(item: ItemResult, name: str) -> float:
    return item.weights[name].act + item.weights[name].silence


def _what(rng: np.random.Generator, place: int, amount: int) -> tuple[str, str, str]:
    if place == amount - 1:
        return "end", "", ""
    if place % 9 == 4:
        return "shock", *(("nature", "coup attempt"), ("west", "split"), ("support", "+1"))[place // 9 % 3]
    if place % 4 == 1:
        who = list(VARIABLES)[int(rng.integers(len(VARIABLES)))]
        levels = VARIABLES[who]
        level = int(rng.integers(len(levels)))
        return "reading", who, "|".join(levels[level : level + 1 + place % 2])
    who = list(PLAYERS)[int(rng.choice(5, p=[0.4, 0.25, 0.15, 0.1, 0.1]))]
    actions = PLAYERS[who][1]
    return "move", who, actions[int(rng.integers(len(actions) - (who == "us")))]


def _explanation(
    rng: np.random.Generator, row: tuple[str, str, str, float], p: float, records: tuple[ItemResult, ...]
) -> ExplanationResult:
    name, label, held_by, _ = row
    is_none = name == NONE[0]
    likelihood = sum(item.weights[name].act + item.weights[name].silence for item in records)
    seen = [(item.who, item.what) for item in records if item.kind == "move"]
    forecasts = tuple(
        ActionForecast(
            RECORD,
            who,
            action,
            (expected := seen.count((who, action)) * float(rng.uniform(0.5, 1.6)) + 0.4),
            seen.count((who, action)),
            tuple(np.linspace(0.0, expected, 60).tolist()),
        )
        for who, (_, actions) in PLAYERS.items()
        for action in actions
    )
    parameters = _parameters(rng)
    return ExplanationResult(
        name=name,
        label=label,
        held_by=held_by,
        is_null=is_none,
        posterior=1e-9 if name == "partition" else float(p),
        log_evidence=-231.0 + row[3],
        log_evidence_error=0.04,
        log_likelihood=likelihood,
        status="the search stopped at the edge of the prior: widen `turkey.power`" if name == "kurds-bargain" else "ok",
        is_ok=name != "kurds-bargain",
        diagnostics={"draws": 128.0, "Pareto k": 0.31},
        equilibrium=None
        if is_none
        else EquilibriumStatus(
            status=STATUS_BAD if name == "partition" else "converged",
            has_converged=name != "partition",
            residual=3e-11,
            error=4e-9,
            steps=17,
            origin="policy steps from random play",
            best_response_radius=0.4,
            on_branch=True,
            folds=(),
            found=2 if name == "partition" else 1,
            searches=10,
        ),
        parameters=parameters,
        forecasts=forecasts,
        paths={} if is_none else {RECORD: {var: _path(rng, len(levels)) for var, levels in VARIABLES.items()}},
        draws=np.linspace(0.5, 1.5, 4)[:, None] * np.array([each.mode for each in parameters]),
        weights=np.array([0.1, 0.2, 0.3, 0.4]),
    )


def _parameters(rng: np.random.Generator) -> tuple[ParameterEstimate, ...]:
    rows = []
    for number in range(12):
        low = float(10 ** rng.uniform(-2, 1))
        high = low * float(rng.uniform(2, 8))
        mode = low + (high - low) * float(rng.uniform(0.2, 0.7))
        basis = "assumed: of the order of a quarter" if number % 3 else "bbc-letter-4, bbc-letter-7"
        name = f"players.turkey.actions.conciliate.costs.{number}"
        rows.append(ParameterEstimate(name, low, high, mode, mode * 0.8, mode * 1.4, basis, ""))
    rows.append(ParameterEstimate("explanations.motives.turkey.calm", -1.0, 2.0, 0.3, -0.4, 0.9, "assumed", EDGE))
    return tuple(rows)


def _path(rng: np.random.Generator, levels: int) -> np.ndarray:
    logits = np.cumsum(0.5 * rng.standard_normal((60, levels)), axis=0) * 1.2
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def _claim(rng: np.random.Generator, number: int, names: tuple[str, ...]) -> ClaimResult:
    verdict = ("supported", "contradicted", "undecided", "undecided", "not testable")[number % 5]
    value = {"supported": 0.93, "contradicted": 0.04, "undecided": 0.55, "not testable": None}[verdict]
    is_testable = value is not None
    answers = tuple(
        ClaimAnswer(name, float(rng.uniform()), float(rng.uniform()), float(rng.uniform()), 50, number % 2)
        for name in names
    )
    test = (
        "P(ties >= normal by 2016-08-12 | do(sanctions = none)) < P(ties >= normal by 2016-08-12) / 2"
        if number % 2
        else "value(ru_visitors_y at 2017-01-01) > 4 * value(ru_visitors_y at 2016-01-01)"
    )
    return ClaimResult(
        id=f"art-claim-number-{number}",
        where="article" if number < 28 else "comment",
        says="Economic loss is the main cause of the turn to Moscow & <nothing> else. " * (1 + number % 3),
        kind=("causal", "motive", "factual", "predictive", "counterfactual", "normative", "advice")[number % 7],
        verdict=verdict,
        value=value,
        low=None if value is None else 0.9 * value,
        high=None if value is None else min(1.0, 1.05 * value),
        test=test if is_testable else "",
        rests_on=("assumed" if number % 2 else "looked up") if is_testable else "",
        compares=False,
        reason="Without sanctions the ties improve about as soon as with them."
        if is_testable
        else "A value judgement.",
        fragile="A prior of `turkey.power` twice as wide turns it to undecided."
        if number % 4 == 0 and is_testable
        else "",
        answers=answers if is_testable else (),
    )


def with_posteriors(study: Study, posteriors: list[float], **changes: object) -> Study:
    """Return `study` with other posteriors, and a leader and runner-up that fit them."""
    explanations = tuple(replace(e, posterior=p) for e, p in zip(study.explanations, posteriors, strict=True))
    order = np.argsort([-p for p in posteriors], kind="stable")
    fragility = replace(
        study.fragility,
        leader=explanations[order[0]].name,
        runner_up=explanations[order[1]].name,
        **changes,  # type: ignore[arg-type]
    )
    return replace(study, explanations=explanations, fragility=fragility)


def _structure() -> tuple[VariableLinks, ...]:
    """Return two variables that move each other, one of them in reach of a player."""
    return (
        VariableLinks(
            "ties", {"turkey": ("conciliate",), "russia": ("ease",)}, ("sanctions",), {}, {"russia": ("trade",)}
        ),
        VariableLinks("sanctions", {}, (), {"russia": ("ease",)}, {"turkey": ("votes",)}),
    )


def _reasons(names: Sequence[str]) -> tuple[MoveReasons, ...]:
    """Return the reasons of two moves of different players under the first explanation."""
    parts = {"votes": 0.71, "its costs": -0.9, "the shocks": 0.2, "all together": 0.01}
    averaged = {name: Estimate(value, 0.02, value - 0.3, value + 0.3) for name, value in parts.items()}
    moves = (("2016-06-24", "turkey", "conciliate"), ("2016-06-30", "russia", "ease"))
    return tuple(MoveReasons(RECORD, *move, averaged, {names[0]: parts}) for move in moves)


def _questions(names: Sequence[str]) -> tuple[Asked, ...]:
    """Return the answer to a reason and to a test, the last explanation without one."""
    reason = {"votes": Estimate(0.71, 0.02, 0.3, 1.1), "its costs": Estimate(-0.9, 0.01, -1.2, -0.5)}
    reason["all together"] = Estimate(-0.19, 0.02, -0.7, 0.4)
    share = {"": Estimate(0.25, 0.06, math.nan, math.nan)}
    answers = []
    for kind, parts in (("parts", reason), ("test", share)):
        *known, last = names
        under = [Under(name, name.title(), 1.0 / len(names), parts, 8, 0, 1, "") for name in known]
        under.append(Under(last, last.title(), 1.0 / len(names), {}, 0, 8, 0, "nobody weighs anything here"))
        question = "reason(turkey conciliate on 2016-06-24)" if kind == "parts" else "rate(turkey conciliate) > 2"
        defined = 1.0 - 1.0 / len(names)
        form = "reason" if kind == "parts" else ""
        answers.append(
            Asked(
                question,
                kind,
                form,
                False,
                parts,
                defined,
                tuple(under),
                "exact on the chain, at draws",
                "",
                in_words="Why this step?" if kind == "parts" else "",
            )
        )
    return tuple(answers)
