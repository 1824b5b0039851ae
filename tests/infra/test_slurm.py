"""The Slurm script with two real nodes of Ray on this machine; Slurm's own commands are the test's."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from helpers.faults.driver import trial_runs, wait_for_an_epoch
from helpers.slurm import install

SCRIPT = Path(__file__).parents[2] / "infra/slurm/probeline.sbatch"
SPEC = """
name: slurm
base:
  data: digits
  encoder: {name: resnet, width: 4}
  method: simclr
  training: {epochs: 12, batch_size: 64, lr: 0.1}
  evaluation: [{name: knn, k: 5}]
seeds: 4
"""


class Job:
    """The script as Slurm starts it, in a session of its own; what it started ends with the test."""

    def __init__(self, folder: Path) -> None:
        (folder / "bin").mkdir(exist_ok=True)
        (folder / "spec.yaml").write_text(SPEC)
        variables = install(folder / "bin")
        path = f"{folder / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        number = str(random.randrange(10_000, 10**6))  # the script's ports follow from it
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("RAY_", "MLFLOW_"))}
        self.log = folder / f"job-{number}.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                ["bash", SCRIPT, "spec.yaml"],
                cwd=folder,
                env={**kept, **variables, "PATH": path, "SLURM_JOB_ID": number, "OMP_NUM_THREADS": "1"},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.started: set[psutil.Process] = set()

    def look(self) -> None:
        self.started |= set(psutil.Process(self.process.pid).children(recursive=True))

    def wait(self, seconds: float) -> int:
        return self.process.wait(seconds)

    def end(self) -> None:
        for process in [*self.started, *([psutil.Process(self.process.pid)] if self.process.poll() is None else [])]:
            if process.is_running():  # psutil knows a process by its start time too, not by its number alone
                process.kill()


@pytest.fixture
def job(tmp_path):
    jobs = []

    def start() -> Job:
        jobs.append(Job(tmp_path))
        return jobs[-1]

    yield start
    for each in jobs:
        each.end()


@pytest.mark.slow
def test_a_job_that_is_told_to_go_is_queued_again_and_goes_on_on_two_nodes(job, tmp_path):
    first = job()
    wait_for_an_epoch(tmp_path)
    first.look()
    assert [process.name() for process in first.started].count("raylet") == 2
    os.kill(first.process.pid, signal.SIGTERM)  # `--signal=B:`: to the script alone
    assert first.wait(120) == 143, first.log.read_text()
    assert (tmp_path / "bin/requeued").read_text().strip() == first.log.stem.partition("-")[2]
    _, alive = psutil.wait_procs(first.started, timeout=30)
    assert alive == []  # nothing of Ray stays behind on a node
    unfinished = [run for run in trial_runs(tmp_path, "slurm") if run.info.status == "KILLED"]
    assert unfinished

    again = job()
    while again.process.poll() is None and not again.started:
        again.look()
    assert again.wait(240) == 0, again.log.read_text()
    runs = trial_runs(tmp_path, "slurm")
    assert [run.info.status for run in runs] == ["FINISHED"] * 4
    assert "Traceback" not in again.log.read_text()
