import pytest

from raison.analysis.description import Described, describe_all
from raison.analysis.fitting import Fit, Likelihoods, fit_all, make_likelihoods
from raison.analysis.watch import Watch
from raison.case import BuiltCase
from raison.case.template import write_template
from raison.cases import open_case


@pytest.fixture(scope="session")
def case(tmp_path_factory: pytest.TempPathFactory) -> BuiltCase:
    """The small case of the template."""
    folder = tmp_path_factory.mktemp("analysis") / "small"
    write_template(folder)
    return open_case(folder)


@pytest.fixture(scope="session")
def likelihoods(case: BuiltCase) -> Likelihoods:
    return make_likelihoods(case)


@pytest.fixture(scope="session")
def fits(case: BuiltCase, likelihoods: Likelihoods) -> tuple[Fit, ...]:
    return fit_all(case, likelihoods, Watch(), None)


@pytest.fixture(scope="session")
def described(case: BuiltCase, fits: tuple[Fit, ...]) -> Described:
    (only,) = describe_all(case, fits, Watch())
    return only
