"""Thousands of finished trials in an sqlite MLflow, for benchmarks.

They are rows written into MLflow's own tables, as running 5,000 trials would take a day.
"""

import json
import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from probeline.tracking.writing import run_fields

SPEC = """
name: many
base:
  data: digits
  encoder: {{name: resnet, width: 8}}
  method: simclr
grid:
  method: [simclr, byol, simsiam, vicreg, rotation]
  training.lr: [0.01, 0.03, 0.1, 0.3]
  training.batch_size: [16, 32, 64, 128, 256]
seeds: {seeds}
report: {{metric: linear_probe/top1}}
"""
EPOCHS = 10


def fill(folder: Path, seeds: int) -> Path:
    """A folder with a spec of 100 cells and an `mlflow.db` in which all its trials have finished."""
    from probeline.execution.planning.plan import make
    from probeline.experiment.load import load
    from probeline.tracking.server.location import resolve

    folder.mkdir()
    spec = folder / "spec.yaml"
    spec.write_text(SPEC.format(seeds=seeds))
    uri = resolve(f"sqlite:///{folder}/mlflow.db")
    finish(folder / "mlflow.db", uri, make(load(spec), uri).trials)
    return spec


def finish(file: Path, uri: str, trials: Sequence) -> None:
    """Makes MLflow's `file`, of the address `uri`, in which these trials have finished."""
    from probeline.tracking.writing.experiments import ExperimentInfo
    from probeline.tracking.writing.writer import Writer

    with Writer(uri, ExperimentInfo("many"), file.parent / "work") as writer:  # makes database, experiment and parent
        writer.started(trials[0])
        writer.finished(trials[0].id)
        assert writer.flush(300)
    with closing(sqlite3.connect(file)) as database, database:
        template = database.execute("select run_uuid from tags where value = ?", (trials[0].id,)).fetchone()[0]
        for number, trial in enumerate(trials):
            _insert(database, template, trial, random.Random(number))
        database.execute("update runs set lifecycle_stage = 'deleted' where run_uuid = ?", (template,))


def _insert(database: sqlite3.Connection, template: str, trial, rng: random.Random) -> None:
    run, start = f"{rng.getrandbits(128):032x}", 1_790_000_000_000
    row = list(database.execute("select * from runs where run_uuid = ?", (template,)).fetchone())
    row[0], row[1] = run, f"{trial.cell.label} seed={trial.seed}"
    database.execute(f"insert into runs values ({','.join('?' * len(row))})", row)
    said = {"probeline.trial_id": trial.id, "probeline.encoder_id": trial.encoder_id, "probeline.seed": str(trial.seed)}
    tags = dict(database.execute("select key, value from tags where run_uuid = ?", (template,))) | said
    tags["probeline.cell"] = trial.cell.label
    tags |= {"probeline.versions": json.dumps({"torch": "2.14.1"}), "probeline.hardware": "2 cores"}
    database.executemany("insert into tags (key, value, run_uuid) values (?, ?, ?)", [(*t, run) for t in tags.items()])
    params = [(key, value, run) for key, value in run_fields.params(trial, {}).items()]
    database.executemany("insert into params (key, value, run_uuid) values (?, ?, ?)", params)
    top1 = 0.5 + 0.1 * rng.random()
    last = {"linear_probe/top1": top1, "knn/top1": top1 - 0.05, "linear_probe/ece": 0.1 * rng.random()}
    last |= {f"linear_probe/top1/{digit}": top1 + 0.1 * rng.random() for digit in range(10)}
    last |= {f"cost/{name}": rng.random() for name in ("train_seconds", "eval_seconds", "images_per_second")}
    points = [(key, value, start, run, 0, 0) for key, value in last.items()]
    for name in ("train/loss", "train/lr"):
        points += [(name, 3 / (epoch + rng.random()), start, run, epoch, 0) for epoch in range(1, EPOCHS + 1)]
    columns = "(key, value, timestamp, run_uuid, step, is_nan)"
    database.executemany(f"insert into metrics {columns} values (?, ?, ?, ?, ?, ?)", points)
    latest = {point[0]: point for point in points}
    database.executemany(f"insert into latest_metrics {columns} values (?, ?, ?, ?, ?, ?)", latest.values())


def touch(folder: Path) -> None:
    """One number of one trial becomes another, as when a trial has been run again."""
    with closing(sqlite3.connect(folder / "mlflow.db")) as database, database:
        key = "key = 'linear_probe/top1'"
        (run,) = database.execute(f"select max(run_uuid) from latest_metrics where {key}").fetchone()
        database.execute(f"update latest_metrics set value = 0.5 where {key} and run_uuid = ?", (run,))
        database.execute("update runs set end_time = end_time + 1000 where run_uuid = ?", (run,))
