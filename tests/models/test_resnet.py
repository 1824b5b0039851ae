import subprocess
import sys

import pytest
import torch
from probeline.core.sample_spec import image
from probeline.models.encoders import resnet
from probeline.plugins import catalog


@pytest.mark.parametrize("depth", [18, 34, 50])
def test_with_the_papers_width_and_stem_it_is_torchvisions(depth):
    torchvision = pytest.importorskip("torchvision")
    peer = torchvision.models.get_model(f"resnet{depth}", weights=None)
    peer.fc = torch.nn.Identity()
    ours = resnet.build(resnet.Config(depth=depth, stem="imagenet"), image(64, 64, 3))
    ours.load_state_dict(peer.state_dict())
    x = torch.rand(2, 3, 64, 64, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(ours.double().eval()(x).h, peer.double().eval()(x))


@pytest.mark.parametrize(("depth", "inputs"), [(18, 8), (50, 32)])
def test_with_zeros_in_its_last_norm_a_block_starts_as_the_identity(depth, inputs):
    block = resnet.build(resnet.Config(depth=depth, width=8, zero_init_residual=True), image(32, 32, 3)).layer1[1]
    x = torch.rand(2, inputs, 8, 8)
    torch.testing.assert_close(block(x), x)
    plain = resnet.build(resnet.Config(depth=depth, width=8), image(32, 32, 3)).layer1[1]
    assert not torch.allclose(plain(x), x)


@pytest.mark.parametrize(("depth", "dim"), [(18, 64), (50, 256)])
def test_the_width_sets_the_size_of_h(depth, dim):
    encoder = resnet.build(resnet.Config(depth=depth, width=8), image(32, 32, 3))
    assert encoder.dim == dim
    assert encoder(torch.rand(2, 3, 32, 32)).h.shape == (2, dim)


def test_the_cifar_stem_keeps_the_resolution():
    encoder = resnet.build(resnet.Config(width=4, stem="cifar"), image(32, 32, 3))
    assert encoder.maxpool(encoder.conv1(torch.rand(1, 3, 32, 32))).shape[-2:] == (32, 32)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", ["resnet", "raw_pixels"])
def test_an_encoder_says_the_size_of_what_it_returns(name, channels):
    encoder = catalog.module("encoders", name).build(catalog.config("encoders", name)(), image(9, 11, channels))
    assert encoder.eval()(torch.rand(3, channels, 9, 11)).h.shape == (3, encoder.dim)


STEPS = """
import torch
from probeline.core.sample_spec import image
from probeline.models.encoders import resnet
torch.set_num_threads(1)
encoder = resnet.build(resnet.Config(width=2), image(64, 64, 3)).to(memory_format=torch.channels_last)
for _ in range(20):
    images = torch.rand(4, 3, 64, 64).contiguous(memory_format=torch.channels_last)
    encoder(images).h.square().sum().backward()
"""


def test_a_narrow_network_on_64_pixels_leaves_memory_intact():
    """With torch's own strided 1x1 convolution this process dies of a corrupted heap (torch 2.14.1, CPU)."""
    done = subprocess.run([sys.executable, "-c", STEPS], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
