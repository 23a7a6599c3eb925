"""The command line of the campaign."""

from __future__ import annotations

import argparse
import pathlib
import sys
import time
from collections.abc import Callable, Iterator

from campaign.answers import AnswerAttack
from campaign.cases import CaseAttack
from campaign.findings import Attack, Failure, Tried, keep, table
from campaign.kills import KillAttack
from campaign.queries import QueryAttack
from campaign.side_by_side import try_all


def main() -> int:
    """Try everything, tell what failed, and return 1 if anything did."""
    parser = argparse.ArgumentParser(prog="campaign", description="Attack Raison; by default, for two hours or so.")
    parser.add_argument("--cases", type=int, default=100_000, help="mutated cases (%(default)s)")
    parser.add_argument("--queries", type=int, default=100_000, help="random queries (%(default)s)")
    parser.add_argument("--answers", type=int, default=100_000, help="questions that are asked (%(default)s)")
    parser.add_argument("--kills", type=int, default=200, help="runs that are killed (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of all that is tried (%(default)s)")
    parser.add_argument(
        "--first", type=int, default=0, help="number of the first trial, to try one again (%(default)s)"
    )
    parser.add_argument(
        "--out", type=pathlib.Path, default=pathlib.Path("campaign-out"), help="for what failed (%(default)s)"
    )
    asked = parser.parse_args()

    out, all_tried = asked.out.resolve(), []
    for tried in attack_all(asked, out):
        keep(tried, out)
        all_tried.append(tried)
    print(table(all_tried))
    if any(tried.failures for tried in all_tried):
        print(f"\nThe first inputs of each cause are kept in {out}.")
        return 1
    return 0


def attack_all(asked: argparse.Namespace, out: pathlib.Path) -> Iterator[Tried]:
    """Make the four attacks, the quick ones first."""
    first = asked.first
    yield attack_with(QueryAttack(asked.seed), range(first, first + asked.queries))
    yield attack_with(AnswerAttack(asked.seed), range(first, first + asked.answers))
    yield attack_with(CaseAttack(asked.seed), range(first, first + asked.cases))
    yield attack_with_kills(KillAttack(asked.seed, out, out / "caches"), range(first, first + asked.kills))


def attack_with(attack: Attack, numbers: range) -> Tried:
    """Try all `numbers` of an attack in two processes."""
    begin = time.monotonic()
    failures = try_all(attack, numbers, tell=_teller(attack.name, len(numbers))) if numbers else []
    return Tried(attack.name, len(numbers), time.monotonic() - begin, failures)


def attack_with_kills(attack: KillAttack, numbers: range) -> Tried:
    """Kill a run for each of `numbers`, one after another: a run takes both cores."""
    begin, tell = time.monotonic(), _teller(attack.name, len(numbers))
    failures: list[Failure] = list(attack.prepare()) if numbers else []
    for done, number in enumerate(numbers, start=1):
        failures += attack.attempt(number)
        tell(done)
    return Tried(attack.name, len(numbers), time.monotonic() - begin, failures)


def _teller(name: str, total: int) -> Callable[[int], None]:
    """Return a function that shows how much is done, where somebody may watch."""

    def tell(done: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{name}: {done}/{total} ", end="\n" if done == total else "", file=sys.stderr, flush=True)

    return tell


if __name__ == "__main__":
    sys.exit(main())
