from collections import defaultdict

import pytest
from probeline.core.dataset import DatasetInfo
from probeline.core.sample_spec import image
from probeline.execution.planning.without_effect import without_effect
from probeline.experiment.grid import cells
from probeline.experiment.load import load_text

SPEC = """
name: t
base:
  data: digits
  encoder: {{name: resnet, width: 4}}
  method: {method}
  training: {training}
grid: {grid}
"""


def notes(side=32, method="simclr", training="{epochs: 5}", grid="{training.batch_size: [32, 64]}", channels=3):
    made = cells(load_text(SPEC.format(method=method, training=training, grid=grid), "t.yaml"))
    info = DatasetInfo("-", 100, 10, 10, ("a", "b"), image(side, side, channels))
    return without_effect(made, defaultdict(lambda: info))


def test_a_warm_up_longer_than_the_training_is_noted_once_for_all_its_cells():
    (note,) = notes(training="{epochs: 5, warmup_epochs: 8}")
    assert note == (
        "'batch_size=32' and 1 more: training.warmup_epochs, 8, is longer than the training of 5 epochs: the "
        "learning rate ends at 62% of its peak and never decays"
    )


@pytest.mark.parametrize("training", ["{epochs: 5, warmup_epochs: 5}", "{epochs: 0, warmup_epochs: 5}", "{epochs: 5}"])
def test_a_warm_up_as_long_as_the_training_or_without_one_is_not(training):
    assert not any("warmup_epochs" in note for note in notes(training=training))


@pytest.mark.parametrize(
    ("side", "method", "blurs_nothing"),
    [
        (16, "{name: simclr, augment: {blur: 0.5}}", True),
        (16, "{name: simclr, augment: [crop, blur]}", True),
        (16, "{name: simclr, augment_other: [crop, blur]}", True),
        (20, "{name: simclr, augment: {blur: 0.5}}", False),
        (16, "{name: simclr, augment: [crop, {name: blur, kernel: 0.3}]}", False),
        (16, "{name: simclr, augment: [{name: crop, size: 32}, blur]}", False),
        (16, "simclr", False),
    ],
)
def test_a_blur_of_images_too_small_for_it_is_noted(side, method, blurs_nothing):
    assert [("blurs nothing" in note) for note in notes(side, method)] == [True] * blurs_nothing


def test_a_blur_says_why_it_blurs_nothing():
    (note,) = notes(16, "{name: simclr, augment: {blur: 0.5}}")
    assert note == (
        "'batch_size=32' and 1 more: method.augment.blur, 0.5, blurs nothing: images have 16 pixels a side, and a "
        "kernel of 10% of it is below 3 pixels"
    )


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            {"grid": "{training.momentum: [0.5, 0.9]}", "training": "{optimizer: adamw}"},
            [
                "'momentum=0.5': training.momentum, 0.5, has no effect: AdamW has betas of its own, 0.9 and 0.999",
                "'momentum=0.9': training.momentum, 0.9, has no effect: AdamW has betas of its own, 0.9 and 0.999",
            ],
        ),
        (
            {"training": "{optimizer: adamw, momentum: 0.5}"},
            [
                "'batch_size=32' and 1 more: training.momentum, 0.5, has no effect: AdamW has betas of its own, 0.9 "
                "and 0.999"
            ],
        ),
        ({"training": "{optimizer: adamw}"}, []),
        (
            {"training": "{lr_batch_size: 64}"},
            ["'batch_size=32' and 1 more: training.lr_batch_size, 64, has no effect: training.scaling is none"],
        ),
        ({"training": "{lr_batch_size: 64, scaling: linear}"}, []),
        (
            {"method": "random_init", "grid": "{training.lr: [0.1, 0.2, 0.3]}"},
            ["'lr=0.1' and 2 more: training.lr has no effect: random_init trains nothing"],
        ),
        (
            {"training": "{epochs: 0}", "grid": "{training.lr: [0.1, 0.2]}"},
            ["'lr=0.1' and 1 more: training.lr has no effect: training.epochs is 0"],
        ),
        ({"grid": "{training.epochs: [0, 1]}"}, []),
        (
            {"grid": "{method.augment.grey: [0, 0.2]}", "channels": 1},
            [
                "'grey=0.2': method.augment.grey, 0.2, has no effect: images with 1 channels have no colour",
            ],
        ),
        (
            {"method": "{name: simclr, augment: [{name: colour, hue: 0.5}]}", "channels": 1},
            [
                "'batch_size=32' and 1 more: method.augment[0].hue, 0.5, has no effect: images with 1 channels have "
                "no colour"
            ],
        ),
        ({"channels": 1}, []),
    ],
)
def test_a_parameter_without_effect_is_noted_where_it_is_an_axis_or_not_at_its_default(given, told):
    assert notes(**given) == told


def test_a_plugin_outside_probeline_notes_its_own(tmp_path, monkeypatch):
    (tmp_path / "idle_lab").mkdir()
    (tmp_path / "idle_lab/flat.py").write_text(
        "from probeline.core.settings import Settings\n\n\nclass Config(Settings):\n    depth: int = 1\n\n"
        "    def without_effect(self, sample):\n        return {'depth': 'has no effect: samples are flat'}\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    (note,) = notes(method="{name: idle_lab.flat, depth: 3}")
    assert note == "'batch_size=32' and 1 more: method.depth, 3, has no effect: samples are flat"
