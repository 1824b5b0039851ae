import pytest
import torch
from helpers.tiny_methods import encoder, facts, tensor
from probeline.core.batch import Outputs, Views
from probeline.methods.decorrelation.barlow_twins import BarlowTwins, Config
from torch import nn


@pytest.mark.parametrize("redundancy", [0.005, 0.1])
def test_its_loss_is_lightlys(redundancy):
    loss = pytest.importorskip("lightly.loss", reason="the extra [bench] is not installed")
    z = tensor(16, 7)
    method = BarlowTwins(Config(projector_dim=7, redundancy=redundancy), encoder(), facts())
    expected = loss.BarlowTwinsLoss(lambda_param=redundancy)(*z.chunk(2))
    torch.testing.assert_close(method.loss(Outputs(z, z), Views(z))["loss"], expected, atol=1e-5, rtol=1e-5)


def test_its_projector_has_three_layers_of_one_width():
    method = BarlowTwins(Config(projector_dim=7), encoder(), facts())
    layers = [layer for layer in method.projector if isinstance(layer, nn.Linear)]
    assert [(layer.in_features, layer.out_features) for layer in layers] == [(6, 7), (7, 7), (7, 7)]
    torch.testing.assert_close(method.eval().project(torch.ones(2, 6)).shape, torch.Size([2, 7]))
