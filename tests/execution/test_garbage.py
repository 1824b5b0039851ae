"""What gc lists and removes: real files, a real MLflow."""

import subprocess
import sys

import pytest
from helpers.trial_events import info
from probeline.errors import UserError
from probeline.execution.garbage import nobody_runs, remove_all, text, unneeded
from probeline.execution.planning.plan import make
from probeline.execution.run import only_run
from probeline.experiment.load import load
from probeline.tracking.writing.writer import Writer


@pytest.fixture
def folder(spec, uri):
    """The first trial has finished, the others have not; of each an encoder, a checkpoint, a copy; and strangers."""
    plan, folder = make(load(spec), uri), spec.parent / ".probeline"
    with Writer(uri, info("tiny"), folder) as writer:
        writer.started(plan.trials[0])
        writer.finished(plan.trials[0].id)
    for trial_id, encoder_id in [(t.id, t.encoder_id) for t in plan.trials] + [("f" * 16, "e" * 16)]:
        for path in (f"encoders/{encoder_id}/e.safetensors", f"artifacts/{trial_id}/a.csv"):
            (folder / path).parent.mkdir(parents=True)
            (folder / path).write_bytes(b"x" * 100)
        (folder / "checkpoints").mkdir(exist_ok=True)
        (folder / f"checkpoints/{encoder_id}.safetensors").write_bytes(b"x" * 50)
    (folder / "checkpoints/abc.safetensors.17.part").write_bytes(b"x")
    return folder


def test_only_what_no_trial_needs_is_listed_and_each_with_its_reason(folder, spec, uri):
    plan = make(load(spec), uri)
    first = plan.trials[0]
    items = {str(item.path.relative_to(folder)): item for item in unneeded(folder, [plan])}
    assert set(items) == {
        "encoders/" + "e" * 16,
        "checkpoints/" + "e" * 16 + ".safetensors",
        f"checkpoints/{first.encoder_id}.safetensors",
        "checkpoints/abc.safetensors.17.part",
        f"artifacts/{first.id}",
    }
    assert items["encoders/" + "e" * 16].size == 100
    assert "--delete removes them" in text(list(items.values()), False)
    assert (folder / "encoders" / ("e" * 16)).exists()


def test_another_experiment_that_is_named_keeps_what_it_needs(folder, spec, uri):
    shorter = make(load(spec, sets=["seeds=1"]), uri)
    lost = {item.path.name for item in unneeded(folder, [shorter])}
    kept = {item.path.name for item in unneeded(folder, [shorter, make(load(spec), uri)])}
    second = {trial.encoder_id for trial in make(load(spec), uri).trials if trial.seed == 1}
    assert second <= lost
    assert not second & kept


def test_removing_leaves_nothing_to_remove_and_does_not_meet_a_run(folder, spec, uri):
    plan = make(load(spec), uri)
    with only_run(folder, "tiny"), pytest.raises(UserError, match="another run"), nobody_runs(folder, [plan]):
        raise AssertionError("both at once")
    with nobody_runs(folder, [plan]):
        remove_all(unneeded(folder, [plan]))
    assert unneeded(folder, [plan]) == []
    assert all((folder / "encoders" / trial.encoder_id).exists() for trial in plan.trials)


def test_the_command_lists_and_removes_only_when_told(folder, spec):
    def gc(*options: str) -> str:
        command = [sys.executable, "-m", "probeline.cli", "gc", "tiny.yaml", *options]
        return subprocess.run(command, cwd=spec.parent, capture_output=True, text=True, check=True).stdout

    assert "listed only" in gc()
    assert (folder / "encoders" / ("e" * 16)).exists()
    assert "removed" in gc("--delete")
    assert not (folder / "encoders" / ("e" * 16)).exists()
    assert "nothing to remove" in gc()
