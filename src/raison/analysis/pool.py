"""Independent pieces of work, side by side: the one pool of a study."""

from __future__ import annotations

import concurrent.futures
import os
from collections.abc import Callable, Sequence
from typing import TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")

WORKERS = min(2, os.cpu_count() or 1)
"""Threads at a time; what they run is compiled and does not hold the interpreter."""

SMALL = 1000
"""States below which little of the work is in compiled loops: threads would wait for each other."""


def workers_for(states: int) -> int:
    """Return how many pieces of work on a game of so many states run at a time."""
    return WORKERS if states >= SMALL else 1


def side_by_side(
    work: Callable[[Job], Result],
    jobs: Sequence[Job],
    *,
    workers: int,
    done: Callable[[int], None],
    cost: Callable[[Job], float] = lambda job: 0.0,
) -> list[Result]:
    """Return the results of `work`, in the order of `jobs`.

    Args:
        work: one piece of work.
        jobs: what it is called with.
        workers: how many run at a time.
        done: called with how many pieces are done, after each.
        cost: of a piece of work: the dearest are begun first, so that none is left alone at the end.

    Errors:
        The first that a piece of work raises; pieces that have not begun are dropped then, as at an interrupt.
    """
    pool = concurrent.futures.ThreadPoolExecutor(max_workers=workers)
    try:
        order = sorted(range(len(jobs)), key=lambda i: -cost(jobs[i]))
        futures = {i: pool.submit(work, jobs[i]) for i in order}
        for count, future in enumerate(concurrent.futures.as_completed(futures.values()), start=1):
            future.result()
            done(count)
        return [futures[i].result() for i in range(len(jobs))]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
