import pytest
import torch
from probeline.core.sample_spec import image
from probeline.errors import UserError
from probeline.models.build import build_encoder


def test_blocks_halve_the_image_and_h_has_any_sign():
    torch.manual_seed(0)
    encoder = build_encoder({"name": "convnet", "channels": [8, 16], "dim": 5}, image(28, 28, 1)).eval()
    assert encoder.layers[-1].in_features == 16 * 7 * 7
    assert (encoder(torch.rand(8, 1, 28, 28)).h < 0).any()
    flat = build_encoder({"name": "convnet", "channels": [8, 8, 8, 8], "dim": None}, image(28, 28, 1))
    assert flat.dim == 8


def test_sigmoid_units_bound_h():
    torch.manual_seed(0)
    encoder = build_encoder({"name": "convnet", "channels": [8], "dim": 5, "units": "sigmoid"}, image(8, 8, 1))
    h = encoder(10 * torch.rand(8, 1, 8, 8)).h
    assert (h > 0).all() and (h < 1).all()


def test_images_too_small_for_the_blocks_are_refused():
    with pytest.raises(UserError, match="4 blocks halve images of 8x12"):
        build_encoder({"name": "convnet", "channels": [4, 4, 4, 4]}, image(8, 12, 1))
