"""Small games that the tests of the engine share."""

from __future__ import annotations

import dataclasses
import datetime

import jax.numpy as jnp
import numpy as np

from raison.game import EULER, Action, Drift, Effect, Game, Hazard, Motive, Player, StateSpace, Variable
from raison.record import Calendar, Move, Reading, Record, Shock, WatchedRecord

TENSION = Variable("tension", ("calm", "raised", "high", "brink"))
MOOD = Variable("mood", ("warm", "cool", "sour"), is_ordered=False)
ARMY = Variable("army", ("low", "ready"))
BORDER_SPACE = StateSpace((TENSION, MOOD, ARMY))

BORDER_NAMES = (
    "rate of falls", "ratio of falls", "decision rate", "ratio of decisions", "cost of pressing", "chance of souring",
    "seen courting", "weight of tension", "weight of warmth", "horizon", "weight of calm",
)  # fmt: skip
BORDER_NUMBERS = np.array([0.4, 1.8, 1.5, 0.6, 0.4, 0.3, 0.4, 0.9, 0.7, 3.0, -0.8])


def border(numbers=BORDER_NUMBERS, *, shock_mean: float = EULER) -> Game:
    """Two rivals and a bystander whose only action is nowhere available; 24 states, every kind of jump there is.

    Random outcomes, conditions, decision rates that depend on the state, effects on two variables, an unordered
    variable, an action that changes nothing, one that is seen only now and then, and shocks with their raw mean.
    """
    falls, ratio, rate, rate_ratio, cost, souring, seen, tension, warmth, horizon, calm = (
        numbers[k] for k in range(11)
    )
    space = BORDER_SPACE
    level, mood, army = (space.levels_of(name) for name in space.names)
    rises, eases = Effect.shift(TENSION, 1), Effect.shift(TENSION, -1)
    sours = Effect.become(MOOD, "sour")
    one = jnp.ones(())
    north = Player(
        decision_rate=Hazard(rate, (jnp.stack([one, rate_ratio]),), ("army",)),
        discount_rate=1.0 / horizon,
        actions=(
            Action(cost, (1.0 - souring, souring), level < 3, "press", (rises, rises.and_(sours))),
            Action(0.2, (1.0,), None, "court", (Effect.become(MOOD, "warm"),), (seen,)),
            Action(-0.1, (1.0,), None, "declare", (Effect(),)),
        ),
        motives=(Motive(tension, level / 3.0, "tension"), Motive(warmth, np.where(mood == 0, 1.0, 0.0), "warmth")),
        name="north",
    )
    south = Player(
        decision_rate=Hazard(2.0),
        discount_rate=0.5,
        actions=(
            Action(0.8, (1.0,), army == 0, "arm", (Effect.become(ARMY, "ready"),)),
            Action(0.1, (0.6, 0.4), None, "talk", (eases, Effect())),
        ),
        motives=(Motive(calm, level / 3.0, "tension"), Motive(0.4, army * 1.0, "army")),
        name="south",
    )
    plead = Action(0.3, (1.0,), np.zeros(space.size, dtype=bool), "plead", (eases,))
    bystander = Player(Hazard(1.0), 0.4, (plead,), (Motive(1.0, level * (1.0 + army), "trouble"),), "bystander")
    drifts = (
        Drift(Hazard(falls, (jnp.stack([one, 0.5 * one, ratio]),), ("mood",)), None, "tension falls", eases),
        Drift(Hazard(0.3), level >= 2, "mood sours", sours),
        Drift(Hazard(0.15), None, "storm", rises.and_(Effect.become(ARMY, "low"))),
    )
    return Game(drifts, (north, south, bystander), space, shock_mean)


def border_start() -> np.ndarray:
    """Return an uneven distribution of states."""
    start = np.zeros(BORDER_SPACE.size)
    start[BORDER_SPACE.state({"tension": "calm", "mood": "cool", "army": "low"})] = 0.6
    start[BORDER_SPACE.state({"tension": "raised", "mood": "sour", "army": "low"})] = 0.3
    start[BORDER_SPACE.state({"tension": "high", "mood": "warm", "army": "ready"})] = 0.1
    return start


def border_record() -> Record:
    """Return a record with every kind of item: doubtful moves, same-day items, a long silence."""
    return Record(
        (
            Move(0.5, "north", "press"),
            Reading(0.5, "tension", "raised", levels=("raised",), reliability=0.9),
            Shock(1.0, "mood", "sour", effect=Effect.become(MOOD, "sour")),
            Move(1.0, "south", "talk", confidence=0.7),
            Move(1.8, "north", "court"),
            Reading(2.0, "tension", "high or brink", levels=("high", "brink"), reliability=0.8),
            Shock(2.5, "nature", "storm", effect=Effect(), drift="storm"),
            Move(2.5, "north", "declare", confidence=0.9),
            Move(2.5, "south", "arm"),
            Reading(5.5, "mood", "warm", levels=("warm",)),
            Move(5.5, "south", "talk"),
        ),
        until=7.0,
    )


BEGIN = datetime.date(2016, 1, 1)
"""First day of the border record; a unit of time has 40 days, so that every item falls on a day."""


def watched(
    record: Record | None = None, *, space: StateSpace = BORDER_SPACE, start: np.ndarray | None = None
) -> WatchedRecord:
    """Return the border record, or another, as it was watched."""
    begin = border_start() if start is None else start
    return WatchedRecord("border", record or border_record(), space, begin, Calendar(BEGIN, "unit", 40.0))


def scaled_record(record: Record, ratio: float) -> Record:
    """Return the record with every time multiplied."""
    items = tuple(dataclasses.replace(item, time=item.time * ratio) for item in record.items)
    return Record(items, record.until * ratio)


def in_days(game: Game, ratio: float = 365.25 / 12) -> Game:
    """Return the same game with time counted in days instead of months."""

    def slower(hazard: Hazard) -> Hazard:
        return dataclasses.replace(hazard, base=hazard.base / ratio)

    def counted(player: Player) -> Player:
        motives = tuple(Motive(m.weight / ratio, m.feature, m.name) for m in player.motives)
        rate = slower(player.decision_rate)
        return dataclasses.replace(
            player, decision_rate=rate, discount_rate=player.discount_rate / ratio, motives=motives
        )

    drifts = tuple(dataclasses.replace(drift, hazard=slower(drift.hazard)) for drift in game.drifts)
    return dataclasses.replace(game, drifts=drifts, players=tuple(counted(player) for player in game.players))


def turned_border() -> tuple[Game, np.ndarray]:
    """Return the border game with its variables and the levels of its mood turned around, and the old number of
    each of its states."""
    game = border()
    tension, mood, army = game.space.variables
    turned_mood = dataclasses.replace(mood, levels=mood.levels[::-1])
    space = StateSpace((army, turned_mood, tension))
    order = np.arange(game.space.size).reshape(game.space.shape).transpose(2, 1, 0)[:, ::-1].reshape(-1)

    def renamed(effect):
        maps = {
            name: tuple(2 - level for level in levels[::-1]) if name == "mood" else levels
            for name, levels in effect.maps
        }
        return dataclasses.replace(effect, maps=tuple(sorted(maps.items())))

    def hazard(old: Hazard) -> Hazard:
        ratios = tuple(r[::-1] if name == "mood" else r for name, r in zip(old.names, old.ratios, strict=True))
        return dataclasses.replace(old, ratios=ratios)

    def rearranged(mask):
        return None if mask is None else np.asarray(mask)[order]

    drifts = tuple(
        dataclasses.replace(d, hazard=hazard(d.hazard), where=rearranged(d.where), effect=renamed(d.effect))
        for d in game.drifts
    )
    players = tuple(
        dataclasses.replace(
            player,
            decision_rate=hazard(player.decision_rate),
            actions=tuple(
                dataclasses.replace(
                    a, is_available=rearranged(a.is_available), outcomes=tuple(renamed(e) for e in a.outcomes)
                )
                for a in player.actions
            ),
            motives=tuple(dataclasses.replace(m, feature=rearranged(m.feature)) for m in player.motives),
        )
        for player in game.players
    )
    return Game(drifts, players, space, game.shock_mean), order


def demand_game(
    theta_rn, theta_d=1.0, *, firms: int, levels: int = 6, gamma=1.0, rate=2.0, rho=0.05, entry_cost=0.5
) -> Game:
    """Return the entry game of Aguirregabiria and Mira (2007) in continuous time."""
    demand = Variable("demand", tuple(f"d{d}" for d in range(levels)))
    firm_variables = tuple(Variable(f"firm{i}", ("out", "in")) for i in range(firms))
    space = StateSpace((demand, *firm_variables))
    d = space.levels_of("demand")
    count = sum(space.levels_of(variable.name) for variable in firm_variables)
    players = []
    for variable in firm_variables:
        is_in = space.levels_of(variable.name) == 1
        actions = (
            Action(entry_cost, (1.0,), ~is_in, "enter", (Effect.become(variable, "in"),)),
            Action(0.0, (1.0,), is_in, "leave", (Effect.become(variable, "out"),)),
        )
        motives = (Motive(theta_rn, np.where(is_in, count, 0.0), "rivals"), Motive(theta_d, d * is_in * 1.0, "demand"))
        players.append(Player(Hazard(rate), rho, actions, motives, variable.name))
    drifts = (
        Drift(Hazard(gamma), None, "demand rises", Effect.shift(demand, 1)),
        Drift(Hazard(gamma), None, "demand falls", Effect.shift(demand, -1)),
    )
    return Game(drifts, tuple(players), space)


def bus(numbers) -> Game:
    """Return the bus engine replacement of Rust (1987) in continuous time; numbers: lambda, gamma, beta, mu."""
    rate, gamma, beta, mu = (numbers[k] for k in range(4))
    mileage = Variable("mileage", tuple(str(cell) for cell in range(90)))
    space = StateSpace((mileage,))
    replace = Action(-mu, (1.0,), None, "replace", (Effect.become(mileage, "0"),))
    zurcher = Player(Hazard(rate), 0.05, (replace,), (Motive(beta, np.arange(90) / 90.0, "mileage"),), "zurcher")
    drift = Drift(Hazard(gamma), None, "driven", Effect.shift(mileage, 1))
    return Game((drift,), (zurcher,), space, EULER)


def dilemma(weight: float, cost: float, rate: float, *, players: int = 2, gamma=1.0, rho=0.1) -> Game:
    """Return the volunteer's dilemma: a crisis hurts all players, each of whom can end it at a cost.

    With D_i the gain from the end of the crisis, p_i the chance that player i ends it when it may act,
    (rho + gamma + rate * sum of the others' p) D_i + rate * log(1 + exp(D_i - cost)) = weight,
    p_i = 1 / (1 + exp(cost - D_i)).
    """
    crisis = Variable("crisis", ("calm", "crisis"))
    space = StateSpace((crisis,))
    is_on = space.levels_of("crisis") == 1
    end = Action(cost, (1.0,), is_on, "end", (Effect.become(crisis, "calm"),))
    motive = Motive(-weight, is_on * 1.0, "crisis")
    drift = Drift(Hazard(gamma), None, "crisis breaks out", Effect.become(crisis, "crisis"))
    return Game((drift,), tuple(Player(Hazard(rate), rho, (end,), (motive,), f"p{i}") for i in range(players)), space)


def retuned(game: Game, *, nature=1.0, deciding=1.0, precision=1.0, rho: float | None = None) -> Game:
    """Return `game` with the rates of nature and of decisions multiplied, payoffs and costs multiplied by
    `precision`, and another discount rate."""

    def faster(hazard: Hazard, ratio: float) -> Hazard:
        return dataclasses.replace(hazard, base=hazard.base * ratio)

    def player(old: Player) -> Player:
        return dataclasses.replace(
            old,
            decision_rate=faster(old.decision_rate, deciding),
            discount_rate=old.discount_rate if rho is None else rho,
            actions=tuple(dataclasses.replace(a, cost=a.cost * precision) for a in old.actions),
            motives=tuple(dataclasses.replace(m, weight=m.weight * precision) for m in old.motives),
        )

    drifts = tuple(dataclasses.replace(drift, hazard=faster(drift.hazard, nature)) for drift in game.drifts)
    return dataclasses.replace(game, drifts=drifts, players=tuple(player(old) for old in game.players))


def wavering(game):
    """The game in which every action with two outcomes or more turns out otherwise in every other state."""
    odd = np.arange(game.space.size) % 2

    def turned(action):
        if len(action.chances) < 2:
            return action
        first, second, *others = action.chances
        moved = 0.4 * first * odd
        return dataclasses.replace(action, chances=(first - moved, second + moved, *others))

    players = tuple(dataclasses.replace(p, actions=tuple(map(turned, p.actions))) for p in game.players)
    return dataclasses.replace(game, players=players)
