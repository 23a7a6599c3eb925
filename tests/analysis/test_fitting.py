import pathlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from raison.analysis import FitStore, fitting
from raison.analysis.fitting import Fit, Likelihoods, check_possible, fit_all, fit_key
from raison.analysis.watch import Watch
from raison.case import BuiltCase
from raison.inference.evidence import NONE
from raison.inference.laplace import Laplace, Start, numbers_at
from raison.inference.likelihood import Likelihood
from raison.inference.model import Parameter
from raison.inference.prior import Fixed


class Searches:
    """Stands in for `fit`: remembers where each search began, and ends it there."""

    def __init__(self) -> None:
        self.starts: dict[int, Start] = {}

    def __call__(self, likelihood: Likelihood, parameters: Sequence[Parameter], *, starts: Sequence[Start]) -> Laplace:
        (start,) = starts
        free = len(start.z)
        self.starts[id(parameters)] = start
        z = np.arange(1.0, free + 1.0) / 10
        mode = np.array([parameter.prior.value(0.0) for parameter in parameters])
        return Laplace(tuple(parameters), mode, z, 0.5 * np.eye(free), -9.0, -10.0, 1, 0.0)


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> Searches:
    made = Searches()
    monkeypatch.setattr(fitting, "fit", made)
    return made


def free_names(parameters: Sequence[Parameter]) -> list[str]:
    return [parameter.name for parameter in parameters if parameter.prior.is_free]


def test_the_other_explanations_start_at_the_mode_of_the_first_where_they_believe_the_same(
    case: BuiltCase, likelihoods: Likelihoods, searches: Searches
) -> None:
    fit_all(case, likelihoods, Watch(), None)
    first, second = (explanation.parameters for explanation in case.explanations)
    assert not searches.starts[id(first)].z.any()
    assert not searches.starts[id(likelihoods.none.parameters)].z.any()
    at = [parameter for parameter in first if parameter.prior.is_free]
    for parameter, z in zip([p for p in second if p.prior.is_free], searches.starts[id(second)].z, strict=True):
        assert z == ((at.index(parameter) + 1) / 10 if parameter in at else 0.0)
    assert searches.starts[id(second)].z.any()


def test_a_run_that_takes_up_the_first_fit_searches_none_of_these_from_the_same_start(
    case: BuiltCase, likelihoods: Likelihoods, searches: Searches, tmp_path: pathlib.Path
) -> None:
    store = FitStore(tmp_path)
    fit_all(case, likelihoods, Watch(), store)
    (tmp_path / f"{fit_key(case, likelihoods.none)}.json").unlink()
    searches.starts.clear()
    fit_all(case, likelihoods, Watch(), store)
    assert list(searches.starts) == [id(likelihoods.none.parameters)]
    assert not searches.starts[id(likelihoods.none.parameters)].z.any()


def test_finished_fits_are_taken_up_and_not_searched_again(
    case: BuiltCase, likelihoods: Likelihoods, searches: Searches, tmp_path: pathlib.Path
) -> None:
    store = FitStore(tmp_path)
    before = fit_all(case, likelihoods, Watch(), store)
    searches.starts.clear()
    after = fit_all(case, likelihoods, Watch(), store)
    assert searches.starts == {}
    assert [fit.posterior.mode.tolist() for fit in after] == [fit.posterior.mode.tolist() for fit in before]
    assert [fit.share for fit in after] == [fit.share for fit in before]


def test_none_of_these_is_last_and_solves_no_game(fits: tuple[Fit, ...]) -> None:
    assert [fit.explanation.name for fit in fits] == ["for-trade", "for-votes", NONE]
    assert [fit.equilibrium is None for fit in fits] == [False, False, True]
    assert sum(fit.share for fit in fits) == pytest.approx(1.0, abs=1e-12)


def test_every_mode_is_a_maximum_of_the_posterior(likelihoods: Likelihoods, fits: tuple[Fit, ...]) -> None:
    for fit in fits:
        likelihood = likelihoods.constant_shares if fit.explanation.name == NONE else likelihoods.games
        posterior = fit.posterior

        def log_posterior(z: np.ndarray, likelihood=likelihood, posterior=posterior) -> float:
            return likelihood.value(numbers_at(posterior.parameters, z)) - 0.5 * float(z @ z)

        top = log_posterior(posterior.z)
        assert top + 0.5 * float(posterior.z @ posterior.z) == pytest.approx(posterior.log_likelihood, abs=1e-8)
        for direction in np.random.default_rng(3).standard_normal((4, len(posterior.z))):
            assert log_posterior(posterior.z + 0.3 * direction) < top


def test_a_possible_record_passes(case: BuiltCase, likelihoods: Likelihoods) -> None:
    check_possible(case, likelihoods)


def test_a_fit_depends_on_game_record_and_priors_alone(
    case: BuiltCase, likelihoods: Likelihoods, searches: Searches, tmp_path: pathlib.Path
) -> None:
    store = FitStore(tmp_path)
    fit_all(case, likelihoods, Watch(), store)

    def searched(changed: BuiltCase) -> list[str]:
        searches.starts.clear()
        fit_all(changed, likelihoods, Watch(), store)
        known = (*changed.explanations, likelihoods.none)
        return [each.name for each in known if id(each.parameters) in searches.starts]

    first, second = case.explanations
    (watched,) = case.records
    items = tuple(replace(item, source="elsewhere", note="coded anew", date="") for item in watched.record.items)
    words = replace(
        case,
        title="Another title",
        summary="",
        claims=(),
        sources=(),
        labels={},
        hash="another",
        explanations=(
            replace(first, name="renamed", label="Another label", held_by="nobody", weight=3.0),
            replace(second, parameters=tuple(replace(each, basis="a source") for each in second.parameters)),
        ),
        records=(replace(watched, record=replace(watched.record, items=items)),),
    )
    assert searched(words) == []

    slot = next(i for i, each in enumerate(second.parameters) if each.prior.is_free)
    other = replace(second.parameters[slot], prior=Fixed(0.5))
    changed = replace(second, parameters=(*second.parameters[:slot], other, *second.parameters[slot + 1 :]))
    assert searched(replace(case, explanations=(first, changed))) == [second.name]

    later = replace(watched, record=replace(watched.record, until=watched.record.until + 1.0))
    assert searched(replace(case, records=(later,))) == [first.name, second.name, NONE]
    elsewhere = replace(watched, start=np.full_like(watched.start, 1.0 / len(watched.start)))
    assert searched(replace(case, records=(elsewhere,))) == [first.name, second.name, NONE]


def test_a_computation_that_changed_fits_anew(
    case: BuiltCase,
    likelihoods: Likelihoods,
    searches: Searches,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fit_all(case, likelihoods, Watch(), FitStore(tmp_path))
    searches.starts.clear()
    monkeypatch.setattr(fitting, "COMPUTATION", fitting.COMPUTATION + 1)
    fit_all(case, likelihoods, Watch(), FitStore(tmp_path))
    assert len(searches.starts) == 3
