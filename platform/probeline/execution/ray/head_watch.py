"""A look at Ray every few seconds: without its head or this node's raylet it ends this process, and says no word."""

import contextlib
import threading
from collections.abc import Callable, Iterator

from probeline.execution.ray.nodes import has_ended, head_goes, own_node

LOOK_S = 2.0
"""Seconds between two looks."""

MISSES = 7
"""Looks in a row at which no head listened: one may fail on a machine that is busy, and a head may be started again."""

REFUSALS = 2
"""Looks in a row at which the raylet's port refused: of a SIGTERM to all processes this one hears first."""

GRACE_S = 5.0
"""Seconds for the main thread to leave Ray; it may wait in Ray's own code, where no signal reaches it.

Some ten seconds after a raylet has ended Ray ends the processes of its node.
"""


@contextlib.contextmanager
def watched_head(gone: Callable[[], None], stuck: Callable[[], None]) -> Iterator[None]:
    """Calls `gone` in another thread where the connected head, or this node's raylet, ends while the context lasts.

    Then `stuck`, if the context still lasts some seconds later.
    """
    over, raylet = threading.Event(), own_node()

    def look() -> None:
        misses = refusals = 0
        while misses < MISSES and refusals < REFUSALS:
            if over.wait(LOOK_S):
                return
            refusals = refusals + 1 if has_ended(*raylet) else 0
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
