import threading
import time

import pytest

from raison.analysis.pool import SMALL, WORKERS, side_by_side, workers_for


def test_results_come_in_the_order_of_the_jobs_whoever_is_done_first() -> None:
    first_may_go = threading.Event()

    def work(job: int) -> int:
        if job == 0 and WORKERS > 1:
            first_may_go.wait(10)
        first_may_go.set()
        return job * job

    told: list[int] = []
    assert side_by_side(work, range(6), workers=WORKERS, done=told.append) == [0, 1, 4, 9, 16, 25]
    assert told == [1, 2, 3, 4, 5, 6]


def test_the_first_error_ends_the_work() -> None:
    done: list[int] = []

    def work(job: int) -> None:
        if job == 0:
            raise ZeroDivisionError
        time.sleep(0.002)
        done.append(job)

    with pytest.raises(ZeroDivisionError):
        side_by_side(work, range(2_000), workers=WORKERS, done=lambda _: None)
    assert len(done) < 1_999


def test_no_jobs_are_no_work() -> None:
    assert side_by_side(lambda job: job, [], workers=2, done=lambda _: None) == []


def test_small_games_are_worked_on_one_at_a_time() -> None:
    assert (workers_for(SMALL - 1), workers_for(SMALL)) == (1, WORKERS)


def test_the_dearest_piece_is_begun_first_and_results_keep_their_order() -> None:
    begun: list[int] = []

    def work(job: int) -> int:
        begun.append(job)
        return 10 * job

    found = side_by_side(work, [1, 3, 2], workers=1, done=lambda count: None, cost=float)
    assert found == [10, 30, 20]
    assert begun == [3, 2, 1]
