import pytest
import torch
from probeline.core.sample_spec import image
from probeline.errors import UserError
from probeline.models.build import build_encoder


@pytest.mark.parametrize("name", ["torchvision/resnet18", "torchvision/mobilenet_v3_small", "timm/resnet10t"])
def test_a_library_model_gives_h_without_its_classifier(name):
    pytest.importorskip(name.partition("/")[0])
    encoder = build_encoder({"name": name}, image(64, 64, 3)).eval()
    h = encoder(torch.rand(2, 3, 64, 64)).h
    assert h.shape == (2, encoder.dim)
    assert encoder.dim != 1000


def test_timm_takes_one_channel_and_options():
    pytest.importorskip("timm")
    component = {"name": "timm/vit_tiny_patch16_224", "options": {"img_size": 32, "patch_size": 8}}
    encoder = build_encoder(component, image(32, 32, 1)).eval()
    assert encoder(torch.rand(2, 1, 32, 32)).h.shape == (2, encoder.dim)


@pytest.mark.parametrize("name", ["torchvision/resnet19", "timm/resnet10x"])
def test_an_unknown_model_is_refused_with_near_names(name):
    pytest.importorskip(name.partition("/")[0])
    with pytest.raises(UserError, match=r"knows no model.*resnet"):
        build_encoder({"name": name}, image(32, 32, 3))


def test_torchvision_models_want_three_channels():
    with pytest.raises(UserError, match="takes 3 channels, the data have 1"):
        build_encoder({"name": "torchvision/resnet18"}, image(32, 32, 1))
