"""The thread that brings the outbox to MLflow, and waits while the server is away."""

import logging
import random
import threading
import time
from pathlib import Path

from probeline.tracking.server.artifact_folders import follow_moved_database
from probeline.tracking.server.client import connect, gone, overloaded, passing, reason
from probeline.tracking.writing.experiments import ExperimentInfo, Homes
from probeline.tracking.writing.run_uploader import RunUploader
from probeline.tracking.writing.upload_queue import UploadQueue
from probeline.tracking.writing.upload_target import UploadTarget

FLUSH = 1.0  # seconds between two looks at what is new
WAITS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)  # seconds after the first, second, ... failure in a row
HURRIED = 0.2  # the longest pause while somebody waits
GIVE_WAY_S = 15.0  # the longest pause after which a server is asked again that had too much to do
log = logging.getLogger(__name__)


class UploadThread:
    """Owns the thread; `trouble` says what keeps MLflow from taking more, "" when all is well."""

    def __init__(self, outbox: UploadQueue, uri: str, experiment: ExperimentInfo, workdir: Path) -> None:
        self.trouble = ""
        self._failures = 0  # in a row, since anything was sent
        self._outbox, self._uri, self._experiment, self._workdir = outbox, uri, experiment, workdir
        self._target: UploadTarget | None = None
        self._hurry = 0  # how many callers wait
        self._deadline: float | None = None
        self._thread = threading.Thread(target=self._work, name="probeline-mlflow", daemon=True)
        self._thread.start()

    def flush(self, timeout: float) -> bool:
        """Waits until nothing is left to send; False if `timeout` seconds were not enough."""
        changed = self._outbox.changed
        with changed:
            self._hurry += 1
            changed.notify_all()
            sent = changed.wait_for(lambda: self._outbox.next() is None, timeout)
            self._hurry -= 1
        return sent

    def stop(self, timeout: float) -> None:
        """Sends what is left for at most `timeout` seconds; a request that hangs is left to its thread."""
        with self._outbox.changed:
            self._deadline = time.monotonic() + timeout
            self._outbox.changed.notify_all()
        self._thread.join(timeout + HURRIED)

    def _work(self) -> None:
        while True:
            with self._outbox.changed:
                self._outbox.changed.wait_for(lambda: self._outbox.next() or self._deadline is not None)
                if self._deadline is not None and (self._late() or not self._outbox.next()):
                    return
            try:
                self._send_new()
                self._failures, self.trouble = 0, ""
                self._pause(FLUSH)
            except Exception as error:  # whatever MLflow raises: nothing is lost, it is tried again
                self.trouble = reason(error)
                log.debug("MLflow does not take results", exc_info=True)
                if overloaded(error):
                    self._give_way()
                else:
                    self._pause(WAITS[min(self._failures, len(WAITS) - 1)])
                self._failures += 1

    def _pause(self, seconds: float) -> None:
        changed = self._outbox.changed
        with changed:
            changed.wait_for(lambda: self._hurry or self._deadline is not None, timeout=seconds)
        if self.trouble:
            time.sleep(min(seconds, HURRIED))

    def _give_way(self) -> None:
        """Waits at random: MLflow needs two connections for a batch, so writers in step take one each and none ends."""
        until = self._deadline if self._deadline is not None else float("inf")
        time.sleep(random.uniform(0, max(0.0, min(GIVE_WAY_S, until - time.monotonic()))))

    def _send_new(self) -> None:
        if self._target is None:
            follow_moved_database(self._uri)
            client = connect(self._uri)
            self._target = UploadTarget(client, self._uri, Homes(client, self._uri, self._workdir, self._experiment))
        while not self._late() and (item := self._outbox.next()):
            key, delivery = item
            before = delivery.offset
            try:
                _send(self._target, delivery)
            except Exception as error:
                if delivery.offset > before:
                    self._failures = 0
                if passing(error):
                    raise
                log.warning("trial %s: MLflow refuses it: %s", key, reason(error))
                self._outbox.refuse(key, reason(error))
            else:
                self._outbox.sent(key)

    def _late(self) -> bool:
        return self._deadline is not None and time.monotonic() > self._deadline


def _send(target: UploadTarget, delivery: RunUploader) -> None:
    try:
        while delivery.step(target):
            pass
    except Exception as error:
        if not gone(error):
            raise
        target.homes.forget()  # somebody deleted the run or the experiment: make it anew, from the first entry
        delivery.restart()
        while delivery.step(target):
            pass
