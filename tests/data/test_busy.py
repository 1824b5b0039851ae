"""Heartbeats while a process works in silence."""

import threading
import time

import pytest
from probeline.data.busy import busy
from probeline.storage import file_lock


class Beats:
    """A heartbeat that can be waited for."""

    def __init__(self) -> None:
        self.count, self.came = 0, threading.Event()

    def __call__(self) -> None:
        self.count += 1
        self.came.set()


def test_a_process_that_computes_is_busy():
    beats = Beats()
    with busy(beats):
        until = time.monotonic() + 60
        while not beats.came.is_set() and time.monotonic() < until:
            sum(range(10_000))
    assert beats.count


def test_a_process_that_hangs_is_not_busy():
    beats = Beats()
    with busy(beats):
        time.sleep(2.5)
    assert beats.count == 0


def test_a_process_that_waits_for_another_ones_lock_is_busy(tmp_path):
    beats, held, path = Beats(), threading.Event(), tmp_path / "lock"

    def hold() -> None:
        with file_lock.held(path):
            held.set()
            beats.came.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(60)
    with busy(beats), file_lock.held(path):
        assert not file_lock.waiting()
    holder.join()
    assert beats.count


def test_what_a_busy_process_raises_comes_through_and_ends_the_beats():
    beats = Beats()
    with pytest.raises(ZeroDivisionError), busy(beats):
        raise ZeroDivisionError
    assert not [thread for thread in threading.enumerate() if thread.name == "probeline-busy"]
