"""What trials have cost so far."""

from dataclasses import replace

import pytest

pytest.importorskip("dash", reason="the extra [dashboard] is not installed")

from probeline.execution.planning.plan import make
from probeline.experiment.load import load_text
from probeline.tracking.reading.run import Run
from probeline_dashboard.summary import Spent, spent

SPEC = """
name: costs
base:
  data: {name: digits, train_size: 200, test_size: 100}
  encoder: {name: resnet, width: 4}
  method: simclr
  training: {batch_size: 64}
seeds: 3
"""
HOUR = 3_600_000  # ms
COST = {"cost/train_seconds": (12.0, 0), "cost/eval_seconds": (3.0, 0)}


def test_the_hours_between_a_failure_and_the_next_try_cost_nothing(tmp_path):
    trials = make(load_text(SPEC, "spec.yaml"), f"sqlite:///{tmp_path}/mlflow.db").trials
    failed = Run(trials[0].id, "a", "FAILED", 0, 2 * HOUR, {"probeline.began": str(2 * HOUR - 9000)})
    running = replace(failed, trial_id=trials[1].id, status="RUNNING", ended=None)
    finished = Run(trials[2].id, "c", "FINISHED", 0, HOUR, {}, COST)
    runs = {run.trial_id: run for run in (failed, running, finished)}
    assert spent(trials, runs, now=2 * HOUR / 1000) == Spent(finished=15.0, failed=9.0, running=9.0)
