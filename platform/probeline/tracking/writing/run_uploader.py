"""Sends one trial's spooled entries to its MLflow run; sending them twice changes nothing."""

import hashlib
import json
import logging
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from probeline.plugins.locations import current
from probeline.storage.paths import StoragePath, on_disk
from probeline.tracking import encoder_model
from probeline.tracking.reading.former_names import CRASHED
from probeline.tracking.reading.runs_client import as_run
from probeline.tracking.server import mlflow_names
from probeline.tracking.writing.upload_target import UploadTarget
from probeline.tracking.writing.write_ahead_log import WriteAheadLog

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

ENDS = {"finished": "FINISHED", "failed": "FAILED", "interrupted": "KILLED"}
METRICS, PARAMS, TAGS, BYTES = 500, 100, 100, 500_000  # a request; MLflow allows 1,000, 100, 100 and a megabyte
T = TypeVar("T")
log = logging.getLogger(__name__)


class RunUploader:
    """One trial's way from its spool into its run; `offset` is what has arrived."""

    def __init__(self, spool: WriteAheadLog) -> None:
        self.spool = spool
        self._doubt = False  # whether a request to make the run failed, and may have made it all the same
        self.restart()

    def restart(self) -> None:
        """Begins at the spool's first entry, with nothing known of the run."""
        self.offset = 0
        self.ended = False
        self._run_id: str | None = None
        self._model = False  # whether the run has its encoder
        self._seen: set[tuple[str, int]] = set()  # the points that the run has
        self._read: set[str] = set()  # the metrics whose points were read from the run

    def unsent_records(self) -> int:
        """How many records wait."""
        return sum(len(entry.get("records", ())) for entry in self.spool.entries(self.offset))

    def step(self, target: UploadTarget) -> bool:
        """Sends the next portion; False when nothing is left.

        Raises what MLflow raises; then `offset` is behind the last entry that has arrived, so that a network that
        loses replies delays a trial by single requests and not by its whole log.
        """
        entries, offset = self.spool.read(self.offset)
        if offset == self.offset:
            return False
        records: list[dict] = []
        for entry, end in entries:
            if entry["op"] == "records":
                records += entry["records"]
                continue
            self._send_records(target.client, records)
            records = []
            self._apply(target, entry)
            self.offset = end
        self._send_records(target.client, records)
        self.offset = offset
        return True

    def _apply(self, target: UploadTarget, entry: dict) -> None:
        self.ended = entry["op"] in ENDS
        if entry["op"] == "started":
            self._start(target, entry)
        elif self.ended:
            self._end(target, entry)
        elif entry["op"] == "tags":
            self._send_tags(target.client, entry["tags"])
        elif entry["op"] == "note":
            self._send_tags(target.client, {f"{mlflow_names.NOTE}{entry['name']}": entry["text"]})
        elif entry["op"] == "artifact":
            self._take_artifact(target.client, self.spool.artifact(entry["name"], entry["path"]), entry["name"])
        elif entry["op"] == "lost":
            self._say_lost(target.client, entry["path"], entry["name"])

    def _run(self) -> str:
        if self._run_id is None:
            raise ValueError(f"{self.spool.path}: its first entry is not the trial's start")
        return self._run_id

    def _start(self, target: UploadTarget, entry: dict) -> None:
        began = str(int(entry["time"] * 1000))  # MLflow keeps the first start, which may be days before this one
        tags = {**entry["tags"], "probeline.status": "running", "probeline.began": began}
        client = target.client
        if self._run_id is None:
            self._adopt(target)
        if self._run_id is None:
            home = target.homes.of(entry["experiment"])
            long_tags, tags = _parted(tags, mlflow_names.LONGEST_TAG)
            first = {mlflow_names.key(key): value for key, value in tags.items()}
            first["mlflow.parentRunId"] = home.parent_id
            self._run_id, have = self._create(client, home.experiment_id, entry, first), {}
            self._send_tags(client, long_tags)
        else:
            have = self._reopen(client, tags, entry.get("protocols"))
        self._send_params(client, entry["params"], have)
        self._send_text(client, json.dumps(entry["recipe"], indent=1), "recipe.json")

    def _create(self, client: "MlflowClient", experiment_id: str, entry: dict, tags: dict[str, str]) -> str:
        name = mlflow_names.text(entry["name"])[: mlflow_names.LONGEST_KEY]
        try:
            return client.create_run(experiment_id, int(entry["time"] * 1000), tags, name).info.run_id
        except Exception:
            self._doubt = True
            raise

    def _adopt(self, target: UploadTarget) -> None:
        runs = target.runs_of(self.spool.trial_id)
        if not runs:
            return
        self._doubt |= len(runs) > 1  # a writer that died before the end of the trial has left a second one
        run = as_run(target.client.get_run(runs[0]))
        for key, (_, step) in run.metrics.items():
            if step == 0:
                self._seen.add((key, 0))
            elif key not in self._read:
                self._seen |= {(key, point.step) for point in target.client.get_metric_history(run.run_id, key)}
                self._read.add(key)
        self._run_id = runs[0]  # last: what was read in part would be sent twice

    def _reopen(self, client: "MlflowClient", tags: dict[str, str], protocols: list[str] | None) -> dict[str, str]:
        """The run's params; its failure is forgotten, and the notes of `protocols`, None: of all."""
        run = client.get_run(self._run())
        if run.info.status != "RUNNING":
            client.update_run(self._run(), status="RUNNING")  # MLflow keeps the old end_time until the next end
        for key in run.data.tags:
            note = mlflow_names.name(key.removeprefix(mlflow_names.NOTE)) if key.startswith(mlflow_names.NOTE) else None
            forgotten = note is not None and (
                protocols is None or current("protocols", note).partition("/")[0] in protocols
            )
            if forgotten or key in ("probeline.failure", "probeline.message", CRASHED):
                client.delete_tag(self._run(), key)
        self._send_tags(client, tags)
        return run.data.params

    def _end(self, target: UploadTarget, entry: dict) -> None:
        client = target.client
        if self._run_id is None:
            self._adopt(target)
        if self._run_id is None:
            return  # an end of a run that MLflow never had
        tags = {"probeline.status": entry["op"]}
        if "kind" in entry:
            tags |= {"probeline.failure": entry["kind"], "probeline.message": entry["message"]}
            if entry.get("traceback"):
                self._send_text(client, entry["traceback"], "traceback.txt")
            if entry["op"] == "finished":
                tags[CRASHED] = json.dumps(entry["protocols"])
        for double in set(target.runs_of(self.spool.trial_id)) - {self._run_id} if self._doubt else ():
            client.delete_run(double)  # made by a request of ours whose answer got lost
        if self._model:
            created = datetime.fromtimestamp(entry["time"], UTC).isoformat()
            tags[encoder_model.HISTORY] = encoder_model.history(self._run_id, created)
        self._send_tags(client, tags)
        client.set_terminated(self._run_id, ENDS[entry["op"]], int(entry["time"] * 1000))

    def _send_records(self, client: "MlflowClient", records: Iterable[dict]) -> None:
        from mlflow.entities import Metric

        fresh: dict[tuple[str, int], Metric] = {}
        for record in records:
            point = (mlflow_names.key(record["name"]), record["step"])
            if point not in self._seen and point not in fresh:  # the first value of a name and step stays
                fresh[point] = Metric(point[0], record["value"], int(record["time"] * 1000), record["step"])
        for portion in _portions(list(fresh.values()), METRICS, lambda metric: 6 * len(metric.key) + 100):
            client.log_batch(self._run(), metrics=portion)
            self._seen |= {(metric.key, metric.step) for metric in portion}

    def _send_params(self, client: "MlflowClient", params: dict[str, str], have: dict[str, str]) -> None:
        from mlflow.entities import Param

        long, short = _parted(params, mlflow_names.LONGEST_PARAM)
        for key, value in long.items():
            self._send_text(client, value, f"params/{_file_name(key)}")
            short[key] = f"{len(value)} characters, see the artifact params/{_file_name(key)}"
        stored = {mlflow_names.key(key): value for key, value in short.items()}
        changed = [key for key, value in stored.items() if have.get(key, value) != value]
        if changed:
            log.warning("trial %s: MLflow keeps the first value of %s", self.spool.trial_id, ", ".join(changed))
        fresh = [Param(key, value) for key, value in stored.items() if key not in have]
        for portion in _portions(fresh, PARAMS, lambda param: 6 * len(param.value) + 6 * len(param.key)):
            client.log_batch(self._run(), params=portion)

    def _send_tags(self, client: "MlflowClient", tags: dict[str, str]) -> None:
        from mlflow.entities import RunTag

        long, short = _parted(tags, mlflow_names.LONGEST_TAG)
        for key, value in long.items():
            note = f" ... ({len(value)} characters, whole in the artifact tags/{_file_name(key)})"
            self._send_text(client, value, f"tags/{_file_name(key)}")
            short[key] = value[: mlflow_names.LONGEST_TAG - len(note)] + note
        stored = [RunTag(mlflow_names.key(key), value) for key, value in short.items()]
        for portion in _portions(stored, TAGS, lambda tag: 6 * len(tag.value) + 6 * len(tag.key)):
            client.log_batch(self._run(), tags=portion)

    def _take_artifact(self, client: "MlflowClient", where: StoragePath, name: str) -> None:
        if not where.is_file():  # somebody has removed it since
            self._say_lost(client, str(where), name)
            return
        with on_disk(where) as file:
            self._send_artifact(client, file, name)

    def _say_lost(self, client: "MlflowClient", path: str, name: str) -> None:
        log.warning("trial %s: its artifact %s is not there: %s", self.spool.trial_id, name, path)
        client.set_tag(self._run(), "probeline.lost_artifact", mlflow_names.text(name)[:500])

    def _send_artifact(self, client: "MlflowClient", file: Path, name: str) -> None:
        self._send_file(client, file, name)
        if name == f"{encoder_model.FOLDER}/{encoder_model.FACTS}":
            model = encoder_model.description(file)
            self._model = model is not None
            if model is not None:
                self._send_text(client, model, f"{encoder_model.FOLDER}/{encoder_model.MODEL}")

    def _send_file(self, client: "MlflowClient", file: Path, name: str) -> None:
        folder = str(Path(name).parent)
        client.log_artifact(self._run(), str(file), None if folder == "." else folder)

    def _send_text(self, client: "MlflowClient", content: str, name: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / Path(name).name
            file.write_text(mlflow_names.text(content), encoding="utf-8")
            self._send_file(client, file, name)


def _parted(values: dict[str, str], longest: int) -> tuple[dict[str, str], dict[str, str]]:
    clean = {key: mlflow_names.text(value) for key, value in values.items()}
    long = {key: value for key, value in clean.items() if len(value) > longest}
    return long, {key: value for key, value in clean.items() if key not in long}


def _portions(items: list[T], count: int, size: Callable[[T], int]) -> Iterator[list[T]]:
    portion: list[T] = []
    total = 0
    for item in items:
        if portion and (len(portion) == count or total + size(item) > BYTES):
            yield portion
            portion, total = [], 0
        portion.append(item)
        total += size(item)
    if portion:
        yield portion


def _file_name(key: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", key)[:150]
    digest = hashlib.sha256(mlflow_names.key(key).encode()).hexdigest()[:8]
    return f"{plain}.txt" if plain == key else f"{plain}-{digest}.txt"
