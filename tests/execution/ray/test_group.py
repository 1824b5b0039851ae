"""A trial of several workers through Ray and MLflow: the records of one worker, and refusals of what cannot be."""

import mlflow
import pytest
import torch
from helpers.runs import go
from probeline.core.events import Record
from probeline.errors import UserError
from probeline.execution.planning.plan import make
from probeline.execution.planning.plan_text import text
from probeline.execution.ray.capacity import refuse_what_is_too_large
from probeline.experiment.load import load
from probeline.experiment.problems import SpecError
from probeline.experiment.resources import Resources
from probeline.training.trial import run
from probeline.training.trial_storage import Storage

SPEC = """
name: shared
base:
  data: {name: digits, train_size: 200, test_size: 100}
  encoder: {name: resnet, width: 4}
  training: {epochs: 2, batch_size: 64, lr: 0.0003}
  evaluation: [{name: knn, k: 5}]
grid:
  method: [simclr, moco]
"""


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "shared.yaml"
    path.write_text(SPEC)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield path
    torch.set_num_threads(threads)


@pytest.mark.slow
def test_two_workers_say_what_one_says_and_stay_for_the_next_trial(spec, uri, tmp_path):
    plan, outcome = go(spec, uri, sets=["resources.workers=2", "resources.gpus_per_worker=0"])
    assert (len(outcome.finished), outcome.exit_code) == (2, 0)
    client = mlflow.MlflowClient(uri)
    found = client.search_runs([client.get_experiment_by_name("shared").experiment_id])
    runs = {r.data.tags["probeline.trial_id"]: r.info.run_id for r in found if r.data.tags["probeline.kind"] == "trial"}
    assert sorted(runs) == sorted(trial.id for trial in make(load(spec), uri).trials)  # resources are in no id
    assert len(found) == len(plan.trials) + 1
    for trial in plan.trials:
        alone = [each for each in run(trial, Storage(tmp_path / "alone")) if isinstance(each, Record)]
        expected = {(r.name, r.step): r.value for r in alone if r.name in ("train/loss", "train/lr")}
        said = {
            (name, point.step): point.value
            for name in ("train/loss", "train/lr")
            for point in client.get_metric_history(runs[trial.id], name)
        }
        assert said == pytest.approx(expected, rel=1e-4)
        top1 = next(r.value for r in alone if r.name == "knn/top1")
        assert client.get_run(runs[trial.id]).data.metrics["knn/top1"] == pytest.approx(top1, abs=0.021)  # 2 of 100


def test_a_plan_says_how_many_workers_a_trial_has(spec, uri):
    said = text(make(load(spec, sets=["resources.workers=4", "resources.gpus_per_worker=1"]), uri))
    assert "each trial gets 4 workers with 1 CPU and 1 GPU each" in said


def test_what_its_workers_cannot_share_is_refused_where_it_was_written(spec, uri):
    with pytest.raises(SpecError, match=r"batch_size: got 64; allowed: at least one for each of 65 resources.workers"):
        make(load(spec, sets=["resources.workers=65"]), uri)
    with pytest.raises(SpecError, match=r"micro_batch=32: got 32, .* of 3 workers .*; allowed: at most 31"):
        make(load(spec, sets=["resources.workers=3", "training.micro_batch=32"]), uri)
    for fits in (31, 64):  # as large as the batch, it is the batch
        assert make(load(spec, sets=["resources.workers=3", f"training.micro_batch={fits}"]), uri).todo


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"workers": 5}, "a trial asks for 5 CPU, the cluster has 4; lower resources.workers"),
        ({"workers": 2, "gpus_per_worker": 1}, "a trial asks for 2 GPU, the cluster has 1; lower resources.workers"),
        ({"workers": 2, "cpus": 1.5}, "2 x 1.5 CPU, each on one machine; the cluster's 3 machines have room for 1"),
        ({"cpus": 3}, "1 x 3 CPU, each on one machine; the cluster's 3 machines have room for 0"),
    ],
)
def test_a_cluster_that_can_never_hold_a_trial_is_refused(asked, said):
    nodes = [{"CPU": 2.0, "GPU": 1.0}, {"CPU": 1.0}, {"CPU": 1.0}]
    refuse_what_is_too_large(Resources(workers=3), nodes)
    with pytest.raises(UserError, match=said):
        refuse_what_is_too_large(Resources(**asked), nodes)
