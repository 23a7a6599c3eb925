"""Finished fits and stages, kept on disk: an interrupted run loses none, and the next run takes them up."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from raison.inference.importance import Importance
from raison.inference.laplace import Laplace
from raison.inference.model import Parameter
from raison.inference.tempered import Run
from raison.loading import from_plain, to_plain
from raison.writing import make_folder, write_whole


@dataclass(frozen=True, eq=False)
class _Drawn:
    """What is kept of the draws around a mode."""

    numbers: np.ndarray
    weights: np.ndarray
    unconverged: int
    shape: float
    log_evidence: float
    log_evidence_error: float

    def is_sound(self, parameters: int) -> bool:
        """Return whether these are numbers that draws of so many parameters can leave."""
        if self.numbers.shape != (len(self.weights), parameters) or not len(self.weights):
            return False
        numbers = [self.weights, self.numbers.ravel(), [self.shape, self.log_evidence, self.log_evidence_error]]
        is_shared = abs(self.weights.sum() - 1.0) < 1e-9 and bool((self.weights >= 0.0).all())
        return is_shared and self.log_evidence_error >= 0.0 and bool(np.isfinite(np.concatenate(numbers)).all())


@dataclass(frozen=True, eq=False)
class _Kept:
    """What is kept of a posterior; the rest is known or computed again."""

    key: str
    mode: np.ndarray
    z: np.ndarray
    covariance: np.ndarray
    log_likelihood: float
    log_evidence: float
    evaluations: int
    distance: float
    drawn: _Drawn | None

    def is_sound(self, parameters: int, free: int) -> bool:
        """Return whether these are numbers that a fit of so many parameters can end with."""
        if self.mode.shape != (parameters,) or self.z.shape != (free,):
            return False
        numbers = np.concatenate([self.mode, self.z, [self.log_likelihood, self.log_evidence, self.distance]])
        if not np.isfinite(numbers).all() or (free and not _is_covariance(self.covariance, free)):
            return False
        return self.drawn is None or self.drawn.is_sound(parameters)


def _is_covariance(matrix: np.ndarray, size: int) -> bool:
    """Return whether `matrix` is a symmetric, positive definite matrix of so many rows."""
    if matrix.shape != (size, size) or not np.isfinite(matrix).all():
        return False
    return np.allclose(matrix, matrix.T) and bool(np.linalg.eigvalsh(matrix)[0] > 0.0)


@dataclass(frozen=True, eq=False)
class _KeptRun:
    """What is kept of a run of tempered sequential Monte Carlo."""

    key: str
    run: Run

    def is_sound(self, free: int) -> bool:
        """Return whether these are numbers that a run of so many free parameters can end with."""
        run = self.run
        if run.z.ndim != 2 or run.z.shape != (len(run.log_likelihoods), free) or not run.temperatures:
            return False
        numbers = [
            run.z.ravel(),
            run.log_likelihoods,
            run.temperatures,
            run.effective,
            run.accepted,
            [run.log_evidence],
        ]
        is_whole = len(run.temperatures) == len(run.effective) == len(run.accepted)
        return is_whole and bool(np.isfinite(np.concatenate(numbers)).all())


def _plain(each: np.ndarray | _Drawn | Run) -> list | dict:
    """Return what JSON can hold."""
    return each.tolist() if isinstance(each, np.ndarray) else vars(each)


def _drawn(posterior: Importance) -> _Drawn:
    return _Drawn(**{field.name: getattr(posterior, field.name) for field in dataclasses.fields(_Drawn)})


STAGES = "stages"
"""Folder, beside the fits, of what stages found."""

Kept = TypeVar("Kept")

Form = TypeVar("Form", _Kept, _KeptRun)
"""What a file holds."""


class FitStore:
    """A folder with one JSON file per finished fit, run of tempered sequential Monte Carlo, and stage of a study.

    Each is kept and found under a key, the fingerprint of all that it depends on.

    Args:
        folder: where the files lie; made when the first fit is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, key: str, posterior: Laplace | Importance) -> None:
        """Write a finished fit, with its draws if it has them; raise `CannotWrite` if the machine refuses."""
        laplace = posterior if isinstance(posterior, Laplace) else posterior.laplace
        kept = _Kept(
            key=key,
            mode=laplace.mode,
            z=laplace.z,
            covariance=laplace.covariance,
            log_likelihood=laplace.log_likelihood,
            log_evidence=laplace.log_evidence,
            evaluations=laplace.evaluations,
            distance=laplace.distance,
            drawn=None if isinstance(posterior, Laplace) else _drawn(posterior),
        )
        write_whole(make_folder(self._folder) / f"{key}.json", json.dumps(vars(kept), default=_plain))

    def find(self, key: str, parameters: Sequence[Parameter]) -> Laplace | Importance | None:
        """Return the kept fit, None if there is none, or none that can be believed."""
        free = sum(parameter.prior.is_free for parameter in parameters)
        kept = self._read(_Kept, key)
        if kept is None or not kept.is_sound(len(parameters), free):
            return None
        laplace = Laplace(
            parameters=tuple(parameters),
            mode=kept.mode,
            z=kept.z,
            covariance=kept.covariance.reshape(free, free),
            log_likelihood=kept.log_likelihood,
            log_evidence=kept.log_evidence,
            evaluations=kept.evaluations,
            distance=kept.distance,
        )
        return laplace if kept.drawn is None else Importance(laplace, **vars(kept.drawn))

    def keep_run(self, key: str, number: int, run: Run) -> None:
        """Write a finished run beside its fit; raise `CannotWrite` if the machine refuses."""
        kept = _KeptRun(_run_key(key, number), run)
        write_whole(make_folder(self._folder) / f"{kept.key}.json", json.dumps(vars(kept), default=_plain))

    def find_run(self, key: str, number: int, parameters: Sequence[Parameter]) -> Run | None:
        """Return a kept run, None if there is none, or none that can be believed."""
        kept = self._read(_KeptRun, _run_key(key, number))
        free = sum(parameter.prior.is_free for parameter in parameters)
        return kept.run if kept is not None and kept.is_sound(free) else None

    def stage(self, key: str, hint: Any, compute: Callable[[], Kept]) -> Kept:
        """Return what a stage of a study found: what is kept under the key, or what is computed and kept now.

        Args:
            key: fingerprint of all that it depends on.
            hint: type of what it finds, as `from_plain` reads it.
            compute: finds it.

        Errors:
            Those of `compute`; `CannotWrite` if the machine refuses.
        """
        path = self._folder / STAGES / f"{key}.json"
        try:
            return from_plain(hint, json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, OverflowError, RecursionError):
            found = compute()
        write_whole(make_folder(path.parent) / path.name, json.dumps(to_plain(found)))
        return found

    def _read(self, form: type[Form], key: str) -> Form | None:
        try:
            kept = from_plain(form, json.loads((self._folder / f"{key}.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, OverflowError, RecursionError):
            return None
        return kept if kept.key == key else None


def _run_key(key: str, number: int) -> str:
    return f"{key}-run-{number}"
