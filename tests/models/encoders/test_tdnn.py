import pytest
import torch
from probeline.core.sample_spec import SampleSpec
from probeline.experiment.components import resolve
from probeline.models.build import build_encoder
from probeline.models.encoders.tdnn import means_of_segments, standardised

PEN = SampleSpec("series", "float32", (None, 3), rate=100, longest=50)


def built(**settings):
    torch.manual_seed(0)
    return build_encoder({"name": "tdnn", **settings}, PEN).eval()


def test_frames_are_fewer_by_the_strides_and_never_none():
    encoder = built(channels=[4, 6], kernel=[9, 5], stride=[3, 2])
    encoded = encoder(torch.randn(3, 50, 3), torch.tensor([50, 7, 1]))
    assert encoded.frames.shape == (3, 9, 6)
    assert encoded.lengths.tolist() == [9, 2, 1]
    assert encoder.frame_rate == pytest.approx(100 / 6)
    assert encoded.frames[2, 1:].abs().sum() == 0


def test_each_layer_is_a_convolution_of_the_real_steps_alone():
    encoder = built(channels=[4], kernel=[3], stride=[1], segments=1, standardise=False, norm="none")
    x = torch.randn(1, 5, 3)
    (layer,) = encoder.layers
    padded = torch.cat([torch.zeros(1, 1, 3), x, torch.zeros(1, 1, 3)], dim=1)
    steps = [padded[0, t : t + 3] for t in range(5)]
    written = torch.stack([torch.einsum("tf,oft->o", step, layer.weight) + layer.bias for step in steps]).tanh()
    torch.testing.assert_close(encoder(x).frames[0], written)
    torch.testing.assert_close(encoder(x).h[0], written.mean(0))


def test_segments_keep_the_order_and_cover_each_frame():
    x = torch.arange(7.0)[None, :, None]
    means = means_of_segments(x, torch.tensor([6]), 3)[0, :, 0]
    assert means.tolist() == [0.5, 2.5, 4.5]
    assert means_of_segments(x, torch.tensor([5]), 2)[0, :, 0].tolist() == [1.0, 3.0]  # the middle one is in both
    assert means_of_segments(x, torch.tensor([2]), 4)[0, :, 0].tolist() == [0.0, 0.0, 1.0, 1.0]
    assert means_of_segments(x, torch.tensor([7]), 1)[0, 0, 0] == 3.0


def test_position_and_size_of_a_drawing_are_no_matter_and_a_constant_feature_is_0():
    x, lengths = torch.randn(2, 9, 3), torch.tensor([9, 4])
    x[..., 2] = 4000.1
    moved = x * torch.tensor([3.0, 3.0, 1.0]) + torch.tensor([500.0, -20.0, 0.0])
    torch.testing.assert_close(standardised(moved, lengths), standardised(x, lengths), atol=1e-3, rtol=1e-3)
    scaled = standardised(x, lengths)
    assert scaled[..., 2].abs().max() == 0 and scaled[1, 4:].abs().max() == 0
    torch.testing.assert_close(scaled[1, :4, 0].square().mean(), torch.tensor(1.0))


def test_layers_without_one_of_each_size_are_refused_while_planning():
    message = str(resolve("encoders", {"name": "tdnn", "channels": [4, 4, 4]}).complaints)
    assert "3 channels, 2 kernel, 2 stride" in message
    assert "must be odd" in str(resolve("encoders", {"name": "tdnn", "kernel": [8, 5]}).complaints)
