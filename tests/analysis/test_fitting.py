import pathlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from raison.analysis import FitStore, fitting
from raison.analysis.fitting import Fit, Rival, check_possible, fit_all, fit_key
from raison.analysis.pool import Processes
from raison.analysis.watch import Watch
from raison.case import BuiltCase
from raison.errors import NotConverged, SamplingFailed
from raison.inference.laplace import Laplace, Start, numbers_at
from raison.inference.likelihood import Likelihood
from raison.inference.model import HABIT, NO_MOTIVES, SHARED_MOTIVES, Parameter
from raison.inference.prior import Fixed
from raison.inference.tempered import RUNS, Run, Tempered


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


@pytest.fixture
def no_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every search stand as it ended."""
    monkeypatch.setattr(fitting, "draw_around", lambda laplace, likelihood, seed, effort: laplace)


def names(rivals: Sequence[Rival]) -> list[str]:
    return [rival.explanation.name for rival in rivals]


def test_the_nulls_stand_beside_the_explanations(rivals: tuple[Rival, ...]) -> None:
    assert names(rivals) == ["for-trade", "for-votes", NO_MOTIVES, SHARED_MOTIVES, HABIT]
    assert [rival.is_null for rival in rivals] == [False, False, True, True, True]


def test_the_other_explanations_start_at_the_mode_of_the_first_where_they_believe_the_same(
    case: BuiltCase, rivals: tuple[Rival, ...], searches: Searches, no_draws: None
) -> None:
    fit_all(case, rivals, Watch(), None, 1, Processes())
    first, second = (explanation.parameters for explanation in case.explanations)
    assert not searches.starts[id(first)].z.any()
    assert not searches.starts[id(rivals[-1].explanation.parameters)].z.any()
    at = [parameter for parameter in first if parameter.prior.is_free]
    for parameter, z in zip([p for p in second if p.prior.is_free], searches.starts[id(second)].z, strict=True):
        assert z == ((at.index(parameter) + 1) / 10 if parameter in at else 0.0)
    assert searches.starts[id(second)].z.any()


def test_a_run_that_takes_up_the_first_fit_searches_the_last_from_the_same_start(
    case: BuiltCase, rivals: tuple[Rival, ...], searches: Searches, no_draws: None, tmp_path: pathlib.Path
) -> None:
    store, last = FitStore(tmp_path), rivals[-1]
    fit_all(case, rivals, Watch(), store, 1, Processes())
    (tmp_path / f"{fit_key(case, last, 1)}.json").unlink()
    searches.starts.clear()
    fit_all(case, rivals, Watch(), store, 1, Processes())
    assert list(searches.starts) == [id(last.explanation.parameters)]
    assert not searches.starts[id(last.explanation.parameters)].z.any()


def test_finished_fits_are_taken_up_and_neither_searched_nor_drawn_again(
    case: BuiltCase, rivals: tuple[Rival, ...], fits: tuple[Fit, ...], tmp_path: pathlib.Path, searches: Searches
) -> None:
    store = FitStore(tmp_path)
    for rival, fit in zip(rivals, fits, strict=True):
        store.keep(fit_key(case, rival, 1), fit.posterior)
    after = fit_all(case, rivals, Watch(), store, 1, Processes()).fits
    assert searches.starts == {}
    for one, other in zip(fits, after, strict=True):
        np.testing.assert_array_equal(one.posterior.draws().numbers, other.posterior.draws().numbers)
        assert (one.share, one.posterior.log_evidence) == (other.share, other.posterior.log_evidence)


def test_a_kept_search_is_drawn_around_as_it_would_have_been_at_once(
    case: BuiltCase, rivals: tuple[Rival, ...], fits: tuple[Fit, ...], tmp_path: pathlib.Path, searches: Searches
) -> None:
    store = FitStore(tmp_path)
    for rival, fit in zip(rivals, fits, strict=True):
        store.keep(fit_key(case, rival, 1), fit.posterior.laplace)
    after = fit_all(case, rivals, Watch(), store, 1, Processes()).fits
    assert searches.starts == {}
    for one, other in zip(fits, after, strict=True):
        assert one.posterior.log_evidence == other.posterior.log_evidence


def test_shares_sum_to_one_and_only_habit_solves_no_game(fits: tuple[Fit, ...]) -> None:
    assert [fit.equilibrium is None for fit in fits] == [False, False, False, False, True]
    assert sum(fit.share for fit in fits) == pytest.approx(1.0, abs=1e-12)


def test_every_mode_is_a_maximum_of_the_posterior(rivals: tuple[Rival, ...], fits: tuple[Fit, ...]) -> None:
    for rival, fit in zip(rivals, fits, strict=True):
        posterior = fit.posterior.laplace

        def log_posterior(z: np.ndarray, likelihood=rival.likelihood, posterior=posterior) -> float:
            return likelihood.value(numbers_at(posterior.parameters, z)) - 0.5 * float(z @ z)

        top = log_posterior(posterior.z)
        # solved from another start, to a residual of 1e-10 and an error of 1e-8
        assert top + 0.5 * float(posterior.z @ posterior.z) == pytest.approx(posterior.log_likelihood, abs=1e-7)
        for direction in np.random.default_rng(3).standard_normal((4, len(posterior.z))):
            assert log_posterior(posterior.z + 0.3 * direction) < top


def test_an_explanation_that_cannot_be_fitted_is_told_and_the_others_go_on(
    case: BuiltCase, rivals: tuple[Rival, ...], searches: Searches, no_draws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = case.explanations[1]

    def fails(likelihood: Likelihood, parameters: Sequence[Parameter], *, starts: Sequence[Start]) -> Laplace:
        if parameters is second.parameters:
            raise SamplingFailed("the posterior is flat at cost = 3.")
        return searches(likelihood, parameters, starts=starts)

    monkeypatch.setattr(fitting, "fit", fails)
    found = fit_all(case, rivals, Watch(), None, 1, Processes())
    assert [fit.explanation.name for fit in found.fits] == ["for-trade", NO_MOTIVES, SHARED_MOTIVES, HABIT]
    assert [(each.explanation.name, each.reason) for each in found.failures] == [
        ("for-votes", "the posterior is flat at cost = 3.")
    ]
    assert sum(fit.share for fit in found.fits) == pytest.approx(1.0, abs=1e-12)


def test_a_study_without_any_fitted_explanation_ends_with_all_reasons(
    case: BuiltCase, rivals: tuple[Rival, ...], searches: Searches, no_draws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = [explanation.parameters for explanation in case.explanations]

    def fails(likelihood: Likelihood, parameters: Sequence[Parameter], *, starts: Sequence[Start]) -> Laplace:
        if any(parameters is each for each in own):
            raise NotConverged("not converged.")
        return searches(likelihood, parameters, starts=starts)

    monkeypatch.setattr(fitting, "fit", fails)
    with pytest.raises(SamplingFailed, match=r"for-trade: not converged\.\nfor-votes: not converged\."):
        fit_all(case, rivals, Watch(), None, 1, Processes())


def test_a_possible_record_passes(case: BuiltCase, rivals: tuple[Rival, ...]) -> None:
    check_possible(case, rivals)


def test_a_fit_depends_on_game_record_priors_and_seed_alone(
    case: BuiltCase, rivals: tuple[Rival, ...], searches: Searches, no_draws: None, tmp_path: pathlib.Path
) -> None:
    store = FitStore(tmp_path)
    fit_all(case, rivals, Watch(), store, 1, Processes())

    def searched(changed: BuiltCase, seed: int = 1) -> list[str]:
        searches.starts.clear()
        own = [replace(rival, explanation=each) for rival, each in zip(rivals, changed.explanations, strict=False)]
        fit_all(changed, [*own, *rivals[2:]], Watch(), store, seed, Processes())
        known = (*changed.explanations, *(rival.explanation for rival in rivals[2:]))
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
    assert len(searched(words, seed=2)) == len(rivals)

    slot = next(i for i, each in enumerate(second.parameters) if each.prior.is_free)
    other = replace(second.parameters[slot], prior=Fixed(0.5))
    changed = replace(second, parameters=(*second.parameters[:slot], other, *second.parameters[slot + 1 :]))
    assert searched(replace(case, explanations=(first, changed))) == [second.name]

    later = replace(watched, record=replace(watched.record, until=watched.record.until + 1.0))
    assert searched(replace(case, records=(later,))) == names(rivals)
    elsewhere = replace(watched, start=np.full_like(watched.start, 1.0 / len(watched.start)))
    assert searched(replace(case, records=(elsewhere,))) == names(rivals)


def test_a_computation_that_changed_fits_anew(
    case: BuiltCase,
    rivals: tuple[Rival, ...],
    searches: Searches,
    no_draws: None,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fit_all(case, rivals, Watch(), FitStore(tmp_path), 1, Processes())
    searches.starts.clear()
    monkeypatch.setattr(fitting, "COMPUTATION", fitting.COMPUTATION + 1)
    fit_all(case, rivals, Watch(), FitStore(tmp_path), 1, Processes())
    assert len(searches.starts) == len(rivals)


def test_a_thorough_study_takes_the_evidence_of_its_runs_and_goes_on_where_it_was(
    case: BuiltCase,
    rivals: tuple[Rival, ...],
    fits: tuple[Fit, ...],
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store, made = FitStore(tmp_path), []
    for rival, each in zip(rivals, fits, strict=True):
        store.keep(fit_key(case, rival, 1), each.posterior)

    def run(laplace: Laplace, likelihood: Likelihood, seed: tuple[int, int]) -> Run:
        made.append((laplace.log_evidence, seed))
        z = np.full((2, len(laplace.z)), 0.1)
        return Run(z, -9.0 + 0.1 * seed[1], np.full(2, -8.0), (1.0,), (0.5,), (0.5,), 4, 0)

    monkeypatch.setattr(fitting, "run_tempered", run)
    found = fit_all(case, rivals, Watch(), store, 1, Processes(), thorough=True)
    assert len(made) == len(set(made)) == RUNS * len(rivals)
    for each in found.fits:
        assert isinstance(each.posterior, Tempered)
        assert [run.log_evidence for run in each.posterior.runs] == [-9.0 + 0.1 * n for n in range(RUNS)]
        assert each.share == pytest.approx(1 / len(rivals))

    (tmp_path / f"{fit_key(case, rivals[1], 1)}-run-3.json").unlink()
    (tmp_path / f"{fit_key(case, rivals[2], 1)}-run-0.json").write_text("{")
    made.clear()
    again = fit_all(case, rivals, Watch(), store, 1, Processes(), thorough=True)
    assert sorted(seed for _, seed in made) == [(1, 0), (1, 3)]
    for one, other in zip(found.fits, again.fits, strict=True):
        assert one.posterior.log_evidence == other.posterior.log_evidence
        np.testing.assert_array_equal(one.posterior.draws().numbers, other.posterior.draws().numbers)


def test_a_run_that_fails_is_a_failure_of_its_explanation(
    case: BuiltCase, rivals: tuple[Rival, ...], fits: tuple[Fit, ...], tmp_path: pathlib.Path, monkeypatch
) -> None:
    store = FitStore(tmp_path)
    for rival, each in zip(rivals, fits, strict=True):
        store.keep(fit_key(case, rival, 1), each.posterior)

    def run(laplace: Laplace, likelihood: Likelihood, seed: tuple[int, int]) -> Run:
        if laplace.parameters is rivals[1].explanation.parameters:
            raise SamplingFailed("no draw from the prior has a likelihood.")
        return Run(np.zeros((1, len(laplace.z))), -9.0, np.zeros(1), (1.0,), (0.5,), (0.5,), 2, 0)

    monkeypatch.setattr(fitting, "run_tempered", run)
    found = fit_all(case, rivals, Watch(), store, 1, Processes(), thorough=True)
    assert [each.explanation.name for each in found.failures] == [rivals[1].explanation.name]
    assert len(found.fits) == len(rivals) - 1
