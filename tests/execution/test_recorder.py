"""The recorder with a real plan, feed and writer."""

import inspect
import io

import pytest
from probeline.core.events import Note, ProtocolError, Record
from probeline.data.store import facts
from probeline.execution.code_changes import ARTIFACT
from probeline.execution.notifications import Notifier
from probeline.execution.planning.plan import make
from probeline.execution.progress import ProgressDisplay
from probeline.execution.ray.listener import Listener
from probeline.execution.ray.prometheus import PrometheusRecorder
from probeline.execution.ray.scheduler import NO_LIMIT, Scheduler
from probeline.execution.recorder import Recorder
from probeline.experiment.load import load
from probeline.tracking.reading.artifact_file import read_artifact
from probeline.tracking.reading.results import find, frame, statuses
from probeline.tracking.writing.experiments import describe
from probeline.tracking.writing.writer import Writer
from rich.console import Console


@pytest.fixture
def recorder(spec, uri):
    plan = make(load(spec), uri)
    with Writer(uri, describe(plan.experiment, "", {}), spec.parent / ".probeline") as writer:
        watch = ProgressDisplay(plan.todo, 0, Console(file=io.StringIO()))
        yield Recorder(plan, {}, writer, watch, Scheduler(plan.todo, NO_LIMIT), Notifier(None, "x"))


def test_a_worker_that_dies_between_two_trials_costs_the_next_one_a_retry_and_no_more(recorder, uri):
    trial = recorder.scheduler.next()
    recorder.failed(trial, "lost_worker", "the worker died", "")  # nobody had said that the trial runs
    assert recorder.outcome.restarts == {"lost_worker": 1}
    assert recorder.scheduler.next() is trial
    recorder.started(trial)
    recorder.finished(trial)
    assert recorder.writer.flush(120)
    assert statuses(uri, [trial.id])[trial.id].status == "finished"


def test_a_text_that_the_spec_names_infrastructure_is_tried_again(spec, uri):
    text = spec.read_text() + "failures: [{matches: NCCL error, class: infrastructure}]\n"
    spec.write_text(text)
    plan = make(load(spec), uri)
    with Writer(uri, describe(plan.experiment, "", {}), spec.parent / ".probeline") as writer:
        watch = ProgressDisplay(plan.todo, 0, Console(file=io.StringIO()))
        recorder = Recorder(plan, {}, writer, watch, Scheduler(plan.todo, NO_LIMIT), Notifier(None, "x"))
        trial, other = recorder.scheduler.next(), recorder.scheduler.next()
        for each in (trial, other):
            recorder.started(each)
        recorder.failed(trial, "error", "RuntimeError: NCCL error in all_reduce", "")
        recorder.failed(other, "error", "ValueError: no such shape", "")
        assert recorder.outcome.restarts == {"infrastructure": 1}
        assert recorder.outcome.failed == {other.id: "error"}


def test_the_size_of_the_test_split_is_recorded_with_every_trial(recorder, uri):
    trial = recorder.scheduler.next()
    recorder.started(trial)
    recorder.finished(trial)
    assert recorder.writer.flush(120)
    rows, _ = frame(uri, [trial])
    assert rows["test_samples"].tolist() == [facts(trial.cell.recipe.data.as_dict()).test_size]


def test_the_changes_of_the_code_are_an_artifact_of_every_trial(recorder, uri, tmp_path):
    recorder.changes = tmp_path / "any.diff"
    recorder.changes.write_text("+a = 2\n")
    trials = [recorder.scheduler.next(), recorder.scheduler.next()]
    for trial in trials:
        recorder.started(trial)
        recorder.finished(trial)
    assert recorder.writer.flush(120)
    for trial in trials:
        assert read_artifact(uri, find(uri, trial.id)["run_id"], ARTIFACT) == b"+a = 2\n"


def test_what_a_trial_noted_before_it_was_started_again_is_no_more(recorder, uri):
    trial = recorder.scheduler.next()
    recorder.started(trial)
    recorder.received(trial, [Note("resumed", "after 2 of 3 epochs"), Record("train/loss", 0.5, 3)])
    recorder.failed(trial, "lost_worker", "the worker died", "")
    assert recorder.scheduler.next() is trial
    recorder.started(trial)
    recorder.finished(trial)
    assert recorder.writer.flush(120)
    rows, history = frame(uri, [trial])
    assert rows["notes"].tolist() == [{}]
    assert history["step"].tolist() == [3]
    assert find(uri, trial.id)["tags"]["probeline.restarts"] == "lost_worker"


def test_a_trial_whose_worker_is_replaced_is_next_in_line_and_nothing_is_said_of_it(recorder):
    trial = recorder.scheduler.next()
    recorder.returned(trial)
    assert recorder.scheduler.next() is trial
    assert (recorder.outcome.restarts, recorder.outcome.recycled, recorder.open) == ({}, 1, set())
    assert "Workers replaced between trials, as they kept memory: 1." in recorder.outcome.summary("spec.yaml")


@pytest.mark.parametrize("listener", [Recorder, PrometheusRecorder])
def test_whoever_listens_to_the_engine_takes_all_that_it_says(listener):
    said = [name for name, what in vars(Listener).items() if inspect.isfunction(what) and not name.startswith("_")]
    assert len(said) == 9
    for name in said:
        assert inspect.signature(getattr(listener, name)) == inspect.signature(getattr(Listener, name)), name


def test_what_waits_for_a_worker_when_a_run_is_stopped_counts_as_not_started(recorder):
    recorder.started(recorder.scheduler.next())
    recorder.scheduler.next()
    recorder.interrupted()
    assert (len(recorder.outcome.interrupted), recorder.outcome.not_started) == (1, len(recorder.plan.todo) - 1)
    said = recorder.outcome.summary("spec.yaml")
    assert f"Not started and left for the next run: {recorder.outcome.not_started} trial" in said
    assert "budget" not in said


def test_what_crashed_before_a_trial_was_started_again_counts_no_more(recorder, uri):
    trial = recorder.scheduler.next()
    for failure in ("lost_worker", None):
        recorder.started(trial)
        recorder.received(trial, [ProtocolError("knn", "ValueError: no", "Traceback")] if failure else [])
        if failure:
            recorder.failed(trial, failure, "the worker died", "")
            assert recorder.scheduler.next() is trial
    recorder.finished(trial)
    assert recorder.writer.flush(120)
    assert statuses(uri, [trial.id])[trial.id].protocols == ()
    assert recorder.outcome.exit_code == 0


def test_a_message_to_a_webhook_names_no_command_as_nobody_there_knows_the_file(recorder):
    recorder.started(recorder.scheduler.next())
    recorder.interrupted()
    assert "probeline run spec.yaml" in recorder.outcome.summary("spec.yaml")
    assert "probeline" not in recorder.outcome.summary()
