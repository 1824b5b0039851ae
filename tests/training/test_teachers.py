"""A trial that learns from the encoder of another one: it has that encoder's weights, or says whose are missing."""

from collections import defaultdict
from pathlib import Path

import pytest
import torch
from helpers.audio_files import spoken, write
from probeline.errors import UserError
from probeline.experiment import identity
from probeline.experiment.grid import cells
from probeline.experiment.load import load_text
from probeline.experiment.trial import Trial
from probeline.training.device import CPU
from probeline.training.trial import prepared, pretrain
from probeline.training.trial_storage import Storage

SPEC = """\
name: units
base:
  data: {{name: audio_folder, path: {path}}}
  encoder: {{name: wave_transformer, channels: 8, width: 8, depth: 2, heads: 2, layer_drop: 0.0}}
  method: {{name: hubert, clusters: 4, code_dim: 8, mask_start: 0.4, mask_span: 2}}
  training: {{epochs: 1, batch_size: 8, lr: 0.001}}
  evaluation: [linear_probe]
arms:
  first: {{}}
  second: {{method.targets: {{encoder: first, layer: 1}}}}
seeds: 1
"""


@pytest.fixture
def trials(tmp_path: Path) -> list[Trial]:
    folder = write(tmp_path / "clips", spoken(clips=10, samples=6000))
    experiment = load_text(SPEC.format(path=folder), "units.yaml")
    return identity.trials(cells(experiment), experiment.seeds, defaultdict(lambda: "d1"))[0]


def test_the_second_iteration_learns_from_the_trained_first_one_and_a_resumed_one_does_too(
    trials: list[Trial], tmp_path: Path
) -> None:
    storage, (first, second) = Storage(tmp_path / "store"), trials
    methods = []
    for trial in (first, second):
        method, setting = prepared(trial, CPU, 1)
        list(pretrain(trial, method, setting, storage))
        methods.append(method)
    student, teacher = methods[1], methods[0].encoder
    own = student.teacher.state_dict()
    assert all(torch.equal(own[name], value) for name, value in teacher.state_dict().items())
    assert student.centres.shape == (4, 8)  # of layer 1, not of 39 cepstra
    again, setting = prepared(second, CPU, 1)
    list(pretrain(second, again, setting, storage))
    for name, value in again.state_dict().items():
        assert torch.equal(value, student.state_dict()[name])


def test_without_the_teachers_encoder_it_fails_with_one_message_that_names_it(
    trials: list[Trial], tmp_path: Path
) -> None:
    method, setting = prepared(trials[1], CPU, 1)
    with pytest.raises(UserError, match=r"method\.targets: the encoder of cell 'first', seed 0 is not in .*; run it"):
        list(pretrain(trials[1], method, setting, Storage(tmp_path / "store")))
