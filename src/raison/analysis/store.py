"""Finished fits, kept on disk: an interrupted run loses none, and the next run takes them up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from raison.inference.laplace import Laplace
from raison.inference.model import Parameter
from raison.loading import from_plain
from raison.writing import make_folder, write_whole


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

    def is_sound(self, parameters: int, free: int) -> bool:
        """Return whether these are numbers that a fit of so many parameters can end with."""
        if self.mode.shape != (parameters,) or self.z.shape != (free,):
            return False
        numbers = np.concatenate([self.mode, self.z, [self.log_likelihood, self.log_evidence, self.distance]])
        return bool(np.isfinite(numbers).all()) and (free == 0 or _is_covariance(self.covariance, free))


def _is_covariance(matrix: np.ndarray, size: int) -> bool:
    """Return whether `matrix` is a symmetric, positive definite matrix of so many rows."""
    if matrix.shape != (size, size) or not np.isfinite(matrix).all():
        return False
    return np.allclose(matrix, matrix.T) and bool(np.linalg.eigvalsh(matrix)[0] > 0.0)


class FitStore:
    """A folder with one JSON file per finished fit.

    A fit is kept and found under a key, the fingerprint of all that it depends on.

    Args:
        folder: where the files lie; made when the first fit is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, key: str, posterior: Laplace) -> None:
        """Write a finished fit; raise `CannotWrite` if the machine refuses."""
        kept = _Kept(
            key=key,
            mode=posterior.mode,
            z=posterior.z,
            covariance=posterior.covariance,
            log_likelihood=posterior.log_likelihood,
            log_evidence=posterior.log_evidence,
            evaluations=posterior.evaluations,
            distance=posterior.distance,
        )
        write_whole(make_folder(self._folder) / f"{key}.json", json.dumps(vars(kept), default=np.ndarray.tolist))

    def find(self, key: str, parameters: Sequence[Parameter]) -> Laplace | None:
        """Return the kept fit, None if there is none, or none that can be believed."""
        free = sum(parameter.prior.is_free for parameter in parameters)
        kept = self._read(key)
        if kept is None or not kept.is_sound(len(parameters), free):
            return None
        return Laplace(
            parameters=tuple(parameters),
            mode=kept.mode,
            z=kept.z,
            covariance=kept.covariance.reshape(free, free),
            log_likelihood=kept.log_likelihood,
            log_evidence=kept.log_evidence,
            evaluations=kept.evaluations,
            distance=kept.distance,
        )

    def _read(self, key: str) -> _Kept | None:
        try:
            kept = from_plain(_Kept, json.loads((self._folder / f"{key}.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, OverflowError, RecursionError):
            return None
        return kept if kept.key == key else None
