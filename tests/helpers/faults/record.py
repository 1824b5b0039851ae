"""The experiment of the fault tests, and what its record must be like afterwards."""

from collections import Counter
from pathlib import Path

import torch
from mlflow import MlflowClient
from probeline.core.events import Record
from probeline.execution.planning.plan import make
from probeline.experiment.load import load
from probeline.training.trial import run
from probeline.training.trial_storage import Storage

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


def lost_and_doubled(folder: Path) -> Counter[str]:
    """What a record lacks or has twice, counted by kind; `trials` counts those that it should have."""
    plan = make(load(folder / "spec.yaml"), uri := f"sqlite:///{folder}/mlflow.db")
    client, counts = MlflowClient(uri), Counter(trials=len(plan.trials))
    home = client.get_experiment_by_name("killed").experiment_id
    by_trial: dict[str, list] = {trial.id: [] for trial in plan.trials}
    pages = [client.search_runs([home], "tags.`probeline.kind` = 'trial'", max_results=1000)]
    while pages[-1].token:
        token = pages[-1].token
        pages.append(client.search_runs([home], "tags.`probeline.kind` = 'trial'", max_results=1000, page_token=token))
    for found in (each for page in pages for each in page):
        by_trial.setdefault(found.data.tags["probeline.trial_id"], []).append(found)
    epochs = range(1, plan.trials[0].cell.recipe.training.epochs + 1)
    for runs in by_trial.values():
        counts["trials without a run"] += not runs
        counts["runs too many"] += max(0, len(runs) - 1)
        counts["runs that are not FINISHED"] += sum(each.info.status != "FINISHED" for each in runs)
        for each in runs[:1]:
            steps = Counter(point.step for point in client.get_metric_history(each.info.run_id, "train/loss"))
            counts["points lost"] += len(epochs) - len(steps.keys() & set(epochs))
            counts["points doubled"] += sum(count > 1 for count in steps.values())
            counts["trials without a result"] += "knn/top1" not in each.data.metrics
    return +counts


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
