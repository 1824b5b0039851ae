"""The watchdog against a real process."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest
from probeline.execution.ray import watchdog

WORKER = """
    import faulthandler, os, signal, sys, time
    from pathlib import Path
    life = Path(sys.argv[1])
    faulthandler.register(signal.SIGUSR2, file=open(f"{life}.stacks", "w"))
    life.write_text("trial1")
    for _ in range(10):
        time.sleep(0.2)
        os.utime(life)
    life.with_name("ten").touch()
    if sys.argv[2] == "idle":
        life.write_text("")
    def stuck_here():
        time.sleep(60)
    stuck_here()
"""


@pytest.fixture
def start(tmp_path):
    started = []

    def begin(what: str) -> subprocess.Popen:
        life = tmp_path / "life"
        life.write_text("")
        worker = subprocess.Popen([sys.executable, "-c", textwrap.dedent(WORKER), str(life), what])
        dog = subprocess.Popen([sys.executable, "-S", "-E", watchdog.__file__, str(worker.pid), str(life), "1.2"])
        started.extend([worker, dog])
        return worker

    yield begin
    for process in started:
        process.kill()
        process.wait()


def test_a_process_that_shows_no_life_for_too_long_is_killed_and_its_place_kept(start, tmp_path):
    worker = start("busy")
    assert worker.wait(timeout=30) == -signal.SIGKILL
    assert (tmp_path / "ten").exists()  # not while it lived, which took longer than the patience
    assert "stuck_here" in (tmp_path / "trial1.hung").read_text()


def test_a_process_without_a_trial_is_left_alone(start, tmp_path):
    worker = start("idle")
    while not (tmp_path / "ten").exists():
        time.sleep(0.1)
    time.sleep(2.0)
    assert worker.poll() is None
    assert not list(tmp_path.glob("*.hung"))


def test_a_stopped_process_is_killed_too(start, tmp_path):
    worker = start("busy")
    while not (tmp_path / "life").read_text():
        time.sleep(0.05)
    os.kill(worker.pid, signal.SIGSTOP)
    assert worker.wait(timeout=30) == -signal.SIGKILL
