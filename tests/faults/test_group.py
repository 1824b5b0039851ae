"""One of a trial's workers goes: the trial goes on from its checkpoint, with the numbers of an undisturbed one."""

import json
import os
import signal
from pathlib import Path

import psutil
import pytest
import torch
import torch.distributed as dist
from helpers.faults.driver import end, resumed_after, start, trial_runs, wait_for_an_epoch
from mlflow import MlflowClient
from probeline.execution.planning.plan import make
from probeline.experiment.load import load
from probeline.training.trial import follow, run
from probeline.training.trial_storage import Storage

SPEC = """
name: shared
base:
  data: digits
  encoder: {name: resnet, width: 4}
  method: simclr
  training: {epochs: 10, batch_size: 64, lr: 0.0003}
  evaluation: [{name: knn, k: 5}]
resources: {workers: 2}
"""


def followers(driver: psutil.Process) -> list[psutil.Process]:
    """Ray's processes of a trial's further workers."""
    titles = {process: " ".join(process.cmdline()) for process in driver.children(recursive=True)}
    return [process for process, title in titles.items() if title.startswith("ray::Follower")]


def undisturbed(rank: int, folder: Path) -> None:
    """One of two workers that train the trial without Ray; the first one stores the points of its loss."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    (trial,) = make(load(folder / "spec.yaml"), f"sqlite:///{folder}/none{rank}.db").trials
    if rank:
        follow(trial, 2)
    else:
        said = [(r.step, r.value) for r in run(trial, Storage(folder / "alone"), workers=2) if r.name == "train/loss"]
        (folder / "alone.json").write_text(json.dumps(said))
    dist.barrier()
    os._exit(0)  # gloo's threads abort 1 in 20 interpreters that shut down in order


@pytest.mark.slow
@pytest.mark.parametrize(("number", "word"), [(signal.SIGKILL, "lost_worker"), (signal.SIGTERM, "preempted")])
def test_a_trial_outlives_one_of_its_workers_to_the_bit(tmp_path, number, word):
    (tmp_path / "spec.yaml").write_text(SPEC)
    driver = start(tmp_path)
    wait_for_an_epoch(tmp_path)
    (other,) = followers(psutil.Process(driver.pid))
    os.kill(other.pid, number)
    said = end(driver)
    assert driver.returncode == 0, said
    assert f"1 trial finished, 1 started again ({word})" in said
    (done,) = trial_runs(tmp_path, "shared")
    assert done.info.status == "FINISHED"
    if number == signal.SIGTERM:  # one that is killed within half a minute has no checkpoint and starts over
        assert resumed_after(done) > 0
    points = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db").get_metric_history(done.info.run_id, "train/loss")
    torch.multiprocessing.spawn(undisturbed, (tmp_path,), nprocs=2)
    expected = json.loads((tmp_path / "alone.json").read_text())
    assert sorted((point.step, point.value) for point in points) == [tuple(point) for point in expected]
