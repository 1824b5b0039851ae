"""A finished teacher whose encoder the storage has lost is named before anything trains."""

from collections import defaultdict
from pathlib import Path

import pytest
from helpers.audio_files import spoken, write
from helpers.hubert_spec import UNITS
from probeline.api.planning import priced
from probeline.api.running import run
from probeline.api.workspace import Workspace
from probeline.errors import UserError
from probeline.execution.planning.absent_teachers import require_teachers
from probeline.execution.planning.plan import Plan, make
from probeline.experiment import identity
from probeline.experiment.grid import cells
from probeline.experiment.load import load, load_text
from probeline.tracking.reading.results import TrialStatus
from probeline.tracking.writing.experiments import ExperimentInfo
from probeline.tracking.writing.writer import Writer

ARMS = """\
  first: {}
  second: {method.targets: {encoder: first, layer: 2}}
seeds: 2
"""
SPEC = UNITS + ARMS


def plan(finished: str, text: str = SPEC) -> Plan:
    """The plan after every trial of the cell `finished` has finished."""
    experiment = load_text(text, "units.yaml")
    digests = defaultdict(lambda: "d1")
    trials, _ = identity.trials(cells(experiment), experiment.seeds, digests)
    states = {trial.id: TrialStatus("r", "finished" if trial.cell.label == finished else "missing") for trial in trials}
    return Plan(experiment, trials, digests, states, [])


def store(folder: Path, encoder_id: str) -> Path:
    """An encoder's files, empty."""
    files = [folder / "encoders" / encoder_id / name for name in ("encoder.json", "encoder.safetensors")]
    files[0].parent.mkdir(parents=True)
    for file in files:
        file.touch()
    return files[1]


def test_a_lost_encoder_of_a_finished_teacher_is_named_with_its_trial_and_where_it_belongs(tmp_path: Path) -> None:
    planned = plan(finished="first")
    first, other = (trial for trial in planned.trials if trial.cell.label == "first")
    store(tmp_path, first.encoder_id)
    where = tmp_path / "encoders" / other.encoder_id
    message = rf"targets: no encoder of cell 'first', seed 1, trial {other.id} \({where}\): its trial has finished, so"
    with pytest.raises(UserError, match=message):
        require_teachers(planned, planned.todo, tmp_path)
    weights = store(tmp_path, other.encoder_id)
    require_teachers(planned, planned.todo, tmp_path)
    weights.unlink()
    with pytest.raises(UserError, match=message):
        require_teachers(planned, planned.todo, tmp_path)


def test_a_teacher_that_is_still_to_be_trained_and_a_student_that_is_trained_need_nothing(tmp_path: Path) -> None:
    planned = plan(finished="nothing")
    require_teachers(planned, planned.todo, tmp_path)
    planned = plan(finished="first")
    for trial in planned.todo:
        store(tmp_path, trial.encoder_id)  # its protocols are still to run
    require_teachers(planned, planned.todo, tmp_path)


def test_a_teacher_by_id_is_named_too(tmp_path: Path) -> None:
    teacher = "0123456789abcdef"
    text = SPEC.replace("  first: {}\n", "").replace("encoder: first", f"encoder: '{teacher}'")
    with pytest.raises(UserError, match=f"no encoder of trial {teacher} .*encoders/d1.*its trial has finished"):
        require_teachers(plan("nothing", text), plan("nothing", text).todo, tmp_path)


def test_plan_and_run_refuse_before_anything_trains(uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROBELINE_CACHE", str(tmp_path / "cache"))
    clips, file = write(tmp_path / "clips", spoken(clips=10)), tmp_path / "units.yaml"
    file.write_text(SPEC.replace("{name: fsdd, path: nowhere}", f"{{name: audio_folder, path: {clips}}}"))
    with Writer(uri, ExperimentInfo("units"), tmp_path / "work") as writer:
        for trial in make(load(file), uri).trials:
            if trial.cell.label == "first":
                writer.started(trial)
                writer.finished(trial.id)
        assert writer.flush(300)
    workspace = Workspace(tmp_path / "work", uri, None)
    for refuse in (priced, run):
        with pytest.raises(UserError, match=r"no encoder of cell 'first', seed 0, trial .* cell 'first', seed 1"):
            refuse(file, workspace)
