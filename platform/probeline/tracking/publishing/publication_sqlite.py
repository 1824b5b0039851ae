"""A report put into MLflow's sqlite file by SQL, where its experiment has a parent run whose files lie on this machine.

MLflow takes 2 s of a processor to be loaded, longer than the report itself may take to be written. What is written are
files in the run's folder, tags and the cells' numbers; where anything looks different from what is known here, MLflow
does it.
"""

import shutil
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from probeline.storage.paths import replacement
from probeline.tracking.reading.runs_sqlite import LOCK_TIMEOUT_S, opened
from probeline.tracking.server.artifact_folders import current_folder
from probeline.tracking.server.location import sqlite_file
from probeline.tracking.server.mlflow_names import LONGEST_TAG, text
from probeline.tracking.writing.experiments import KIND, NOTE, Home

PARENT = """
    select experiments.experiment_id, runs.run_uuid, runs.artifact_uri
    from experiments join runs on runs.experiment_id = experiments.experiment_id
    join tags on tags.run_uuid = runs.run_uuid and tags.key = 'probeline.kind' and tags.value = 'experiment'
    join experiment_tags kind on kind.experiment_id = experiments.experiment_id and kind.key = ?
    where experiments.name = ? and experiments.lifecycle_stage = 'active' and runs.lifecycle_stage = 'active'
    order by runs.start_time, runs.run_uuid
"""
RUN_TAG = """
    insert into tags (key, value, run_uuid) values (?, ?, ?)
    on conflict (key, run_uuid) do update set value = excluded.value
"""
EXPERIMENT_TAG = """
    insert into experiment_tags (key, value, experiment_id) values (?, ?, ?)
    on conflict (key, experiment_id) do update set value = excluded.value
"""
RUN_METRIC = """
    insert into metrics (key, value, timestamp, run_uuid, step, is_nan) values (?, ?, ?, ?, 0, 0)
    on conflict do nothing
"""
LATEST_METRIC = """
    insert into latest_metrics (key, value, timestamp, run_uuid, step, is_nan) values (?, ?, ?, ?, 0, 0)
    on conflict (key, run_uuid) do update set value = excluded.value, timestamp = excluded.timestamp
"""


@dataclass(frozen=True)
class ParentRun:
    """Where an experiment's reports go: its home, and the folder of the parent run's files."""

    file: Path
    home: Home
    folder: Path


def parent_run(uri: str, name: str) -> ParentRun | None:
    """The place of the experiment `name`; None where there is none that can be written to without MLflow."""
    file = sqlite_file(uri)
    if file is None or not file.exists():
        return None
    try:
        with closing(opened(file)) as connection:
            rows = connection.execute(PARENT, (KIND[0], name)).fetchall()
    except sqlite3.Error:
        return None
    if len({experiment_id for experiment_id, _, _ in rows}) != 1:
        return None
    experiment_id, run_id, address = rows[0]
    folder = current_folder(address, file)
    return None if folder is None else ParentRun(file, Home(str(experiment_id), run_id), folder)


def copy(files: Mapping[str, Path], to: ParentRun) -> None:
    """Each of `files`, by its path below the run's folder; a reader sees the old file or the new one, whole."""
    for name, source in files.items():
        with replacement(to.folder / name) as part:
            shutil.copy2(source, part)  # its rights and times too, as MLflow does


def note(description: str, to: ParentRun, tags: Mapping[str, str], metrics: Mapping[str, float]) -> bool:
    """Make `description` what MLflow's UI shows of experiment and parent run; False where the tables look different.

    `tags`: further ones of the experiment; `metrics`: of the parent run.
    """
    cut, now = text(description)[:LONGEST_TAG], int(time.time() * 1000)
    values = [(key, value, now, to.home.parent_id) for key, value in metrics.items()]
    try:
        with closing(sqlite3.connect(to.file, timeout=LOCK_TIMEOUT_S)) as connection, connection:
            for key, value in {NOTE: cut, **tags}.items():
                connection.execute(EXPERIMENT_TAG, (key, value, to.home.experiment_id))
            connection.execute(RUN_TAG, (NOTE, cut, to.home.parent_id))
            connection.executemany(RUN_METRIC, values)
            connection.executemany(LATEST_METRIC, values)
    except sqlite3.Error:
        return False
    return True
