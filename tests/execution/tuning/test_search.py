"""Studies with real Optuna, Ray and MLflow: what is chosen, what is recorded, and what is never read."""

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient
from probeline.core.events import Record
from probeline.data import store
from probeline.execution.planning.plan import make
from probeline.execution.progress import ProgressDisplay
from probeline.execution.run import RunEnvironment, run
from probeline.execution.tuning.search import Search
from probeline.experiment.load import load
from probeline.tracking.reading.results import frame
from probeline.tracking.reading.studies import outcomes
from probeline.tracking.writing.experiments import describe
from probeline.training.trial import run as run_trial
from probeline.training.trial_storage import Storage
from rich.console import Console

TUNE = """
tune:
  space:
    training.lr: {log_uniform: [0.01, 1.0]}
    training.optimizer: {choice: [sgd, adamw]}
  if: {method: simclr}
  trials: 3
"""
SCORE = "linear_probe/validation_top1"


@pytest.fixture
def tuned(spec):
    spec.write_text(spec.read_text().replace("{name: knn, k: 5}", "knn") + TUNE)
    return spec


@pytest.fixture
def search(tuned, uri, tmp_path):
    (study,) = make(load(tuned), uri).studies
    return lambda: Search(study, tmp_path / "studies")


def test_a_winner_runs_over_the_reports_seeds_and_the_study_is_recorded_once(tuned, uri):
    plan = make(load(tuned), uri)
    assert plan.counts() == {"to tune": 2, "new": 4}
    assert len(plan.todo) == 4
    site, watch = (
        RunEnvironment(tuned.parent / ".probeline", uri),
        ProgressDisplay(plan.todo, 0, Console(file=io.StringIO())),
    )
    outcome = run(plan, describe(plan.experiment, "", {}), site, watch)
    assert (len(outcome.finished), outcome.failed, outcome.interrupted) == (4 + 3 + 2, {}, set())

    after = make(load(tuned), uri)
    assert (after.counts(), after.studies) == ({"finished": 6}, [])
    client = MlflowClient(uri)
    runs = client.search_runs([client.get_experiment_by_name("tiny").experiment_id])
    kinds = [each.data.tags["probeline.kind"] for each in runs]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {"experiment": 1, "study": 1, "tuning": 3, "trial": 6}
    assert {each.info.status for each in runs} == {"FINISHED"}
    tuning = [each for each in runs if each.data.tags["probeline.kind"] == "tuning"]
    assert all(SCORE in each.data.metrics for each in tuning)
    judged = {name for each in tuning for name in each.data.metrics if name.startswith(("linear_probe", "knn"))}
    assert judged == {SCORE, "linear_probe/l2"}
    (study,) = (each for each in runs if each.data.tags["probeline.kind"] == "study")
    said = json.loads(Path(client.download_artifacts(study.info.run_id, "study.json")).read_text())
    assert said["score"] == max(each.data.metrics[SCORE] for each in tuning)
    assert json.loads(study.data.tags["probeline.chosen"]) == said["chosen"]
    winner = next(trial for trial in after.trials if trial.cell.label == "simclr")
    assert winner.cell.recipe.training.lr == said["chosen"]["training.lr"]
    trials, _ = frame(uri, after.trials, tuned=outcomes(uri, after.tuned))
    told = trials["tuned"][trials["cell"] == "simclr"].iloc[0]
    assert told == said | {"tried": 3, "study_id": told["study_id"], "run_id": study.info.run_id} | {
        "search": json.loads(study.data.tags["probeline.study"])
    }
    assert set(trials["cell"][trials["tuned"].isna()]) == {"rotation", "raw_pixels"}
    file = next(Path(study.info.artifact_uri.removeprefix("file://")).glob("study.json"))
    file.unlink()
    left = outcomes(uri, after.tuned)["simclr"]
    assert (left["trials"], left["tried"], left["chosen"]) == ([], 3, said["chosen"])


def test_a_tuning_trial_gives_the_same_whatever_the_test_part_holds(search, monkeypatch, tmp_path):
    study, values = search().plan, {"training.lr": 0.1, "training.optimizer": "sgd"}
    trial, told = study.tuning_trial(values, 7), []
    real = store.open_dataset
    for number, label in enumerate((0, 3)):

        def other_labels(section, beat, label=label):
            opened = real(section, beat)
            labels = np.full_like(opened.test.labels, label)
            return replace(opened, test=replace(opened.test, labels=labels))

        monkeypatch.setattr("probeline.training.trial.open_dataset", other_labels)
        said = [each for each in run_trial(trial, Storage(tmp_path / str(number))) if isinstance(each, Record)]
        told.append({record.name: record.value for record in said if not record.name.startswith("cost/")})
    assert told[0] == told[1]
    assert SCORE in told[0]
    assert "linear_probe/top1" not in told[0]


class Touched(Exception):
    """Somebody asked for the test part."""


class Mine:
    """A test part that goes off at the first touch."""

    def __getattribute__(self, name):
        raise Touched(name)

    def __len__(self):
        raise Touched("len")


def test_a_tuning_trial_never_touches_the_test_part_and_a_winner_does(search, monkeypatch, tmp_path):
    study, values = search().plan, {"training.lr": 0.1, "training.optimizer": "sgd"}
    real = store.open_dataset
    monkeypatch.setattr(
        "probeline.training.trial.open_dataset", lambda section, beat: replace(real(section, beat), test=Mine())
    )
    said = list(run_trial(study.tuning_trial(values, 7), Storage(tmp_path / "tuning")))
    assert SCORE in {record.name for record in said if isinstance(record, Record)}
    with pytest.raises(Touched):
        list(run_trial(study.winner(values, 7), Storage(tmp_path / "winner")))


@pytest.mark.parametrize("protocol", ["knn", "fine_tune", "projection_probe"])
def test_whatever_the_protocol_says_of_a_tuning_trial_is_about_validation(tuned, uri, monkeypatch, tmp_path, protocol):
    text = tuned.read_text().replace("evaluation: [linear_probe, knn]", f"evaluation: [linear_probe, {protocol}]")
    tuned.write_text(text)
    (study,) = make(load(tuned), uri).studies
    study = replace(study, tune=study.tune.model_copy(update={"metric": f"{protocol}/validation_top1"}))
    real = store.open_dataset
    monkeypatch.setattr(
        "probeline.training.trial.open_dataset", lambda section, beat: replace(real(section, beat), test=Mine())
    )
    trial = study.tuning_trial({"training.lr": 0.1, "training.optimizer": "sgd"}, 7)
    said = [each for each in run_trial(trial, Storage(tmp_path)) if isinstance(each, Record)]
    judged = {record.name for record in said if record.name.startswith(protocol)}
    results = {name.replace("validation_top1", "") for name in judged}
    assert judged and not [name for name in results if "top1" in name or name.endswith("ece")], judged


def test_what_was_asked_and_not_told_is_run_again_with_the_same_values(search):
    first = search()
    told, lost = first.next(), first.next()
    first.heard(told, [Record(SCORE, 0.5)])
    first.ended(told, None)
    again = search()  # the driver was killed: the journal is all there is
    assert again.next() == lost
    assert [point["value"] for point in again.history()] == [0.5, None]
    third = again.next()
    assert third.id not in (told.id, lost.id)
    assert again.next() is None
    for trial, score in ((lost, 0.9), (third, 0.1)):
        again.heard(trial, [Record(SCORE, score)])
        again.ended(trial, None)
    assert again.over
    assert again.best()[0]["training.lr"] == lost.cell.recipe.training.lr


def test_a_diverged_point_counts_and_is_never_chosen(search):
    one = search()
    first, second, third = one.next(), one.next(), one.next()
    one.ended(first, "diverged")
    one.ended(second, "error")
    one.heard(third, [Record(SCORE, 0.2)])
    one.ended(third, None)
    assert one.over
    assert [point["state"] for point in one.history()] == ["pruned", "fail", "complete"]
    assert one.best()[1] == 0.2


def test_the_objective_is_the_mean_over_the_tuning_seeds_one_after_the_other(tuned, uri, tmp_path):
    (study,) = make(load(tuned, sets=["tune.seeds=2"]), uri).studies
    one = Search(study, tmp_path / "studies")
    first = one.next()
    one.heard(first, [Record(SCORE, 0.2)])
    assert one.ended(first, None) is None
    second = one.next()
    assert second.seed != first.seed
    assert second.cell.recipe == first.cell.recipe
    one.heard(second, [Record(SCORE, 0.6)])
    assert one.ended(second, None).value == pytest.approx(0.4)


def test_points_of_the_same_values_share_one_trial_and_its_score(tuned, uri, tmp_path):
    text = tuned.read_text().replace("    training.lr: {log_uniform: [0.01, 1.0]}\n", "")
    tuned.write_text(text.replace("trials: 3", "trials: 8\n  sampler: random"))
    (study,) = make(load(tuned), uri).studies
    one = Search(study, tmp_path / "studies")
    first, second = one.next(), one.next()
    assert one.next() is None  # the other six are like one of these
    scores = {"sgd": 0.2, "adamw": 0.6}
    for trial in (first, second):
        one.heard(trial, [Record(SCORE, scores[trial.cell.recipe.training.optimizer])])
        one.ended(trial, None)
    assert one.next() is None
    assert one.over
    assert len(one.history()) == 8
    assert all(point["value"] == scores[point["values"]["training.optimizer"]] for point in one.history())


def test_a_trial_that_starts_again_and_says_its_score_twice_counts_once(tuned, uri, tmp_path):
    (study,) = make(load(tuned, sets=["tune.seeds=2"]), uri).studies
    one = Search(study, tmp_path / "studies")
    for score, times in ((0.2, 2), (0.6, 1)):
        trial = one.next()
        one.heard(trial, [Record(SCORE, score)] * times)
        told = one.ended(trial, None)
    assert told.value == pytest.approx(0.4)


def test_a_grid_tries_every_point_once(tuned, uri, tmp_path):
    text = tuned.read_text().replace("{log_uniform: [0.01, 1.0]}", "{choice: [0.1, 0.2]}")
    tuned.write_text(text.replace("trials: 3", "trials: 10\n  sampler: grid"))
    (study,) = make(load(tuned), uri).studies
    one, points = Search(study, tmp_path / "studies"), []
    while (trial := one.next()) is not None:
        points.append((trial.cell.recipe.training.lr, trial.cell.recipe.training.optimizer))
        one.heard(trial, [Record(SCORE, 0.5)])
        one.ended(trial, None)
    assert points == [(0.1, "sgd"), (0.1, "adamw"), (0.2, "sgd"), (0.2, "adamw")]
    assert one.over


def test_successive_halving_ends_what_falls_behind(tuned, uri, tmp_path):
    asha = "  asha: {metric: train/loss, direction: minimize, reduction: 2}\n"
    tuned.write_text(tuned.read_text().replace("trials: 3", "trials: 4") + asha)
    (study,) = make(load(tuned), uri).studies
    one, goes_on = Search(study, tmp_path / "studies"), []
    for loss in (1.0, 2.0, 0.5, 3.0):
        trial = one.next()
        goes_on.append(one.heard(trial, [Record("train/loss", loss, step) for step in (1, 2)]))
        one.heard(trial, [Record(SCORE, 1 / loss)])
        one.ended(trial, None if goes_on[-1] else "stopped")
    assert goes_on[0]
    assert not goes_on[3]


RACE = """
name: race
base:
  data: {name: digits, train_size: 1000, test_size: 100}
  encoder: {name: resnet, width: 8}
  method: supervised
  training: {epochs: 30, batch_size: 32}
  evaluation: [linear_probe]
tune:
  space: {training.lr: {choice: [0.1, 0.03, 1.0e-7, 1.0e-8]}}
  sampler: grid
  trials: 4
  asha: {metric: train/loss, direction: minimize, reduction: 2}
seeds: 1
"""


@pytest.mark.slow
def test_in_a_real_run_what_falls_behind_is_stopped_early_and_the_winner_runs_to_the_end(tmp_path, uri):
    (tmp_path / "race.yaml").write_text(RACE)
    plan = make(load(tmp_path / "race.yaml"), uri)
    site, watch = (
        RunEnvironment(tmp_path / ".probeline", uri),
        ProgressDisplay(plan.todo, 0, Console(file=io.StringIO())),
    )
    outcome = run(plan, describe(plan.experiment, "", {}), site, watch)
    assert not outcome.failed
    after = make(load(tmp_path / "race.yaml"), uri)
    told = outcomes(uri, after.tuned)["supervised"]
    by_lr = {point["values"]["training.lr"]: point for point in told["trials"]}
    assert {by_lr[lr]["state"] for lr in (1e-7, 1e-8)} == {"pruned"}
    assert by_lr[told["chosen"]["training.lr"]]["state"] == "complete" and told["chosen"]["training.lr"] >= 0.03
    client = MlflowClient(uri)
    runs = client.search_runs([client.get_experiment_by_name("race").experiment_id])
    epochs = {
        (each.data.tags["probeline.kind"], each.data.params["training.lr"]):
            max(point.step for point in client.get_metric_history(each.info.run_id, "train/loss"))
        for each in runs
        if "train/loss" in each.data.metrics
    }  # fmt: skip
    assert all(epochs["tuning", lr] < 30 for lr in ("1e-07", "1e-08"))
    assert [epoch for (kind, _), epoch in epochs.items() if kind == "trial"] == [30]
