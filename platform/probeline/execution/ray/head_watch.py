"""A look at Ray's head every few seconds: without it Ray ends this process after a minute, with no word of trials."""

import contextlib
import threading
from collections.abc import Callable, Iterator

from probeline.execution.ray.nodes import head_goes

LOOK_S = 5.0
"""Seconds between two looks."""

MISSES = 3
"""Looks in a row at which nothing listened there: one may fail on a machine that is busy."""


GRACE_S = 15.0
"""Seconds for the main thread to leave Ray; it may wait in Ray's own code, where no signal reaches it."""


@contextlib.contextmanager
def watched_head(gone: Callable[[], None], stuck: Callable[[], None]) -> Iterator[None]:
    """Calls `gone` in another thread where the connected head ends while the context lasts; `stuck` if it then does."""
    over = threading.Event()

    def look() -> None:
        misses = 0
        while misses < MISSES:
            if over.wait(LOOK_S):
                return
            misses = misses + 1 if head_goes(within=0) else 0
        gone()
        if not over.wait(GRACE_S):
            stuck()

    watch = threading.Thread(target=look, name="probeline-head", daemon=True)
    watch.start()
    try:
        yield
    finally:
        over.set()
        watch.join()
