"""Mutated cases, through the same functions as `raison check`, and on to the numbers of their game."""

from __future__ import annotations

import contextlib
import os
import pathlib
import random
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from campaign.findings import Trial, lay_out
from campaign.monsters import MONSTERS
from campaign.mutations import mutate
from campaign.starts import WEIGHTS, start_of
from raison.case import BuiltCase, build, check_case, read_case
from raison.engine.memory import memory_need
from raison.equations.game_arrays import GameArrays
from raison.errors import CaseError

BETWEEN_MONSTERS = 1_000
"""Every so many cases one is a monster."""

SMALL = 10_000
"""States times numbers up to which a game is looked at."""

LOOKED_AT = 5
"""Explanations of a case whose games are looked at."""


@dataclass(frozen=True)
class CaseAttack:
    """Cases that are changed at random, by `seed` and their number."""

    seed: int
    name: str = "cases"

    def trial(self, number: int) -> Trial:
        """Return a case with one change or more."""
        rng = random.Random(f"{self.seed} case {number}")
        if number % BETWEEN_MONSTERS == BETWEEN_MONSTERS - 1:
            which = sorted(MONSTERS)[number // BETWEEN_MONSTERS % len(MONSTERS)]
            return Trial(which, MONSTERS[which]())
        start = start_of(rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0])
        files, told = mutate(start.files, start.trees, rng)
        return Trial(f"{start.name}: {told}", files)

    def problem(self, trial: Trial) -> str | None:
        """Read, check and build the case; a case with problems must state each of them."""
        with _folder_of(trial.files) as folder:
            try:
                written = read_case(folder)
                check_case(written)
            except CaseError as error:
                return _unsaid(error)
            return _not_finite(build(written))


@contextlib.contextmanager
def _folder_of(files: Mapping[str, bytes]) -> Iterator[pathlib.Path]:
    """Lay out the files of a case beside a folder and links that lead nowhere."""
    with tempfile.TemporaryDirectory(prefix="campaign-") as temporary:
        folder = pathlib.Path(temporary) / "case"
        lay_out(files, folder)
        (folder / "folder.csv").mkdir()
        for name in ("loop.csv", "loop.yaml"):
            os.symlink(name, folder / name)
        yield folder


def _unsaid(error: CaseError) -> str | None:
    if not error.problems:
        return "a case is refused without a reason"
    if not all(problem.message.strip() for problem in error.problems):
        return "a problem without a message"
    return None


def _not_finite(built: BuiltCase) -> str | None:
    """Look at the numbers of the game at the centre of each explanation's ranges."""
    if built.space.size * len(built.explanations[0].parameters) > SMALL:
        return None
    for explanation in built.explanations[:LOOKED_AT]:
        centre = np.array([float(parameter.prior.value(0.0)) for parameter in explanation.parameters])
        if not np.isfinite(centre).all():
            return "a case passes the check with a number that is not finite"
        game = built.game(jnp.asarray(centre))
        memory_need(game)
        if not all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(GameArrays.of(game))):
            return "a case passes the check and its game has numbers that are not finite"
    return None
