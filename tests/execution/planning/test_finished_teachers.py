"""A cell learns from the encoder of a finished trial of another experiment, by its id."""

import json
from collections import defaultdict
from pathlib import Path

import pytest
from helpers.hubert_spec import UNITS
from probeline.core.events import Artifact
from probeline.execution.planning.finished_teachers import with_finished_teachers
from probeline.experiment import identity
from probeline.experiment.grid import cells
from probeline.experiment.load import load_text
from probeline.experiment.problems import SpecError
from probeline.tracking.writing.experiments import ExperimentInfo
from probeline.tracking.writing.writer import Writer

ARMS = """\
  first: {}
"""
SPEC = UNITS + ARMS


def trials(text: str) -> list[identity.Trial]:
    experiment = load_text(text, "units.yaml")
    return identity.trials(cells(experiment), experiment.seeds, defaultdict(lambda: "d1"))[0]


@pytest.fixture
def uri(database: Path) -> str:
    """A database that is migrated already."""
    return f"sqlite:///{database}"


@pytest.fixture
def finished(uri: str, tmp_path: Path) -> identity.Trial:
    """A trial that has finished, with its encoder's description among its artifacts."""
    (trial,) = trials(SPEC + "seeds: 1\n")
    file = tmp_path / "encoder.json"
    file.write_text(json.dumps({"encoder_id": trial.encoder_id, "recipe": trial.cell.recipe.as_dict()}))
    with Writer(uri, ExperimentInfo("earlier"), tmp_path / "work") as writer:
        writer.started(trial)
        writer.artifacts(trial.id, [Artifact("encoder/encoder.json", file)])
        writer.finished(trial.id)
        assert writer.flush(60)
    return trial


def spec(teacher: str, layer: int = 2) -> str:
    arms = f"  second: {{method.targets: {{encoder: '{teacher}', layer: {layer}}}}}\n"
    return SPEC.replace("  first: {}\n", arms + "  third: {method.targets: {encoder: second}}\n")


def test_the_encoder_of_the_trial_is_the_teacher_of_every_seed_and_what_does_not_fit_is_refused(
    finished: identity.Trial, uri: str
) -> None:
    experiment = load_text(spec(finished.id), "units.yaml")
    linked, ids = with_finished_teachers(experiment, cells(experiment), uri)
    planned, _ = identity.trials(linked, [0, 1], defaultdict(lambda: "d1") | ids)
    teachers = {(trial.cell.label, trial.seed): trial.teacher for trial in planned if trial.teacher}
    second = {seed: trial for trial in planned for seed in (trial.seed,) if trial.cell.label == "second"}
    for seed in (0, 1):
        assert teachers["second", seed].encoder_id == finished.encoder_id
        assert teachers["third", seed].encoder_id == second[seed].encoder_id
    assert second[0].cell.recipe.method.parameters["teacher"]["depth"] == 2
    for text, message in (
        (spec("0" * 16), r"units\.yaml:9 .*encoder: trial 0{16}: not in"),
        (spec(finished.id, layer=3), r"layer: got 3; wave_transformer of trial \w+ has layers 0 to 2"),
    ):
        refused = load_text(text, "units.yaml")
        with pytest.raises(SpecError, match=message):
            with_finished_teachers(refused, cells(refused), uri)


def test_a_trial_whose_encoder_mlflow_has_lost_is_refused_as_that(finished: identity.Trial, uri: str) -> None:
    folder = Path(uri.removeprefix("sqlite:///")).parent
    next(folder.glob("mlartifacts/**/encoder/encoder.json")).unlink()
    experiment = load_text(spec(finished.id), "units.yaml")
    with pytest.raises(SpecError, match=rf"encoder: trial {finished.id} has finished, and its encoder is no longer in"):
        with_finished_teachers(experiment, cells(experiment), uri)
