"""The experiment of the fault tests, and what its record must be like afterwards."""

from collections import Counter
from pathlib import Path

import torch
from mlflow import MlflowClient
from probeline.core.events import Record
from probeline.execution.planning.plan import make
from probeline.experiment.load import load
from probeline.training.trial import Storage, run

SPEC = """
name: killed
base:
  data: digits
  encoder: {name: resnet, width: 4}
  method: simclr
  training: {epochs: 12, batch_size: 64, lr: 0.1}
  evaluation: [{name: knn, k: 5}]
grid:
  training.lr: [0.05, 0.1]
seeds: 2
"""


def check_the_record(folder: Path, encoder_id: str | None = None) -> None:
    """Exactly one run a trial, all FINISHED, no point twice, and the numbers of an uninterrupted trial.

    These are compared for the trial of that encoder, or the first one of the plan.
    """
    uri = f"sqlite:///{folder}/mlflow.db"
    plan = make(load(folder / "spec.yaml"), uri)
    client = MlflowClient(uri)
    runs = client.search_runs([client.get_experiment_by_name("killed").experiment_id])
    assert {r.info.status for r in runs} == {"FINISHED"}
    trials = {r.data.tags["probeline.trial_id"]: r for r in runs if r.data.tags["probeline.kind"] == "trial"}
    assert sorted(trials) == sorted(trial.id for trial in plan.trials)
    assert len(runs) == len(trials) + 1
    for done in trials.values():
        steps = Counter(point.step for point in client.get_metric_history(done.info.run_id, "train/loss"))
        assert steps == dict.fromkeys(range(1, plan.trials[0].cell.recipe.training.epochs + 1), 1)
    torch.set_num_threads(1)  # as in the worker: another number of threads adds up in another order
    trial = next(trial for trial in plan.trials if encoder_id in (None, trial.encoder_id))
    alone = [said for said in run(trial, Storage(folder / "alone")) if isinstance(said, Record)]
    expected = {record.name: record.value for record in alone if record.name.startswith(("knn", "train"))}
    metrics = trials[trial.id].data.metrics
    assert {name: metrics[name] for name in expected} == expected
