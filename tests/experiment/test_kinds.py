"""A spec that mixes kinds of samples is refused while loading, with its line and what would fit."""

import pytest
from probeline.experiment import fitting, identity
from probeline.experiment.grid import cells
from probeline.experiment.load import load_text

HEAD = '"""A plug-in."""\nimport a_module_that_is_not_installed\n'
HEAD += "from typing import Annotated, Any\nfrom probeline.core.settings import Component, NameOf, Settings\n"
EMPTY = "class Config(Settings):\n    pass\n"
PLUGINS = {
    "clips": "GIVES = 'waveform'\nLABELS = ('word', 'speaker')\nLISTS = {'trials': 'pairs', 'phones': 'segments'}\n"
    + EMPTY,
    "pens": "GIVES = {'form': {'images': 'image', 'strokes': 'series'}}\nLABELS = ()\n"
    "class Config(Settings):\n    form: str = 'images'\n",
    "named": "GIVES = {'form': {'images': 'image', 'strokes': 'series'}}\n"
    "class Config(Settings):\n    form: str = 'images'\n",
    "tdnn": "TAKES = ('series', 'waveform')\nGIVES = ('frames',)\n" + EMPTY,
    "turning": "TAKES = ('image',)\n" + EMPTY,
    "views": "TAKES = ('image', 'waveform', 'series')\nclass Config(Settings):\n"
    "    augment: Annotated[list[dict[str, Any]], Component('augmentations')] = []\n",
    "hum": "TAKES = ('waveform',)\n" + EMPTY,
    "verify": "NEEDS = ('pairs | labels',)\nclass Config(Settings):\n"
    "    list: Annotated[str | None, NameOf('pairs')] = None\n"
    "    label: Annotated[str | None, NameOf('labels')] = None\n",
    "episodes": "NEEDS = ('episodes',)\n" + EMPTY,
    "phones": "TAKES = ('waveform', 'series')\nNEEDS = ('frames',)\n" + EMPTY,
    "bits": "NEEDS = ('likelihood',)\n" + EMPTY,
    "judge": EMPTY,
    "moved": "class Config(Settings):\n    data: Annotated[list[dict[str, Any]], Component('datasets')] = []\n",
    "torn": "TAKES = ('drawings',)\n" + EMPTY,
    "generator": "TAKES = ('waveform',)\nGIVES = ('likelihood',)\n" + EMPTY,
}
BASE = """\
name: demo
base:
  data: kinds.clips
  encoder: kinds.tdnn
  method: {name: kinds.views}
  training: {epochs: 1}
  evaluation: [kinds.judge]
"""


@pytest.fixture(scope="module", autouse=True)
def kinds(lab):
    """The package `kinds` beside `lab`; importing it would fail."""
    (lab / "kinds").mkdir()
    (lab / "kinds" / "__init__.py").write_text("raise RuntimeError('plug-ins must not be imported')\n")
    for name, text in PLUGINS.items():
        (lab / "kinds" / f"{name}.py").write_text(HEAD + text)


@pytest.fixture
def refused(mistakes):
    """The lines of what is wrong with BASE after replacements."""

    def lines(*replaced, more=""):
        text = BASE
        for old, new in replaced:
            assert old in text
            text = text.replace(old, new)
        return mistakes(more, base=text)

    return lines


def test_parts_for_the_same_samples_pass():
    assert len(cells(load_text(BASE, "demo.yaml"))) == 1
    strokes = BASE.replace("data: kinds.clips", "data: {name: kinds.pens, form: strokes}")
    assert len(cells(load_text(strokes, "demo.yaml"))) == 1


def test_a_method_for_other_samples_is_refused_with_its_line_and_those_that_fit(refused):
    (line,) = refused(("{name: kinds.views}", "rotation"))
    assert line.startswith(
        "demo.yaml:5 base.method: rotation takes images; data kinds.clips gives waveforms; methods for waveforms: "
    )
    assert "simclr" in line and " vae," not in line


def test_an_encoder_and_a_protocol_for_other_samples_are_refused(refused):
    (line,) = refused(("kinds.tdnn", "resnet"))
    assert line.startswith("demo.yaml:4 base.encoder: resnet takes images; data kinds.clips gives waveforms; encoders")
    (line,) = refused(("kinds.judge", "generations"))
    assert line.startswith(
        "demo.yaml:7 base.evaluation[0]: generations takes images; data kinds.clips gives waveforms; "
    )


def test_the_modality_may_be_a_parameters(refused):
    strokes = ("kinds.clips", "{name: kinds.pens, form: images}")
    (line,) = refused(strokes)
    assert line.startswith(
        "demo.yaml:4 base.encoder: kinds.tdnn takes series or waveforms; data kinds.pens gives images;"
    )


def test_an_augmentation_for_other_samples_is_refused_where_it_stands(refused):
    (line,) = refused(("kinds.views}", "kinds.views, augment: [kinds.hum, {name: blur, p: 0.5}]}"))
    assert line.startswith("demo.yaml:5 base.method.augment[1]: blur takes images; data kinds.clips gives waveforms; ")
    assert "augmentations for waveforms: " in line


def test_needs_are_met_by_the_datas_labels_and_lists_or_refused(refused):
    verify = ("kinds.judge", "kinds.verify")
    assert load_text(BASE.replace(*verify), "demo.yaml")
    (line,) = refused(verify, ("kinds.clips", "{name: kinds.pens, form: strokes}"))
    start = (
        "demo.yaml:7 base.evaluation[0]: kinds.verify needs pairs or labels; data kinds.pens has no labels or lists; "
    )
    assert line.startswith(start + "data sets with pairs or labels: ") and "mnist" in line and "svc2004" in line
    (line,) = refused(("kinds.judge", "kinds.episodes"))
    assert "kinds.episodes needs episodes; data kinds.clips has labels (word, speaker) and pairs (trials)" in line


def test_a_label_or_a_list_is_named_as_the_data_set_names_it(refused):
    assert load_text(BASE.replace("kinds.judge", "{name: kinds.verify, list: trials, label: speaker}"), "demo.yaml")
    named = "{name: kinds.verify, list: skilled, label: writer}"
    assert refused(("kinds.judge", named)) == [
        "demo.yaml:7 base.evaluation[0].list: got 'skilled'; data kinds.clips has pairs trials",
        "demo.yaml:7 base.evaluation[0].label: got 'writer'; data kinds.clips has labels word, speaker",
    ]


def test_frames_are_the_encoders_to_give(refused):
    assert load_text(BASE.replace("kinds.judge", "kinds.phones"), "demo.yaml")
    (line,) = refused(("kinds.judge", "kinds.phones"), ("kinds.tdnn", "kinds.hum"))
    assert "kinds.phones needs frames; encoder kinds.hum gives none; encoders with frames for waveforms: " in line


def test_what_no_method_of_the_experiment_gives_is_refused_and_what_some_give_is_not(refused):
    bits = ("kinds.judge", "kinds.bits")
    (line,) = refused(bits)
    assert "kinds.bits needs likelihood; method kinds.views gives none, nor does another one here; methods with" in line
    grid = "grid: {method: [kinds.views, kinds.generator]}\n"
    assert len(cells(load_text(BASE.replace(*bits) + grid, "demo.yaml"))) == 2


def test_other_data_of_a_protocol_are_of_the_same_kind(refused):
    (line,) = refused(("kinds.judge", "{name: kinds.moved, data: [kinds.clips, mnist]}"))
    assert line.startswith(
        "demo.yaml:7 base.evaluation[0].data[1]: mnist gives images; data kinds.clips gives waveforms;"
    )


def test_of_a_grid_the_cell_is_named_and_exclude_leaves_it_out(refused):
    grid = "grid:\n  data: [kinds.clips, {name: kinds.pens, form: strokes}]\n  method: [kinds.views, kinds.hum]\n"
    (line,) = refused(more=grid)
    assert line == (
        "demo.yaml:10 grid.method[1]: kinds.hum takes waveforms; data kinds.pens gives series; methods for series: "
        + fitting.listing(fitting.fitting("methods", "series"))
        + "; in cell 'kinds.pens kinds.hum'; `exclude` leaves cells out"
    )
    sound = BASE + grid + "exclude: [{data: kinds.pens, method: kinds.hum}]\n"
    assert [cell.label for cell in cells(load_text(sound, "demo.yaml"))] == [
        "kinds.clips kinds.views", "kinds.clips kinds.hum", "kinds.pens kinds.views",
    ]  # fmt: skip


def test_cells_with_one_mistake_are_counted_and_arms_have_their_own_line(refused):
    grid = "grid: {encoder: [kinds.tdnn, kinds.hum], method: [kinds.views, kinds.turning]}\n"
    (line,) = refused(more=grid)
    assert line.endswith("; in cell 'kinds.tdnn kinds.turning' and 1 more; `exclude` leaves cells out")
    (line,) = refused(more="arms: {floor: {method: kinds.turning}, plain: {}}\n")
    assert line.startswith("demo.yaml:8 arms.floor.method: kinds.turning takes images; ") and "exclude" not in line


def test_a_declaration_that_is_none_is_reported_where_the_plugin_is_named(refused):
    (line,) = refused(("kinds.tdnn", "kinds.torn"))
    assert line.startswith("demo.yaml:4 base.encoder: encoders 'kinds.torn': TAKES has ['drawings']; allowed: image, ")


def test_ten_thousand_trials_are_checked_once_for_what_their_parts_declare(base, monkeypatch):
    counted = []
    original = fitting.mistakes
    monkeypatch.setattr("probeline.experiment.kinds.mistakes", lambda *parts: counted.append(1) or original(*parts))
    grid = "grid:\n  training.lr: [{}]\n  encoder.width: [{}]\n  method: [lab.contrast, lab.turn]\n".format(
        ", ".join(map(str, range(1, 51))), ", ".join(map(str, range(1, 101)))
    )
    assert len(cells(load_text(base + grid, "demo.yaml"))) == 10_000
    assert len(counted) == 2


STROKES = BASE.replace("data: kinds.clips", "data: {name: kinds.pens, form: strokes}")


def test_a_preset_of_images_that_nobody_wrote_gives_way_to_the_default_of_the_samples():
    text = STROKES.replace("{name: kinds.views}", "{name: simclr, projector_dim: 32}")
    text = text.replace("[kinds.judge]", "[{name: fine_tune, fractions: [1.0], epochs: [1]}]").replace("pens", "named")
    (cell,) = cells(load_text(text, "demo.yaml"))
    names = ["time_warp", "rescale", "rotate_trajectory", "jitter_points"]
    assert [each["name"] for each in cell.recipe.method.parameters["augment"]] == names
    assert cell.recipe.method.parameters["augment"][0]["knots"] == 4
    assert cell.recipe.method.parameters["augment_other"] is None
    assert [each["name"] for each in cell.recipe.protocol("fine_tune").parameters["augment"]] == names
    images = text.replace("form: strokes", "form: images").replace("kinds.tdnn", "resnet")
    (cell,) = cells(load_text(images, "demo.yaml"))
    assert cell.recipe.method.parameters["augment"]["strength"] == 0.5


def test_a_preset_of_images_that_somebody_wrote_is_refused_on_other_samples(refused):
    (line,) = refused(
        ("kinds.clips", "{name: kinds.pens, form: strokes}"),
        ("{name: kinds.views}", "{name: simclr, augment: {strength: 0.7}}"),
    )
    assert line.startswith(
        "demo.yaml:5 base.method.augment: these are parameters of images; data kinds.pens gives series; leave it out, "
        "or list operations: `augment: [...]`; augmentations for series: "
    )
    own = STROKES.replace("{name: kinds.views}", "{name: simclr, augment: [jitter_points]}")
    (cell,) = cells(load_text(own, "demo.yaml"))
    assert [each["name"] for each in cell.recipe.method.parameters["augment"]] == ["jitter_points"]


def test_the_default_of_samples_enters_the_trials_id():
    text = STROKES.replace("{name: kinds.views}", "simclr")
    (cell,) = cells(load_text(text, "demo.yaml"))
    digests = {identity.data_key(cell.recipe): "d1"}
    named = text.replace("simclr", "{name: simclr, augment: [time_warp, rescale, rotate_trajectory, jitter_points]}")
    (same,) = cells(load_text(named, "demo.yaml"))
    (other,) = cells(load_text(named.replace("rescale, ", ""), "demo.yaml"))
    ids = [identity.trial(each, 0, digests).id for each in (cell, same, other)]
    assert ids[0] == ids[1] != ids[2]
