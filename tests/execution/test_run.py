"""Real runs through Ray and MLflow, in this process."""

import json
from pathlib import Path

import mlflow
import pytest
from helpers.runs import go
from probeline.errors import UserError
from probeline.execution.planning.plan import make
from probeline.execution.run import RunEnvironment, only_run, only_run_at, unsettled
from probeline.experiment.load import load
from probeline.tracking.reading.results import frame
from probeline.tracking.reading.verification import diverged_step
from probeline.tracking.writing.experiments import ExperimentInfo, describe
from probeline.tracking.writing.writer import Writer


def test_a_grid_runs_once_is_recorded_once_and_then_has_nothing_to_do(spec, uri):
    plan, outcome = go(spec, uri)
    assert len(outcome.finished) == 6
    assert not outcome.failed
    assert not outcome.unsent

    client = mlflow.MlflowClient(uri)
    experiment = client.get_experiment_by_name("tiny")
    runs = client.search_runs([experiment.experiment_id])
    trials = [r for r in runs if r.data.tags["probeline.kind"] == "trial"]
    assert sorted(r.data.tags["probeline.trial_id"] for r in trials) == sorted(t.id for t in plan.trials)
    assert {r.info.status for r in runs} == {"FINISHED"}
    (parent,) = (r for r in runs if r not in trials)
    assert {r.data.tags["mlflow.parentRunId"] for r in trials} == {parent.info.run_id}

    one = next(r for r in trials if r.data.tags["probeline.cell"] == "simclr")
    assert one.data.params["training.batch_size"] == "64"
    assert one.data.params["method.loss.temperature"] == "0.5"
    assert one.data.tags["probeline.axis.method"] == "simclr"
    assert one.data.tags["probeline.git_commit"] == "abc"
    assert [p.step for p in client.get_metric_history(one.info.run_id, "train/loss")] == [1, 2]
    assert {"linear_probe/top1", "linear_probe/ece", "knn/top1", "cost/train_seconds"} <= set(one.data.metrics)
    folder = Path(client.download_artifacts(one.info.run_id, ""))
    assert json.loads((folder / "recipe.json").read_text())["method"]["name"] == "simclr"
    assert (folder / "encoder/encoder.safetensors").is_file()
    assert (folder / "linear_probe/confusion.csv").is_file()

    again, second = go(spec, uri)
    assert again.todo == []
    assert (second.finished, second.failed) == (set(), {})


def test_a_failing_cell_fails_alone_with_its_reason_and_traceback(spec, uri):
    spec.write_text(spec.read_text().replace("raw_pixels}", "torchvision/resnet18}").replace("seeds: 2", "seeds: 1"))
    plan, outcome = go(spec, uri)
    assert len(outcome.finished) == 2
    assert list(outcome.failed.values()) == ["user_error"]
    assert outcome.exit_code == 1
    trials, _ = frame(uri, plan.trials)
    failed = trials[trials.status == "failed"].iloc[0]
    assert (failed.cell, failed.failure) == ("raw_pixels", "user_error")
    assert "takes 3 channels, the data have 1" in failed.message


def test_a_diverged_trial_is_recorded_and_never_run_again(one_cell, uri):
    options = {"sets": ["training.lr=1e30"]}
    plan, outcome = go(one_cell, uri, **options)
    assert list(outcome.failed.values()) == ["diverged"]
    trials, _ = frame(uri, plan.trials)
    assert list(trials.failure) == ["diverged"]
    assert "linear_probe/top1" not in trials or trials["linear_probe/top1"].isna().all()
    assert make(load(one_cell, **options), uri).todo == []
    step, _ = diverged_step(uri, trials.iloc[0].run_id)
    assert step["trial_id"] == plan.trials[0].id and step["terms"]["train/loss"] in ("nan", "inf")


def test_a_second_protocol_trains_nothing_again(one_cell, uri):
    first, _ = go(one_cell, uri, sets=["evaluation=[knn]"])
    second, outcome = go(one_cell, uri, sets=["evaluation=[knn, linear_probe]"])
    assert [t.encoder_id for t in first.trials] == [t.encoder_id for t in second.trials]
    assert len(outcome.finished) == 1
    trained = [frame(uri, plan.trials)[0]["cost/train_seconds"].tolist() for plan in (first, second)]
    assert trained[0] == trained[1]


def test_more_than_the_machine_has_is_refused(spec, uri):
    with pytest.raises(UserError, match="a trial asks for 1 GPU, the cluster has 0"):
        go(spec, uri, sets=["resources.gpus=1"])


def test_two_runs_of_one_experiment_do_not_meet(tmp_path):
    with only_run(tmp_path, "a"):
        with pytest.raises(UserError, match="another run of 'a' is at work"), only_run(tmp_path, "a"):
            pass
        with only_run(tmp_path, "b"):
            pass
    with only_run(tmp_path, "a"):
        pass


def test_what_another_run_has_finished_meanwhile_is_not_done_again(spec, uri, tmp_path):
    plan, site = make(load(spec), uri), RunEnvironment(tmp_path, uri)
    first, *others = plan.trials
    with Writer(uri, describe(plan.experiment, "", {}), tmp_path) as writer:
        writer.started(first)
        writer.finished(first.id)
    assert unsettled(plan.trials, site, "tiny") == others
    nowhere = RunEnvironment(tmp_path, "http://127.0.0.1:1")
    assert unsettled(plan.trials, nowhere, "tiny") == plan.trials


def test_nor_do_two_from_different_folders_that_share_a_database(tmp_path, uri):
    one, other, info = (
        RunEnvironment(tmp_path / "one", uri),
        RunEnvironment(tmp_path / "other", uri),
        ExperimentInfo("a"),
    )
    elsewhere = RunEnvironment(tmp_path / "other", f"sqlite:///{tmp_path}/elsewhere/mlflow.db")
    with (
        only_run_at(one, info),
        pytest.raises(UserError, match=r"another run of 'a' is at work in .*mlartifacts"),
        only_run_at(other, info),
    ):
        pass
    with only_run_at(one, info), only_run_at(elsewhere, info):
        pass
