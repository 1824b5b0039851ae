"""Locks between the processes of one node, released by the system when their holder ends, however it ends.

They are locks of open descriptors and not filelock's `FileLock`, which locks no folder, makes the folders above a lock
file, and by default must be released by the thread that took it.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from filelock import lock_descriptor

from probeline.errors import disk_full_guard

logger = logging.getLogger(__name__)

_waits: list[Path] = []


def waiting() -> bool:
    """Whether this process waits for a lock that another one holds."""
    return bool(_waits)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock file at `path`; waits for whoever holds it. Raises UserError for a forbidden path, DiskFull."""
    with disk_full_guard(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
    with file:
        _wait(file.fileno(), path)
        yield


@contextmanager
def held_folder(folder: Path) -> Iterator[None]:
    """Hold a folder itself, which leaves no file in it; waits for whoever holds it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _wait(descriptor, folder)
        yield
    finally:
        os.close(descriptor)


def try_hold(path: Path) -> IO[bytes] | None:
    """The lock file at `path`, held until it is closed; None where another process holds it. Raises OSError."""
    file = path.open("ab")
    try:
        if lock_descriptor(file.fileno(), blocking=False):
            return file
    except BaseException:
        file.close()
        raise
    file.close()
    return None


def _wait(descriptor: int, path: Path) -> None:
    if lock_descriptor(descriptor, blocking=False):
        return
    logger.info("waiting for another process that holds %s", path)
    _waits.append(path)
    try:
        lock_descriptor(descriptor)
    finally:
        _waits.remove(path)
