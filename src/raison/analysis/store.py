"""Finished fits, kept on disk: an interrupted run loses none, and the next run takes them up."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from raison import __version__
from raison.inference.laplace import Laplace
from raison.inference.model import Parameter


class FitStore:
    """A folder with one JSON file per finished explanation.

    A fit is taken up only if the case, the explanation's priors and the version of Raison are the same.

    Args:
        folder: where the files lie; made when the first fit is kept.
        case_hash: of the files of the case.
    """

    def __init__(self, folder: Path, case_hash: str) -> None:
        self._folder = folder
        self._key = f"{__version__}:{case_hash}"

    def keep(self, name: str, posterior: Laplace) -> None:
        """Write a finished fit; the file appears whole or not at all."""
        self._folder.mkdir(parents=True, exist_ok=True)
        written = {
            "key": self._full_key(name, posterior.parameters),
            "explanation": name,
            "z": posterior.z.tolist(),
            "mode": posterior.mode.tolist(),
            "covariance": posterior.covariance.tolist(),
            "log_likelihood": posterior.log_likelihood,
            "log_evidence": posterior.log_evidence,
            "evaluations": posterior.evaluations,
            "distance": posterior.distance,
        }
        path = self._path(name)
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(written), encoding="utf-8")
        partial.replace(path)

    def find(self, name: str, parameters: Sequence[Parameter]) -> Laplace | None:
        """Return the kept fit of an explanation, without its solved game; None if there is none that fits."""
        try:
            read = json.loads(self._path(name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if not isinstance(read, dict) or read.get("key") != self._full_key(name, parameters):
            return None
        return Laplace(
            parameters=tuple(parameters),
            mode=np.array(read["mode"]),
            z=np.array(read["z"]),
            covariance=np.array(read["covariance"]).reshape(len(read["z"]), len(read["z"])),
            log_likelihood=read["log_likelihood"],
            log_evidence=read["log_evidence"],
            evaluations=read["evaluations"],
            distance=read["distance"],
        )

    def _path(self, name: str) -> Path:
        # no name in a case has a `+`
        return self._folder / f"{name.replace(' ', '+')}.json"

    def _full_key(self, name: str, parameters: Sequence[Parameter]) -> str:
        priors = repr([(parameter.name, parameter.prior) for parameter in parameters])
        return hashlib.sha256(f"{self._key}:{name}:{priors}".encode()).hexdigest()
