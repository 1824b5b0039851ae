"""A report in MLflow: its files on the experiment's parent run, its result in words as the description."""

import json
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from probeline.storage.redaction import redacted
from probeline.tracking.publishing import publication_sqlite
from probeline.tracking.publishing.cell_view import VIEW_TAG, CellAggregates, address, run_metrics, view_state
from probeline.tracking.server.artifact_folders import follow_moved_database
from probeline.tracking.server.client import connect
from probeline.tracking.server.location import TRAINING
from probeline.tracking.server.mlflow_names import LONGEST_TAG
from probeline.tracking.writing.experiments import ExperimentInfo, Home, Homes, note

Published = Callable[[Home], str]
"""The description to put at a home."""

FOLDER = Path("report")
SHOWN = (".html", ".md", ".tex", ".csv", ".png", ".svg", ".pdf")  # Parquet is what MLflow holds already


@contextmanager
def publisher(uri: str, name: str) -> Iterator[Callable[..., str]]:
    """What publishes reports of the experiment `name`: `publish`, ready as soon as its caller has made the report.

    Where that needs MLflow, a process beside the caller's loads it and opens `uri` meanwhile, which takes 2 s.
    """
    if publication_sqlite.parent_run(uri, name):
        yield publish
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, initializer=_opened, initargs=(uri,)) as process:
        process.submit(abs, 0)  # a pool starts its process with the first task
        yield partial(_publish_in, process)


def _publish_in(process: Executor, *what: Any) -> str:
    try:
        return process.submit(publish, *what).result()
    except BrokenProcessPool as error:
        return _refused(error)


def _opened(uri: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the command, which ends this process
    with suppress(Exception):  # `publish` meets it again and says so
        connect(uri)


def publish(
    uri: str,
    workdir: Path,
    info: ExperimentInfo,
    result: str,
    folder: Path,
    files: Sequence[Path],
    compared: Sequence[str] = (),
    aggregates: CellAggregates | None = None,
) -> str:
    """Put the report's `files`, which lie in `folder`, and `result` (Markdown) into MLflow; say where, or why not.

    The description of the experiment and of its parent run becomes info's, then the result, then MLflow's
    comparison of the runs `compared`, then where the report is. It names the report's minute, and the next run that
    adds a trial sets it back, as the result is then an old one. `aggregates` go onto the parent run as metrics, and a
    saved view of the experiment's runs groups them by cell.
    A report is whole without this, so what MLflow refuses is a sentence and no failure.
    """
    shown = {str(FOLDER / file.relative_to(folder)): file for file in files if file.suffix in SHOWN}
    try:
        describe = partial(_described, info.description, result, folder, compared, aggregates is not None)
        home = _put_by_sql(uri, info, describe, shown, aggregates)
        home = home or _put(uri, workdir, info, describe, shown, aggregates)
    except Exception as error:  # noqa: BLE001 (whatever MLflow, its database or the network raises)
        return _refused(error)
    return f"in MLflow: {_address(home)} below `probeline ui`"


def _put_by_sql(
    uri: str, info: ExperimentInfo, describe: Published, files: Mapping[str, Path], of: CellAggregates | None
) -> Home | None:
    """None where that cannot be done."""
    to = publication_sqlite.parent_run(uri, info.name)
    if to is None:
        return None
    publication_sqlite.copy(files, to)
    done = publication_sqlite.note(describe(to.home), to, _tags(of), run_metrics(of) if of else {})
    return to.home if done else None


def _put(
    uri: str,
    workdir: Path,
    info: ExperimentInfo,
    describe: Published,
    files: Mapping[str, Path],
    of: CellAggregates | None,
) -> Home:
    follow_moved_database(uri)
    client = connect(uri)
    home = Homes(client, uri, workdir, replace(info, spec_text="", tags={})).of(info.name)
    for name, file in files.items():
        client.log_artifact(home.parent_id, str(file), str(Path(name).parent))
    for key, value in _tags(of).items():
        client.set_experiment_tag(home.experiment_id, key, value)
    for key, number in (run_metrics(of) if of else {}).items():
        client.log_metric(home.parent_id, key, number)
    note(client, home, describe(home))
    return home


def _tags(of: CellAggregates | None) -> dict[str, str]:
    return {VIEW_TAG: view_state(of.metric)} if of else {}


def _refused(error: Exception) -> str:
    return f"not put into MLflow ({redacted(str(error).strip().partition(chr(10))[0][:200])})"


def _described(description: str, result: str, folder: Path, compared: Sequence[str], grouped: bool, home: Home) -> str:
    """Cut where MLflow cuts, but never the lines that lead on."""
    minute = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    where = f"[The report]({_address(home)}) of {minute}; also `{folder.resolve()}` on {os.uname().nodename}."
    if len(compared) > 1:
        where = f"[Compare {len(compared)} trials]({_comparison(home, compared)}) by their axes.\n\n{where}"
    if grouped:
        where = f"[Cells]({address(home.experiment_id)}) with the means of their seeds.\n\n{where}"
    room = LONGEST_TAG - len(where) - 4
    body = f"{description}\n\n{result}"
    return f"{body if len(body) <= room else body[: room - 2].rpartition(chr(10))[0] + ' …'}\n\n{where}"


def _address(home: Home) -> str:
    return f"#/experiments/{home.experiment_id}/runs/{home.parent_id}/artifacts/{FOLDER}/index.html{TRAINING}"


def _comparison(home: Home, runs: Sequence[str]) -> str:
    ids, where = quote(json.dumps([*runs])), quote(json.dumps([home.experiment_id]))
    return f"#/compare-runs?runs={ids}&experiments={where}&{TRAINING.removeprefix('?')}"  # MLflow reads this order only
