from collections import defaultdict

import pytest
from probeline.core.dataset import DatasetInfo
from probeline.core.sample_spec import image
from probeline.execution.planning.without_effect import SMALLEST_BLURRED_SIDE, without_effect
from probeline.experiment.grid import cells
from probeline.experiment.load import load_text

SPEC = """
name: t
base:
  data: digits
  encoder: {{name: resnet, width: 4}}
  method: {method}
  training: {training}
grid: {{training.batch_size: [32, 64]}}
"""


def notes(side=32, method="simclr", training="{epochs: 5}"):
    grid = cells(load_text(SPEC.format(method=method, training=training), "t.yaml"))
    info = DatasetInfo("-", 100, 10, 10, ("a", "b"), image(side, side, 3))
    return without_effect(grid, defaultdict(lambda: info))


def test_a_warm_up_longer_than_the_training_is_noted_once_for_all_its_cells():
    (note,) = notes(training="{epochs: 5, warmup_epochs: 8}")
    assert note == (
        "'batch_size=32' and 1 more: training.warmup_epochs, 8, is longer than the training of 5 epochs: the "
        "learning rate ends at 62% of its peak and never decays"
    )


@pytest.mark.parametrize("training", ["{epochs: 5, warmup_epochs: 5}", "{epochs: 0, warmup_epochs: 5}", "{epochs: 5}"])
def test_a_warm_up_as_long_as_the_training_or_without_one_is_not(training):
    assert notes(training=training) == []


@pytest.mark.parametrize(
    ("side", "method", "blurs_nothing"),
    [
        (16, "{name: simclr, augment: {blur: 0.5}}", True),
        (16, "{name: simclr, augment: [crop, blur]}", True),
        (16, "{name: simclr, augment_other: [crop, blur]}", True),
        (SMALLEST_BLURRED_SIDE, "{name: simclr, augment: {blur: 0.5}}", False),
        (16, "{name: simclr, augment: [crop, {name: blur, kernel: 0.3}]}", False),
        (16, "{name: simclr, augment: [{name: crop, size: 32}, blur]}", False),
        (16, "simclr", False),
    ],
)
def test_a_blur_of_images_too_small_for_it_is_noted(side, method, blurs_nothing):
    assert [("blurs nothing" in note) for note in notes(side, method)] == [True] * blurs_nothing
