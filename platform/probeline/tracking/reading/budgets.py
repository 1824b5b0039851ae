"""What finished trials were trained with, and what came of it: the history that budgets are judged by."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from probeline.tracking.reading.results import store_errors
from probeline.tracking.reading.runs_client import TRIALS
from probeline.tracking.reading.runs_sqlite import SqliteRuns, opened
from probeline.tracking.server import mlflow_names
from probeline.tracking.server.client import connect
from probeline.tracking.server.location import sqlite_file

PARAMS = ("method.name", "data.name", "encoder.name", "training.batch_size", "seed")
SECONDS, RATE = "cost/train_seconds", "cost/images_per_second"
PAGE = 1000
MAX_TRIALS = 2_000
"""The latest finished trials that are read."""

STATEMENT = f"""
    with latest as (
        select run_uuid from runs where status = 'FINISHED' and lifecycle_stage = 'active'
        and run_uuid in (select run_uuid from tags where key = 'probeline.kind' and value = 'trial')
        order by end_time desc limit {MAX_TRIALS}
    )
    select run_uuid, key, value from params
        where run_uuid in (select run_uuid from latest) and key in ({",".join(f"'{key}'" for key in PARAMS)})
    union all
    select run_uuid, key, value from latest_metrics
        where run_uuid in (select run_uuid from latest) and key in ('{SECONDS}', '{RATE}', ?)
"""


@dataclass(frozen=True)
class Trained:
    """One finished trial: its parts by name, what it was trained with, and its value of the metric asked for."""

    method: str
    data: str
    encoder: str
    seed: int
    batch_size: int
    samples: float  # all epochs together
    value: float

    @property
    def updates(self) -> int:
        """Steps of the optimiser."""
        return round(self.samples / self.batch_size)


def trained(uri: str, metric: str) -> list[Trained]:
    """The latest finished trials that have the metric, in no order. Raises UserError where MLflow cannot be read."""
    with store_errors(uri):
        rows = (_trained(fields, mlflow_names.key(metric)) for fields in _rows(uri, mlflow_names.key(metric)))
        return [row for row in rows if row is not None]


def _trained(fields: dict[str, str], key: str) -> Trained | None:
    if key not in fields or not fields.keys() >= set(PARAMS):
        return None
    samples = float(fields.get(SECONDS, 0.0)) * float(fields.get(RATE, 0.0))
    method, data, encoder, batch_size, seed = (fields[name] for name in PARAMS)
    return Trained(method, data, encoder, int(seed), int(batch_size), samples, float(fields[key]))


def _rows(uri: str, key: str) -> Iterable[dict[str, str]]:
    file = sqlite_file(uri)
    if file is None or (file.exists() and file.stat().st_size and not SqliteRuns.can_read(file)):
        return _by_client(uri)
    return _by_sql(file, key) if file.exists() and file.stat().st_size else ()


def _by_sql(file: Path, key: str) -> Iterable[dict[str, str]]:
    rows: dict[str, dict[str, str]] = {}
    with closing(opened(file)) as connection:
        for run_id, name, value in connection.execute(STATEMENT, (key,)):
            rows.setdefault(run_id, {})[name] = value
    return rows.values()


def _by_client(uri: str) -> Iterator[dict[str, str]]:
    client = connect(uri)
    experiments = [experiment.experiment_id for experiment in client.search_experiments(max_results=PAGE)]
    wanted, newest = f"{TRIALS} and attributes.status = 'FINISHED'", ["attributes.end_time DESC"]
    if not experiments:
        return
    for run in client.search_runs(experiments, wanted, max_results=PAGE, order_by=newest):  # a page takes a second
        yield {**run.data.params, **{name: str(value) for name, value in run.data.metrics.items()}}
