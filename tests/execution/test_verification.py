"""Finished trials run again: which ones, and what is made of numbers that are, or are not, the recorded ones."""

import json

import pytest
from probeline.errors import UserError
from probeline.execution import verification
from probeline.execution.planning.plan import make
from probeline.experiment.load import load
from probeline.tracking.reading.results import frame
from probeline.tracking.reading.verification import StoredTrial, differing, stored
from probeline.tracking.writing.experiments import describe
from probeline.tracking.writing.provenance import conditions
from probeline.tracking.writing.verification import record
from probeline.tracking.writing.writer import Writer
from probeline.training.trial import run
from probeline.training.trial_storage import Storage


@pytest.fixture
def recorded(one_cell, uri, tmp_path):
    """One trial as a run records it, without Ray: its plan and MLflow's address."""
    plan = make(load(one_cell), uri)
    (trial,) = plan.trials
    with Writer(uri, describe(plan.experiment, "", {}), tmp_path) as writer:
        writer.started(trial, tags=conditions())
        writer.events(trial.id, list(run(trial, Storage(tmp_path / "storage"))))
        writer.finished(trial.id)
    return make(load(one_cell), uri), uri


def test_a_trial_run_again_has_the_recorded_numbers_to_the_bit_and_its_run_says_so(recorded):
    plan, uri = recorded
    trials = verification.chosen(plan, 0.05, 0)
    ids = [trial.id for trial in trials]
    (outcome,) = verification.replays(plan, trials, stored(uri, ids, ids))
    assert (outcome.verdict, outcome.same_machine, outcome.unequal) == ("equal", True, {}) and outcome.compared > 10
    record(uri, outcome.run_id, verification.as_tag(outcome))
    row = frame(uri, plan.trials)[0].iloc[0]
    assert json.loads(row["verified"])["verdict"] == "equal" and row["status"] == "finished"
    assert make(plan.experiment, uri).todo == []  # still one run, still finished


def outcome_of(trial, unequal=0.0, seeds=(0.70, 0.71, 0.72), differs=("torch 2.13 -> 2.14",), missing=False):
    """The replay of a trial that recorded the first of `seeds`, and gives `unequal` more now."""
    others = [StoredTrial("run", None, {"knn/top1": value, "cost/seconds": 1.0}, {}) for value in seeds]
    values = {} if missing else {"knn/top1": seeds[0] + unequal}
    return verification.compared(trial, others[0], values, others, differs)


@pytest.mark.parametrize(
    ("given", "verdict", "reason"),
    [
        ({}, "equal", ""),
        ({"unequal": 0.01}, "within the seeds' interval", ""),
        ({"unequal": 0.2}, "differs", "outside the seeds' interval: knn/top1"),
        ({"unequal": 1e-9, "differs": ()}, "differs", "so the bits should be equal"),
        ({"unequal": 0.01, "seeds": (0.7, 0.71)}, "cannot tell", "fewer than 3 seeds"),
        ({"missing": True}, "differs", "only on one side: knn/top1"),
    ],
)
def test_what_a_replay_says_follows_from_numbers_and_machines(spec, uri, given, verdict, reason):
    outcome = outcome_of(make(load(spec), uri).trials[0], **given)
    assert outcome.verdict == verdict and reason in outcome.reason
    assert outcome.good == (verdict in ("equal", "within the seeds' interval")) and outcome.compared == 1


def test_other_versions_and_another_instruction_set_are_named():
    now = {"versions": '{"torch": "2.14"}', "hardware": "cpu A, 2 cores", "instruction_set": "avx2"}
    tags = {"probeline.versions": '{"torch": "2.13"}', "probeline.hardware": "cpu B, 4 cores"}
    assert differing(tags, now) == ("torch 2.13 -> 2.14", "processor cpu B -> cpu A")
    tags = {"probeline.versions": '{"torch": "2.14"}', "probeline.instruction_set": "avx2 avx512f"}
    assert differing(tags, now) == ("instruction set avx2 avx512f -> avx2",)
    assert differing({f"probeline.{key}": value for key, value in now.items()}, now) == ()


def test_a_share_is_chosen_at_random_by_its_seed_and_is_at_least_one(recorded):
    plan, _ = recorded
    assert len(verification.chosen(plan, 0.001, 7)) == 1
    for share in (0.0, 1.5):
        with pytest.raises(UserError, match="--share"):
            verification.chosen(plan, share, 0)


def test_without_a_finished_trial_there_is_nothing_to_run_again(spec, uri):
    with pytest.raises(UserError, match="no trial has finished"):
        verification.chosen(make(load(spec), uri), 0.5, 0)


def test_a_stored_recipe_of_another_trial_is_refused(recorded):
    plan, uri = recorded
    (trial,) = plan.trials
    kept = stored(uri, [trial.id], [trial.id])[trial.id]
    other = StoredTrial(kept.run_id, kept.recipe | {"training": {"epochs": 1}}, kept.metrics, kept.tags)
    (outcome,) = verification.replays(plan, [trial], {trial.id: other})
    assert not outcome.good and "its stored recipe is that of trial" in outcome.reason
