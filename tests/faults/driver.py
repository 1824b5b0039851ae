"""The command `probeline run` in a process of its own, as a user types it, and looks at what it started."""

import os
import subprocess
import sys
import time
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


def wait_for_an_epoch(folder: Path, seconds: float = 120) -> None:
    """Until some trial has said something, which the spool shows."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if any('"train/loss"' in path.read_text() for path in (folder / ".probeline/spool").glob("*/*.jsonl")):
            return
        time.sleep(0.1)
    raise AssertionError(f"no trial said anything within {seconds:g} s")


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
