"""The states of cells, as the page gets them."""

import pytest
from probeline.execution.planning.plan import make as make_plan
from probeline.experiment.load import load_text
from probeline.tracking.reading.run import Run
from probeline.tracking.server import mlflow_names
from probeline_dashboard import grid

SPEC = """
name: states
base:
  data: {name: digits, train_size: 200, test_size: 100}
  encoder: {name: resnet, width: 4}
  method: simclr
  training: {epochs: 4, batch_size: 64}
seeds: 4
"""
METRIC = "linear_probe/top1"


@pytest.fixture(scope="module")
def slot(tmp_path_factory):
    uri = f"sqlite:///{tmp_path_factory.mktemp('states')}/mlflow.db"
    plan = make_plan(load_text(SPEC, "spec.yaml"), uri)
    (cell,) = grid.make(plan.experiment, plan.trials).slots.values()
    return cell


def _run(trial, status, tags=None, **metrics):
    return Run(trial.id, f"run-{trial.seed}", status, 0, None, tags or {}, metrics)


def test_each_seed_has_its_status_and_what_belongs_to_it(slot):
    first, second, third, _ = slot.trials
    runs = {
        first.id: _run(first, "FINISHED", **{mlflow_names.key(METRIC): (0.5, 0)}),
        second.id: _run(second, "RUNNING", **{"train/loss": (1.0, 1)}),
        third.id: _run(third, "FAILED", {"probeline.failure": "diverged"}),
    }
    state = grid.state(slot, runs, waiting=False, name=METRIC)
    assert [seed["status"] for seed in state["seeds"]] == ["finished", "running", "failed", "new"]
    assert state["seeds"][0]["text"] == state["text"] == "50.0%"
    assert state["seeds"][1]["share"] == 0.25
    assert "diverged" in state["seeds"][2]["text"] and set(state["seeds"][3]) == {"seed", "status"}
    assert (state["value"], state["done"], state["of"], state["why"]) == (0.5, 1, 4, "")
    assert state["label"].endswith("mean of 1; 1 finished, 1 running, 1 failed, 1 new")


def test_a_cell_whose_trials_have_all_failed_says_why(slot):
    runs = {trial.id: _run(trial, "FAILED", {"probeline.failure": "out_of_memory"}) for trial in slot.trials}
    state = grid.state(slot, runs, waiting=False, name=METRIC)
    assert "out of memory" in state["why"] and state["value"] is None


def test_a_cell_whose_values_are_still_tuned_has_no_value(slot):
    runs = {each.id: _run(each, "FINISHED", **{mlflow_names.key(METRIC): (0.5, 0)}) for each in slot.trials}
    state = grid.state(slot, runs, waiting=True, name=METRIC)
    assert state["value"] is None and {seed["status"] for seed in state["seeds"]} == {"to tune"}
