import pytest
import torch
from helpers.tiny_methods import batch, encoder, facts, tensor, views
from probeline.core.batch import Outputs, Views
from probeline.methods.distillation.simsiam import Config, SimSiam
from torch import nn

CONFIG = Config(projector_dim=5, predictor_dim=3)


def outputs(z, predicted):
    return Outputs(h=z, z=z, extra={"predicted": predicted})


def test_its_loss_is_lightlys_symmetric_negative_cosine():
    loss = pytest.importorskip("lightly.loss", reason="the extra [bench] is not installed").NegativeCosineSimilarity()
    z, predicted = tensor(8, 5), tensor(8, 5, seed=1)
    (za, zb), (pa, pb) = z.chunk(2), predicted.chunk(2)
    ours = SimSiam(CONFIG, encoder(), facts()).loss(outputs(z, predicted), Views(z))["loss"]
    torch.testing.assert_close(ours, 0.5 * (loss(za, pb) + loss(zb, pa)), atol=1e-6, rtol=1e-6)


def test_no_gradient_flows_into_what_is_predicted():
    z, predicted = tensor(8, 5).requires_grad_(), tensor(8, 5, seed=1).requires_grad_()
    SimSiam(CONFIG, encoder(), facts()).loss(outputs(z, predicted), Views(z))["loss"].backward()
    assert z.grad is None
    assert predicted.grad.abs().sum() > 0


def test_a_view_predicts_the_other_one():
    """Where each prediction is the other view's z the loss is -1; where it is its own view's it is not."""
    z = tensor(8, 5)
    method = SimSiam(CONFIG, encoder(), facts())
    assert method.loss(outputs(z, z.roll(4, 0)), Views(z))["loss"].item() == pytest.approx(-1)
    assert method.loss(outputs(z, z), Views(z))["loss"].item() > -0.9


def test_its_projector_ends_in_a_batch_norm_without_parameters():
    method = SimSiam(CONFIG, encoder(), facts())
    assert isinstance(method.projector[-1], nn.BatchNorm1d)
    assert not method.projector[-1].affine
    made = views(method, batch())
    assert method(made).z.mean(0).abs().max() < 1e-5


def test_its_defaults_are_the_papers_for_cifar():
    config = Config()
    assert (config.projector_layers, config.projector_dim, config.predictor_dim) == (2, 2048, 512)
    assert config.augment.crop_scale == (0.2, 1.0)


def test_the_predictors_rate_does_not_decay_unless_it_is_asked_to():
    assert SimSiam(CONFIG, encoder(), facts()).undecayed == ("predictor",)
    assert SimSiam(Config(predictor_rate="scheduled"), encoder(), facts()).undecayed == ()
