"""A lock between the processes of one node, let go by the system when its holder dies."""

import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from probeline.errors import disk_full_guard

logger = logging.getLogger(__name__)

_waits: list[Path] = []


def waiting() -> bool:
    """Whether this process waits for a lock that another one holds."""
    return bool(_waits)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock file at `path`; waits for whoever holds it."""
    with disk_full_guard(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            logger.info("another process is decoding the same data; waiting (%s)", path)
            _waits.append(path)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
            finally:
                _waits.remove(path)
        yield
