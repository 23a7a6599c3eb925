import pytest

from raison.analysis.description import Described, describe_all
from raison.analysis.fitting import Fit, Rival, fit_all, make_rivals
from raison.analysis.pool import Processes
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
def rivals(case: BuiltCase) -> tuple[Rival, ...]:
    return make_rivals(case)


@pytest.fixture(scope="session")
def fits(case: BuiltCase, rivals: tuple[Rival, ...]) -> tuple[Fit, ...]:
    found = fit_all(case, rivals, Watch(), None, 1, Processes())
    assert found.failures == ()
    return found.fits


@pytest.fixture(scope="session")
def described(case: BuiltCase, fits: tuple[Fit, ...]) -> Described:
    (only,) = describe_all(case, fits, Watch())
    return only
