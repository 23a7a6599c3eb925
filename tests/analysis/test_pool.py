import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

from raison.analysis.pool import SMALL, Processes, end_processes
from raison.errors import WorkersLost


def test_results_come_in_the_order_of_the_jobs_whoever_is_done_first() -> None:
    def work(job: int) -> int:
        time.sleep(0.5 if job == 0 else 0.0)
        return job * job

    told: list[tuple[int, int, int]] = []
    found = Processes().side_by_side(work, range(6), bulk=SMALL, done=lambda *each: told.append(each))
    assert found == [0, 1, 4, 9, 16, 25]
    assert [count for count, _, _ in told] == [1, 2, 3, 4, 5, 6]
    assert sorted(each[1:] for each in told) == [(job, job * job) for job in range(6)]


def test_the_first_error_ends_the_work() -> None:
    def work(job: int) -> None:
        if job == 0:
            raise ZeroDivisionError
        time.sleep(0.01)

    told: list[int] = []
    with pytest.raises(ZeroDivisionError):
        Processes().side_by_side(work, range(500), bulk=SMALL, done=lambda count, *_: told.append(count))
    assert len(told) < 499


def test_a_process_that_is_killed_is_told_and_the_next_work_is_done() -> None:
    def work(job: int) -> int:
        if job == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return job

    with pytest.raises(WorkersLost, match="What was finished is kept"):
        Processes().side_by_side(work, range(4), bulk=SMALL, done=lambda *_: None)
    assert Processes().side_by_side(abs, [-1, -2, -3], bulk=SMALL, done=lambda *_: None) == [1, 2, 3]


def test_a_process_that_keeps_much_goes_on_working() -> None:
    def work(_: int) -> int:
        kept = __import__("sys").modules.setdefault("kept for a test", [])
        kept.append(np.ones(2**25))  # a quarter of a gigabyte
        time.sleep(1.5)
        return os.getpid()

    end_processes()
    found = Processes().side_by_side(work, range(6), bulk=SMALL, done=lambda *_: None)
    end_processes()
    assert len(set(found)) == 2


def test_processes_can_be_ended_whether_there_are_any_or_not() -> None:
    own = os.getpid()
    first = Processes().side_by_side(lambda _: os.getpid(), range(4), bulk=SMALL, done=lambda *_: None)
    end_processes()
    end_processes()
    second = Processes().side_by_side(lambda _: os.getpid(), range(4), bulk=SMALL, done=lambda *_: None)
    assert own not in {*first, *second}
    assert not set(first) & set(second)


def test_nobody_complains_of_locks_that_an_interrupted_run_still_holds() -> None:
    program = """
        import os, time
        from raison.analysis.pool import SMALL, Processes, end_processes

        def stop(*_):
            raise KeyboardInterrupt

        try:
            Processes().side_by_side(time.sleep, [0.0, 0.0, 5.0, 5.0], bulk=SMALL, done=stop)
        except KeyboardInterrupt as error:
            end_processes()
            os._exit(130)
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (ended.returncode, ended.stderr) == (130, "")


def test_who_hesitates_does_short_work_alone_and_hands_out_what_is_long() -> None:
    end_processes()
    own = os.getpid()

    def quick(_: int) -> int:
        return os.getpid()

    def slow(_: int) -> int:
        time.sleep(0.5)
        return os.getpid()

    alone = Processes(hesitates=True).side_by_side(quick, range(20), bulk=SMALL, done=lambda *_: None)
    assert alone == [own] * 20
    shared = Processes(hesitates=True).side_by_side(slow, range(12), bulk=SMALL, done=lambda *_: None)
    assert shared[0] == own
    assert own not in shared[1:]
    # by cost, what is left is little: the first piece was the long one
    costs = Processes(hesitates=True).side_by_side(
        quick, range(12), bulk=SMALL, done=lambda *_: None, cost=lambda job: 100.0 if job == 0 else 1.0
    )
    assert costs == [own] * 12


def test_no_jobs_are_no_work() -> None:
    assert Processes().side_by_side(lambda job: job, [], bulk=SMALL, done=lambda *_: None) == []


def test_small_games_are_worked_on_one_at_a_time() -> None:
    at_work: list[int] = []

    def work(job: int) -> int:
        at_work.append(job)
        time.sleep(0.01)
        others = len(at_work) - 1
        at_work.remove(job)
        return others

    assert Processes().side_by_side(work, range(6), bulk=SMALL - 1, done=lambda *_: None) == [0] * 6


def test_the_dearest_piece_is_begun_first_and_results_keep_their_order() -> None:
    begun: list[int] = []

    def work(job: int) -> int:
        begun.append(job)
        return 10 * job

    found = Processes().side_by_side(work, [1, 3, 2], bulk=1, done=lambda *_: None, cost=float)
    assert found == [10, 30, 20]
    assert begun == [3, 2, 1]
