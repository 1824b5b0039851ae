"""The command `probeline run` in a process of its own, as a user types it, and looks at what it started."""

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from mlflow import MlflowClient
from mlflow.entities import Run


def start(folder: Path, *options: str, spec: str = "spec.yaml") -> subprocess.Popen:
    """The command as a user types it, in a session of its own so that a Ctrl-C here does not reach it."""
    command = [sys.executable, "-m", "probeline.cli", "run", spec, *options]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env=environment,
    )


def workers(driver: psutil.Process) -> list[psutil.Process]:
    """Ray's processes that hold a trial: their command line names the Trainable."""
    titles = {process: " ".join(process.cmdline()) for process in driver.children(recursive=True)}
    return [process for process, title in titles.items() if title.startswith("ray::") and "Trainable" in title]


def wait_for_an_epoch(folder: Path, seconds: float = 120, driver: subprocess.Popen | None = None) -> None:
    """Until some trial has said something, which the spool shows, or the driver, where one is given, has ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if driver is not None and driver.poll() is not None:
            return
        if any('"train/loss"' in text for text in logs(folder, driver)):
            return
        time.sleep(0.1)
    raise AssertionError(f"no trial said anything within {seconds:g} s")


def logs(folder: Path, driver: subprocess.Popen | None = None) -> Iterator[str]:
    """The texts of the spool, all or those of a driver's own, but for those that are sent and removed meanwhile."""
    for path in (folder / ".probeline/spool").glob(f"*-{driver.pid if driver else '*'}-*/*.jsonl"):
        with contextlib.suppress(FileNotFoundError):
            yield path.read_text()


def wait_for_trials_at_work(folder: Path, count: int, seconds: float) -> None:
    """Until so many trials are in the middle of their training at once."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if sum('"train/loss"' in text and '"cost/train_seconds"' not in text for text in logs(folder)) == count:
            return
        time.sleep(0.1)
    raise AssertionError(f"never were {count} trials at work at once")


def wait_for_checkpoints(folder: Path, count: int, seconds: float) -> set[str]:
    """Until so many trainings have kept a checkpoint, which the first one does after 30 s; their encoders."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if len(found := checkpoints(folder)) == count:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{len(checkpoints(folder))} trainings kept a checkpoint, not {count}")


def wait_for_the_end_of(processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, timeout=15)
    for process in alive:  # a test ends what it started
        process.kill()


def end(driver: subprocess.Popen, seconds: float = 600) -> str:
    """What the command said until it ended; ended by force after `seconds`."""
    try:
        return driver.communicate(timeout=seconds)[0]
    except subprocess.TimeoutExpired:
        children = psutil.Process(driver.pid).children(recursive=True)
        driver.kill()
        wait_for_the_end_of(children)
        raise


def trial_runs(folder: Path, experiment: str) -> list[Run]:
    """The MLflow runs of an experiment's trials."""
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    found = client.search_runs([client.get_experiment_by_name(experiment).experiment_id])
    return [run for run in found if run.data.tags["probeline.kind"] == "trial"]


def checkpoints(folder: Path) -> set[str]:
    """The encoders whose trainings have left a checkpoint in the folder."""
    return {path.stem for path in (folder / ".probeline/checkpoints").glob("*.safetensors")}


def check_resumed(runs: list[Run], encoders: set[str]) -> None:
    """These trainings went on from a checkpoint, and no other did: a trial that starts over gives the same numbers."""
    after = {run.data.tags["probeline.encoder_id"]: resumed_after(run) for run in runs}
    assert {encoder for encoder, epochs in after.items() if epochs is not None} == encoders, after
    assert max((after[encoder] for encoder in encoders), default=0) > 0, after


def resumed_after(run: Run) -> float | None:
    """How many epochs were done when a trial's training was last resumed, as its run notes; None: it never was."""
    note = run.data.tags.get("probeline.note.resumed")
    return None if note is None else float(re.fullmatch(r"after (?:\S+, )*(\S+) of \d+ epochs", note)[1])
