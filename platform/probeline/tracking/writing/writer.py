"""The only writer to MLflow, as a trial's owner sees it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from probeline.core.count_of import count_of
from probeline.core.events import Artifact, Note, ProtocolError, Record, TrialEvent
from probeline.errors import UserError
from probeline.experiment.trial import Trial
from probeline.storage.paths import resolved
from probeline.storage.redaction import redacted
from probeline.tracking.writing import run_fields
from probeline.tracking.writing.experiments import ExperimentInfo
from probeline.tracking.writing.upload_queue import Claimed, UploadQueue
from probeline.tracking.writing.upload_thread import UploadThread

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Unsent:
    """What MLflow did not take before the writer had to close; false when it took everything."""

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
            f"{count_of(len(self.trials), 'trial')} with {count_of(self.records, 'record')} are not in MLflow "
            f"({redacted(self.uri)}: {self.reason or 'too slow'}); "
            f"they are safe in {self.folder}, and the next run sends them"
        )


class Writer:
    """Takes what trials say, at once, onto the disk; a thread brings it to MLflow.

    A context manager. Entering replays whatever earlier writers in `workdir` left behind, of any experiment. A trial
    is `started`, adds records, artifacts and notes, and ends as `finished`, `failed` or `interrupted`; it may then
    start again. No call waits for MLflow, but `flush` and `close`. A full disk raises DiskFull; the spool stays whole.
    """

    def __init__(self, uri: str, experiment: ExperimentInfo, workdir: Path) -> None:
        self.uri, self.experiment, self.workdir = uri, experiment, Path(workdir)
        self._unsent: Unsent | None = None

    def __enter__(self) -> "Writer":
        try:
            self._outbox = UploadQueue(self.workdir / "spool")
        except OSError as error:
            raise UserError(f"{self.workdir / 'spool'}: cannot be written ({error}); use another directory") from error
        self._sender = UploadThread(self._outbox, self.uri, self.experiment, self.workdir)
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def replayed(self) -> tuple[str, ...]:
        """The trials of dead writers whose spools this one took over."""
        return self._outbox.replayed

    @property
    def finished_before(self) -> set[str]:
        """Those of them that had finished: they need not run again, whether or not MLflow knows it yet."""
        return self._outbox.finished

    @property
    def trouble(self) -> str:
        """What keeps MLflow from taking more right now; "" when all is well."""
        return self._sender.trouble or next(iter(self._outbox.refused.values()), "")

    @property
    def unsent_records(self) -> int:
        """How many records the spool holds that MLflow has not got yet."""
        return self._outbox.unsent()[1]

    def started(self, trial: Trial, params: Mapping[str, Any] = NOTHING, tags: Mapping[str, str] = NOTHING) -> None:
        """The trial runs, for the first time or again. Raises Claimed if another process owns it.

        `params` and `tags` are stored beside the recipe and the cell; a tag gets the prefix `probeline.`.
        """
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", trial.id):
            raise ValueError(f"trial id {trial.id!r}: letters, digits, - and _ only")
        self._open(trial.id)
        self._outbox.append(
            trial.id,
            "started",
            experiment=self.experiment.name,
            name=run_fields.run_name(trial),
            params=run_fields.params(trial, params),
            tags=run_fields.tags(trial, tags),
            recipe=trial.cell.recipe.as_dict(),
            **({} if trial.protocols is None else {"protocols": list(trial.protocols)}),
        )

    def events(self, trial_id: str, events: Sequence[TrialEvent]) -> None:
        """Records the events of a running trial, each kind in its order."""
        self.records(trial_id, [each for each in events if isinstance(each, Record)])
        self.artifacts(trial_id, [each for each in events if isinstance(each, Artifact)])
        self.notes(trial_id, [each for each in events if isinstance(each, Note)])

    def records(self, trial_id: str, records: Sequence[Record]) -> None:
        """Numbers of a running trial. The first value of a name and step is the one that stays."""
        if records:
            self._outbox.append(trial_id, "records", records=[record.as_dict() for record in records])

    def artifacts(self, trial_id: str, artifacts: Iterable[Artifact]) -> None:
        """Files of a running trial; kept beside the spool, so the originals may go."""
        for artifact in artifacts:
            try:
                copy = self._outbox.spool_of(trial_id).keep(artifact)
                self._outbox.append(trial_id, "artifact", name=artifact.name, path=str(resolved(copy)))
            except FileNotFoundError:
                self._outbox.append(trial_id, "lost", name=artifact.name, path=str(artifact.path))

    def notes(self, trial_id: str, notes: Iterable[Note]) -> None:
        """Sentences about a running trial. The last one of a name stays; a fresh start forgets what it runs anew."""
        for note in notes:
            self._outbox.append(trial_id, "note", name=note.name, text=redacted(note.text))

    def finished(self, trial_id: str, errors: Sequence[ProtocolError] = ()) -> None:
        """The trial has ended: its run becomes FINISHED once all of it is stored. `errors`: what crashed."""
        self._outbox.append(trial_id, "finished", **(run_fields.protocol_errors(errors) if errors else {}))

    def failed(self, trial_id: str, kind: str, message: str, traceback_text: str | None = None) -> None:
        """The trial cannot finish; `kind` is its class in `status` and in the report."""
        trace = None if traceback_text is None else redacted(traceback_text)
        self._outbox.append(trial_id, "failed", kind=kind, message=redacted(message), traceback=trace)

    def tags(self, trial_id: str, tags: Mapping[str, str]) -> None:
        """What is found out about a running trial, under names that get the prefix `probeline.`; the last one stays."""
        self._outbox.append(trial_id, "tags", tags={f"probeline.{key}": redacted(value) for key, value in tags.items()})

    def interrupted(self, trial_id: str) -> None:
        """The trial was stopped and will be run again."""
        self._outbox.append(trial_id, "interrupted")

    def orphaned(self, trial_ids: Iterable[str]) -> tuple[str, ...]:
        """Marks the runs of these trials KILLED, which a dead driver left RUNNING; returns the trials marked.

        Those that this writer or a live process in the same `workdir` owns are left alone.
        """
        marked = []
        for trial_id in trial_ids:
            if not self._outbox.has(trial_id):
                try:
                    self._open(trial_id)
                except Claimed:
                    continue
                self.interrupted(trial_id)
                marked.append(trial_id)
        return tuple(marked)

    def flush(self, timeout: float = 30.0) -> bool:
        """Waits until MLflow has everything recorded so far, a replay included; False if it has not.

        Call it before asking MLflow what has finished: then what only the spool knew counts.
        """
        return self._sender.flush(timeout) and not self._outbox.refused

    def close(self, timeout: float = 30.0) -> Unsent:
        """Sends what is left, for at most `timeout` seconds. A trial that has not ended becomes interrupted."""
        if self._unsent is None:
            self._outbox.interrupt_all()
            self._sender.stop(timeout)
            trials, records = self._outbox.unsent()
            self._unsent = Unsent(self.uri, self._outbox.root, trials, records, self.trouble if trials else "")
            self._outbox.leave()
        return self._unsent

    def _open(self, trial_id: str) -> None:
        if self._unsent is not None:
            raise ValueError("the writer is closed")
        self._outbox.open(trial_id)
