import pytest
from probeline.execution.planning.plan import make
from probeline.execution.planning.plan_text import as_dict, status_text, text
from probeline.experiment.load import load
from probeline.experiment.problems import SpecError
from probeline.tracking.reading.results import TrialStatus


def test_a_new_experiment_is_all_to_do_one_seed_of_every_cell_first(spec, uri):
    plan = make(load(spec), uri)
    assert plan.todo == plan.trials
    assert [trial.seed for trial in plan.trials] == [0, 0, 0, 1, 1, 1]
    assert plan.by_cell() == {"simclr": {"new": 2}, "rotation": {"new": 2}, "raw_pixels": {"new": 2}}


def test_planning_starts_and_writes_nothing(spec, uri):
    make(load(spec), uri)
    assert [path.name for path in spec.parent.iterdir()] == ["tiny.yaml"]


def test_failed_trials_run_again_but_diverged_and_finished_ones_do_not(spec, uri):
    plan = make(load(spec), uri)
    known = [
        TrialStatus("r0", "finished"),
        TrialStatus("r1", "failed", "diverged", "nan"),
        TrialStatus("r2", "failed", "error", "boom"),
        TrialStatus("r3", "running"),
    ]
    plan.statuses.update({trial.id: status for trial, status in zip(plan.trials, known, strict=False)})
    assert plan.todo == plan.trials[2:]
    assert plan.counts() == {"finished": 1, "failed": 2, "unfinished": 1, "new": 2}
    assert "diverged  rotation seed=0" in status_text(plan)
    assert "boom" in status_text(plan)


def test_a_batch_larger_than_the_training_set_is_refused_where_it_was_written(spec, uri):
    spec.write_text(spec.read_text().replace("batch_size: 64", "batch_size: 201"))
    with pytest.raises(SpecError, match=r"tiny\.yaml:8 .*batch_size: got 201; the training set of digits has 200"):
        make(load(spec), uri)


def test_twins_run_once_and_are_named(spec, uri):
    spec.write_text(spec.read_text().replace("arms:", "arms:\n  again: {method: rotation}"))
    plan = make(load(spec), uri)
    assert len(plan.trials) == 6
    assert plan.notes[0] == "'again' is the same trial as 'rotation': it runs once, as 'rotation'"
    assert plan.notes[0] in text(plan)


def test_the_plan_for_programs_says_all(spec, uri):
    said = as_dict(make(load(spec), uri))
    assert said["to_run"] == 6
    assert said["resources"]["cpus"] == 1
    assert len({trial["trial_id"] for trial in said["trials"]}) == 6


def test_the_weights_an_encoder_starts_from_are_part_of_the_id(spec, uri):
    weights = spec.parent / "w.safetensors"
    ids = []
    for content in (b"one", b"two"):
        weights.write_bytes(content)
        ids.append(make(load(spec, sets=[f"encoder.weights={weights}"]), uri).trials[0].encoder_id)
    moved = weights.rename(spec.parent / "moved.safetensors")
    ids.append(make(load(spec, sets=[f"encoder.weights={moved}"]), uri).trials[0].encoder_id)
    assert ids[0] != ids[1] == ids[2]


@pytest.mark.parametrize("label", [r"a\e[2J\e[31mRED", r"a\n  fake cell  5 finished", r"\u202egnp.exe", r"a\rb"])
def test_no_label_moves_the_cursor_or_reorders_a_line(spec, uri, label):
    spec.write_text(
        spec.read_text().replace("arms:", f'arms:\n  "{label}": {{method: {{name: simclr, temperature: 0.3}}}}')
    )
    shown = text(make(load(spec), uri))
    assert all(character.isprintable() for character in shown.replace("\n", ""))
    assert len(shown.splitlines()) == len(shown.split("\n")) and "fake cell" not in [
        line[2:11] for line in shown.splitlines()
    ]
