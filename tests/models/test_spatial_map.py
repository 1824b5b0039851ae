import pytest
import torch
from helpers.encoders import Wrapped
from probeline.core.sample_spec import image
from probeline.errors import UserError
from probeline.models.build import build_encoder
from probeline.models.spatial_map import find_map, with_map
from torch import nn


@pytest.mark.parametrize("name", ["resnet", "torchvision/resnet18"])
def test_the_map_of_an_encoder_is_what_its_pooling_averages(name):
    encoder = build_encoder({"name": name}, image(64, 64, 3)).eval()
    site, size = find_map(encoder, (3, 64, 64), "vqvae")
    images = torch.rand(2, 3, 64, 64)
    h, features = with_map(encoder, site, images)
    assert features.shape == (2, encoder.dim, *size)
    assert size[0] > 1
    torch.testing.assert_close(h, encoder(images).h)
    torch.testing.assert_close(features.mean((2, 3)), h, rtol=1e-4, atol=1e-5)


def test_looking_leaves_no_trace():
    encoder = build_encoder({"name": "resnet", "width": 2}, image(16, 16, 3))
    before = {key: value.clone() for key, value in encoder.state_dict().items()}
    site, _ = find_map(encoder, (3, 16, 16), "vqvae")
    with_map(encoder.eval(), site, torch.rand(1, 3, 16, 16))
    assert all(torch.equal(value, before[key]) for key, value in encoder.state_dict().items())
    assert not any(module._forward_hooks for module in encoder.modules())


def test_an_encoder_without_a_map_is_refused():
    encoder = Wrapped(nn.Sequential(nn.Flatten(), nn.Linear(48, 7)), 7)
    with pytest.raises(UserError, match=r"method vqvae: .*use resnet"):
        find_map(encoder, (3, 4, 4), "vqvae")
