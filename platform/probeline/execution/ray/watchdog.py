"""A separate process that kills a worker without a heartbeat; a script without imports of this package.

    python watchdog.py PID LIFE SECONDS

LIFE is a file that the worker touches at every step; its text is the id of the trial that runs, "" for none. After
SECONDS without a touch the worker is asked where it stands (SIGUSR2 makes it write its stacks into LIFE.stacks), then
killed, and what it stood in is left in `<trial id>.hung` beside LIFE. Another process can do this even to a worker
that is stopped, or that sits in native code and holds the interpreter.
"""

import os
import signal
import sys
import time
from pathlib import Path


def watch(pid: int, life: Path, seconds: float) -> None:
    """Returns when the worker is gone or has been ended."""
    last, since = 0, time.monotonic()
    while alive(pid):
        time.sleep(min(1.0, seconds / 4))
        try:
            trial, touched = life.read_text(encoding="utf-8"), life.stat().st_mtime_ns
        except OSError:
            return
        if touched != last or not trial:  # this process's own clock: a suspended machine is not a hanging trial
            last, since = touched, time.monotonic()
        elif time.monotonic() - since > seconds:
            end(pid, life, trial, seconds)
            return


def end(pid: int, life: Path, trial: str, seconds: float) -> None:
    """Asks for the stacks, writes the note, kills."""
    stacks = life.with_name(f"{life.name}.stacks")
    try:
        os.kill(pid, signal.SIGUSR2)
        time.sleep(min(1.0, seconds))
        text = stacks.read_text(encoding="utf-8", errors="replace") if stacks.exists() else ""
        life.with_name(f"{trial}.hung").write_text(text or "it did not say where it stood", encoding="utf-8")
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def alive(pid: int) -> bool:
    """Whether the process is there."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    watch(int(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]))
