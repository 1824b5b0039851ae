"""What finished trials have cost, read from MLflow: the history that plans are priced from."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from probeline.experiment.resources import Resources
from probeline.experiment.trial import Trial
from probeline.tracking.reading.results import store_errors
from probeline.tracking.reading.runs_client import TRIALS
from probeline.tracking.reading.runs_sqlite import SqliteRuns, opened
from probeline.tracking.server.client import connect
from probeline.tracking.server.location import sqlite_file

SHAPE, DEVICE = "probeline.shape", "probeline.device"
COSTS = {
    "cost/train_seconds": "train_seconds",
    "cost/images_per_second": "images_per_second",
    "cost/eval_seconds": "eval_seconds",
    "cost/peak_memory_bytes": "peak_memory_bytes",
}
PAGE = 1000
TIMED = ("batch_size", "optimizer", "precision", "micro_batch")
"""The parameters of training that the time of an image depends on."""

STATEMENT = f"""
    select shape.value, device.value, latest_metrics.key, latest_metrics.value, shape.run_uuid
    from tags shape join runs on runs.run_uuid = shape.run_uuid
    join tags device on device.run_uuid = shape.run_uuid and device.key = '{DEVICE}'
    join latest_metrics on latest_metrics.run_uuid = shape.run_uuid
        and latest_metrics.key in ({",".join(f"'{key}'" for key in COSTS)})
    where shape.key = '{SHAPE}' and runs.status = 'FINISHED' and runs.lifecycle_stage = 'active'
"""


@dataclass(frozen=True)
class Shape:
    """What the time of a trial depends on, as digests.

    `alike`: an image of training, everything equal that could cost time; `roughly`: by data, encoder, the method's
    name and the resources alone; `evaluation`: what comes after training.
    """

    alike: str
    roughly: str
    evaluation: str

    def __str__(self) -> str:
        return f"{self.alike} {self.roughly} {self.evaluation}"


@dataclass(frozen=True)
class Cost:
    """What one finished trial has cost, and where; None for what was not recorded."""

    shape: Shape
    device: str
    train_seconds: float | None = None
    images_per_second: float | None = None
    eval_seconds: float | None = None
    peak_memory_bytes: float | None = None


def shape(trial: Trial, resources: Resources) -> Shape:
    """The shape of a trial with these resources; seeds, learning rates and epochs are no part of it."""
    recipe = trial.cell.recipe
    training = {key: getattr(recipe.training, key) for key in TIMED}
    encoder = {key: value for key, value in recipe.encoder.as_dict().items() if key != "weights"}
    # 1 and 1.0 are one count: the first is a default's, the second a file's.
    cpus, gpus = (int(count) if count == int(count) else count for count in resources.each.values())
    subject = {"data": recipe.data.as_dict(), "encoder": encoder, "cpus": cpus, "gpus": gpus}
    subject |= {"workers": resources.workers} if resources.workers > 1 else {}
    return Shape(
        _digest({**subject, "method": recipe.method.as_dict(), "training": training}),
        _digest({**subject, "method": recipe.method.name}),
        _digest({**subject, "evaluation": recipe.as_dict()["evaluation"]}),
    )


class Shapes:
    """Shapes of many trials with the same resources, each distinct one made once."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._shapes: dict[tuple, tuple[Trial, Shape]] = {}

    def of(self, trial: Trial) -> Shape:
        """The shape of a trial."""
        recipe = trial.cell.recipe
        sections = map(id, (recipe.data, recipe.encoder, recipe.method, recipe.evaluation))  # shared between cells
        key = (*sections, *(getattr(recipe.training, name) for name in TIMED))
        if key not in self._shapes:
            self._shapes[key] = (
                trial,
                shape(trial, self._resources),
            )  # the trial, so that no other section gets its id
        return self._shapes[key][1]


def costs(uri: str) -> list[Cost]:
    """What every finished trial in MLflow has cost, in no order; nothing where nothing was ever written.

    Raises UserError where it cannot be read.
    """
    with store_errors(uri):
        return [
            Cost(Shape(*text.split()), device, **{COSTS[key]: value for key, value in having.items()})
            for text, device, having in _rows(uri)
            if len(text.split()) == 3
        ]


def _rows(uri: str) -> Iterable[tuple[str, str, dict[str, float]]]:
    file = sqlite_file(uri)
    if file is None or (file.exists() and file.stat().st_size and not SqliteRuns.can_read(file)):
        return _by_client(uri)
    return _by_sql(file) if file.exists() and file.stat().st_size else ()


def _by_sql(file: Path) -> Iterable[tuple[str, str, dict[str, float]]]:
    rows: dict[str, tuple[str, str, dict[str, float]]] = {}
    with closing(opened(file)) as connection:
        for text, device, key, value, run_id in connection.execute(STATEMENT):
            rows.setdefault(run_id, (text, device, {}))[2][key] = value
    return rows.values()


def _by_client(uri: str) -> Iterator[tuple[str, str, dict[str, float]]]:
    client = connect(uri)
    experiments = [experiment.experiment_id for experiment in client.search_experiments(max_results=PAGE)]
    wanted, token = f"{TRIALS} and attributes.status = 'FINISHED' and tags.`{SHAPE}` LIKE '%'", None
    while experiments:
        page = client.search_runs(experiments, wanted, max_results=PAGE, page_token=token)
        for run in page:
            having = {key: run.data.metrics[key] for key in COSTS if key in run.data.metrics}
            yield run.data.tags[SHAPE], run.data.tags.get(DEVICE, ""), having
        if not (token := page.token):
            return


def _digest(value: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]
