import pytest
import torch
from helpers.tiny_methods import encoder, facts, tensor
from probeline.core.batch import Outputs, Views
from probeline.methods.decorrelation.vicreg import Config, VICReg


@pytest.mark.parametrize("weights", [(25, 25, 1), (10, 2, 5)])
def test_its_loss_is_lightlys(weights):
    loss = pytest.importorskip("lightly.loss", reason="the extra [bench] is not installed")
    invariance, variance, covariance = weights
    config = Config(projector_dim=7, invariance=invariance, variance=variance, covariance=covariance)
    z = tensor(16, 7)
    expected = loss.VICRegLoss(lambda_param=invariance, mu_param=variance, nu_param=covariance)(*z.chunk(2))
    ours = VICReg(config, encoder(), facts()).loss(Outputs(z, z), Views(z))["loss"]
    torch.testing.assert_close(ours, expected, atol=1e-4, rtol=1e-5)


def test_without_variance_and_covariance_it_is_the_distance_of_the_views():
    config = Config(projector_dim=2, invariance=3, variance=0, covariance=0)
    z = torch.tensor([[1.0, 2.0], [0.0, 0.0], [3.0, 2.0], [0.0, 4.0]])
    loss = VICReg(config, encoder(), facts()).loss(Outputs(z, z), Views(z))["loss"]
    assert loss.item() == pytest.approx(3 * (4 + 16) / 4)
