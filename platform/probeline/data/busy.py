"""Heartbeats of a process through work that says nothing of its progress, such as the decoding of a plug-in."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from probeline.storage import file_lock

EVERY_S = 1.0
"""Seconds between two looks at what the process has done."""

OWN_S, OTHERS_S, IO_BYTES = 0.001, 0.2, 2**16
"""Work between two looks that counts: processor seconds of the thread that works, of all threads (Ray's own need some
all the time), bytes read and written."""


def silent() -> None:
    """No heartbeat: for processes that nobody watches."""


@contextmanager
def busy(beat: Callable[[], None]) -> Iterator[None]:
    """Calls `beat` from a thread while the caller computes, reads, writes or waits for a lock; not while it hangs."""
    if beat is silent:
        yield
        return
    ended = threading.Event()
    thread = threading.Thread(
        target=_look, args=(ended, beat, threading.get_ident()), name="probeline-busy", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _look(ended: threading.Event, beat: Callable[[], None], worker: int) -> None:
    last = _Work.done(worker)
    while not ended.wait(EVERY_S):
        work = _Work.done(worker)
        if file_lock.waiting() or work.goes_on(last):  # whoever holds the lock is watched itself
            beat()
        last = work


@dataclass(frozen=True)
class _Work:
    own: float
    all: float
    bytes: int

    @classmethod
    def done(cls, thread: int) -> "_Work":
        """Processor seconds of a thread, and of the whole process; bytes that it has read and written."""
        import psutil

        process = psutil.Process()
        own = time.clock_gettime(time.pthread_getcpuclockid(thread)) if hasattr(time, "pthread_getcpuclockid") else 0.0
        counters = process.io_counters() if hasattr(process, "io_counters") else None
        moved = getattr(counters, "read_chars", 0) + getattr(counters, "write_chars", 0)
        return cls(own, sum(process.cpu_times()[:4]), moved)

    def goes_on(self, last: "_Work") -> bool:
        """Whether there is more work than at the `last` look."""
        return self.own - last.own > OWN_S or self.all - last.all > OTHERS_S or self.bytes - last.bytes > IO_BYTES
