"""The trials of this process: their events on disk, and which of them have something to send."""

import contextlib
import threading
import time
from pathlib import Path
from typing import Any

from probeline.errors import DiskFull, UserError, disk_full_guard
from probeline.tracking.writing import write_ahead_log
from probeline.tracking.writing.run_uploader import ENDS, RunUploader


class Claimed(UserError):
    """Another process owns this trial."""


class UploadQueue:
    """Deliveries by trial id, shared by the threads that speak and the one that sends.

    Opening it takes over what dead writers left under `root`; a trial of theirs that had not ended is interrupted.
    Wait on `changed` for something new; hold it to look at more than one thing.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.changed = threading.Condition()
        self.refused: dict[str, str] = {}  # key -> why MLflow does not take it
        self._deliveries: dict[str, RunUploader] = {}
        self._new: dict[str, None] = {}  # keys with something to send, in order
        self.finished = set[str]()  # trials of dead writers that had ended as finished
        self._old = write_ahead_log.abandoned(root)
        self._session = write_ahead_log.open_session(root)
        self.replayed = tuple(self._take_over(old) for session in self._old for old in session.spools())

    def open(self, trial_id: str) -> None:
        """Starts or resumes a trial. Raises Claimed if a live process owns it."""
        if trial_id in self._deliveries:
            return
        mine = {session.folder for session in (*self._old, self._session)}
        with write_ahead_log.exclusive(self.root):
            if write_ahead_log.held(self.root, trial_id, mine):
                raise Claimed(f"trial {trial_id}: another probeline that uses {self.root} runs it or sends its results")
            fresh = write_ahead_log.WriteAheadLog(self._session.folder, trial_id)
            with disk_full_guard(fresh.path):
                fresh.path.touch()
        with self.changed:
            self._deliveries[trial_id] = RunUploader(fresh)

    def append(self, trial_id: str, op: str, **entry: Any) -> None:
        """Adds an entry to an open trial; on return it outlives this process, and an end outlives a power cut."""
        with self.changed:
            log_file = self.spool_of(trial_id)
            log_file.append({"op": op, "time": time.time(), **entry})
            if op in ENDS:
                log_file.sync()
            self._new[trial_id] = None
            self.refused.pop(trial_id, None)
            self.changed.notify_all()

    def has(self, trial_id: str) -> bool:
        """Whether this process owns the trial, or sends what a dead writer left of it."""
        return trial_id in self._deliveries

    def spool_of(self, trial_id: str) -> write_ahead_log.WriteAheadLog:
        """The spool of an open trial."""
        if trial_id not in self._deliveries:
            raise ValueError(f"trial {trial_id} has not been started")
        return self._deliveries[trial_id].spool

    def interrupt_all(self) -> None:
        """Ends every trial that has not ended: no process will add to it."""
        for key, delivery in list(self._deliveries.items()):
            if delivery.spool.last_op() not in ENDS:
                with contextlib.suppress(DiskFull):  # the next writer reports it
                    self.append(key, "interrupted")

    def next(self) -> tuple[str, RunUploader] | None:
        """Something to send, or None."""
        with self.changed:
            key = next(iter(self._new), None)
            return None if key is None else (key, self._deliveries[key])

    def sent(self, key: str) -> None:
        """All that was there has been sent; forgets the trial if it has ended and added nothing since."""
        with self.changed:
            delivery = self._deliveries[key]
            if delivery.offset < delivery.spool.size():
                return
            self._new.pop(key, None)
            if delivery.ended:
                delivery.spool.remove()
                del self._deliveries[key]
            self.changed.notify_all()

    def refuse(self, key: str, reason: str) -> None:
        """MLflow will not take it: it stays on disk, and is tried again when there is more or by the next writer."""
        with self.changed:
            self.refused[key] = reason
            self._new.pop(key, None)
            self.changed.notify_all()

    def unsent(self) -> tuple[tuple[str, ...], int]:
        """The trials, and how many records of theirs, that have not been sent."""
        with self.changed:
            waiting = [delivery for delivery in self._deliveries.values() if delivery.offset < delivery.spool.size()]
            trial_ids = tuple(delivery.spool.trial_id for delivery in waiting)
            return trial_ids, sum(delivery.unsent_records() for delivery in waiting)

    def leave(self) -> None:
        """Gives the folders up to the next writer."""
        for session in (*self._old, self._session):
            session.leave()

    def _take_over(self, old: write_ahead_log.WriteAheadLog) -> str:
        last = old.last_op()
        if last == "finished":
            self.finished.add(old.trial_id)
        if last not in ENDS:
            old.append({"op": "interrupted", "time": old.path.stat().st_mtime})
        key = old.trial_id
        if key in self._deliveries:  # two dead writers had it, one after the other; sent in that order
            key = f"{key}@{old.path.parent.name}"
        self._deliveries[key] = RunUploader(old)
        self._new[key] = None
        return old.trial_id
