import pytest

from raison.analysis.fitting import fit_all, make_rivals
from raison.analysis.pool import Processes
from raison.analysis.unexplained import RECORDS, unexplained
from raison.analysis.watch import Watch
from raison.case.template import write_template
from raison.cases import open_case

CROWD = "".join(f"2022-05-{day:02},move,northland,speak,,invented,\n" for day in range(2, 28, 2))


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory):
    """The fits of the small case with thirteen speeches in its last two months."""
    folder = tmp_path_factory.mktemp("crowded") / "small"
    write_template(folder)
    path = folder / "record.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([*lines[:-1], CROWD, lines[-1]]), encoding="utf-8")
    case = open_case(folder)
    rivals = make_rivals(case)
    return fit_all(case, rivals, Watch(), None, 0, Processes()).fits


@pytest.fixture(scope="module")
def found(crowded):
    """What the best do not account for."""
    return unexplained(crowded, 0, Watch(), Processes())


def test_a_planted_crowd_is_named_with_its_dates(crowded, found) -> None:
    acts, _ = found
    best = max(crowded, key=lambda fit: fit.share).explanation.name
    speeches = {each.action: each for each in acts if each.explanation == best}["speak"]
    assert speeches.p_value == 1.0 / (RECORDS + 1.0)
    assert speeches.is_crowd
    assert speeches.begin >= "2022-04-01"
    assert speeches.end <= "2022-06-30"
    assert speeches.seen_there >= 13 > 5 > speeches.expected_there
    assert len(speeches.off) == len(speeches.low) == len(speeches.high) == 61
    assert speeches.off[-1] == pytest.approx(speeches.seen - speeches.expected, abs=1e-3)


def test_the_best_of_the_case_is_compared_too_where_a_null_leads(crowded, found) -> None:
    acts, readings = found
    leader = max(crowded, key=lambda fit: fit.share)
    listed = max((fit for fit in crowded if not fit.is_null), key=lambda fit: fit.share)
    wanted = {leader.explanation.name, listed.explanation.name}
    assert {each.explanation for each in acts} == {each.explanation for each in readings} == wanted
    assert all(1.0 / (RECORDS + 1.0) <= each.p_value <= 1.0 for each in (*acts, *readings))


def test_the_same_seed_gives_the_same_p_values(crowded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("raison.analysis.unexplained.RECORDS", 30)
    first, second, other = (unexplained(crowded, seed, Watch(), Processes()) for seed in (0, 0, 1))
    assert first == second
    assert first != other
