from dataclasses import replace

import pytest
import torch
from helpers.encoders import Wrapped
from helpers.loss_inputs import on_views
from probeline import losses
from probeline.core.batch import Batch, Outputs, Views
from probeline.core.dataset import DatasetInfo
from probeline.core.sample_rng import SampleRNG
from probeline.core.sample_spec import image
from probeline.errors import BadData
from probeline.losses import nt_xent, supcon
from probeline.methods.contrastive.simclr import Config, SimCLR
from probeline.models.projector import projector
from probeline.plugins import catalog
from torch import nn

FACTS = DatasetInfo(digest="-", train_size=8, validation_size=1, test_size=1, classes=(), sample=image(8, 8, 3))


def encoder():
    return Wrapped(nn.Flatten(), 192)


def test_its_loss_is_nt_xent_of_the_two_halves():
    method = SimCLR(Config(loss={"name": "nt_xent", "temperature": 0.2}), encoder(), FACTS)
    z = torch.randn(10, 7, generator=torch.Generator().manual_seed(0))
    terms = method.loss(Outputs(h=z, z=z), Views(z))
    torch.testing.assert_close(terms["loss"], nt_xent(z[:5], z[5:], 0.2))


def test_both_views_show_the_same_sample_differently():
    method = SimCLR(Config(), encoder(), FACTS)
    inputs = torch.rand(3, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    views = method.views(Batch(inputs, torch.zeros(3), torch.arange(3)), SampleRNG(0, 0, torch.arange(3))).inputs
    assert views.shape == (6, 3, 8, 8)
    assert not torch.equal(views[:3], views[3:])


def test_the_projectors_are_those_of_figure_8():
    assert isinstance(projector("none", 6, 4), nn.Identity)
    assert sum(isinstance(m, nn.Linear) for m in projector("linear", 6, 4)) == 1
    hidden, last = [m for m in projector("nonlinear", 6, 4) if isinstance(m, nn.Linear)]
    assert (hidden.out_features, last.out_features, last.bias) == (6, 4, None)


@pytest.mark.parametrize("kind", ["linear", "nonlinear"])
def test_the_last_norm_may_go_without_a_bias_as_in_the_authors_code(kind):
    z, without = torch.randn(8, 6), projector(kind, 6, 4, bias=False)
    assert (without[-1].bias, without[-1].weight is None) == (None, False)
    torch.testing.assert_close(without(z).mean(0), torch.zeros(4), atol=1e-6, rtol=0)
    assert SimCLR(Config(projector_bias=False), encoder(), FACTS).projector[-1].bias is None


def test_its_defaults_are_the_papers_for_cifar():
    config = catalog.config("methods", "simclr")()
    assert (config.loss, config.projector_dim, config.augment.strength) == ({"name": "nt_xent"}, 128, 0.5)
    assert (config.augment.jitter, config.augment.grey, config.augment.blur) == (0.8, 0.2, 0.0)


def test_a_loss_that_needs_labels_gets_them():
    method = SimCLR(Config(loss={"name": "supcon"}), encoder(), replace(FACTS, classes=("a", "b")))
    inputs, labels = torch.rand(4, 3, 8, 8), torch.tensor([0, 1, 0, -1])
    views = method.views(Batch(inputs, labels, torch.arange(4)), SampleRNG(0, 0, torch.arange(4)))
    z = torch.randn(8, 5, generator=torch.Generator().manual_seed(0))
    loss = method.loss(Outputs(h=z, z=z), views)["loss"]
    torch.testing.assert_close(loss, supcon(*z.chunk(2), labels))
    assert not torch.equal(loss, supcon(*z.chunk(2), torch.full_like(labels, -1)))


@pytest.mark.parametrize("loss", [{"name": "supcon"}, {"name": "pml/NTXentLoss", "positives": "labels"}])
@pytest.mark.parametrize("classes", [(), ("only",)])
def test_a_loss_that_needs_labels_refuses_data_without(loss, classes):
    with pytest.raises(BadData, match="needs labels of two classes or more"):
        SimCLR(Config(loss=loss), encoder(), replace(FACTS, classes=classes))


@pytest.mark.parametrize("loss", [{"name": "supcon"}, {"name": "pml/NTXentLoss", "positives": "labels"}])
def test_a_loss_that_needs_labels_refuses_training_samples_without(loss):
    with pytest.raises(BadData, match="needs labels"):
        SimCLR(Config(loss=loss), encoder(), replace(FACTS, classes=("a", "b"), labelled=0.0))


@pytest.mark.parametrize("name", [name for name in on_views() if name not in ("supcon", "pml")])
def test_every_other_loss_works_on_unlabelled_data_and_its_parameters_reach_it(name):
    method = SimCLR(Config(loss={"name": name}), encoder(), FACTS)
    z = torch.randn(12, 5, generator=torch.Generator().manual_seed(0)).requires_grad_()
    loss = method.loss(Outputs(h=z, z=z), Views(z))["loss"]
    defaults = catalog.config("losses", name)().model_dump()
    torch.testing.assert_close(loss, getattr(losses, name)(*z.chunk(2), **defaults))
    loss.backward()
    assert z.grad.abs().sum() > 0


def test_a_loss_of_pytorch_metric_learning_is_named_with_its_variant():
    pytest.importorskip("pytorch_metric_learning", reason="the extra [pml] is not installed")
    parameters = {"temperature": 0.5}
    config = Config(loss={"name": "pml/NTXentLoss", "parameters": parameters})
    method = SimCLR(config, encoder(), FACTS)
    z = torch.randn(12, 5, generator=torch.Generator().manual_seed(0))
    loss = method.loss(Outputs(h=z, z=z), Views(z))["loss"]
    torch.testing.assert_close(loss, nt_xent(*z.chunk(2), 0.5), atol=1e-5, rtol=1e-5)
