"""Heartbeats of a training process, one a step, and the request from outside that it stop soon.

Both belong to the process, as signals do. Training asks `stopping` between two steps and keeps its state first.
"""

import os
import threading
import time
from pathlib import Path


class Stopped(Exception):
    """Training has kept its state and stops, as it was asked to."""


EVERY = 1.0
"""Seconds between two heartbeats on disk."""

_stop = threading.Event()
_life: Path | None = None
_last = 0.0


def show_life_in(file: Path | None) -> None:
    """Sets the file whose modification time is the last heartbeat. None: there is none."""
    global _life
    _life = file


def beat() -> None:
    """A step was made."""
    global _last
    now = time.monotonic()
    if _life is not None and now - _last >= EVERY:
        _last = now
        os.utime(_life)


def stop_soon() -> None:
    """Asks the training of this process to keep its state and stop; safe in a signal handler."""
    _stop.set()


def carry_on() -> None:
    """Takes the wish back."""
    _stop.clear()


def stopping() -> bool:
    """Whether training should stop."""
    return _stop.is_set()
