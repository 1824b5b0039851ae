import numpy as np
import pytest
import torch
from PIL import Image
from probeline.cli.app import app
from probeline.core.sample_spec import image
from probeline.data.store import facts, open_dataset
from probeline.errors import BadData, UserError
from probeline.execution.planning.preview import CellViews, draw_sheet, look, write
from probeline.experiment.grid import cells
from probeline.experiment.load import load
from probeline.experiment.schema import Training
from probeline.methods.contrastive.simclr import Config, SimCLR
from probeline.models.build import build_encoder
from probeline.plugins import catalog
from probeline.plugins.declarations import fitting
from probeline.training.checkpoints import Checkpoint
from probeline.training.loop import Loop
from typer.testing import CliRunner

ENCODER = {"name": "resnet", "width": 4}
SPEC = """
name: eyes
base:
  data: {name: digits, train_size: 40, test_size: 20}
  encoder: {name: resnet, width: 4}
  training: {epochs: 2, batch_size: 10}
grid:
  method:
    none: random_init
    two: {name: simclr, augment: [crop, {name: colour, p: 1}], augment_other: [crop]}
    turned: rotation
    taught: supervised
    turned_once: {name: simclr, augment: [{name: crop, size: 4}]}
seeds: [5, 6]
"""


@pytest.fixture
def experiment(tmp_path):
    (tmp_path / "eyes.yaml").write_text(SPEC)
    return load(tmp_path / "eyes.yaml")


class Watched(SimCLR):
    """Keeps the views that it made."""

    def views(self, batch, rng):
        made = super().views(batch, rng)
        self.seen.append((batch.index, made.inputs.unflatten(0, (2, -1))))
        return made


def test_what_is_drawn_is_what_the_training_loop_sees(experiment, tmp_path):
    data = cells(experiment)[0].recipe.data.as_dict()
    method = Watched(Config(augment_other=[{"name": "crop"}]), build_encoder(ENCODER, image(8, 8, 1)), facts(data))
    method.seen = []
    training = Training(epochs=2, batch_size=10, lr=0.1, warmup_epochs=0)
    list(Loop(method, open_dataset(data), training, 5, torch.device("cpu")).run(Checkpoint(tmp_path / "c")))
    trained = {}
    for step, (index, views) in enumerate(method.seen):
        trained |= {(step >= len(method.seen) // 2, int(row)): views[:, place] for place, row in enumerate(index)}
    compared = 0
    for epoch in (0, 1):
        seen = look(experiment, "two", 40, epoch).views[1]  # the second branch: crop only, as in the loop above
        for row in range(40):
            if (bool(epoch), row) in trained:
                compared += 1
                assert torch.allclose(trained[bool(epoch), row][1], seen[row], atol=1e-6)
    assert compared >= 40


def test_the_first_cell_that_makes_views_is_taken_unless_one_is_named(experiment):
    seen = look(experiment, None, 3, 0)
    assert "cell two" in seen.title and seen.views.shape == (2, 3, 1, 8, 8) and seen.targets is None
    turned = look(experiment, "turned", 3, 0)
    assert turned.views.shape[:2] == (4, 3) and turned.targets.tolist() == [[k] * 3 for k in range(4)]
    assert look(experiment, "taught", 3, 0).targets.shape == (1, 3)
    assert look(experiment, "turned_once", 10**6, 0).views.shape == (
        2,
        len(open_dataset(cells(experiment)[0].recipe.data.as_dict()).train),
        1,
        4,
        4,
    )


@pytest.mark.parametrize("name", [name for name in fitting("methods", "image") if catalog.trains(name)])
def test_every_method_that_trains_can_be_looked_at(name, tmp_path):
    spec = tmp_path / "one.yaml"
    data = "{name: photos, size: 32, train_crops: 6, test_crops: 3}"
    parts = f"  encoder: {{name: resnet, width: 4}}\n  method: {name}\n  training: {{batch_size: 8}}\n"
    spec.write_text(f"name: one\nbase:\n  data: {data}\n{parts}")
    seen = look(load(spec), None, 2, 0)
    assert seen.samples.shape == (2, 3, 32, 32) and seen.views.shape[1] == 2
    assert draw_sheet(seen).width > 100


ENCODERS = {"series": "tdnn", "vector": "linear", "waveform": "wave_conv"}
SAMPLES = {
    "series": np.random.default_rng(0).random((60, 2), dtype=np.float32),
    "waveform": np.random.default_rng(0).integers(-9000, 9000, 60_000).astype(np.int16),
}
DATA = """
import numpy as np
from probeline.core.columns import Ragged
from probeline.core.dataset import Split
from probeline.data.read_report import ReadSplits
from probeline.data.settings import DatasetSettings

GIVES = "{modality}"


class Config(DatasetSettings):
    pass


def files(config):
    return []


def read(config):
    values, count = np.load("{values}"), 12
    step = len(values) // count
    column = Ragged(values, np.arange(count + 1) * step) if "{modality}" != "vector" else values
    split = Split(column, np.arange(count) % 2)
    return ReadSplits({{"train": split, "test": split}}, ("a", "b"), rate=8000)
"""


@pytest.fixture
def other_data(tmp_path, monkeypatch):
    """The dotted name of a data set of a modality."""

    def write(modality):
        values = SAMPLES.get(modality, np.random.default_rng(0).random((12, 6), dtype=np.float32))
        np.save(tmp_path / "values.npy", values)
        (tmp_path / f"other_{modality}").mkdir()
        text = DATA.format(modality=modality, values=tmp_path / "values.npy")
        (tmp_path / f"other_{modality}" / "numbers.py").write_text(text)
        monkeypatch.syspath_prepend(tmp_path)
        return f"other_{modality}.numbers"

    return write


@pytest.mark.parametrize("modality", ENCODERS)
def test_samples_that_are_no_images_and_their_views_are_drawn_too(modality, tmp_path, other_data):
    spec = tmp_path / "one.yaml"
    data, encoder = other_data(modality), ENCODERS[modality]
    spec.write_text(f"name: one\nbase:\n  data: {data}\n  encoder: {encoder}\n  method: simclr\n")
    seen = look(load(spec), None, 3, 0)
    assert seen.samples.shape[:2] == (3, 1) and seen.views.shape == (2, *seen.samples.shape)
    assert seen.modality == modality and draw_sheet(seen).width > 150


@pytest.mark.parametrize(
    ("label", "message"),
    [("tow", "did you mean 'two'"), ("none", "random_init makes no views"), ("two ", "did you mean 'two'")],
)
def test_a_cell_that_cannot_be_drawn_is_told_of(experiment, label, message):
    with pytest.raises(UserError, match=message):
        look(experiment, label, 2, 0)


def test_images_that_a_method_cannot_take_are_told_of_with_the_cell(tmp_path):
    spec = tmp_path / "one.yaml"
    method = "{name: relative_position}"
    spec.write_text(f"name: one\nbase:\n  data: digits\n  encoder: resnet\n  method: {method}\n")
    with pytest.raises((UserError, BadData), match="patch"):
        look(load(spec), None, 2, 0)


def test_the_picture_holds_every_image_and_view_at_its_place():
    images = torch.rand(2, 3, 40, 40)
    views = torch.stack([images, 1 - images])
    sheet = np.asarray(draw_sheet(CellViews("title", "image", images, views, torch.tensor([[0, 1], [1, 0]]))))
    for tile in (images, 1 - images):
        for picture in tile:
            pixels = (picture * 255).round().byte().permute(1, 2, 0).repeat_interleave(2, 0).repeat_interleave(2, 1)
            assert any(
                np.array_equal(sheet[top : top + 80, left : left + 80], pixels.numpy())
                for top in range(sheet.shape[0] - 79)
                for left in (6, 92, 178)
            )


def test_grey_images_and_many_patches_fit_on_the_sheet():
    seen = CellViews(
        "a title that is longer than the tiles are wide",
        "image",
        torch.rand(1, 1, 28, 28),
        torch.rand(49, 1, 1, 7, 9),
        None,
    )
    sheet = draw_sheet(seen)
    assert sheet.mode == "RGB" and sheet.height > 7 * 56 and sheet.width > 8 * 60


@pytest.mark.parametrize(("channels", "visible"), [(2, [0, 0, 0]), (5, [0, 1, 2])])
def test_images_of_other_channels_are_drawn_by_some_of_them(channels, visible):
    image = torch.arange(channels).float().view(-1, 1, 1).expand(-1, 4, 4) / 10
    sheet = np.asarray(draw_sheet(CellViews("title", "image", image[None], image[None, None], None)))
    colour = [round(255 * channel / 10) for channel in visible]
    assert any(np.array_equal(sheet[row, column], colour) for row in range(30, 60) for column in range(6, 40))


def test_the_command_writes_the_file_and_prints_its_path(tmp_path, monkeypatch):
    (tmp_path / "eyes.yaml").write_text(SPEC)
    monkeypatch.chdir(tmp_path)
    said = CliRunner().invoke(app, ["views", "eyes.yaml", "--samples", "2", "--cell", "turned", "--epoch", "3"])
    assert said.exit_code == 0, said.output
    path = tmp_path / ".probeline/views/eyes.png"
    assert said.output.strip() == str(path)
    with Image.open(path) as picture:
        assert picture.format == "PNG" and picture.width > 5 * 80


def test_numbers_that_make_no_sense_and_a_path_that_is_a_folder_are_refused(experiment, tmp_path):
    with pytest.raises(UserError, match="at least 1 sample"):
        write(experiment, None, 0, 0, tmp_path / "a.png")
    with pytest.raises(UserError, match="directory"):
        write(experiment, None, 1, 0, tmp_path)
