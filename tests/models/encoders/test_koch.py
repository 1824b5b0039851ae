import pytest
import torch
from probeline.core.sample_spec import image
from probeline.models.build import build_encoder
from probeline.models.encoders.koch import remaining


def test_the_papers_network_has_the_sizes_of_its_figure():
    with torch.device("meta"):
        encoder = build_encoder({"name": "koch"}, image(105, 105, 1))
    assert [tuple(each.weight.shape) for each in encoder.convolutions] == [
        (64, 1, 10, 10),
        (128, 64, 7, 7),
        (128, 128, 4, 4),
        (256, 128, 4, 4),
    ]
    assert encoder.units.weight.shape == (4096, 9216) and encoder.dim == 4096
    assert (remaining(105), remaining(65)) == (6, 1)


def test_the_papers_initial_weights():
    torch.manual_seed(0)
    encoder = build_encoder({"name": "koch", "width": 0.25}, image(105, 105, 1))
    second = encoder.convolutions[1]
    assert second.weight.std().item() == pytest.approx(0.01, rel=0.05)
    assert second.bias.mean().item() == pytest.approx(0.5, abs=0.01)
    assert encoder.units.weight.std().item() == pytest.approx(0.2, rel=0.05)
    assert encoder.units.bias.mean().item() == pytest.approx(0.5, abs=0.01)


def test_images_of_any_size_are_resized_and_h_is_from_0_to_1():
    torch.manual_seed(0)
    encoder = build_encoder({"name": "koch", "width": 0.05, "side": 65, "init": "scaled"}, image(28, 28, 1))
    h = encoder(torch.rand(2, 1, 28, 28)).h
    assert h.shape == (2, 205) and h.min() > 0 and h.max() < 1
