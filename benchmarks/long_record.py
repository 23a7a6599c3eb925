"""Make a case with a record of 300 months and about 800 moves, and run it from a cold start, as `study.py` does.

python benchmarks/long_record.py

The moves are drawn under one of its four explanations, at the middles of all ranges, so that they can happen.
"""

from __future__ import annotations

import pathlib
import sys
import tempfile

import numpy as np
import study

import raison
from raison.chain.simulation import Simulator
from raison.inference.likelihood import GameLikelihood, chain_of

SEED = 0

CASE = """
title: A long record
question: Why did they do what they did, for 25 years?
time: {unit: month, from: 1990-01-01, until: 2014-12-31}
variables:
  ties: {levels: [hostile, cold, warm], at start: cold}
  arms: {levels: [low, middle, high], at start: middle}
  trade: {levels: [low, high], at start: low}
  mood: {levels: [low, high], at start: low}
  crisis: {levels: [no, yes], at start: no}
nature:
  trade rises: {every: 12 to 36 months, when: {ties: {warm: x1.5 to x3}}, basis: assumed}
  trade falls: {every: 12 to 36 months, when: {ties: {hostile: x1.5 to x3}}, basis: assumed}
  mood rises: {every: 12 to 36 months, when: {trade: {high: x1.5 to x3}}, basis: assumed}
  mood falls: {every: 12 to 36 months, basis: assumed}
  crisis begins: {changes: {crisis: yes}, every: 24 to 60 months, when: {ties: {hostile: x1.5 to x3}}, basis: assumed}
  crisis ends: {changes: {crisis: no}, every: 6 to 18 months, basis: assumed}
players:
  north:
    acts: twice a month
    looks ahead: 1 year
    basis: assumed
    actions:
      court: {changes: {ties: +1}, costs: 0.2 to 0.8}
      insult: {changes: {ties: -1}, costs: 0.2 to 0.8}
      arm: {changes: {arms: +1}, costs: 0.2 to 0.8}
  south:
    acts: twice a month
    looks ahead: 1 year
    basis: assumed
    actions:
      yield: {changes: {ties: +1}, costs: 0.2 to 0.8}
      provoke: {changes: {ties: -1}, costs: 0.2 to 0.8}
      disarm: {changes: {arms: -1}, costs: 0.2 to 0.8}
features: {friends: ties = warm, rich: trade = high, strong: arms = high, calm: crisis = no}
explanations:
  friendship: {wants: {north: {friends: x2 to x8}, south: {friends: x2 to x8}}, basis: assumed}
  money: {wants: {north: {rich: x2 to x8}, south: {rich: x2 to x8}}, basis: assumed}
  power: {wants: {north: {strong: x2 to x8}, south: {friends: x2 to x8}}, basis: assumed}
  peace: {wants: {north: {calm: x2 to x8}, south: {calm: x2 to x8}}, basis: assumed}
record:
"""


def write_case(path: pathlib.Path) -> int:
    """Write the case with the moves that one of its explanations makes; return how many there are."""
    path.write_text(f"{CASE}  - {{date: 1990-02-01, kind: move, who: north, what: court}}\n", encoding="utf-8")
    case = raison.open_case(path)
    watched = case.records[0]
    chain = chain_of(GameLikelihood(case.game, ()).solve(case.explanations[0].centre))
    begin, rng = int(np.argmax(watched.start)), np.random.default_rng(SEED)
    drawn = Simulator(chain).path(begin, 0.0, watched.record.until - 0.1, rng)
    moves = [(time, chain.kinds[number]) for time, number in zip(drawn.time, drawn.kind, strict=True)]
    rows = [
        f"  - {{date: {watched.calendar.date_of(time)}, kind: move, who: {kind.who}, what: {kind.what}}}\n"
        for time, kind in moves
        if kind.who != "nature"
    ]
    path.write_text(CASE + "".join(rows), encoding="utf-8")
    return len(rows)


def main() -> int:
    """Write the case, run it, and print what each stage took; return the exit code of the run."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "long-record.yaml"
        print(f"{write_case(path)} moves in 300 months, 72 states, four explanations")
        return study.main(str(path))


if __name__ == "__main__":
    sys.exit(main())
