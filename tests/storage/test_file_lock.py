"""Locks held by threads and by processes of this machine."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from probeline.errors import UserError
from probeline.storage import file_lock

HOLDER = """
import sys, time
from pathlib import Path
from probeline.storage import file_lock
path = Path(sys.argv[2])
if sys.argv[1] == "folder":
    with file_lock.held_folder(path):
        print("held", flush=True)
        time.sleep(600)
lock = file_lock.try_hold(path)
print("refused" if lock is None else "held", flush=True)
time.sleep(600)
"""


@pytest.fixture
def holder():
    """Starts a process that takes a lock; gives the process and what it says of it."""
    started: list[subprocess.Popen] = []

    def start(what: str, path: Path) -> tuple[subprocess.Popen, str]:
        command = [sys.executable, "-c", HOLDER, what, str(path)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_lock_is_released_when_its_holder_is_killed(what, holder, tmp_path):
    path = tmp_path if what == "folder" else tmp_path / "lock"
    process, said = holder(what, path)
    assert said == "held"
    taken = threading.Event()

    def wait() -> None:
        with file_lock.held_folder(path) if what == "folder" else file_lock.held(path):
            taken.set()

    thread = threading.Thread(target=wait)
    thread.start()
    until = time.monotonic() + 60
    while not file_lock.waiting() and time.monotonic() < until:
        time.sleep(0.01)
    assert file_lock.waiting() and not taken.is_set()
    process.send_signal(signal.SIGKILL)
    assert taken.wait(60)
    thread.join()
    assert not file_lock.waiting()


def test_a_lock_that_is_held_is_not_taken_twice_and_may_be_taken_once_it_is_closed(holder, tmp_path):
    path = tmp_path / "lock"
    lock = file_lock.try_hold(path)
    assert lock is not None
    assert file_lock.try_hold(path) is None, "by this process"
    assert holder("file", path)[1] == "refused", "by another one"
    threading.Thread(target=lock.close).start()  # a writer is closed by another thread than the one that opened it
    with file_lock.held(path):
        pass
    again = file_lock.try_hold(path)
    assert again is not None
    again.close()


def test_a_lock_is_not_handed_down_to_programs_that_its_holder_starts(tmp_path):
    lock = file_lock.try_hold(tmp_path / "lock")
    assert lock is not None
    sleeper = "import time; print('up', flush=True); time.sleep(600)"
    child = subprocess.Popen([sys.executable, "-c", sleeper], close_fds=False, stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        child.stdout.readline()  # until then the new program may still be about to close what is not its own
        lock.close()
        again = file_lock.try_hold(tmp_path / "lock")
        assert again is not None
        again.close()
    finally:
        child.kill()
        child.communicate()


def test_a_lock_of_a_folder_leaves_nothing_in_it(tmp_path):
    with file_lock.held_folder(tmp_path):
        assert list(tmp_path.iterdir()) == []


def test_no_folder_is_made_for_a_lock_that_is_only_tried(tmp_path):
    with pytest.raises(FileNotFoundError):
        file_lock.try_hold(tmp_path / "none" / "lock")
    assert not (tmp_path / "none").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_one_message(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match="cannot be written"), file_lock.held(tmp_path / "below" / "lock"):
        pass


def test_below_proc_it_is_one_message_too():
    with pytest.raises(UserError, match="cannot be written"), file_lock.held(Path("/proc/none/lock")):
        pass
