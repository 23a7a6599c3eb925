import pytest

from raison.analysis import Watch


def test_a_stage_is_timed_and_what_is_told_is_passed_on() -> None:
    told: list[tuple[str, int, int]] = []
    watch = Watch(lambda *step: told.append(step))
    with watch.stage("fit"):
        watch.tell("fit", 1, 3)
    assert told == [("fit", 1, 3)]
    (stage,) = watch.stages
    assert stage.name == "fit"
    assert stage.seconds >= 0.0
    assert 10.0 < stage.peak_mib < 1e6


def test_a_stage_that_fails_is_not_listed_as_done() -> None:
    watch = Watch()
    with pytest.raises(ZeroDivisionError), watch.stage("fit"):
        raise ZeroDivisionError
    assert watch.stages == []
