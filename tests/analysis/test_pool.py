import threading
import time

import pytest

from raison.analysis.pool import SMALL, WORKERS, Processes


def test_results_come_in_the_order_of_the_jobs_whoever_is_done_first() -> None:
    first_may_go = threading.Event()

    def work(job: int) -> int:
        if job == 0 and WORKERS > 1:
            first_may_go.wait(10)
        first_may_go.set()
        return job * job

    told: list[tuple[int, int, int]] = []
    found = Processes().side_by_side(work, range(6), states=SMALL, done=lambda *each: told.append(each))
    assert found == [0, 1, 4, 9, 16, 25]
    assert [count for count, _, _ in told] == [1, 2, 3, 4, 5, 6]
    assert sorted(each[1:] for each in told) == [(job, job * job) for job in range(6)]


def test_the_first_error_ends_the_work() -> None:
    done: list[int] = []

    def work(job: int) -> None:
        if job == 0:
            raise ZeroDivisionError
        time.sleep(0.002)
        done.append(job)

    with pytest.raises(ZeroDivisionError):
        Processes().side_by_side(work, range(2_000), states=SMALL, done=lambda *_: None)
    assert len(done) < 1_999


def test_no_jobs_are_no_work() -> None:
    assert Processes().side_by_side(lambda job: job, [], states=SMALL, done=lambda *_: None) == []


def test_small_games_are_worked_on_one_at_a_time() -> None:
    at_work: list[int] = []

    def work(job: int) -> int:
        at_work.append(job)
        time.sleep(0.01)
        others = len(at_work) - 1
        at_work.remove(job)
        return others

    assert Processes().side_by_side(work, range(6), states=SMALL - 1, done=lambda *_: None) == [0] * 6


def test_the_dearest_piece_is_begun_first_and_results_keep_their_order() -> None:
    begun: list[int] = []

    def work(job: int) -> int:
        begun.append(job)
        return 10 * job

    found = Processes().side_by_side(work, [1, 3, 2], states=1, done=lambda *_: None, cost=float)
    assert found == [10, 30, 20]
    assert begun == [3, 2, 1]
