import contextlib
import signal
import sys
import threading
import time

import pytest

from raison.analysis import Watch
from raison.analysis.watch import cancelled_by_interrupt
from raison.errors import Cancelled, Terminated


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


def test_a_run_that_is_cancelled_from_another_thread_ends_at_its_next_step() -> None:
    told: list[tuple[str, int, int]] = []
    cancelled = threading.Event()
    watch = Watch(lambda *step: told.append(step), cancelled)
    watch.tell("fit", 0, 3)
    other = threading.Thread(target=cancelled.set)
    other.start()
    other.join()
    with pytest.raises(Cancelled):
        watch.tell("fit", 1, 3)
    with pytest.raises(Cancelled), watch.stage("ask"):
        raise AssertionError("no stage begins")
    assert told == [("fit", 0, 3)]


def swallow_interrupt() -> None:
    with contextlib.suppress(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_an_interrupt_cancels_at_once_and_leaves_the_handlers_as_they_were() -> None:
    before = signal.getsignal(signal.SIGINT), sys.unraisablehook
    with pytest.raises(Cancelled), cancelled_by_interrupt():
        signal.raise_signal(signal.SIGINT)
    assert (signal.getsignal(signal.SIGINT), sys.unraisablehook) == before


def test_being_told_to_end_cancels_too_with_a_code_of_its_own() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Terminated) as ended, cancelled_by_interrupt():
        signal.raise_signal(signal.SIGTERM)
    assert ended.value.exit_code == 143
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_cancelled_run_that_was_told_to_end_says_so() -> None:
    def ends() -> None:
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        raise Cancelled("Finished explanations are kept.")

    with pytest.raises(Terminated, match="kept"), cancelled_by_interrupt():
        ends()


def test_an_interrupt_that_was_swallowed_takes_effect_at_the_next_step() -> None:
    told: list[tuple[str, int, int]] = []

    def run() -> None:
        with cancelled_by_interrupt() as cancelled:
            watch = Watch(lambda *step: told.append(step), cancelled)
            watch.tell("fit", 0, 2)
            swallow_interrupt()
            watch.tell("fit", 1, 2)

    with pytest.raises(Cancelled):
        run()
    assert told == [("fit", 0, 2)]


def test_an_interrupt_that_was_swallowed_after_the_last_step_takes_effect_at_the_end() -> None:
    with pytest.raises(Cancelled), cancelled_by_interrupt():
        swallow_interrupt()


class Collected:
    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


def test_an_interrupt_that_was_lost_in_a_callback_is_sent_once_more(capsys: pytest.CaptureFixture[str]) -> None:
    begin = time.monotonic()

    def run() -> None:
        with cancelled_by_interrupt():
            Collected()
            time.sleep(30)

    with pytest.raises(Cancelled):
        run()
    assert time.monotonic() - begin < 10
    assert capsys.readouterr().err == ""


def test_what_an_interrupt_breaks_is_no_bug() -> None:
    def run() -> None:
        with cancelled_by_interrupt():
            swallow_interrupt()
            raise SystemError("returned a result with an exception set")

    with pytest.raises(Cancelled):
        run()


def test_what_breaks_without_an_interrupt_is_told() -> None:
    with pytest.raises(ZeroDivisionError), cancelled_by_interrupt():
        raise ZeroDivisionError


def test_a_block_in_another_thread_leaves_interrupts_alone() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def block() -> None:
        with cancelled_by_interrupt():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=block)
    thread.start()
    thread.join()
    assert seen == [before]
