import pytest
from numba.core.dispatcher import Dispatcher

from raison.engine.compiling import compiled, summing


@pytest.mark.parametrize("how", [compiled, summing])
def test_a_loop_runs_where_its_code_cannot_be_kept(how, monkeypatch: pytest.MonkeyPatch):
    def refuse(self):
        raise RuntimeError("no locator available")

    monkeypatch.setattr(Dispatcher, "enable_caching", refuse)

    @how
    def total(count):
        found = 0.0
        for number in range(count):
            found += number
        return found

    assert total(5) == 10.0
