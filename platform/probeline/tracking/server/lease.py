"""One run at a time of an experiment on a tracking server, wherever it works: a heartbeat on the MLflow experiment.

A server knows no locks, so it is a tag that its holder writes anew again and again. Whether a holder lives is seen by
watching the tag change, and not by its age: two machines' clocks may differ. Of two that take it at once the later
write stays, and the other one finds it.
"""

import contextlib
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from probeline.errors import UserError
from probeline.tracking.server.client import connect, retried
from probeline.tracking.writing.experiments import ExperimentInfo, Homes

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

TAG, NOBODY = "probeline.at_work", "nobody"

HEARTBEAT_S = 10.0
"""Seconds between two heartbeats."""

HEARTBEAT_TIMEOUT_S = 30.0
"""Seconds without one after which a holder's lease has expired."""

SETTLE_S = 1.0
"""Seconds after which whoever has taken it at the same time has written, too."""


@dataclass(frozen=True)
class Holder:
    """Who is at work; `beats` counts its heartbeats."""

    host: str
    pid: int
    token: str
    beats: int = 0

    @property
    def dead(self) -> bool:
        """Whether it is known to be gone, as it was a process of this machine."""
        return self.host == socket.gethostname() and not psutil.pid_exists(self.pid)


@contextmanager
def held(uri: str, experiment: ExperimentInfo, workdir: Path, lost: Callable[[], None]) -> Iterator[bool]:
    """Is at work on the experiment on the server at `uri` as long as the context lasts.

    Yields whether it waited for another one to end, which may have finished what this one means to do.

    A server that does not answer is no obstacle: no holder can be asked. `lost` is called in another thread, once,
    where somebody took this process dead: its lease has expired.

    Raises:
        UserError: another run is at work; it says where.
    """
    me = Holder(socket.gethostname(), os.getpid(), uuid.uuid4().hex)
    try:
        client = connect(uri)
        homes = Homes(client, uri, workdir, experiment)
        experiment_id = retried(lambda: homes.experiment(experiment.name))  # made by this process or one beside it
        waited = _take(client, experiment_id, experiment.name, me)
    except UserError:
        raise
    except Exception:  # noqa: BLE001 (whatever MLflow raises; the writer reports it)
        yield False
        return
    over = threading.Event()
    renewing = threading.Thread(target=_renew, args=(client, experiment_id, me, over, lost), daemon=True)
    renewing.start()
    try:
        yield waited
    finally:
        over.set()
        renewing.join(HEARTBEAT_TIMEOUT_S)
        with contextlib.suppress(Exception):  # a server that is away: the next run sees no heartbeat
            if _is(_holder(client, experiment_id), me):
                retried(lambda: client.set_experiment_tag(experiment_id, TAG, NOBODY))


def _take(client: "MlflowClient", experiment_id: str, name: str, me: Holder) -> bool:
    holder = _holder(client, experiment_id)
    waits = holder is not None and not holder.dead
    if waits:
        until = time.monotonic() + HEARTBEAT_TIMEOUT_S
        while time.monotonic() < until:
            time.sleep(HEARTBEAT_S / 10)
            now = _holder(client, experiment_id)
            if now is None:
                break
            if now != holder:
                raise _busy(name, now)
    _say(client, experiment_id, me)
    time.sleep(SETTLE_S)
    now = _holder(client, experiment_id)
    if not _is(now, me):
        raise _busy(name, now)
    return waits


def _renew(
    client: "MlflowClient", experiment_id: str, me: Holder, over: threading.Event, lost: Callable[[], None]
) -> None:
    beats = 0
    while not over.wait(HEARTBEAT_S):
        with contextlib.suppress(Exception):  # the server is away: trials that run are not stopped
            if not _is(_holder(client, experiment_id), me):
                lost()
                return
            beats += 1
            _say(client, experiment_id, Holder(me.host, me.pid, me.token, beats))


def _holder(client: "MlflowClient", experiment_id: str) -> Holder | None:
    """Who is at work; None for nobody, and for what is no holder."""
    try:
        return Holder(**json.loads(retried(lambda: client.get_experiment(experiment_id)).tags.get(TAG, NOBODY)))
    except (ValueError, TypeError):
        return None


def _say(client: "MlflowClient", experiment_id: str, holder: Holder) -> None:
    text = json.dumps(asdict(holder))  # of two that write it first at once the server refuses one, which tries again
    retried(lambda: client.set_experiment_tag(experiment_id, TAG, text))


def _is(holder: Holder | None, me: Holder) -> bool:
    return holder is not None and holder.token == me.token


def _busy(name: str, other: Holder | None) -> UserError:
    where = "elsewhere" if other is None else f"on {other.host} (process {other.pid})"
    return UserError(f"another run of {name!r} is at work {where}, with the same MLflow server; wait for it or stop it")
