"""The only writer to MLflow: a thread that sends what the spool holds, and waits while the server is away."""

import logging
import re
import threading
import time
import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from probeline.failures import UserError
from probeline.records import Artifact, Record
from probeline.spec.trial import Trial
from probeline.tracking import content, spool
from probeline.tracking.client import connect, gone, passing
from probeline.tracking.delivery import ENDS, Delivery, Target
from probeline.tracking.experiment import ExperimentInfo, Homes
from probeline.tracking.location import redacted

FLUSH = 1.0  # seconds between two looks at what is new
WAITS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)  # seconds after the first, second, ... failure in a row
log = logging.getLogger(__name__)


class Claimed(UserError):
    """Another process has this trial in hand."""


@dataclass(frozen=True)
class Unsent:
    """What MLflow did not take before the writer had to close; the next writer in the same directory sends it."""

    uri: str
    folder: Path
    trials: tuple[str, ...] = ()
    records: int = 0
    reason: str = ""

    def __bool__(self) -> bool:
        return bool(self.trials)

    def __str__(self) -> str:
        if not self:
            return "everything is in MLflow"
        return (
            f"{len(self.trials)} trials ({self.records} records) are not in MLflow yet: {redacted(self.uri)} "
            f"{self.reason or 'was too slow'}. They are safe in {self.folder} and are sent by the next run."
        )


class Writer:
    """Takes what trials say, at once, onto the disk; a thread brings it to MLflow.

    A context manager. Entering replays whatever earlier writers in `workdir` left behind, of any experiment. A trial
    is `started`, says `records` and `artifacts`, and ends as `finished`, `failed` or `interrupted`; it may then start
    again. No call waits for MLflow.
    """

    def __init__(self, uri: str, experiment: ExperimentInfo, workdir: Path) -> None:
        self.uri, self.experiment, self.workdir = uri, experiment, Path(workdir)
        self.root = self.workdir / "spool"
        self.trouble = ""  # what keeps MLflow from taking more right now; "" when all is well
        self._lock = threading.Condition()
        self._deliveries: dict[str, Delivery] = {}
        self._new: dict[str, None] = {}  # trial ids with something to send, in order
        self._stuck: dict[str, str] = {}  # trial id -> why MLflow refuses it
        self._deadline: float | None = None
        self._target: Target | None = None
        self._thread = threading.Thread(target=self._work, name="probeline-mlflow", daemon=True)

    def __enter__(self) -> "Writer":
        self._old = spool.abandoned(self.root) if self.root.exists() else []
        self._session = spool.open_session(self.root)
        self.replayed = tuple(self._take_over(old) for session in self._old for old in session.spools())
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def started(
        self, trial: Trial, params: Mapping[str, Any] | None = None, tags: Mapping[str, str] | None = None
    ) -> None:
        """The trial runs, for the first time or again. Raises Claimed if another process has it in hand."""
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", trial.id):
            raise ValueError(f"trial id {trial.id!r}: letters, digits, - and _ only")
        entry = {
            "experiment": self.experiment.name,
            "name": content.run_name(trial),
            "params": content.params(trial, params or {}),
            "tags": content.tags(trial, tags or {}),
            "recipe": trial.cell.recipe,
        }
        self._open(trial.id)
        self._append(trial.id, "started", **entry)

    def records(self, trial_id: str, records: Sequence[Record]) -> None:
        """Numbers of a running trial. The first value of a name and step is the one that stays."""
        if records:
            self._append(trial_id, "records", records=[record.as_dict() for record in records])

    def artifacts(self, trial_id: str, artifacts: Iterable[Artifact]) -> None:
        """Files of a running trial; kept beside the spool, so the originals may go."""
        for artifact in artifacts:
            try:
                kept = self._delivery(trial_id).spool.keep(artifact)
                self._append(trial_id, "artifact", name=artifact.name, path=str(kept.resolve()))
            except FileNotFoundError:
                self._append(trial_id, "lost", name=artifact.name, path=str(artifact.path))

    def finished(self, trial_id: str) -> None:
        """The trial has said everything: its run becomes FINISHED once all of it is stored."""
        self._append(trial_id, "finished")

    def failed(self, trial_id: str, kind: str, message: str, traceback_text: str | None = None) -> None:
        """The trial cannot finish; `kind` is its class in `status` and in the report."""
        self._append(trial_id, "failed", kind=kind, message=message, traceback=traceback_text)

    def interrupted(self, trial_id: str) -> None:
        """The trial was stopped and will be run again."""
        self._append(trial_id, "interrupted")

    def orphaned(self, trial_ids: Iterable[str]) -> tuple[str, ...]:
        """Marks trials KILLED whose runs a dead driver left RUNNING; skips those that a live one has. Returns them."""
        marked = []
        for trial_id in trial_ids:
            if trial_id not in self._deliveries:
                try:
                    self._open(trial_id)
                except Claimed:
                    continue
                self.interrupted(trial_id)
                marked.append(trial_id)
        return tuple(marked)

    def close(self, timeout: float = 30.0) -> Unsent:
        """Sends what is left, for at most `timeout` seconds. A trial that has not ended becomes interrupted."""
        if self._deadline is None:
            for trial_id, delivery in list(self._deliveries.items()):
                if _last(delivery.spool) not in ENDS:
                    self.interrupted(trial_id)
            with self._lock:
                self._deadline = time.monotonic() + timeout
                self._lock.notify()
            self._thread.join(timeout + 0.5)
            self._unsent = self._left()
            for session in (*self._old, self._session):
                session.leave()
        return self._unsent

    def _open(self, trial_id: str) -> None:
        if trial_id in self._deliveries:
            return
        mine = {session.folder for session in (*self._old, self._session)}
        with spool.exclusive(self.root):
            if spool.held(self.root, trial_id, mine):
                raise Claimed(
                    f"trial {trial_id}: another probeline in {self.workdir} runs it or still sends its results"
                )
            fresh = spool.Spool(self._session.folder, trial_id)
            fresh.path.touch()
        with self._lock:
            self._deliveries[trial_id] = Delivery(fresh)

    def _take_over(self, old: spool.Spool) -> str:
        if _last(old) not in ENDS:
            old.append({"op": "interrupted", "time": old.path.stat().st_mtime})
        with self._lock:
            self._deliveries[old.trial_id] = Delivery(old)
            self._new[old.trial_id] = None
        return old.trial_id

    def _delivery(self, trial_id: str) -> Delivery:
        if trial_id not in self._deliveries:
            raise ValueError(f"trial {trial_id} has not been started")
        return self._deliveries[trial_id]

    def _append(self, trial_id: str, op: str, **entry: Any) -> None:
        if self._deadline is not None:
            raise ValueError("the writer is closed")
        with self._lock:
            log_file = self._delivery(trial_id).spool
            log_file.append({"op": op, "time": time.time(), **entry})
            self._new[trial_id] = None
            self._stuck.pop(trial_id, None)
            self._lock.notify()
        if op in ENDS and log_file.path.exists():
            log_file.sync()

    def _work(self) -> None:
        failures = 0
        while True:
            with self._lock:
                self._lock.wait_for(lambda: self._new or self._deadline is not None)
                if self._deadline is not None and (not self._new or time.monotonic() > self._deadline):
                    return
            try:
                self._send_new()
                failures, self.trouble = 0, ""
                self._pause(FLUSH)
            except Exception as error:
                self.trouble = _first_line(error)
                log.debug("MLflow: %s", "".join(traceback.format_exception(error)))
                self._pause(WAITS[min(failures, len(WAITS) - 1)])
                failures += 1

    def _pause(self, seconds: float) -> None:
        with self._lock:
            if self._deadline is not None:  # closing: waste no time, but do not spin either
                time.sleep(min(seconds, 0.5) if self._new else 0)
            else:
                self._lock.wait_for(lambda: self._deadline is not None, timeout=seconds)

    def _send_new(self) -> None:
        if self._target is None:
            client = connect(self.uri)
            self._target = Target(client, self.uri, Homes(client, self.uri, self.workdir, self.experiment))
        while self._new and not (self._deadline and time.monotonic() > self._deadline):
            trial_id = next(iter(self._new))
            try:
                self._send(self._target, self._deliveries[trial_id])
            except Exception as error:
                if passing(error):
                    raise
                self._stuck[trial_id] = _first_line(error)
                log.warning("trial %s: MLflow refuses it: %s", trial_id, _first_line(error))
                self._new.pop(trial_id, None)

    def _send(self, target: Target, delivery: Delivery) -> None:
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
        with self._lock:
            if delivery.offset == delivery.spool.size():
                self._new.pop(delivery.spool.trial_id, None)
                if delivery.ended:
                    delivery.spool.remove()
                    del self._deliveries[delivery.spool.trial_id]

    def _left(self) -> Unsent:
        with self._lock:
            left = [delivery for delivery in self._deliveries.values() if delivery.spool.size() > delivery.offset]
            records = sum(delivery.unsent_records() for delivery in left)
            reason = self.trouble or next(iter(self._stuck.values()), "")
        return Unsent(
            self.uri,
            self.root,
            tuple(delivery.spool.trial_id for delivery in left),
            records,
            reason and f"says: {reason}",
        )


def _last(log_file: spool.Spool) -> str:
    last = ""
    for entry in log_file.entries():
        last = entry["op"]
    return last


def _first_line(error: Exception) -> str:
    return redacted(str(error).strip().partition("\n")[0][:300]) or type(error).__name__
